"""The benchmark switches row-level security off for a while: it must be on again, whatever happens."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from bench.client import Incorrect
from bench.databases import Database
from bench.dataset import DataSet
from bench.loading import load
from bench.row_security import switch
from bench.shape import FULL

TINY = replace(FULL, companies=1, events=50, weeks=13, users_per_company=50)


@pytest.fixture(scope="module")
def database(fresh_database: Callable[[str], Database]) -> Database:
    made = fresh_database("switch")
    load(made, DataSet(TINY, datetime(2027, 3, 20, tzinfo=UTC)))
    return made


def guarded(database: Database) -> set[str]:
    """The tables on which row-level security is enabled and forced."""
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        return {name for (name,) in rows}


def seen(database: Database) -> int:
    """How many events the application sees without a company."""
    with psycopg.connect(database.url) as connection:
        row = connection.execute("SELECT count(*) FROM events").fetchone()
    assert row is not None
    return int(row[0])


def test_off_and_on_again(database: Database) -> None:
    before = guarded(database)
    assert "events" in before
    with switch(database) as security:
        assert set(security.tables) == before
        security.off()
        assert guarded(database).isdisjoint(before)
        assert seen(database) == TINY.events
        security.on()
        assert guarded(database) == before
        assert seen(database) == 0


def test_whatever_happens_it_is_on_in_the_end(database: Database) -> None:
    before = guarded(database)

    def stop_halfway() -> None:
        with switch(database) as security:
            security.off()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_halfway()
    assert guarded(database) == before
    assert seen(database) == 0


def test_a_database_without_it_is_not_measured(fresh_database: Callable[[str], Database]) -> None:
    bare = fresh_database("bare")
    with psycopg.connect(bare.superuser_url) as connection:
        connection.execute("ALTER TABLE event_occurrences DISABLE ROW LEVEL SECURITY")
    with pytest.raises(Incorrect, match="not on"), switch(bare):
        pass
