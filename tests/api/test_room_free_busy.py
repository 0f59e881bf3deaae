"""Rooms in free/busy and in finding a time: closed hours, blockings, holds and walk-ups are busy, rules are kept."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection

from tests.api.test_room_finding import NINE_TO_SIX, blocking, held, listed, policy
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, enter, settings, today, utc

MONDAY = today() + timedelta(days=14 - today().weekday())


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client, time_zone="UTC")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def room(company: Company) -> dict[str, Any]:
    return company.admin.create_room(name="Blue")


def busy(asker: Person, room: dict[str, Any], days: int = 1) -> list[tuple[str, str, str]]:
    """When the room is busy from MONDAY on: from, until, how sure."""
    body = accepted(asker.get("/freebusy", rooms=room["id"], from_=f"{MONDAY}", to=f"{MONDAY + timedelta(days=days)}"))
    [subject] = body["subjects"]
    for block in subject["blocks"]:
        assert set(block) == {"start", "end", "type", "events"}
    return [(block["start"], block["end"], block["type"]) for block in subject["blocks"]]


def find(asker: Person, start: int = 9, end: int = 18, **values: Any) -> list[tuple[str, list[str]]]:
    """The proposals for an hour of MONDAY with a room: start, rooms."""
    body = {
        "duration_minutes": 60,
        "required": [asker.id],
        "rooms": {},
        "from": utc(MONDAY, start),
        "to": utc(MONDAY, end),
        "hours": "ignore",
        **values,
    }
    found = accepted(asker.post("/events/find-time", body))["proposals"]
    return [(item["start"], [one["name"] for one in item["rooms"]]) for item in found]


def walk_up(database: Connection, company: Company, room_id: str, hour: int) -> None:
    enter(database, company)
    database.execute(
        "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
        " created_at) VALUES (%(o)s, gen_random_uuid(), %(r)s, %(s)s, %(e)s, tstzrange(%(s)s, %(e)s), 'confirmed',"
        " 'walk_up', now())",
        {"o": company.organization.id, "r": room_id, "s": utc(MONDAY, hour), "e": utc(MONDAY, hour + 1)},
    )


def test_rule_20_a_room_is_busy_outside_its_hours_and_while_it_is_blocked(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    policy(database, company, opening_hours=NINE_TO_SIX)
    blocking(database, company, f"{MONDAY}T12:00", f"{MONDAY}T12:30", room_id=room["id"])
    anna.create_event(**at(MONDAY, 17), room_id=room["id"])
    after = MONDAY + timedelta(days=1)
    assert busy(anna, room) == [
        (utc(MONDAY, 0), utc(MONDAY, 9), "busy"),
        (utc(MONDAY, 12), utc(MONDAY, 12, 30), "busy"),
        (utc(MONDAY, 17), utc(after, 0), "busy"),
    ]
    assert busy(anna, room, days=2)[2] == (utc(MONDAY, 17), utc(after, 9), "busy")


def test_closed_hours_are_told_beyond_the_horizon_too(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    with settings(OCCURRENCE_HORIZON_DAYS=40):
        anna.create_event(**at(MONDAY, 10), recurrence_rule="FREQ=WEEKLY")
    policy(database, company, opening_hours=NINE_TO_SIX)
    day = MONDAY + timedelta(weeks=10)
    body = accepted(
        anna.get("/freebusy", rooms=room["id"], users=anna.id, from_=f"{day}", to=f"{day + timedelta(days=1)}")
    )
    blocks = {subject["kind"]: [(b["start"], b["end"]) for b in subject["blocks"]] for subject in body["subjects"]}
    assert blocks == {
        "user": [(utc(day, 10), utc(day, 11))],
        "room": [(utc(day, 0), utc(day, 9)), (utc(day, 18), utc(day + timedelta(days=1), 0))],
    }


def test_holds_are_tentative_until_they_expire_and_walk_ups_are_busy(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    held(database, company, room["id"], anna.id, 9, minutes=10)
    held(database, company, room["id"], anna.id, 11, minutes=-1)
    walk_up(database, company, room["id"], 13)
    assert busy(company.person(), room) == [
        (utc(MONDAY, 9), utc(MONDAY, 10), "tentative"),
        (utc(MONDAY, 13), utc(MONDAY, 14), "busy"),
    ]
    assert [start for start, _ in find(company.person(), step_minutes=60)] == [
        utc(MONDAY, hour) for hour in (10, 11, 12, 14, 15, 16, 17)
    ]


def test_no_time_is_proposed_at_which_the_room_is_closed_or_blocked(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    policy(database, company, opening_hours="{[600,720),[780,900)}")
    blocking(database, company, f"{MONDAY}T10:30", f"{MONDAY}T10:45")
    assert find(anna, 6, 20) == [
        (utc(MONDAY, 10, 45), ["Blue"]),
        (utc(MONDAY, 13), ["Blue"]),
        (utc(MONDAY, 14), ["Blue"]),
    ]


def test_rooms_that_the_asker_may_not_book_are_not_proposed(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    boris = company.person()
    own = policy(database, company, room_id=room["id"], bookable_by="listed")
    listed(database, company, own, "booker", boris.id)
    short = company.admin.create_room(name="Short", capacity=20)
    policy(database, company, room_id=short["id"], max_minutes=30)
    company.admin.create_room(name="Large", capacity=30)
    assert find(anna, 9, 10) == [(utc(MONDAY, 9), ["Large"])]
    assert find(boris, 9, 10) == [(utc(MONDAY, 9), ["Blue"])]
    assert find(anna, 9, 10, duration_minutes=30)[0] == (utc(MONDAY, 9), ["Short"])
    assert find(anna, 9, 10, rooms={"ids": [room["id"]]}) == []


def test_proposals_leave_the_buffers_of_the_room(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    boris = company.person()
    for hour in (8, 11):
        boris.create_event(**at(MONDAY, hour), room_id=room["id"])
    policy(database, company, room_id=room["id"], buffer_before_minutes=15, buffer_after_minutes=30)
    # Free from 9 to 11, but for a quarter after the one and half an hour before the other.
    assert find(anna, 9, 12) == [(utc(MONDAY, 9, 15), ["Blue"])]


def test_nothing_is_proposed_from_the_end_of_the_booking_window_on(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    days = (MONDAY - today()).days
    policy(database, company, room_id=room["id"], booking_window_days=days + 1)
    assert find(anna, 9, 10)
    enter(database, company)
    database.execute("UPDATE booking_policies SET booking_window_days = %s WHERE room_id = %s", [days - 1, room["id"]])
    assert find(anna, 9, 10) == []
