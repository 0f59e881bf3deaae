"""Running the small programs that a server's preparation needs, such as initdb."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from app.supervisor.errors import ServerFailed
from app.supervisor.launch import wrap


class Helper:
    """Runs one program at a time; another thread may abort it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._aborted = False

    def run(self, command: Sequence[str], *, text: str = "", environment: Mapping[str, str]) -> str:
        """Run a program, as the user of the servers, and return all it printed.

        Args:
            text: its standard input.

        Raises:
            ServerFailed: it failed or was aborted; the message holds what it printed.
        """
        self._process = subprocess.Popen(
            wrap(command, death_signal=signal.SIGKILL, drop_root=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )
        if self._aborted:
            self.abort()
        output, _ = self._process.communicate(text)
        if self._aborted:
            raise ServerFailed("Stopped during the preparation.")
        if self._process.returncode:
            name = Path(command[0]).name
            raise ServerFailed(f"{name} failed with exit code {self._process.returncode}:\n{output.strip()}")
        return output

    def abort(self) -> None:
        """Kill what runs, and whatever is run later."""
        self._aborted = True
        if self._process and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
