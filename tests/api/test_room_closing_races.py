"""A room is closed while people book: nobody's meeting is lost, no room is taken twice, no event believes in vain."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx2 as httpx
import psycopg

from tests.api.closings import beliefs_without_rooms, equal_room, rooms_of
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, overlapping_pairs, today

DAY = today() + timedelta(days=10)


def booking(person: Person, room: dict[str, Any], day: int, hour: int, **values: Any) -> Callable[[], httpx.Response]:
    body = {"title": "Race", **at(DAY + timedelta(days=day), hour), "room_id": room["id"], **values}
    return lambda: person.post("/events", body)


def test_bookings_that_race_with_a_closing_move_or_are_refused(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    people = [server.seen_by(company.person()) for _ in range(6)]
    admin = server.seen_by(company.admin)
    for number in range(4):
        old, new = (equal_room(company, f"{name} {number}") for name in ("Old", "New"))
        first = accepted(booking(people[0], old, 0, 9, recurrence_rule="FREQ=DAILY;COUNT=10")(), 201)
        answers = at_once(
            lambda room=old: admin.post(f"/rooms/{room['id']}/closing", {}),
            *(booking(person, old, day, 11) for day, person in enumerate(people[:3])),
            *(booking(person, new, day, 9) for day, person in enumerate(people[3:])),
        )
        assert {answer.status_code for answer in answers} <= {200, 201, 409}, [answer.text for answer in answers]
        codes = Counter(answer.json()["code"] for answer in answers if answer.status_code == 409)
        assert codes.keys() <= {"room_inactive", "room_taken", "try_again"}
        if answers[0].status_code == 200:
            left = database.execute("SELECT count(*) FROM room_bookings WHERE room_id = %s", [old["id"]]).fetchone()
            assert left == (0,)
            assert all(room != old["name"] for room, _ in rooms_of(database, first))
        assert beliefs_without_rooms(database, company) == []
    assert overlapping_pairs(database) == 0


def test_two_rooms_that_are_closed_at_once_do_not_move_into_each_other_twice(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    anna = company.person()
    admins = [server.seen_by(company.admin) for _ in range(2)]
    rooms = [equal_room(company, f"Room {number}") for number in range(3)]
    events = [accepted(booking(anna, room, 0, 9, recurrence_rule="FREQ=DAILY;COUNT=5")(), 201) for room in rooms[:2]]
    answers = at_once(
        *(
            lambda admin=admin, room=room: admin.post(f"/rooms/{room['id']}/closing", {})
            for admin, room in zip(admins, rooms, strict=False)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 409}, [answer.text for answer in answers]
    assert overlapping_pairs(database) == 0
    assert beliefs_without_rooms(database, company) == []
    inactive = {room["name"] for room, answer in zip(rooms, answers, strict=False) if answer.status_code == 200}
    for event in events:
        assert not {room for room, _ in rooms_of(database, event)} & inactive


def test_five_hundred_bookings_move_within_seconds(company: Company, database: psycopg.Connection) -> None:
    """Single ones, and series that have to be taken apart because the other room is taken now and then."""
    anna = company.person()
    old, new = equal_room(company, "Old"), equal_room(company, "New")
    equal_room(company, "Third")
    for hour in range(8, 18):
        rule = "FREQ=DAILY;COUNT=40"
        accepted(booking(anna, old, 0, hour, recurrence_rule=rule, participants=[{"user_id": company.admin.id}])(), 201)
        accepted(booking(anna, new, 7 + hour, hour)(), 201)
    for day in range(40, 60):
        for hour in range(8, 13):
            accepted(booking(anna, old, day, hour)(), 201)
    plan = accepted(company.admin.post(f"/rooms/{old['id']}/closing", {}, params={"dry_run": True}))
    began = perf_counter()
    answer = accepted(company.admin.post(f"/rooms/{old['id']}/closing", {"plan": plan["plan"]}))
    took = perf_counter() - began
    assert answer["counts"] == {"moved": 500, "lost": 0, "dropped": 0}
    assert took < 20
    assert beliefs_without_rooms(database, company) == []
    assert overlapping_pairs(database) == 0
