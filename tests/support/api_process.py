"""The API as a process of its own, started as the documents say: `uvicorn app.main:app`."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, Self, TypeVar

import httpx2 as httpx

from app.supervisor.ports import free_port
from app.supervisor.waiting import retry_until
from tests.support.people import Person

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
T = TypeVar("T")


class ApiProcess:
    """A running server on 127.0.0.1, with the settings of the test run and those given here.

    Without the command line of Planner in between: uvicorn keeps its own defaults, proxy headers included.
    """

    def __init__(self, **settings: str) -> None:
        self.environment = {**os.environ, **settings}
        self.environment.pop("FORWARDED_ALLOW_IPS", None)
        self.port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=60)

    def __enter__(self) -> Self:
        self._output = tempfile.TemporaryFile("w+")
        self.restart()
        return self

    def restart(self) -> None:
        """Start it, where it does not run, and wait until it answers."""
        self._process = self.start()
        try:
            assert retry_until(self._settled, START_SECONDS), self.output()
            assert self._process.poll() is None, self.output()
        except BaseException:
            self.__exit__()
            raise

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait(timeout=30)

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(self.port), "--no-access-log"]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=self._output, stderr=self._output, text=True
        )

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)
        self._output.close()
        self.client.close()

    def output(self) -> str:
        """What the process has written so far."""
        self._output.seek(0)
        return self._output.read()

    def seen_by(self, person: Person) -> Person:
        """The same person, talking to this server."""
        return Person(self.client, person.user, person.token, person.refresh_token)  # type: ignore[arg-type]

    def _settled(self) -> bool:
        if self._process.poll() is not None:
            return True
        try:
            return self.client.get("/livez").status_code == 204
        except httpx.TransportError:
            return False


def at_once(*calls: Any) -> list[Any]:
    """The results of calls that start at the same moment, each in a thread of its own."""
    barrier = Barrier(len(calls))

    def run(call: Any) -> Any:
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
