"""What the embedded PostgreSQL and Valkey have in common: a directory, a kept port, one process."""

import os
import secrets
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from app.supervisor import files, ports
from app.supervisor.errors import ServerFailed
from app.supervisor.helper import Helper
from app.supervisor.launch import wrap
from app.supervisor.leftovers import StopStep, process_on, stop_process
from app.supervisor.lines import LineFilter
from app.supervisor.waiting import retry_until

START_SECONDS = 60.0
# A process that a crash left behind may hold the data for some seconds more, so a failed start is repeated.
START_PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
LOG_TAIL_LINES = 15
LOG_MAX_BYTES = 10_000_000


class EmbeddedServer(ABC):
    """A server of the wheel on 127.0.0.1, with its data in `data_dir` and its port and passwords beside it.

    `start()` and `stop()` run it for a command or a test. The supervisor uses `reserve()`, `before_start()`,
    `command()` and `is_ready()` instead, and owns the process itself. Call `start()` from the main thread: on Linux the
    server ends with the thread that started it.
    """

    name: ClassVar[str]
    stop_steps: ClassVar[tuple[StopStep, ...]]
    death_signal: ClassVar[signal.Signals]
    noteworthy: ClassVar[LineFilter]
    secret_names: ClassVar[tuple[str, ...]] = ("password",)

    def __init__(self, data_dir: Path, *, log_file: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log_file = log_file or self.data_dir.with_name(f"{data_dir.name}.log")
        self.port = 0
        self.secrets: dict[str, str] = {}
        self._helper = Helper()
        self._prepared = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address with user and password, known once `reserve()` or `start()` has run."""

    @abstractmethod
    def version(self) -> str:
        """The version of the binary, for people."""

    @abstractmethod
    def recorded_pid(self) -> int | None:
        """The process that the server itself noted in its data directory."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line of the server, which stays in the foreground."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Whether process `pid` is this server and accepts connections."""

    @abstractmethod
    def _prepare_data(self) -> None:
        """Create the data directory if there is none yet, and write the configuration."""

    def reserve(self) -> None:
        """Choose port and passwords, those of the last time where possible.

        Raises:
            ServerFailed: a server of an earlier run does not stop, or the folder cannot be written.
        """
        try:
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)
            self.clear_leftovers()
            self._choose_port_and_secrets()
        except OSError as error:
            raise ServerFailed(f"{self.name} cannot use {self.data_dir}: {error}") from error

    def before_start(self) -> None:
        """What comes between `reserve()` and the process: data and configuration; later, what a crash left.

        Raises:
            ServerFailed: the data cannot be used.
        """
        try:
            if self._prepared:
                self.clear_leftovers()
            else:
                self._prepare_data()
                self._prepared = True
        except OSError as error:
            raise ServerFailed(f"{self.name} cannot use {self.data_dir}: {error}") from error

    def prepare(self) -> None:
        """Everything that comes before the process.

        Raises:
            ServerFailed: the data cannot be used.
        """
        self.reserve()
        self._prepared = False
        self.before_start()

    def clear_leftovers(self) -> None:
        """End a server that still runs on this data directory without a supervisor.

        Raises:
            ServerFailed: it does not end.
        """
        pid = self.recorded_pid()
        process = process_on(self.data_dir, pid) if pid else None
        if process and not stop_process(process, self.stop_steps):
            raise ServerFailed(
                f"An earlier {self.name} (pid {process.pid}) still runs on {self.data_dir} and does not stop."
            )

    def abort(self) -> None:
        """End what `before_start()` is doing in another thread."""
        self._helper.abort()

    def wrapped_command(self) -> list[str]:
        return wrap(self.command(), death_signal=self.death_signal, drop_root=True)

    @property
    def _state_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.json")

    def _choose_port_and_secrets(self) -> None:
        kept = files.read_json(self._state_file)
        port = kept.get("port")
        self.port = port if isinstance(port, int) and ports.is_free(port) else ports.free_port()
        self.secrets = {name: kept.get(name) or secrets.token_urlsafe(24) for name in self.secret_names}
        state = {"port": self.port, **self.secrets}
        if state != kept:
            files.write_json(self._state_file, state)

    # Running it without the supervisor

    def start(self) -> Self:
        """Start the server and wait until it accepts connections.

        Raises:
            ServerFailed: it did not within 60 seconds; the message ends with its last lines of log.
        """
        deadline = time.monotonic() + START_SECONDS
        for pause in START_PAUSES_SECONDS:
            time.sleep(pause)
            self.prepare()
            with self._open_log() as log:
                self._process = subprocess.Popen(
                    self.wrapped_command(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            if self._wait_until_ready(self._process, deadline):
                return self
            if time.monotonic() > deadline:
                break
        self.stop()
        raise ServerFailed(f"{self.name} does not start on {self.data_dir}.\n{self.log_tail()}")

    def stop(self) -> None:
        """Stop the server cleanly, harder when it does not end; nothing when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        for step in self.stop_steps:
            if process.poll() is not None:
                return
            process.send_signal(step.signal)
            try:
                process.wait(step.seconds)
            except subprocess.TimeoutExpired:
                continue

    @property
    def pid(self) -> int | None:
        """The process started by `start()`, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _wait_until_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        def settled() -> bool:
            return process.poll() is not None or self.is_ready(process.pid)

        return retry_until(settled, deadline - time.monotonic()) and process.poll() is None

    def _open_log(self) -> "_Log":
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        return _Log(self.log_file)

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LOG_TAIL_LINES:])


class _Log:
    """A log file opened for appending by a child, emptied when it has grown too long."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if self._path.exists() and self._path.stat().st_size > LOG_MAX_BYTES:
            flags |= os.O_TRUNC
        self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor

    def __exit__(self, *exc_info: object) -> None:
        os.close(self._descriptor)
