"""The processes of a run: servers and the load generator. Each is ended by its own id, and only those."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.load import Job, Result

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class ServerDidNotStart(RuntimeError):
    """A server ended or stayed silent; the message carries the end of its output."""


class GeneratorFailed(RuntimeError):
    """The load generator ended in the middle of a job."""


class WorkFailed(RuntimeError):
    """A process that was to do one thing ended without having done it; the message is the end of its errors."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def connects(port: int) -> bool:
    """Whether somebody listens on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


class Process:
    """A child process with its output in a file."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_for_port(self, port: int) -> None:
        """Wait until the process listens.

        Raises:
            ServerDidNotStart: it ended, or did not listen within a minute.
        """
        deadline = time.monotonic() + START_SECONDS
        while not connects(port):
            self.check_alive(deadline)
            time.sleep(0.05)

    def check_alive(self, deadline: float) -> None:
        if self._process.poll() is not None or time.monotonic() > deadline:
            raise ServerDidNotStart(self.log.read_text(errors="replace")[-3000:])

    def stop(self, signal_number: signal.Signals = signal.SIGTERM) -> None:
        """End the process, by force when it does not end by itself."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Server(Process):
    """An HTTP server on a port of its own."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.port = free_port()
        port = str(self.port)
        filled = [argument.replace("{port}", port) for argument in arguments]
        super().__init__(filled, {**environment, "PLANNER_PORT": port}, log)

    @classmethod
    def uvicorn(cls, application: str, environment: dict[str, str], log: Path) -> Self:
        """An ASGI application under uvicorn, with the options that `planner api` uses."""
        options = ("--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "--no-proxy-headers")
        quiet = ("--no-server-header", "--timeout-keep-alive", "75", "--log-level", "warning")
        return cls(["-m", "uvicorn", application, *options, *quiet], environment, log)


class Generator:
    """The load generator process."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def run(self, job: Job) -> Result:
        """Run a job and wait for its result.

        Raises:
            GeneratorFailed: it ended without one; its error output says why.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise GeneratorFailed("The load generator ended without a result.")
        return Result(**json.loads(line))
