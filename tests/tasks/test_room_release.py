"""Rooms that nobody comes to are released, once, and those whom it concerns are told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine

from app.core.ids import new_id
from app.tasks.room_tasks import ask_to_check_in, release_unused_rooms
from tests.api.change_replica import Replica, settled
from tests.support.mail import written_to
from tests.support.meetings import invite_department
from tests.support.people import Company, Person
from tests.support.planning import accepted
from tests.support.room_use import ask_earlier, booking_of, meeting, set_policy, soon, walk_up

STATE = "state, reason"
RELEASED = ("released", "no_show")
CONFIRMED = ("confirmed", None)


def told(database: psycopg.Connection, person: Person, why: str) -> list[dict[str, Any]]:
    return [mail.values for mail in written_to(database, person.email) if mail.values.get("why") == why]


def test_a_room_that_nobody_came_to_is_released_and_everybody_is_told_once(
    company: Company, database: psycopg.Connection
) -> None:
    anna, guest, member, other = (company.person() for _ in range(4))
    department = accepted(company.admin.post("/departments", {"name": "Sales"}), 201)["id"]
    accepted(company.admin.patch(f"/users/{member.id}", {"department_id": department}))
    room = company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, -11, 49, title="Plans", participants=[{"user_id": guest.id}])
    invite_department(database, event_id, department)
    before = accepted(anna.get(f"/events/{event_id}"))
    ask_earlier(database, event_id)
    release_unused_rooms()
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == RELEASED
    after = accepted(anna.get(f"/events/{event_id}"))
    assert after["version"] == before["version"] + 1
    assert (after["start_time"], after["end_time"]) == (before["start_time"], before["end_time"])
    for person in (anna, guest, member):
        (mail,) = told(database, person, "released")
        assert (mail["title"], mail["room"]) == ("Plans", room["name"])
    assert told(database, other, "released") == []
    # The room is anybody's.
    meeting(other, room, 1, 40)


def test_who_was_asked_and_checks_in_keeps_the_room(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, room, check_in_minutes=10)
    event_id = meeting(anna, room, -20, 40)
    ask_earlier(database, event_id)
    accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == CONFIRMED


@pytest.mark.parametrize(("start", "state"), [(-11, RELEASED), (-9, CONFIRMED)])
def test_the_time_to_check_in_is_counted_from_the_start(
    company: Company, database: psycopg.Connection, start: float, state: Any
) -> None:
    room = company.admin.create_room()
    set_policy(database, company, room, check_in_minutes=10)
    event_id = meeting(company.person(), room, start, 40)
    ask_earlier(database, event_id)
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == state


def test_nobody_loses_a_room_who_was_not_asked_so_many_minutes_ago(
    company: Company, database: psycopg.Connection
) -> None:
    room = company.admin.create_room()
    set_policy(database, company, room, check_in_minutes=10)
    # Booked while it was already taking place.
    event_id = meeting(company.person(), room, -30, 40)
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == CONFIRMED
    ask_to_check_in()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=9)):
        release_unused_rooms()
    assert booking_of(database, event_id, STATE) == CONFIRMED
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        release_unused_rooms()
    assert booking_of(database, event_id, STATE) == RELEASED


def test_a_change_of_the_rules_counts_from_when_it_was_made(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()
    set_policy(database, company, room, check_in_minutes=5)
    event_id = meeting(company.person(), room, -30, 40)
    ask_earlier(database, event_id)
    database.execute("UPDATE booking_policies SET updated_at = now() WHERE room_id = %s", [room["id"]])
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == CONFIRMED
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6)):
        release_unused_rooms()
    assert booking_of(database, event_id, STATE) == RELEASED


@pytest.mark.parametrize("nearest", [0, None])
def test_the_rule_is_inherited_and_a_room_can_do_without(
    company: Company, database: psycopg.Connection, nearest: int | None
) -> None:
    room = company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    set_policy(database, company, room, check_in_minutes=nearest)
    anna = company.person()
    event_id = meeting(anna, room, -30, 40)
    ask_to_check_in()
    assert len(told(database, anna, "check_in")) == (0 if nearest == 0 else 1)
    ask_earlier(database, event_id)
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == (CONFIRMED if nearest == 0 else RELEASED)


def test_meetings_of_a_whole_day_and_walk_ups_need_no_check_in(company: Company, database: psycopg.Connection) -> None:
    anna, room, other = company.person(), company.admin.create_room(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=1)
    day = datetime.now(UTC).date()
    whole = anna.create_event(
        start_time=f"{day - timedelta(days=1)}",
        end_time=f"{day + timedelta(days=2)}",
        time_zone=None,
        is_all_day=True,
        room_id=room["id"],
    )
    walk_up(database, company, other)
    ask_to_check_in()
    assert told(database, anna, "check_in") == []
    ask_earlier(database, whole["id"])
    database.execute(
        "UPDATE room_bookings SET check_in_asked_at = now() - interval '1 hour' WHERE room_id = %s", [other["id"]]
    )
    release_unused_rooms()
    assert booking_of(database, whole["id"], STATE) == CONFIRMED
    (state,) = database.execute("SELECT state FROM room_bookings WHERE room_id = %s", [other["id"]]).fetchall()
    assert state == ("confirmed",)


def test_what_is_over_ended_early_or_was_called_off_is_left_alone(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    over = meeting(anna, room, -90, -60)
    given_back = meeting(anna, room, -30, 40)
    ask_earlier(database, over)
    ask_earlier(database, given_back)
    accepted(anna.post(f"/rooms/{room['id']}/end-early", {}))
    release_unused_rooms()
    assert booking_of(database, over, STATE) == CONFIRMED
    assert booking_of(database, given_back, STATE) == CONFIRMED


def test_of_a_series_one_occurrence_is_released_and_its_own_people_are_told(
    company: Company, database: psycopg.Connection
) -> None:
    anna, guest, room = company.person(), company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, -20, 40, recurrence_rule="FREQ=DAILY;COUNT=3")
    first = accepted(anna.get(f"/events/{event_id}"))["start_time"]
    accepted(
        anna.call(
            "POST",
            f"/events/{event_id}/participants",
            json={"user_id": guest.id},
            params={"scope": "this", "occurrence": first},
        ),
        201,
    )
    versions = "SELECT version FROM events WHERE id = %(id)s OR series_id = %(id)s ORDER BY series_id NULLS FIRST"
    before = database.execute(versions, {"id": event_id}).fetchall()
    ask_earlier(database, event_id)
    release_unused_rooms()
    states = database.execute(
        "SELECT state FROM room_bookings WHERE series_id = %s ORDER BY starts_at", [event_id]
    ).fetchall()
    assert states == [("released",), ("confirmed",), ("confirmed",)]
    assert len(told(database, guest, "released")) == 1
    after = database.execute(versions, {"id": event_id}).fetchall()
    assert [new[0] - old[0] for new, old in zip(after, before, strict=True)] == [1, 1]
    # A later edit of the series does not take the room back from whoever has it now.
    accepted(anna.patch(f"/events/{event_id}", {"title": "Other"}))
    assert (
        states
        == database.execute(
            "SELECT state FROM room_bookings WHERE series_id = %s ORDER BY starts_at", [event_id]
        ).fetchall()
    )


def test_the_change_feed_tells_of_a_release(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, -20, 40)
    ask_earlier(database, event_id)
    replica = Replica(anna)
    replica.catch_up()
    settled()
    release_unused_rooms()
    settled()
    changed = accepted(anna.get("/changes", cursor=replica.cursor))
    assert [item["id"] for item in changed["items"]] == [event_id]


def at_the_same_time(call: Callable[[], int]) -> None:
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(call) for _ in range(4)]:
            future.result()


def test_workers_at_the_same_time_ask_and_release_once(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    set_policy(database, company, check_in_minutes=10)
    made = [meeting(anna, company.admin.create_room(), -20, 40) for _ in range(6)]
    at_the_same_time(ask_to_check_in)
    assert len(told(database, anna, "check_in")) == 6
    for event_id in made:
        ask_earlier(database, event_id)
    at_the_same_time(release_unused_rooms)
    assert [booking_of(database, event_id, STATE) for event_id in made] == [RELEASED] * 6
    assert len(told(database, anna, "released")) == 6


def test_an_event_that_somebody_is_changing_is_left_for_the_next_round(
    company: Company, database: psycopg.Connection
) -> None:
    room = company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(company.person(), room, -20, 40)
    ask_earlier(database, event_id)
    with database.transaction():
        database.execute("SELECT FROM events WHERE id = %s FOR NO KEY UPDATE", [event_id])
        release_unused_rooms()
    assert booking_of(database, event_id, STATE) == CONFIRMED
    release_unused_rooms()
    assert booking_of(database, event_id, STATE) == RELEASED


def test_a_released_room_is_offered_to_whoever_waits(company: Company, database: psycopg.Connection) -> None:
    anna, boris, room = company.person(), company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, -20, 40)
    waiting = boris.create_event(start_time=soon(5), end_time=soon(30), time_zone="UTC")["id"]
    database.execute(
        "INSERT INTO room_waiting (organization_id, id, room_id, user_id, series_id, original_start, starts_at,"
        " ends_at, during, state, offer_minutes, created_at)"
        " SELECT organization_id, %s, %s, %s, series_id, original_start, starts_at, ends_at,"
        " tstzrange(starts_at, ends_at), 'waiting', 15, now() FROM event_occurrences WHERE series_id = %s",
        [new_id(), room["id"], boris.id, waiting],
    )
    ask_earlier(database, event_id)
    release_unused_rooms()
    held = database.execute(
        "SELECT held_by_id::text FROM room_bookings WHERE room_id = %s AND state = 'held'", [room["id"]]
    ).fetchall()
    assert held == [(boris.id,)]


def test_who_checked_in_before_being_asked_is_counted_and_not_written_to(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    event_id = meeting(anna, room, 5, 40)
    accepted(anna.post(f"/rooms/{room['id']}/check-in", {}))
    ask_to_check_in()
    assert told(database, anna, "check_in") == []
    assert booking_of(database, event_id, "check_in_asked_at IS NULL") == (False,)


def test_nobody_is_asked_long_before_nor_where_a_room_waits_for_an_approver(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room, approved = company.person(), company.admin.create_room(), company.admin.create_room()
    set_policy(database, company, check_in_minutes=10)
    set_policy(database, company, approved, in_policy="request")
    meeting(anna, room, 20, 40)
    meeting(anna, approved, 5, 40)
    ask_to_check_in()
    assert told(database, anna, "check_in") == []
