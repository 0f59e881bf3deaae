"""Start a command that cannot outlive its supervisor and, when root starts it, does not run as root.

Usage: `python unprivileged.py [--parent PID] [--death-signal N] [--keep-user] -- command arguments`

The command replaces this process, so it is a direct child of whoever started this one. The standard library
alone is used, because this file also runs in an interpreter without site-packages (`python -I -S`), which
starts in a few milliseconds.

- PostgreSQL refuses to run as root. Root becomes `nobody`, who keeps one capability, CAP_DAC_OVERRIDE: the
  data and the binaries may lie below a directory that only root can enter, such as /root. Where the
  capability cannot be kept, the command starts all the same; below a readable path it works.
- Linux sends the death signal when the thread that started this process ends, so start it from a thread
  that lives as long as the supervisor does.
"""

import argparse
import ctypes
import os
import pwd
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
LINUX_CAPABILITY_VERSION_3 = 0x20080522
NOBODY_UID = NOBODY_GID = 65534

CANNOT_START = 126
NOT_FOUND = 127


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySet(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def nobody() -> tuple[int, int]:
    """The user and group id of `nobody`, or the usual numbers where the account does not exist."""
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY_UID, NOBODY_GID
    return account.pw_uid, account.pw_gid


def drop_root() -> None:
    """Become `nobody`, with CAP_DAC_OVERRIDE if the system lets it be kept.

    Raises:
        OSError: this root may not change its user, as in some containers.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = nobody()
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    bit = 1 << CAP_DAC_OVERRIDE
    header = _CapabilityHeader(LINUX_CAPABILITY_VERSION_3, 0)
    # Two sets: the kernel's version 3 has 64 bits of capabilities.
    sets = (_CapabilitySet * 2)(_CapabilitySet(bit, bit, bit), _CapabilitySet(0, 0, 0))
    if libc.capset(ctypes.byref(header), ctypes.byref(sets)) == 0:
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def die_with_parent(parent: int, death_signal: int) -> bool:
    """Ask for `death_signal` when the parent ends; False when process `parent` has ended already.

    Call it after the change of user, which would undo it.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    return os.getppid() == parent


def _fail(text: str, code: int = CANNOT_START) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(code)


def main() -> NoReturn:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, default=os.getppid())
    parser.add_argument("--death-signal", type=int, default=0)
    parser.add_argument("--keep-user", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()

    if os.geteuid() == 0 and not options.keep_user:
        if sys.platform != "linux":
            _fail("The embedded servers do not run as root here: start Planner as an ordinary user.")
        try:
            drop_root()
        except OSError as error:
            _fail(
                f"The embedded servers do not run as root, and becoming 'nobody' failed ({error.strerror}). "
                "Start Planner as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
            )
    if options.death_signal and sys.platform == "linux":
        if not die_with_parent(options.parent, options.death_signal):
            _fail("The supervisor has ended already.")
    try:
        os.execv(options.command[0], options.command)
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_START
        _fail(f"{options.command[0]} does not start: {error.strerror}", code)


if __name__ == "__main__":
    main()
