"""What every part of a run stands on: PostgreSQL, Valkey, and HTTP servers with the settings of production."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery

from app.core.config import get_settings
from app.core.queues import queue_of
from app.core.security import create_access_token
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.valkey import EmbeddedValkey
from bench.databases import Database
from bench.processes import ROOT, Process, Server, WorkFailed

SECRET_KEY = "a key of the benchmark, which is long enough"
UNREACHED_LIMIT = "1000000000/minute"


@dataclass(frozen=True)
class Servers:
    """The embedded servers of a run, whose data are below `folder`."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    folder: Path

    @contextmanager
    def api(self, name: str, database: Database, **settings: str) -> Iterator[Server]:
        """The API on a database."""
        environment = {**self._environment(database.url), **settings}
        with _running(Server(["-m", "app", "api"], environment, self._log(name))) as server:
            yield server

    @contextmanager
    def uvicorn(self, name: str, application: str, database_url: str) -> Iterator[Server]:
        """Another ASGI application, to compare with."""
        with _running(Server.uvicorn(application, self._environment(database_url), self._log(name))) as server:
            yield server

    @contextmanager
    def worker(self, name: str, database: Database, *options: str, **settings: str) -> Iterator[Process]:
        """A Celery worker on a database; it may not be ready yet."""
        with self._process(["worker", *options], name, database, **settings) as process:
            yield process

    @contextmanager
    def beat(self, name: str, database: Database, **settings: str) -> Iterator[Process]:
        """The scheduler of the periodic tasks."""
        with self._process(["beat"], name, database, **settings) as process:
            yield process

    @contextmanager
    def _process(self, arguments: Sequence[str], name: str, database: Database, **settings: str) -> Iterator[Process]:
        environment = {**self._environment(database.url), **settings}
        process = Process(["-m", "app", *arguments], environment, self._log(name))
        try:
            yield process
        finally:
            process.stop()

    def send_tasks(self, names: Sequence[str]) -> None:
        """Ask the workers for these tasks; nothing is lost where none runs."""
        with Celery(broker=self.valkey.url) as sender:
            for name in names:
                sender.send_task(name, queue=queue_of(name), expires=60, ignore_result=True)

    def work(self, module: str, database: Database, *arguments: str) -> dict[str, Any]:
        """What a module of ours, run as a process of its own on a database, tells as JSON in its last line."""
        command = [sys.executable, "-m", module, *arguments]
        environment = {**os.environ, **self._environment(database.url)}
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise WorkFailed(ended.stderr[-3000:])
        told: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return told

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _environment(self, database_url: str) -> dict[str, str]:
        """The settings of production, but for limits that the load does not reach."""
        return {
            "DATABASE_URL": database_url,
            "DATABASE_OWNER_URL": "",
            "REDIS_URL": self.valkey.url,
            "CELERY_BROKER_URL": "",
            "CELERY_RESULT_BACKEND": "",
            "SECRET_KEY": SECRET_KEY,
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "json",
            "RATE_LIMIT_DEFAULT": UNREACHED_LIMIT,
            "RATE_LIMIT_LOGIN": UNREACHED_LIMIT,
            # The bookings of the figures lie up to two years ahead.
            "ROOM_BOOKING_WINDOW_DAYS": "730",
            "PLANNER_HOST": "127.0.0.1",
            "PLANNER_HOME": str(self.folder / "home"),
            "UPLOADS_DIR": str(self.folder / "uploads"),
        }


def token_of(user_id: str, session_id: str) -> str:
    """An access token that the servers of the run take."""
    get_settings().SECRET_KEY = SECRET_KEY
    return create_access_token({"sub": user_id, "sid": session_id})


@contextmanager
def embedded(folder: Path) -> Iterator[Servers]:
    """Start PostgreSQL and Valkey with their data below `folder`; stop them in the end."""
    with EmbeddedPostgres(folder / "postgres") as postgres, EmbeddedValkey(folder / "valkey") as valkey:
        yield Servers(postgres, valkey, folder)


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.wait_for_port(server.port)
        yield server
    finally:
        server.stop()
