"""The data set of the benchmark: loaded small, it is what it says, and what the product itself would store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import create_engine, select
from sqlmodel import Session, col

from app.core.database_url import driver_url
from app.models import Event, EventOccurrence
from app.services.event_times import as_instant, series_of
from app.services.occurrence_service import bound_of
from bench.checks import overlapping_pairs
from bench.databases import Database
from bench.dataset import COLUMNS, DataSet
from bench.loading import load
from bench.shape import FULL, QUICK, WEEK, Shape, first_monday, week_window
from tests.bench.foreign_keys import check_foreign_keys

TODAY = datetime(2027, 3, 20, 15, tzinfo=UTC)
TINY = replace(FULL, companies=2, events=2_000, weeks=13, users_per_company=50, endless_share=0.01)


def test_sizes_are_those_that_the_goals_name() -> None:
    assert (FULL.users, FULL.calendars, FULL.events) == (1_000, 2_000, 200_000)
    assert FULL.smaller(10).events == 20_000
    assert QUICK.events == 20_000


@pytest.mark.parametrize("shape", [FULL, FULL.smaller(10), QUICK, QUICK.smaller(10)])
def test_a_week_is_as_full_in_every_shape(shape: Shape) -> None:
    per_calendar = shape.events * 5 / shape.weeks / shape.calendars
    assert per_calendar == pytest.approx(3.85, rel=0.01)
    assert shape.measured_week < shape.weeks


def test_the_measured_week_is_the_next_one() -> None:
    assert week_window(TODAY) == ("2027-03-22", "2027-03-29")
    assert first_monday(FULL, TODAY) + FULL.measured_week * WEEK == datetime(2027, 3, 22, tzinfo=UTC)


def test_the_same_seed_makes_the_same_rows() -> None:
    def rows() -> list[str]:
        data = DataSet(TINY, TODAY)
        data.company_rows()
        return next(data.event_batches())["events"]

    assert rows() == rows()


def test_lines_have_as_many_values_as_columns() -> None:
    data = DataSet(TINY, TODAY)
    tables = {**data.company_rows(), **next(data.event_batches())}
    assert tables.keys() == COLUMNS.keys()
    for table, lines in tables.items():
        assert {line.count("\t") for line in lines} == {COLUMNS[table].count(",")}, table


@pytest.fixture(scope="module")
def loaded(fresh_database: Callable[[str], Database]) -> Database:
    """A database that holds the tiny data set."""
    database = fresh_database("events")
    load(database, DataSet(TINY, TODAY))
    return database


def test_the_numbers_of_rows_fit_each_other(loaded: Database) -> None:
    events = loaded.count("events")
    assert events == TINY.events
    assert loaded.count("event_occurrences") == pytest.approx(events * (4.9 + 1.1), rel=0.15)
    assert loaded.count("event_participants") == pytest.approx(events * 3.5, rel=0.1)
    assert loaded.count("room_bookings") > events / 2


def test_every_foreign_key_holds(loaded: Database) -> None:
    """The load skips their checks; adding a key again makes PostgreSQL look."""
    assert check_foreign_keys(loaded) > 15


def test_no_room_is_booked_twice(loaded: Database) -> None:
    with psycopg.connect(loaded.superuser_url) as connection:
        rooms = [str(row[0]) for row in connection.execute("SELECT id FROM rooms").fetchall()]
    assert overlapping_pairs(loaded, rooms) == 0


def test_occurrences_are_those_that_the_product_would_store(loaded: Database) -> None:
    engine = create_engine(driver_url(loaded.superuser_url), connect_args={"options": "-c timezone=UTC"})
    endless = 0
    with Session(engine) as session:
        for event in session.execute(select(Event).order_by(col(Event.uid)).limit(400)).scalars():
            endless += event.expanded_until is not None
            series = series_of(event)
            bound = event.expanded_until or datetime(2100, 1, 1, tzinfo=UTC)
            expected = [
                (as_instant(occurrence.start), as_instant(occurrence.end))
                for occurrence in series.occurrences(before=bound_of(series, bound))
            ]
            rows = session.execute(
                select(EventOccurrence)
                .where(col(EventOccurrence.series_id) == event.id)
                .order_by(col(EventOccurrence.starts_at))
            ).scalars()
            assert [(row.starts_at, row.ends_at) for row in rows] == expected
    engine.dispose()
    assert endless > 0
