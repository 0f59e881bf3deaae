"""`planner up` as a whole: real servers, small programs in place of the application, real signals."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app.core.config import get_settings
from app.supervisor import ports
from app.supervisor.home import Home, Running
from app.supervisor.leftovers import Recorded
from app.supervisor.output import Console
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.tree import Tree
from app.supervisor.up import admin_block
from app.supervisor.waiting import retry_until

DEADLINE_SECONDS = 30.0
FAKE_PLANNER = Path(__file__).with_name("fake_planner.py")
ROOT = Path(__file__).resolve().parents[2]


class Planner:
    """A running `up`, and the lines that it has printed so far."""

    def __init__(self, home: Path, port: int, **environment: str) -> None:
        variables = {"PYTHONPATH": str(ROOT), "PLANNER_HOME": str(home), "PLANNER_PORT": str(port)}
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, str(FAKE_PLANNER)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=home.parent,
            env={**os.environ, **variables, **environment},
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))
        self.process.stdout.close()

    @property
    def printed(self) -> str:
        return "".join(self.lines)

    def says(self, text: str, times: int = 1) -> None:
        def said() -> bool:
            return self.printed.count(text) >= times or self.process.poll() is not None

        retry_until(said, DEADLINE_SECONDS)
        assert self.printed.count(text) >= times, self.printed

    def ends(self) -> int:
        code = self.process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)
        return code

    def children(self) -> dict[str, Recorded]:
        """The processes by name, as the lock file has them."""
        with (self.home / "lock").open() as file:
            return Running.watch(file).children

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ends()


Start = Callable[..., Planner]


@pytest.fixture
def start(own_home: Path) -> Iterator[Start]:
    """Start an `up` on the test's PLANNER_HOME; what still runs at the end of the test is killed."""
    started: list[Planner] = []

    def begin(port: int | None = None, **environment: str) -> Planner:
        planner = Planner(own_home, port or ports.free_port(), **environment)
        started.append(planner)
        return planner

    yield begin
    for planner in started:
        planner.kill()


def url(home: Path, name: str) -> str:
    return str(json.loads((home / "embedded.json").read_text())[name])


def test_a_day_in_the_life(start: Start, own_home: Path) -> None:
    """First start, second instance, deaths, kill -9 of the supervisor, second start, a clean stop."""
    port = ports.free_port()
    first = start(port)
    first.says("ready after")
    first.says("working")
    for text in ("first start: creating PostgreSQL's data", "1 migrations applied", f"http://127.0.0.1:{port}/docs"):
        assert text in first.printed
    password_line = "  password  first-password\n"
    assert first.printed.count(password_line) == 1
    assert first.printed.index("1 migrations applied") < first.printed.index("ready after")
    assert all("first-password" not in path.read_text() for path in (own_home / "log").iterdir())

    second = start(port)
    assert second.ends() == 3
    assert f"already running on {own_home}: http://127.0.0.1:{port} (pid {first.process.pid}, since" in second.printed

    with psycopg.connect(url(own_home, "DATABASE_OWNER_URL")) as connection:
        connection.execute("CREATE TABLE kept (text text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")
    for name in ("worker", "postgres", "valkey", "api"):
        os.kill(first.children()[name].pid, signal.SIGKILL)
        first.says(f"{name} was ended by SIGKILL; starting it again")
    for name in ("postgres", "valkey", "api"):
        first.says(f"{name} is back")
    first.says("working", times=2)

    family = first.children()
    first.process.kill()
    first.ends()
    assert retry_until(lambda: not any(child.find() for child in family.values()), DEADLINE_SECONDS)

    third = start(port)
    third.says("ready after")
    third.says("working")
    with psycopg.connect(url(own_home, "DATABASE_OWNER_URL")) as connection:
        assert connection.execute("SELECT text FROM kept").fetchone() == ("acknowledged",)
    family = third.children()
    third.process.send_signal(signal.SIGTERM)
    assert third.ends() == 0
    assert not any(child.find() for child in family.values())
    order = [line.split()[1] for line in third.lines if line.endswith(" stopped\n") and line.count(" ") > 1]
    assert order[:2] == ["worker", "api"]
    assert sorted(order[2:4]) == ["postgres", "valkey"]
    assert (own_home / "lock").read_text() == ""


def test_a_stop_during_the_first_start_is_obeyed_and_repaired(start: Start, own_home: Path) -> None:
    early = start()
    assert retry_until((own_home / "postgres.new" / "PG_VERSION").exists, DEADLINE_SECONDS)
    early.process.send_signal(signal.SIGTERM)
    assert early.ends() == 0
    assert not (own_home / "postgres").exists()
    again = start()
    again.says("ready after")


def test_a_taken_port_is_named_before_anything_starts(start: Start, own_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused = start(port)
        assert refused.ends() == 1
    assert f"Port {port} on 127.0.0.1 is taken by another program" in refused.printed
    assert "Set PLANNER_PORT" in refused.printed
    assert not (own_home / "postgres").exists()


def test_configured_servers_are_used(start: Start, own_home: Path, shared_postgres: EmbeddedPostgres) -> None:
    planner = start(DATABASE_URL=shared_postgres.url)
    planner.says("ready after")
    assert f"DATABASE_URL is set: using the server at 127.0.0.1:{shared_postgres.port}" in planner.printed
    assert shared_postgres.secrets["password"] not in planner.printed
    assert not (own_home / "postgres").exists()
    with redis.Redis.from_url(url(own_home, "REDIS_URL")) as client:
        assert client.ping()
    planner.process.send_signal(signal.SIGINT)
    assert planner.ends() == 0


def test_a_failed_preparation_ends_everything(start: Start, shared_postgres: EmbeddedPostgres) -> None:
    planner = start(DATABASE_URL=shared_postgres.url, FAKE_FAILURE="The database is too old.")
    assert planner.ends() == 1
    assert "The database is too old." in planner.printed
    assert "the gate is open" not in planner.printed


def test_production_needs_a_key_of_its_own_where_nothing_is_embedded(start: Start, own_home: Path) -> None:
    servers = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    planner = start(ENVIRONMENT="production", **servers)
    assert planner.ends() == 1
    assert planner.printed.startswith("SECRET_KEY is not set.")


def test_embedded_production_makes_its_own_key(
    start: Start, own_home: Path, shared_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = start(ENVIRONMENT="production", DATABASE_URL=shared_postgres.url)
    planner.says("ready after")
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert len(get_settings().SECRET_KEY) >= 48


def test_a_second_signal_forces_but_an_echo_of_the_first_does_not(own_home: Path) -> None:
    async def twice(pause: float) -> bool:
        with Home(own_home).lock() as lock:
            now = [100.0]
            tree = Tree(Home(own_home), lock, Console(stream=io.StringIO()), clock=lambda: now[0])
            tree.request_stop()
            now[0] += pause
            tree.request_stop()
            assert tree.stop.is_set()
            return tree.forced.is_set()

    assert asyncio.run(twice(0.2)) is False
    assert asyncio.run(twice(1.2)) is True


def test_a_password_of_ones_own_is_not_repeated() -> None:
    assert "the one in PLANNER_ADMIN_PASSWORD" in admin_block("admin@example.com", None)
