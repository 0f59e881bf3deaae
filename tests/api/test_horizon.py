"""The horizon: beyond it, reads expand on the fly and say the same as rows would; every night it moves on."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg
import pytest

from app.core.config import get_settings
from app.tasks.occurrence_tasks import extend_occurrences
from tests.support.people import Company, Person
from tests.support.planning import (
    accepted,
    all_pages,
    at,
    refused,
    settings,
    stored_bookings,
    stored_event,
    stored_occurrences,
    today,
)

NEAR, FAR = 40, 200
# What tells two equal series of two people apart, and what is only known where rooms are booked.
NOT_COMPARED = ("id", "series_id", "calendar_id", "organizer_id", "room_id", "room_state")


@pytest.fixture(autouse=True)
def _near_horizon() -> Iterator[None]:
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR):
        yield


def window(first: int, last: int) -> dict[str, str]:
    """A window in days from today."""
    return {
        "from_": (today() + timedelta(days=first)).isoformat(),
        "to": (today() + timedelta(days=last)).isoformat(),
    }


def read(person: Person, first: int, last: int, limit: int = 500, **params: Any) -> list[dict[str, Any]]:
    """Every occurrence in a window of days from today, across all pages."""
    pages = all_pages(person, "/events", **window(first, last), limit=limit, **params)
    return [item for page in pages for item in page]


def compared(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    plain = [tuple((name, item[name]) for name in item if name not in NOT_COMPARED) for item in items]
    # Equal starts are in the order of ids, which differ between two people.
    return sorted(plain, key=str)


def series_of_all_kinds() -> list[dict[str, Any]]:
    """Series that cross the horizon in every way that makes a difference."""
    start = today() - timedelta(days=3)
    end = f"{start + timedelta(days=90):%Y%m%d}"
    berlin = {"start_time": f"{start}T09:00:00", "end_time": f"{start}T10:00:00", "time_zone": "Europe/Berlin"}
    all_day = {"start_time": f"{start}", "is_all_day": True}
    return [
        {"title": "daily", **berlin, "recurrence_rule": "FREQ=DAILY"},
        {"title": "in New York", **berlin, "time_zone": "America/New_York", "recurrence_rule": "FREQ=WEEKLY"},
        {"title": "counted", **berlin, "recurrence_rule": "FREQ=DAILY;INTERVAL=3;COUNT=25"},
        {"title": "until", **berlin, "recurrence_rule": f"FREQ=DAILY;INTERVAL=2;UNTIL={end}"},
        {"title": "ends before", **berlin, "recurrence_rule": "FREQ=DAILY;COUNT=5"},
        {
            "title": "with exdates",
            **berlin,
            "recurrence_rule": "FREQ=DAILY",
            "exdates": [f"{start + timedelta(days=day)}" for day in (5, 44, 60)],
        },
        {"title": "twice a day", **berlin, "recurrence_rule": "FREQ=DAILY;INTERVAL=5;BYHOUR=9,21"},
        {"title": "three days long", **berlin, "end_time": f"{start + timedelta(days=3)}T12:00:00",
         "recurrence_rule": "FREQ=DAILY;INTERVAL=4"},
        {"title": "no length", **berlin, "end_time": berlin["start_time"], "recurrence_rule": "FREQ=DAILY;INTERVAL=2"},
        {"title": "at midnight UTC", **at(start, 0, 24), "recurrence_rule": "FREQ=DAILY"},
        {"title": "all-day", **all_day, "recurrence_rule": "FREQ=DAILY;INTERVAL=2"},
        {"title": "all-day, two days", **all_day, "end_time": f"{start + timedelta(days=2)}",
         "recurrence_rule": "FREQ=WEEKLY"},
        {"title": "all-day, counted", **all_day, "recurrence_rule": "FREQ=DAILY;COUNT=50"},
        {"title": "starts beyond", **at(today() + timedelta(days=50)), "recurrence_rule": "FREQ=DAILY;COUNT=9"},
        {"title": "single beyond", **at(today() + timedelta(days=55))},
    ]  # fmt: skip


def two_people_with_the_same_series(company: Company) -> tuple[Person, Person]:
    """One whose series are stored to the near horizon only, and one whose are stored far beyond."""
    short, long = company.person(time_zone="Europe/Berlin"), company.person(time_zone="Europe/Berlin")
    for body in series_of_all_kinds():
        accepted(short.post("/events", body), 201)
    with settings(OCCURRENCE_HORIZON_DAYS=FAR):
        for body in series_of_all_kinds():
            accepted(long.post("/events", body), 201)
    return short, long


def test_reads_beyond_the_horizon_say_the_same_as_stored_rows(company: Company, database: psycopg.Connection) -> None:
    short, long = two_people_with_the_same_series(company)
    counts = database.execute(
        "SELECT e.organizer_id::text, max(o.starts_at)::date"
        " FROM event_occurrences o JOIN events e ON e.id = o.event_id"
        " WHERE e.organizer_id = ANY(%s::uuid[]) AND e.title = 'daily' GROUP BY 1",
        [[short.id, long.id]],
    ).fetchall()
    assert dict(counts) == {
        short.id: today() + timedelta(days=NEAR - 1),
        long.id: today() + timedelta(days=FAR - 1),
    }
    for first, last in ((-5, 120), (NEAR - 1, NEAR), (NEAR, NEAR + 1), (NEAR - 2, NEAR + 3), (150, 160)):
        for zone in ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
            stored, expanded = read(long, first, last, time_zone=zone), read(short, first, last, time_zone=zone)
            assert stored, (first, last, zone)
            assert compared(expanded) == compared(stored), (first, last, zone)


@pytest.mark.parametrize("limit", [2, 11])
def test_pages_across_the_horizon_repeat_none_and_lose_none(company: Company, limit: int) -> None:
    short, long = two_people_with_the_same_series(company)
    span = (NEAR - 2, NEAR + 3) if limit == 2 else (NEAR - 7, NEAR + 8)
    paged = read(short, *span, limit=limit)
    assert len({(item["id"], item["original_start"]) for item in paged}) == len(paged)
    assert paged == read(short, *span)
    assert compared(paged) == compared(read(long, *span))
    keys = [item["start_time"] if "T" in item["start_time"] else f"{item['start_time']}T00:00:00Z" for item in paged]
    assert keys == sorted(keys)


def test_half_a_day_at_the_horizon_is_neither_doubled_nor_lost(company: Company) -> None:
    short, long = two_people_with_the_same_series(company)
    midnight = datetime.combine(today() + timedelta(days=NEAR), time(), UTC)
    for first, last in ((-12, 12), (-1, 1), (0, 1), (-1, 0), (3, 9), (-36, -20)):
        bounds = ((midnight + timedelta(hours=first)).isoformat(), (midnight + timedelta(hours=last)).isoformat())
        for zone in ("Asia/Tokyo", "America/Los_Angeles"):
            expanded = short.occurrences(*bounds, time_zone=zone)
            assert compared(expanded) == compared(long.occurrences(*bounds, time_zone=zone)), (first, last, zone)


def test_filters_mean_the_same_beyond_the_horizon(company: Company) -> None:
    admin = company.admin
    room = admin.create_room()
    body = at(today() + timedelta(days=1))
    held = admin.create_event(title="held", **body, recurrence_rule="FREQ=DAILY", room_id=room["id"])
    admin.create_event(title="elsewhere", **body, recurrence_rule="FREQ=DAILY", status="tentative")
    gone = admin.create_event(
        title="gone", **body, recurrence_rule="FREQ=DAILY", status="cancelled", room_id=room["id"]
    )
    for first, last in ((10, 11), (NEAR + 10, NEAR + 11)):

        def found(first: int = first, last: int = last, **params: Any) -> list[str]:
            return sorted(item["title"] for item in read(admin, first, last, time_zone="UTC", **params))

        assert found() == ["elsewhere", "held"]
        assert found(room_id=room["id"]) == ["held"]
        assert found(status="tentative") == ["elsewhere"]
        assert found(status="cancelled") == ["gone"]
        assert found(status="cancelled", room_id=room["id"]) == []
        assert found(calendar_id=held["calendar_id"]) == ["elsewhere", "held"]
        assert found(calendar_id=company.person().calendar_id) == []
        (cancelled,) = read(admin, first, last, time_zone="UTC", status="cancelled")
        assert (cancelled["id"], cancelled["room_id"], cancelled["room_state"]) == (gone["id"], None, None)


def test_participants_see_a_series_beyond_the_horizon_and_others_do_not(
    company: Company, stranger_company: Company
) -> None:
    anna, boris = company.person(), company.person()
    anna.create_event(**at(today()), recurrence_rule="FREQ=DAILY", participants=[{"user_id": boris.id}])
    assert len(read(boris, NEAR + 5, NEAR + 15)) == 10
    assert read(company.person(), NEAR + 5, NEAR + 15) == []
    assert read(stranger_company.admin, NEAR + 5, NEAR + 15) == []


def test_too_much_to_expand_at_once_is_refused(company: Company) -> None:
    company.admin.create_event(**at(today()), recurrence_rule="FREQ=DAILY")
    with settings(SERIES_MAX_OCCURRENCES=50):
        refused(company.admin.get("/events", **window(NEAR, NEAR + 60)), 422, "too_many_occurrences_in_window")
        accepted(company.admin.get("/events", **window(NEAR, NEAR + 40)))


def test_the_nightly_extension_stores_exactly_what_reads_said_before(
    company: Company, database: psycopg.Connection
) -> None:
    short, _ = two_people_with_the_same_series(company)
    before = [read(short, first, last) for first, last in ((-5, 80), (80, 130))]
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        assert extend_occurrences() > 0
        assert [read(short, first, last) for first, last in ((-5, 80), (80, 130))] == before
    reach = database.execute(
        "SELECT DISTINCT expanded_until::date FROM events WHERE organizer_id = %s AND expanded_until IS NOT NULL",
        [short.id],
    ).fetchall()
    # Every one was due, and got a month more than asked for, so that it is not due again tomorrow.
    assert reach == [(today() + timedelta(days=NEAR + 20 + 30),)]
    listed = [item for item in before[0] if item["title"] == "daily"]
    (daily,) = {item["id"] for item in listed}
    rows = [row[1].isoformat().replace("+00:00", "Z") for row in stored_occurrences(database, daily)]
    assert rows[: len(listed)] == [item["start_time"] for item in listed]


def test_the_nightly_extension_twice_is_the_same_as_once(company: Company, database: psycopg.Connection) -> None:
    series = company.admin.create_event(
        **at(today()), recurrence_rule="FREQ=DAILY", room_id=company.admin.create_room()["id"]
    )
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        extend_occurrences()
        rows, bookings = stored_occurrences(database, series["id"]), stored_bookings(database, series["id"])
        assert len(rows) == len(bookings) == NEAR + 20 + 30
        assert extend_occurrences() == 0
    assert stored_occurrences(database, series["id"]) == rows
    assert stored_bookings(database, series["id"]) == bookings
    assert accepted(company.admin.get(f"/events/{series['id']}")) == series


def test_a_finite_series_is_finished_and_never_due_again(company: Company, database: psycopg.Connection) -> None:
    boris = company.person()
    series = company.admin.create_event(
        **at(today()), recurrence_rule=f"FREQ=DAILY;COUNT={NEAR + 10}", participants=[{"user_id": boris.id}]
    )
    assert len(stored_occurrences(database, series["id"])) == NEAR
    assert stored_event(database, series["id"], "upper_inf(span)") == (True,)
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        extend_occurrences()
    rows = stored_occurrences(database, series["id"])
    assert len(rows) == NEAR + 10
    until, last_end = stored_event(database, series["id"], "expanded_until, upper(span)")
    assert (until, last_end) == (None, rows[-1][2])
    copies = database.execute(
        "SELECT upper(span) FROM event_participants WHERE event_id = %s", [series["id"]]
    ).fetchall()
    assert copies == [(last_end,)]
    assert len(read(boris, 0, 100)) == NEAR + 10


def test_the_extension_declines_a_room_that_was_taken_in_the_meantime(
    company: Company, database: psycopg.Connection
) -> None:
    admin = company.admin
    room = admin.create_room()
    day = today() + timedelta(days=NEAR + 5)
    series = admin.create_event(**at(today()), recurrence_rule="FREQ=DAILY", room_id=room["id"])
    (unknown,) = read(admin, NEAR + 5, NEAR + 6, time_zone="UTC")
    assert (unknown["room_id"], unknown["room_state"]) == (room["id"], None)
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        other = company.person().create_event(**at(day), title="Other", room_id=room["id"])
        extend_occurrences()
    states = {row[1].date(): row[3] for row in stored_bookings(database, series["id"])}
    assert len(states) == NEAR + 20 + 30
    # What lies beyond what can be booked ahead is booked when time has brought it near.
    later = {day + timedelta(days=15 + number) for number in range(30)}
    assert {date for date, state in states.items() if state == "later"} == later
    assert {date: state for date, state in states.items() if state not in ("confirmed", "later")} == {day: "declined"}
    (declined,) = read(admin, NEAR + 5, NEAR + 6, time_zone="UTC")
    assert (declined["room_id"], declined["room_state"]) == (room["id"], "declined")
    assert [row[3] for row in stored_bookings(database, other["id"])] == ["confirmed"]
    for event_id in (series["id"], other["id"]):
        assert len(stored_occurrences(database, event_id)) == len(stored_bookings(database, event_id))


def test_the_extension_of_a_cancelled_series_books_no_room(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    series = company.admin.create_event(
        **at(today()), recurrence_rule="FREQ=DAILY", room_id=room["id"], status="cancelled"
    )
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        extend_occurrences()
        assert len(stored_occurrences(database, series["id"])) == NEAR + 50
        assert stored_bookings(database, series["id"]) == []
        accepted(company.admin.patch(f"/events/{series['id']}", {"status": "confirmed"}))
    assert len(stored_bookings(database, series["id"])) == NEAR + 50


def test_the_task_of_the_night_extends_everything_that_is_due(company: Company, database: psycopg.Connection) -> None:
    series = company.admin.create_event(**at(today()), recurrence_rule="FREQ=WEEKLY")
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 20):
        assert extend_occurrences() >= 1
        assert extend_occurrences() == 0
    assert get_settings().OCCURRENCE_HORIZON_DAYS == NEAR
    (until,) = stored_event(database, series["id"], "expanded_until::date")
    assert until == today() + timedelta(days=NEAR + 50)
