"""What is free instead: the alternatives of each clash, and the rooms that are free for all, in a booking's 409."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection

from tests.api.test_room_finding import NINE_TO_SIX, blocking, held, listed, policy
from tests.support.people import Company, Person, event
from tests.support.planning import accepted, at, refused, today

MONDAY = today() + timedelta(days=14 - today().weekday())


@pytest.fixture
def company(client: TestClient) -> Company:
    return Company.create(client, time_zone="UTC")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def building(company: Company) -> str:
    return str(accepted(company.admin.post("/buildings", {"name": "A", "time_zone": "UTC"}), 201)["id"])


@pytest.fixture
def room(company: Company, building: str) -> dict[str, Any]:
    """The room that is taken on MONDAY from 9 to 10."""
    room = company.admin.create_room(
        name="Taken", capacity=8, building_id=building, floor=2, zone="north", equipment=["tv", "phone"]
    )
    company.admin.create_event(**at(MONDAY, 9), room_id=room["id"])
    return room


def clash(asker: Person, room: dict[str, Any], **values: Any) -> dict[str, Any]:
    body = event(**{**at(MONDAY, 9), **values}, room_id=room["id"])
    return refused(asker.post("/events", body), 409, "room_taken")


def alternatives(asker: Person, room: dict[str, Any], **values: Any) -> list[str]:
    """The names in the only clash, which are the first of those that are free for all."""
    problem = clash(asker, room, **values)
    [found] = problem["clashes"]
    names = [item["name"] for item in found["alternatives"]]
    assert [item["name"] for item in problem["free_rooms"]][: len(names)] == names
    return names


def test_alternatives_are_large_enough_then_equipped_then_near_then_of_the_size(
    company: Company, anna: Person, room: dict[str, Any], building: str
) -> None:
    here = {"building_id": building, "floor": 2, "zone": "north"}
    both = ["tv", "phone"]
    for name, values in {
        "Smaller": {**here, "capacity": 7, "equipment": both},
        "Bare": {**here, "capacity": 8},
        "Half": {**here, "capacity": 8, "equipment": ["tv"]},
        "Broken": {**here, "capacity": 8, "equipment": ["tv", {"name": "phone", "out_of_order": 1}]},
        "Elsewhere": {"capacity": 8, "equipment": both},
        "Upstairs": {**here, "floor": 3, "capacity": 8, "equipment": both},
        "South": {**here, "zone": "south", "capacity": 8, "equipment": both},
        "Larger": {**here, "capacity": 12, "equipment": both},
        "Twin": {**here, "capacity": 8, "equipment": both},
    }.items():
        company.admin.create_room(name=name, **values)
    problem = clash(anna, room)
    expected = ["Twin", "Larger", "South", "Upstairs", "Elsewhere", "Broken", "Half", "Bare", "Smaller"]
    assert [item["name"] for item in problem["free_rooms"]] == expected
    assert [item["name"] for item in problem["clashes"][0]["alternatives"]] == expected[:3]


def test_what_does_not_work_in_the_taken_room_is_not_looked_for(company: Company, anna: Person) -> None:
    broken = {"name": "tv", "out_of_order": 1}
    room = company.admin.create_room(capacity=8, equipment=[broken])
    company.admin.create_room(name="With", capacity=9, equipment=["tv"])
    company.admin.create_room(name="Without", capacity=8)
    company.admin.create_event(**at(MONDAY, 9), room_id=room["id"])
    assert alternatives(anna, room) == ["Without", "With"]


def test_alternatives_obey_the_rules_for_whoever_asks(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    places = ("Listed", "Lent", "Closed", "Blocked", "Short", "Soon", "Fine")
    rooms = {name: company.admin.create_room(name=name)["id"] for name in places}
    boris = company.person()
    own = policy(database, company, room_id=rooms["Listed"], bookable_by="listed")
    listed(database, company, own, "booker", boris.id)
    lent = policy(database, company, room_id=rooms["Lent"], in_policy="request")
    listed(database, company, lent, "exempt", boris.id)
    policy(database, company, room_id=rooms["Closed"], opening_hours="{[0,60)}")
    blocking(database, company, f"{MONDAY}T09:30", f"{MONDAY}T10:30", room_id=rooms["Blocked"])
    policy(database, company, room_id=rooms["Short"], max_minutes=30)
    policy(database, company, room_id=rooms["Soon"], booking_window_days=2)
    assert alternatives(anna, room) == ["Fine"]
    assert sorted(alternatives(boris, room)) == ["Fine", "Lent", "Listed"]


def test_rooms_that_would_wait_for_an_approver_do_not_crowd_out_others(
    company: Company, anna: Person, room: dict[str, Any], building: str, database: Connection
) -> None:
    policy(database, company, building_id=building, in_policy="request")
    for number in range(35):
        company.admin.create_room(name=f"Lent {number}", building_id=building, equipment=["tv", "phone"])
    company.admin.create_room(name="Fine")
    assert alternatives(anna, room) == ["Fine"]


def test_an_alternative_keeps_its_own_buffers(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    careful, plain = (company.admin.create_room(name=name)["id"] for name in ("Careful", "Plain"))
    for other in (careful, plain):
        company.admin.create_event(**at(MONDAY, 10), room_id=other)
    policy(database, company, room_id=careful, buffer_after_minutes=10)
    assert alternatives(anna, room) == ["Plain"]
    # The taken room's buffers are its own affair.
    policy(database, company, room_id=room["id"], buffer_after_minutes=30)
    assert alternatives(anna, room) == ["Plain"]


def test_holds_of_others_take_an_alternative_until_they_expire(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    boris = company.person()
    for name, holder, minutes in (("Mine", anna, 10), ("His", boris, 10), ("Over", boris, -1)):
        held(database, company, company.admin.create_room(name=name)["id"], holder.id, 9, minutes)
    assert alternatives(anna, room) == ["Mine", "Over"]


def test_every_clash_of_a_series_has_its_own_alternatives(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    weeks = [MONDAY + timedelta(weeks=number) for number in range(3)]
    company.admin.create_event(**at(weeks[2], 9), room_id=room["id"])
    first, second, third = (company.admin.create_room(name=name)["id"] for name in ("First", "Second", "Third"))
    company.admin.create_event(**at(weeks[0], 9), room_id=first)
    company.admin.create_event(**at(weeks[2], 9), room_id=second)
    policy(database, company, room_id=third, recurring_allowed=False)
    problem = clash(anna, room, recurrence_rule="FREQ=WEEKLY;COUNT=3")
    assert [[item["name"] for item in found["alternatives"]] for found in problem["clashes"]] == [
        ["Second", "Third"],
        ["First", "Third"],
    ]
    assert problem["free_rooms"] == []
    company.admin.create_room(name="Always")
    found = clash(anna, room, recurrence_rule="FREQ=WEEKLY;COUNT=3")["free_rooms"]
    assert [item["name"] for item in found] == ["Always"]


def test_a_room_out_of_use_and_strangers_rooms_are_no_alternatives(
    company: Company, anna: Person, room: dict[str, Any], stranger_company: Company
) -> None:
    stranger_company.admin.create_room(name="Theirs")
    company.admin.create_room(name="Gone", is_active=False)
    company.admin.create_room(name="Here")
    assert alternatives(anna, room) == ["Here"]


def test_an_alternative_can_be_booked(
    company: Company, anna: Person, room: dict[str, Any], database: Connection
) -> None:
    policy(database, company, opening_hours=NINE_TO_SIX, buffer_before_minutes=5)
    for number in range(5):
        other = company.admin.create_room(name=f"Room {number}")["id"]
        company.admin.create_event(**at(MONDAY, 10 if number % 2 else 14), room_id=other)
    problem = clash(anna, room)
    names = {item["name"] for item in problem["free_rooms"]}
    assert names == {"Room 0", "Room 2", "Room 4"}
    for item in problem["free_rooms"]:
        anna.create_event(**at(MONDAY, 9), room_id=item["id"])
