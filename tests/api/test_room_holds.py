"""Holding a room for some minutes, while somebody decides."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person, event
from tests.support.planning import (
    MISSING_ID,
    accepted,
    all_pages,
    at,
    enter,
    overlapping_pairs,
    refused,
    settings,
    slot,
    stored_bookings,
    today,
)
from tests.support.room_policies import lend_by_approver, set_policy

DAY = today() + timedelta(days=14)


def wanted(hour: int = 9, hours: int = 1, **values: Any) -> dict[str, Any]:
    return {**slot(DAY, hour, hours), **values}


def hold(person: Person, room_id: str, **values: Any) -> Any:
    return person.post(f"/rooms/{room_id}/holds", wanted(**values))


def meeting(hour: int = 9, hours: int = 1, **values: Any) -> dict[str, Any]:
    return event(**at(DAY, hour, hours), **values)


def is_free(person: Person, room_id: str) -> bool:
    """Whether the room is among those that are free at nine."""
    times = at(DAY)
    found = accepted(person.get("/rooms/available", from_=times["start_time"], to=times["end_time"], limit=500))
    return room_id in {room["id"] for room in found["items"]}


def let_expire(database: psycopg.Connection, company: Company) -> None:
    """Let all holds of the company have expired, without anybody having swept them."""
    enter(database, company)
    database.execute(
        "UPDATE room_bookings SET expires_at = now() WHERE organization_id = %s AND state = 'held'",
        [company.organization.id],
    )


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person()


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person()


@pytest.fixture
def room_id(company: Company) -> str:
    return str(company.admin.create_room()["id"])


def test_a_hold_keeps_others_out_and_is_listed_for_its_holder(anna: Person, boris: Person, room_id: str) -> None:
    before = datetime.now(UTC)
    held = accepted(hold(anna, room_id, minutes=5), 201)
    assert held.keys() == {"id", "room_id", "start_time", "end_time", "expires_at", "created_at"}
    assert (held["room_id"], held["start_time"], held["end_time"]) == (
        room_id, at(DAY)["start_time"], at(DAY)["end_time"],
    )  # fmt: skip
    expires = datetime.fromisoformat(held["expires_at"])
    assert timedelta(minutes=4, seconds=58) < expires - before < timedelta(minutes=5, seconds=30)
    assert not is_free(boris, room_id)
    for answer in (boris.post("/events", meeting(room_id=room_id)), hold(boris, room_id)):
        (clash,) = refused(answer, 409, "room_taken")["clashes"]
        assert (clash["event_id"], clash["title"], clash["booked_from"]) == (None, None, held["start_time"])
    assert accepted(anna.get("/rooms/holds"))["items"] == [held]
    assert accepted(boris.get("/rooms/holds"))["items"] == []
    accepted(hold(boris, room_id, hour=10), 201)


def test_without_minutes_a_hold_lasts_as_long_as_the_installation_allows(anna: Person, room_id: str) -> None:
    with settings(ROOM_HOLD_MAX_MINUTES=7):
        held = accepted(hold(anna, room_id), 201)
        refused(hold(anna, room_id, hour=11, minutes=8), 422, "room_hold_too_long")
    length = datetime.fromisoformat(held["expires_at"]) - datetime.fromisoformat(held["created_at"])
    assert length == timedelta(minutes=7)


def test_times_without_an_offset_are_of_the_zone_that_is_sent_or_the_holders(anna: Person, room_id: str) -> None:
    naive = {"start": f"{DAY}T09:00:00", "end": f"{DAY}T10:00:00"}
    own = accepted(anna.post(f"/rooms/{room_id}/holds", naive), 201)
    there = accepted(anna.post(f"/rooms/{room_id}/holds", {**naive, "time_zone": "Asia/Almaty"}), 201)
    assert datetime.fromisoformat(own["start_time"]) - datetime.fromisoformat(there["start_time"]) >= timedelta(hours=3)


def test_the_holders_event_takes_the_place_of_the_hold(
    anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    accepted(hold(anna, room_id), 201)
    # Whatever part of it: the hold has done its work.
    made = anna.create_event(**at(DAY), room_id=room_id)
    assert [row[3] for row in stored_bookings(database, made["id"])] == ["confirmed"]
    assert accepted(anna.get("/rooms/holds"))["items"] == []
    count = database.execute("SELECT count(*) FROM room_bookings WHERE room_id = %s", [room_id]).fetchone()
    assert count == (1,)


def test_an_event_that_is_refused_leaves_the_hold(company: Company, anna: Person, boris: Person, room_id: str) -> None:
    held = accepted(hold(anna, room_id), 201)
    boris.create_event(**at(DAY, 10), room_id=room_id)
    refused(anna.post("/events", meeting(hours=2, room_id=room_id)), 409, "room_taken")
    assert accepted(anna.get("/rooms/holds"))["items"] == [held]


def test_a_delegate_holds_and_books_for_their_principal(anna: Person, boris: Person, room_id: str) -> None:
    accepted(anna.post("/delegations", {"delegate_id": boris.id}), 201)
    for_anna = {"headers": {"X-On-Behalf-Of": anna.id}}
    held = accepted(boris.post(f"/rooms/{room_id}/holds", wanted(), **for_anna), 201)
    assert accepted(anna.get("/rooms/holds"))["items"] == [held]
    accepted(boris.post("/events", meeting(room_id=room_id), **for_anna), 201)


def test_an_expired_hold_stops_nobody(
    company: Company, anna: Person, boris: Person, room_id: str, database: psycopg.Connection
) -> None:
    for taking in ("event", "hold", "free"):
        held = accepted(hold(anna, room_id), 201)
        let_expire(database, company)
        assert accepted(anna.get("/rooms/holds"))["items"] == []
        refused(anna.delete(f"/rooms/holds/{held['id']}"), 404, "room_hold_not_found")
        assert is_free(boris, room_id)
        window = {"from_": at(DAY)["start_time"], "to": at(DAY)["end_time"]}
        busy = accepted(boris.get("/freebusy", rooms=room_id, **window))
        assert [subject["blocks"] for subject in busy["subjects"]] == [[]]
        if taking == "event":
            made = accepted(boris.post("/events", meeting(room_id=room_id)), 201)
            assert boris.delete(f"/events/{made['id']}").status_code == 204
        elif taking == "hold":
            taken = accepted(hold(boris, room_id), 201)
            assert boris.delete(f"/rooms/holds/{taken['id']}").status_code == 204
        else:
            accepted(hold(anna, room_id), 201)


def test_only_the_holder_lets_go(
    company: Company, stranger_company: Company, anna: Person, boris: Person, room_id: str
) -> None:
    held = accepted(hold(anna, room_id), 201)
    path = f"/rooms/holds/{held['id']}"
    for person in (boris, company.admin, stranger_company.admin):
        refused(person.delete(path), 404, "room_hold_not_found")
    assert anna.delete(path).status_code == 204
    refused(anna.delete(path), 404, "room_hold_not_found")
    assert is_free(boris, room_id)


def test_nobody_deletes_a_booking_as_if_it_were_a_hold(
    anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    anna.create_event(**at(DAY), room_id=room_id)
    row = database.execute("SELECT id::text FROM room_bookings WHERE room_id = %s", [room_id]).fetchone()
    assert row is not None
    refused(anna.delete(f"/rooms/holds/{row[0]}"), 404, "room_hold_not_found")


def test_rooms_of_others_and_rooms_that_are_none(stranger_company: Company, room_id: str, anna: Person) -> None:
    refused(hold(stranger_company.admin, room_id), 404, "room_not_found")
    refused(hold(anna, MISSING_ID), 404, "room_not_found")


def test_a_room_out_of_use_is_not_held(company: Company, anna: Person, room_id: str) -> None:
    assert company.admin.delete(f"/rooms/{room_id}").status_code == 204
    refused(hold(anna, room_id), 409, "room_inactive")


@pytest.mark.parametrize(
    ("times", "code"),
    [
        ({"end": slot(DAY)["start"]}, "room_needs_duration"),
        ({"end": slot(DAY, 8)["start"]}, "end_before_start"),
        (slot(today() - timedelta(days=1)), "room_hold_is_past"),
        ({"end": slot(DAY + timedelta(days=4000))["end"]}, "event_too_long"),
        (slot(today() + timedelta(days=5000)), "room_beyond_horizon"),
    ],
)
def test_times_that_make_no_hold(anna: Person, room_id: str, times: dict[str, str], code: str) -> None:
    refused(anna.post(f"/rooms/{room_id}/holds", {**wanted(), **times}), 422, code)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"bookable_by": "listed"}, "room_not_for_you"),
        ({"booking_window_days": 3}, "room_beyond_window"),
        ({"max_minutes": 30}, "room_booking_too_long"),
        ({"min_minutes": 90}, "room_booking_too_short"),
        ({"out_of_policy": "request", "max_minutes": 30}, "room_booking_too_long"),
    ],
)
def test_a_hold_keeps_the_rules_of_the_room(
    company: Company, anna: Person, room_id: str, rules: dict[str, Any], code: str
) -> None:
    set_policy(company, room_id, **rules)
    problem = refused(hold(anna, room_id), 409, code)
    assert [broken["rule"] for broken in problem["broken"]] == [code]


def test_a_room_is_not_held_while_it_is_closed_or_blocked(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    database.execute(
        "INSERT INTO room_blockings (organization_id, id, room_id, kind, start_wall, end_wall, last_end_wall)"
        " VALUES (%(o)s, gen_random_uuid(), %(r)s, 'cleaning', %(s)s, %(e)s, %(e)s)",
        {"o": company.organization.id, "r": room_id, "s": f"{DAY} 06:00", "e": f"{DAY} 20:00"},
    )
    refused(hold(anna, room_id), 409, "room_blocked")


def test_a_hold_has_the_buffers_of_the_room(company: Company, anna: Person, boris: Person, room_id: str) -> None:
    set_policy(company, room_id, buffer_before_minutes=15, buffer_after_minutes=15)
    accepted(hold(anna, room_id), 201)
    refused(boris.post("/events", meeting(hour=10, room_id=room_id)), 409, "room_taken")


def test_a_room_that_an_approver_lends_can_be_held_and_then_waits_for_them(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, out_of_policy="request", max_minutes=30)
    refused(hold(anna, room_id), 409, "room_booking_too_long")
    # Who decides about what breaks a rule, decides by holding.
    held = accepted(hold(company.admin, room_id), 201)
    assert company.admin.delete(f"/rooms/holds/{held['id']}").status_code == 204
    lend_by_approver(company, room_id)
    accepted(hold(anna, room_id), 201)
    made = anna.create_event(**at(DAY), room_id=room_id)
    assert [row[3] for row in stored_bookings(database, made["id"])] == ["pending"]


def test_nobody_holds_more_rooms_than_they_may(company: Company, anna: Person, database: psycopg.Connection) -> None:
    room_ids = [company.admin.create_room()["id"] for _ in range(3)]
    with settings(ROOM_HOLDS_PER_USER=2):
        first = accepted(hold(anna, room_ids[0]), 201)
        accepted(hold(anna, room_ids[1]), 201)
        refused(hold(anna, room_ids[2]), 409, "too_many_room_holds")
        assert anna.delete(f"/rooms/holds/{first['id']}").status_code == 204
        accepted(hold(anna, room_ids[2]), 201)
        let_expire(database, company)
        accepted(hold(anna, room_ids[0]), 201)


def test_the_list_of_holds_is_paged_by_start(anna: Person, room_id: str) -> None:
    made = [accepted(hold(anna, room_id, hour=hour), 201)["id"] for hour in (9, 12, 10)]
    listed = [item["id"] for page in all_pages(anna, "/rooms/holds", limit=2) for item in page]
    assert listed == [made[0], made[2], made[1]]
    backwards = accepted(anna.get("/rooms/holds", sort="-start_time"))["items"]
    assert [item["id"] for item in backwards] == listed[::-1]


def test_a_hold_is_made_once_for_an_idempotency_key(anna: Person, room_id: str) -> None:
    key = {"headers": {"Idempotency-Key": "hold-once"}}
    answers = [anna.post(f"/rooms/{room_id}/holds", wanted(), **key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


def test_of_many_who_hold_or_book_a_room_at_once_exactly_one_wins(
    company: Company, server: ApiProcess, room_id: str, database: psycopg.Connection
) -> None:
    people = [server.seen_by(company.person()) for _ in range(8)]
    for hour in (9, 11, 13):
        calls = [
            (lambda person=person, hour=hour: hold(person, room_id, hour=hour))
            if number % 2
            else (lambda person=person, hour=hour: person.post("/events", meeting(hour, room_id=room_id)))
            for number, person in enumerate(people)
        ]
        answers = at_once(*calls)
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"room_taken"}
    assert overlapping_pairs(database) == 0


def test_one_who_holds_many_rooms_at_once_stays_within_the_limit(company: Company, server: ApiProcess) -> None:
    anna = server.seen_by(company.person())
    room_ids = [company.admin.create_room()["id"] for _ in range(14)]
    answers = at_once(*[lambda room_id=room_id: hold(anna, room_id) for room_id in room_ids])
    assert Counter(answer.status_code for answer in answers) == {201: 10, 409: 4}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too_many_room_holds"}
