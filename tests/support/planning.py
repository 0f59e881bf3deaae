"""What tests of calendars, events and rooms ask for again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from psycopg import Connection

from app.core.config import get_settings
from tests.support.people import Company, Person

MISSING_ID = "00000000-0000-7000-8000-000000000000"


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer that must be this refusal."""
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["detail"]
    assert problem["detail"] != code, f"{code} has no text for people"
    return problem


def accepted(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must be this success."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def stored_occurrences(database: Connection, event_id: str) -> list[tuple[Any, ...]]:
    """(original start, start, end) of the event's rows, in order."""
    return database.execute(
        "SELECT original_start, starts_at, ends_at FROM event_occurrences WHERE series_id = %s ORDER BY 1", [event_id]
    ).fetchall()


def stored_rows(database: Connection, event_id: str) -> list[tuple[Any, ...]]:
    """The event's occurrence rows with PostgreSQL's own mark of when each was written."""
    return database.execute(
        "SELECT ctid::text, xmin::text, original_start FROM event_occurrences WHERE series_id = %s ORDER BY 3",
        [event_id],
    ).fetchall()


def stored_bookings(database: Connection, event_id: str) -> list[tuple[Any, ...]]:
    """(room, from, to, state) of the event's bookings, in order."""
    return database.execute(
        "SELECT room_id::text, lower(during), upper(during), state FROM room_bookings"
        " WHERE series_id = %s ORDER BY lower(during)",
        [event_id],
    ).fetchall()


def stored_event(database: Connection, event_id: str, columns: str) -> tuple[Any, ...]:
    """Columns of the event's row."""
    row = database.execute(f"SELECT {columns} FROM events WHERE id = %s", [event_id]).fetchone()
    assert row is not None
    return row


def enter(database: Connection, company: Company) -> None:
    """Let the connection write as from inside the company.

    What follows from a change by a key runs as the owner of the tables, whom row-level security binds.
    """
    database.execute("SELECT enter_company(%s, false, NULL, 'test', NULL, false)", [company.organization.id])


def company_counts(database: Connection, organization_id: Any) -> tuple[Any, ...]:
    """How many events, occurrences, participants and bookings a company has."""
    tables = ("events", "event_occurrences", "event_participants", "room_bookings")
    counts = ", ".join(f"(SELECT count(*) FROM {table} WHERE organization_id = %(id)s)" for table in tables)
    row = database.execute(f"SELECT {counts}", {"id": organization_id}).fetchone()
    assert row is not None
    return row


def overlapping_pairs(database: Connection) -> int:
    """How many pairs of blocking bookings of one room overlap, in the whole database."""
    row = database.execute("""
        SELECT count(*) FROM room_bookings a JOIN room_bookings b
          ON a.room_id = b.room_id AND a.id < b.id AND a.during && b.during
        WHERE a.state IN ('held', 'pending', 'confirmed') AND b.state IN ('held', 'pending', 'confirmed')
    """).fetchone()
    assert row is not None
    return int(row[0])


def all_pages(person: Person, path: str, **params: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list, from the first to the one without a next cursor."""
    pages, cursor = [], {}
    while True:
        body = accepted(person.get(path, **params, **cursor))
        pages.append(body["items"])
        if body["next_cursor"] is None:
            return pages
        cursor = {"cursor": body["next_cursor"]}
        assert len(pages) < 1000, "paging does not end"


def starts(items: list[dict[str, Any]]) -> list[str]:
    """The starts of occurrences, in the order of the list."""
    return [item["start_time"] for item in items]


def titles(items: list[dict[str, Any]]) -> list[str]:
    """The titles of occurrences, in the order of the list."""
    return [item["title"] for item in items]


def today() -> date:
    """Today in UTC."""
    return datetime.now(UTC).date()


def utc(day: date, hour: int = 9, minute: int = 0) -> str:
    """A moment in UTC as clients send it."""
    return f"{day.isoformat()}T{hour:02}:{minute:02}:00Z"


def at(day: date, hour: int = 9, hours: int = 1) -> dict[str, str]:
    """The times of an event in UTC on a day."""
    end = datetime(day.year, day.month, day.day, hour) + timedelta(hours=hours)
    return {"start_time": utc(day, hour), "end_time": f"{end.isoformat()}Z", "time_zone": "UTC"}


def slot(day: date, hour: int = 9, hours: int = 1) -> dict[str, str]:
    """The same as what a room is held for."""
    times = at(day, hour, hours)
    return {"start": times["start_time"], "end": times["end_time"]}


@contextmanager
def settings(**values: Any) -> Iterator[None]:
    """The installation with other settings for a moment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(get_settings(), name, value)
        yield
