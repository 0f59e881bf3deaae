"""Closing a room in which series meet: as a whole or one by one, and what is past keeps the room."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.api.closings import (
    DAY,
    becomes,
    beliefs_without_rooms,
    closed,
    equal_room,
    policy,
    rooms_of,
    weekly,
    why_told,
)
from tests.support.mail import written_to
from tests.support.people import Company
from tests.support.planning import (
    accepted,
    at,
    enter,
    settings,
    stored_event,
    utc,
)


@pytest.fixture
def blue(company: Company) -> dict[str, Any]:
    """The room that is closed."""
    return company.admin.create_room(name="Blue", capacity=8, equipment=["projector"])


def test_a_series_that_does_not_fit_whole_moves_one_by_one(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    series = anna.create_event(**weekly(4), room_id=blue["id"])
    aqua, green = (equal_room(company, name) for name in ("Aqua", "Green"))
    for week, room in ((1, aqua), (2, green), (3, aqua), (3, green)):
        company.admin.create_event(**at(DAY + timedelta(weeks=week)), room_id=room["id"])
    answer = closed(company.admin, blue)
    assert becomes(answer) == ["Aqua", "Green", "Aqua", None]
    assert [room for room, _ in rooms_of(database, series)] == ["Aqua", "Green", "Aqua"]
    assert beliefs_without_rooms(database, company) == []
    kept = accepted(anna.get(f"/events/{series['id']}"))
    assert (kept["uid"], kept["recurrence_rule"]) == (series["uid"], series["recurrence_rule"])
    mails = [mail.values for mail in written_to(database, anna.email)]
    assert {(mail["why"], mail["other_room"], mail["occurrences"]) for mail in mails} == {
        ("moved", "Aqua", "2"),
        ("moved", "Green", None),
        ("lost", None, None),
    }


def test_a_series_goes_as_a_whole_into_one_room_where_there_is_one(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna, guest = company.person(), company.person()
    series = anna.create_event(**weekly(5), room_id=blue["id"], participants=[{"user_id": guest.id}])
    before = len(why_told(database, guest))
    aqua = equal_room(company, "Aqua")
    green = equal_room(company, "Green")
    company.admin.create_event(**at(DAY + timedelta(weeks=4)), room_id=aqua["id"])
    assert becomes(closed(company.admin, blue)) == ["Green"] * 5
    assert accepted(anna.get(f"/events/{series['id']}"))["room_id"] == green["id"]
    assert stored_event(database, series["id"], "(SELECT count(*) FROM events o WHERE o.series_id = events.id)") == (0,)
    (mail,) = written_to(database, anna.email)
    assert (mail.values["why"], mail.values["occurrences"]) == ("moved", "5")
    assert why_told(database, guest)[before:] == ["changed"]


def test_overrides_in_the_room_move_and_those_elsewhere_stay(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    attic = equal_room(company, "Attic", capacity=7)
    series = anna.create_event(**weekly(4), room_id=blue["id"])

    def change(week: int, **values: Any) -> None:
        occurrence = utc(DAY + timedelta(weeks=week))
        accepted(anna.patch(f"/events/{series['id']}", values, params={"occurrence": occurrence}))

    change(1, room_id=attic["id"])
    change(2, **at(DAY + timedelta(weeks=2), 15))
    change(3, status="cancelled")
    equal_room(company, "Green")
    assert becomes(closed(company.admin, blue)) == ["Green", "Green"]
    assert rooms_of(database, series) == [("Green", "confirmed"), ("Attic", "confirmed"), ("Green", "confirmed")]
    moved = accepted(anna.get(f"/events/{series['id']}", occurrence=utc(DAY + timedelta(weeks=2))))
    assert moved["start_time"] == utc(DAY + timedelta(weeks=2), 15)


def make_past(database: psycopg.Connection, company: Company, series: dict[str, Any], weeks: int) -> None:
    """Let a series have begun so many weeks earlier."""
    enter(database, company)
    by = timedelta(weeks=weeks)
    database.execute(
        "UPDATE room_bookings SET starts_at = starts_at - %(by)s, ends_at = ends_at - %(by)s,"
        " during = tstzrange(lower(during) - %(by)s, upper(during) - %(by)s) WHERE series_id = %(id)s",
        {"by": by, "id": series["id"]},
    )
    database.execute(
        "UPDATE event_occurrences SET original_start = original_start - %(by)s, starts_at = starts_at - %(by)s,"
        " ends_at = ends_at - %(by)s WHERE series_id = %(id)s",
        {"by": by, "id": series["id"]},
    )
    database.execute(
        "UPDATE events SET start_time = start_time - %(by)s, end_time = end_time - %(by)s,"
        " start_wall = start_wall - %(by)s, end_wall = end_wall - %(by)s,"
        " span = tstzrange(lower(span) - %(by)s, upper(span) - %(by)s, '[]') WHERE id = %(id)s",
        {"by": by, "id": series["id"]},
    )


@pytest.mark.parametrize("past", [2, 4])
def test_past_occurrences_keep_the_closed_room(
    company: Company, database: psycopg.Connection, blue: dict[str, Any], past: int
) -> None:
    """Whether most of the series is over or still to come."""
    anna = company.person()
    series = anna.create_event(**weekly(6), room_id=blue["id"])
    make_past(database, company, series, past + 1)
    equal_room(company, "Green")
    assert becomes(closed(company.admin, blue)) == ["Green"] * (6 - past)
    assert [room for room, _ in rooms_of(database, series)] == ["Blue"] * past + ["Green"] * (6 - past)
    assert beliefs_without_rooms(database, company) == []
    kept = accepted(anna.get(f"/events/{series['id']}"))
    assert (kept["uid"], kept["recurrence_rule"]) == (series["uid"], series["recurrence_rule"])
    # The whole series can still be moved by an hour, whatever is past.
    start = datetime.fromisoformat(kept["start_time"]) + timedelta(hours=1)
    times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
    accepted(anna.patch(f"/events/{series['id']}", times))


def test_an_endless_series_no_longer_asks_for_the_closed_room(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    green = equal_room(company, "Green")
    with settings(ROOM_BOOKING_WINDOW_DAYS=100):
        series = anna.create_event(**at(DAY), recurrence_rule="FREQ=MONTHLY", room_id=blue["id"])
        before = [state for _, state in rooms_of(database, series)]
        closed(company.admin, blue)
    assert set(before) == {"confirmed", "later"}
    assert accepted(anna.get(f"/events/{series['id']}"))["room_id"] == green["id"]
    assert rooms_of(database, series) == [("Green", state) for state in before]
    assert beliefs_without_rooms(database, company) == []


def test_what_was_declined_no_longer_asks_for_a_room_that_is_closed_for_good(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    anna = company.person()
    company.admin.create_event(**at(DAY + timedelta(weeks=1)), room_id=blue["id"])
    answer = anna.post(
        "/events", {"title": "W", **weekly(3), "room_id": blue["id"]}, params={"room_clashes_percent": 50}
    )
    series = accepted(answer, 201)
    equal_room(company, "Green")
    items = closed(company.admin, blue)["bookings"]
    assert sorted((item["state"], item["becomes"]) for item in items) == [
        ("confirmed", "moved"),
        ("confirmed", "moved"),
        ("confirmed", "moved"),
        ("declined", "lost"),
    ]
    assert rooms_of(database, series) == [("Green", "confirmed")] * 2
    assert why_told(database, anna) == ["moved"]
    assert beliefs_without_rooms(database, company) == []


def test_occurrences_that_the_buffers_of_a_room_would_bring_together_do_not_go_there(
    company: Company, database: psycopg.Connection, blue: dict[str, Any]
) -> None:
    """A series that meets twice a day, one right after the other."""
    anna = company.person()
    later = utc(DAY, 10)
    event = anna.create_event(**at(DAY), rdates=[later], room_id=blue["id"])
    green = equal_room(company, "Green")
    policy(database, company, green, buffer_after_minutes=5)
    assert becomes(closed(company.admin, blue)) == ["Green", None]
    assert rooms_of(database, event) == [("Green", "confirmed")]
    assert beliefs_without_rooms(database, company) == []
