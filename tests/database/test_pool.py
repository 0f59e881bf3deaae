"""The pool notices connections that died, without a round trip for each use of a live one."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from app.core import database
from app.core.config import Settings


@pytest.fixture
def engine() -> Iterator[Engine]:
    settings = Settings(DATABASE_URL=os.environ["DATABASE_URL"], DATABASE_POOL_SIZE=2)
    engine = database.build_engine(settings)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    yield engine
    engine.dispose()


def backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def pings(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the server is asked between requests; filled as it happens."""
    asked: list[object] = []
    real = psycopg.Cursor.execute

    def execute(self: psycopg.Cursor, query: object, *args: object, **options: object) -> object:
        if query == ";":
            asked.append(query)
        return real(self, query, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Cursor, "execute", execute)
    return asked


def test_a_connection_in_use_just_now_is_not_pinged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = pings(engine, monkeypatch)
    assert backend(engine) == backend(engine)
    assert asked == []


def test_an_idle_connection_is_pinged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = pings(engine, monkeypatch)
    first = backend(engine)
    monkeypatch.setattr(database, "PING_AFTER_SECONDS", 0.0)
    assert backend(engine) == first
    assert len(asked) == 1


def test_a_connection_that_the_server_ended_is_replaced(engine: Engine, database: psycopg.Connection) -> None:
    first = backend(engine)
    database.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert backend(engine) != first


def test_a_restart_of_the_server_replaces_every_pooled_connection(engine: Engine, database: psycopg.Connection) -> None:
    with engine.connect() as one, engine.connect() as other:
        pids = [int(each.execute(text("SELECT pg_backend_pid()")).scalar_one()) for each in (one, other)]
    for pid in pids:
        database.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with engine.connect() as one, engine.connect() as other:
        again = [int(each.execute(text("SELECT pg_backend_pid()")).scalar_one()) for each in (one, other)]
    assert not set(pids) & set(again)
