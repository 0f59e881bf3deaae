"""How every child process is started: in a session of its own, and never outliving the supervisor."""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from app.supervisor.unprivileged import nobody

WRAPPER = Path(__file__).with_name("unprivileged.py")


def wrap(command: Sequence[str], *, death_signal: signal.Signals, drop_root: bool) -> list[str]:
    """`command` as a process that gets `death_signal` when this one ends and, with `drop_root`, is not root.

    The death signal exists on Linux only; elsewhere the next start ends what was left behind.
    """
    if sys.platform != "linux" and not (drop_root and os.geteuid() == 0):
        return list(command)
    return [
        # -I -S: neither the environment nor site-packages, only the standard library: a start of 10 ms.
        *(sys.executable, "-I", "-S", str(WRAPPER)),
        *("--parent", str(os.getpid()), "--death-signal", str(int(death_signal))),
        *([] if drop_root else ["--keep-user"]),
        "--",
        *command,
    ]


def server_owner() -> tuple[int, int] | None:
    """The user and group that the embedded servers run as when it is not this process's own."""
    return nobody() if os.geteuid() == 0 else None


def hand_over(path: Path) -> None:
    """Give one file or directory to the user whom the embedded servers run as."""
    owner = server_owner()
    if owner:
        os.chown(path, *owner)


def hand_over_tree(directory: Path) -> None:
    """Give a directory and all it holds to the user whom the embedded servers run as."""
    owner = server_owner()
    if owner is None or directory.stat().st_uid == owner[0]:
        return
    for parent, directories, files in os.walk(directory):
        for name in (*directories, *files):
            os.chown(Path(parent, name), *owner, follow_symlinks=False)
    os.chown(directory, *owner)
