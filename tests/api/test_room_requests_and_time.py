"""What was decided about a series holds for what time brings: the horizon, the booking window, new time zone data."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.core import tenancy
from app.db import SessionLocal
from app.models.event import Event
from app.services import booking_extension
from app.tasks.occurrence_tasks import book_reached_rooms, extend_occurrences
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, enter, settings, today
from tests.support.room_policies import lend_by_approver, set_policy

DAY = today() + timedelta(days=14)
NEAR = 40


@pytest.fixture(autouse=True)
def _near_horizon() -> Iterator[None]:
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR):
        yield


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person()


@pytest.fixture
def room_id(company: Company) -> str:
    made = str(company.admin.create_room()["id"])
    lend_by_approver(company, made)
    return made


def ask(person: Person, room_id: str, **values: Any) -> tuple[str, str]:
    """A series that asks for the room, and the request."""
    made = person.create_event(**{**at(DAY), "room_id": room_id, **values})
    (request,) = accepted(person.get("/rooms/requests", box="mine"))["items"]
    return made["id"], request["id"]


def decide(company: Company, request_id: str, verdict: str) -> None:
    if verdict != "wait":
        accepted(company.admin.post(f"/rooms/requests/{request_id}/{verdict}", {}))


def bookings(database: psycopg.Connection, series_id: str) -> list[tuple[str, str | None, str | None]]:
    return database.execute(
        "SELECT state, reason, request_id::text FROM room_bookings WHERE series_id = %s ORDER BY starts_at", [series_id]
    ).fetchall()


@pytest.mark.parametrize(
    ("verdict", "states"),
    [
        ("wait", {("pending", None), ("later", None)}),
        ("approve", {("confirmed", None), ("later", None)}),
        ("decline", {("declined", "rejected")}),
    ],
)
def test_what_the_horizon_reaches_follows_the_decision_about_the_series(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection, verdict: str, states: Any
) -> None:
    series_id, request_id = ask(anna, room_id, recurrence_rule="FREQ=DAILY")
    decide(company, request_id, verdict)
    before = len(bookings(database, series_id))
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 40):
        extend_occurrences()
    found = bookings(database, series_id)
    assert len(found) > before
    assert {(state, reason) for state, reason, _ in found} == states
    assert {request for _, _, request in found} == {request_id}


def test_a_decision_about_single_occurrences_says_nothing_about_the_series(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    set_policy(company, room_id)
    made = anna.create_event(**at(DAY), room_id=room_id, recurrence_rule="FREQ=DAILY")
    lend_by_approver(company, room_id)
    moved = {"start_time": at(DAY, 13)["start_time"], "end_time": at(DAY, 13)["end_time"]}
    accepted(anna.patch(f"/events/{made['id']}", moved, params={"occurrence": at(DAY)["start_time"]}))
    (request,) = accepted(anna.get("/rooms/requests", box="mine"))["items"]
    decide(company, request["id"], "decline")
    with settings(OCCURRENCE_HORIZON_DAYS=NEAR + 40):
        extend_occurrences()
    states = [state for state, _, _ in bookings(database, made["id"])]
    assert states.count("declined") == 1
    assert states.count("confirmed") > NEAR


def test_what_an_approver_accepted_is_booked_when_the_window_reaches_it(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    rules: dict[str, Any] = {"out_of_policy": "request", "max_minutes": 30}
    with settings(OCCURRENCE_HORIZON_DAYS=100):
        set_policy(company, room_id, **rules, booking_window_days=22)
        series_id, request_id = ask(anna, room_id, recurrence_rule="FREQ=WEEKLY;COUNT=5")
        decide(company, request_id, "approve")
        assert [state for state, _, _ in bookings(database, series_id)] == ["confirmed"] * 2 + ["later"] * 3
        # Of this, nobody was told.
        blocked = DAY + timedelta(days=28)
        enter(database, company)
        database.execute(
            "INSERT INTO room_blockings (organization_id, id, room_id, kind, start_wall, end_wall, last_end_wall)"
            " VALUES (%(o)s, gen_random_uuid(), %(r)s, 'cleaning', %(s)s, %(e)s, %(e)s)",
            {
                "o": company.organization.id,
                "r": room_id,
                "s": f"{blocked} 00:00",
                "e": f"{blocked + timedelta(days=1)} 00:00",
            },
        )
        set_policy(company, room_id, **rules, booking_window_days=90)
        book_reached_rooms()
    found = [(state, reason) for state, reason, _ in bookings(database, series_id)]
    assert found == [("confirmed", None)] * 4 + [("declined", "rule")]


def test_what_waits_is_still_to_be_decided_when_the_window_reaches_it(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, booking_window_days=22)
    series_id, request_id = ask(anna, room_id, recurrence_rule="FREQ=WEEKLY;COUNT=4")
    lend_by_approver(company, room_id)
    book_reached_rooms()
    assert [state for state, _, _ in bookings(database, series_id)] == ["pending"] * 4
    decide(company, request_id, "approve")
    assert [state for state, _, _ in bookings(database, series_id)] == ["confirmed"] * 4


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("wait", ("pending", None)), ("approve", ("confirmed", None)), ("decline", ("declined", "rejected"))],
)
def test_rule_9_new_time_zone_data_gives_nobody_a_room_that_was_refused(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection, verdict: str, state: Any
) -> None:
    series_id, request_id = ask(anna, room_id)
    decide(company, request_id, verdict)
    enter(database, company)
    database.execute(
        "UPDATE event_occurrences SET starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'"
        " WHERE series_id = %s",
        [series_id],
    )
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        booking_extension.follow(session, session.get_one(Event, (company.organization.id, series_id)))
    assert bookings(database, series_id) == [(*state, request_id)]
    (request,) = accepted(anna.get("/rooms/requests", box="mine"))["items"]
    assert request["state"] == {"wait": "pending", "approve": "approved", "decline": "declined"}[verdict]
