"""Children that are not root and do not outlive their supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from app.supervisor.launch import WRAPPER, server_owner, wrap
from app.supervisor.leftovers import has_ended

IS_LINUX = sys.platform == "linux"
as_root_on_linux = pytest.mark.skipif(os.geteuid() != 0 or not IS_LINUX, reason="needs root on Linux")
on_linux = pytest.mark.skipif(not IS_LINUX, reason="the death signal exists on Linux")


def output(code: str) -> str:
    command = wrap([sys.executable, "-c", code], death_signal=signal.SIGKILL, drop_root=True)
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@as_root_on_linux
def test_root_becomes_nobody() -> None:
    owner = server_owner()
    assert owner
    assert output("import os; print(os.getresuid(), os.getresgid(), os.getgroups())") == (
        f"({owner[0]}, {owner[0]}, {owner[0]}) ({owner[1]}, {owner[1]}, {owner[1]}) []"
    )


@as_root_on_linux
def test_a_path_below_a_directory_of_root_stays_reachable(tmp_path: Path) -> None:
    inside = tmp_path / "private" / "data"
    inside.mkdir(parents=True)
    inside.parent.chmod(0o700)
    assert output(f"import os; print(os.path.isdir({str(inside)!r}))") == "True"


def test_the_kept_user_stays() -> None:
    command = wrap(
        [sys.executable, "-c", "import os; print(os.geteuid())"], death_signal=signal.SIGKILL, drop_root=False
    )
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == str(os.geteuid())


def test_a_missing_program_is_named() -> None:
    done = subprocess.run([sys.executable, str(WRAPPER), "--", "/no/such"], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (127, "/no/such does not start: No such file or directory")


@on_linux
def test_a_child_of_a_dead_supervisor_does_not_start() -> None:
    command = [sys.executable, str(WRAPPER), "--keep-user", "--parent", "1", "--death-signal", "9", "--", "/bin/true"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (126, "The supervisor has ended already.")


@on_linux
@pytest.mark.parametrize("drop_root", [True, False])
def test_a_killed_supervisor_leaves_no_child(
    run_script: Callable[..., subprocess.Popen[str]], eventually: Callable[..., None], drop_root: bool
) -> None:
    script = """
import signal, subprocess, sys
from app.supervisor.launch import wrap
child = "import sys, signal; print('up', flush=True); signal.pause()"
command = wrap([sys.executable, "-c", child], death_signal=signal.SIGTERM, drop_root=sys.argv[1] == "True")
process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
process.stdout.readline()
print(process.pid, flush=True)
process.wait()
"""
    supervisor = run_script(script, str(drop_root))
    assert supervisor.stdout
    child = psutil.Process(int(supervisor.stdout.readline()))
    supervisor.kill()
    eventually(lambda: has_ended(child))
