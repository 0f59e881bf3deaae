"""Rooms that are given back early, or kept longer; the event keeps its times."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.core import tenancy
from app.core.ids import new_id
from app.db import SessionLocal
from app.services import check_in_service
from app.services.check_in_service import room_code
from tests.support.people import Company
from tests.support.planning import accepted, refused
from tests.support.room_use import booking_of, meeting, set_policy, soon, walk_up

TAKEN = "lower(during), upper(during)"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def about_now(moment: datetime, minutes: float = 0) -> bool:
    return abs(moment - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=30)


def hold(
    database: psycopg.Connection, company: Company, room: dict[str, Any], start: str, end: str, until: str
) -> None:
    database.execute(
        "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
        " held_by_id, expires_at, created_at)"
        " VALUES (%s, %s, %s, %s, %s, tstzrange(%s, %s), 'held', 'hold', %s, %s, now())",
        [company.organization.id, new_id(), room["id"], start, end, start, end, company.admin.id, until],
    )


def test_a_room_that_is_given_back_can_be_booked_at_once(company: Company, database: psycopg.Connection) -> None:
    anna, boris, room = company.person(), company.person(), company.admin.create_room()
    event_id = meeting(anna, room)
    before = accepted(anna.get(f"/events/{event_id}"))
    use = accepted(anna.post(f"/rooms/{room['id']}/end-early", {}))
    assert about_now(instant(use["used_until"]))
    assert (use["start_time"], use["end_time"]) == (before["start_time"], before["end_time"])
    assert about_now(booking_of(database, event_id, TAKEN)[1])
    after = accepted(anna.get(f"/events/{event_id}"))
    assert (after["end_time"], after["version"]) == (before["end_time"], before["version"])
    meeting(boris, room, 1, 40)
    refused(anna.post(f"/rooms/{room['id']}/end-early", {}), 409, "room_not_in_use")


def test_the_time_after_a_meeting_stays_free_when_it_ends_early(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    set_policy(database, company, buffer_before_minutes=5, buffer_after_minutes=20)
    event_id = meeting(anna, room)
    accepted(anna.post(f"/rooms/{room['id']}/end-early", {}))
    lower, upper = booking_of(database, event_id, TAKEN)
    assert about_now(lower, -15)
    assert about_now(upper, 20)


def test_what_is_not_running_can_neither_end_nor_last_longer(company: Company) -> None:
    anna, room = company.person(), company.admin.create_room()
    for path, body in (("end-early", {}), ("extend", {"minutes": 5})):
        refused(anna.post(f"/rooms/{room['id']}/{path}", body), 409, "room_not_in_use")
    meeting(anna, room, 5, 30)
    for path, body in (("end-early", {}), ("extend", {"minutes": 5})):
        refused(anna.post(f"/rooms/{room['id']}/{path}", body), 409, "room_not_in_use")


def test_who_may_not_check_in_needs_the_code_to_end_or_extend(company: Company, database: psycopg.Connection) -> None:
    room, boris = company.admin.create_room(), company.person()
    event_id = meeting(company.person(), room)
    code = room_code(UUID(room["id"]), datetime.now(UTC))
    refused(boris.post(f"/rooms/{room['id']}/extend", {"minutes": 10}), 403, "room_code_required")
    refused(boris.post(f"/rooms/{room['id']}/end-early", {}), 403, "room_code_required")
    assert booking_of(database, event_id, "used_until") == (None,)
    accepted(boris.post(f"/rooms/{room['id']}/extend", {"minutes": 10, "code": code}))
    accepted(boris.post(f"/rooms/{room['id']}/end-early", {"code": code}))


def test_a_meeting_stays_as_long_as_the_room_is_free(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    event_id = meeting(anna, room, -10, 20)
    meeting(company.person(), room, 50, 60)
    path = f"/rooms/{room['id']}/extend"
    use = accepted(anna.post(path, {"minutes": 15}))
    assert instant(use["used_until"]) - instant(use["end_time"]) == timedelta(minutes=15)
    assert booking_of(database, event_id, "upper(during) = used_until AND upper(during) > ends_at") == (True,)
    problem = refused(anna.post(path, {"minutes": 30}), 409, "room_taken")
    (clash,) = problem["clashes"]
    assert about_now(instant(clash["booked_from"]), 50)
    assert clash["title"] is None
    # Up to the very minute when the next begins.
    use = accepted(anna.post(path, {"minutes": 14}))
    assert instant(use["used_until"]) - instant(use["end_time"]) == timedelta(minutes=29)


def test_an_extension_counts_from_where_the_last_one_has_led_and_can_be_ended(company: Company) -> None:
    anna, room = company.person(), company.admin.create_room()
    meeting(anna, room)
    path = f"/rooms/{room['id']}"
    for minutes in (5, 10):
        use = accepted(anna.post(f"{path}/extend", {"minutes": 5}))
        assert instant(use["used_until"]) - instant(use["end_time"]) == timedelta(minutes=minutes)
    use = accepted(anna.post(f"{path}/end-early", {}))
    assert about_now(instant(use["used_until"]))


def test_expired_holds_give_way_to_an_extension_and_others_do_not(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room = company.person(), company.admin.create_room()
    meeting(anna, room, -10, 20)
    path = f"/rooms/{room['id']}/extend"
    hold(database, company, room, soon(21), soon(25), soon(10))
    refused(anna.post(path, {"minutes": 10}), 409, "room_taken")
    database.execute("UPDATE room_bookings SET expires_at = now() WHERE room_id = %s AND state = 'held'", [room["id"]])
    accepted(anna.post(path, {"minutes": 10}))


def test_a_declined_or_released_booking_is_not_in_the_way(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    meeting(anna, room, -10, 20)
    later = meeting(anna, room, 25, 50)
    database.execute("UPDATE room_bookings SET state = 'released', reason = 'given_back' WHERE series_id = %s", [later])
    accepted(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 20}))


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ({"max_minutes": 70}, "room_booking_too_long"),
        ({"opening_hours": "{}"}, "room_not_open"),
    ],
)
def test_an_extension_keeps_to_the_rules_of_the_room(
    company: Company, database: psycopg.Connection, rules: dict[str, Any], code: str
) -> None:
    anna, room = company.person(), company.admin.create_room()
    event_id = meeting(anna, room)
    set_policy(database, company, room, **rules)
    problem = refused(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 11}), 409, code)
    assert problem["broken"][0]["rule"] == code
    assert booking_of(database, event_id, "used_until") == (None,)
    if "max_minutes" in rules:
        accepted(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 10}))


def test_a_blocked_room_is_not_kept_longer(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    meeting(anna, room, -10, 20)
    database.execute(
        "INSERT INTO room_blockings (organization_id, id, room_id, kind, start_wall, end_wall, last_end_wall)"
        " SELECT %s, %s, %s, 'cleaning', w + interval '25 minutes', w + interval '1 hour', w + interval '1 hour'"
        " FROM (SELECT now() AT TIME ZONE 'Europe/Berlin' AS w) t",
        [company.organization.id, new_id(), room["id"]],
    )
    refused(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 10}), 409, "room_blocked")
    accepted(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 4}))


def test_where_approvers_decide_about_exceptions_only_they_extend_beyond_the_rules(
    company: Company, database: psycopg.Connection
) -> None:
    anna, room = company.person(), company.admin.create_room()
    meeting(anna, room, participants=[{"user_id": company.admin.id}])
    set_policy(database, company, room, max_minutes=60, out_of_policy="request")
    path = f"/rooms/{room['id']}/extend"
    refused(anna.post(path, {"minutes": 5}), 409, "room_booking_too_long")
    accepted(company.admin.post(path, {"minutes": 5}))


def test_a_room_for_listed_people_is_kept_longer_by_any_who_take_part(
    company: Company, database: psycopg.Connection
) -> None:
    anna, guest, room = company.person(), company.person(), company.admin.create_room()
    meeting(anna, room, participants=[{"user_id": guest.id}])
    set_policy(database, company, room, bookable_by="listed")
    accepted(guest.post(f"/rooms/{room['id']}/extend", {"minutes": 5}))


def test_who_took_a_room_at_the_door_ends_and_extends(company: Company, database: psycopg.Connection) -> None:
    anna, room = company.person(), company.admin.create_room()
    walk_up(database, company, room, anna)
    accepted(anna.post(f"/rooms/{room['id']}/extend", {"minutes": 15}))
    refused(company.person().post(f"/rooms/{room['id']}/end-early", {}), 403, "room_code_required")
    accepted(anna.post(f"/rooms/{room['id']}/end-early", {}))


def test_the_panel_ends_and_extends(company: Company) -> None:
    room = company.admin.create_room()
    meeting(company.person(), room)
    organization, room_id = company.organization.id, UUID(room["id"])
    with SessionLocal.begin() as session:
        tenancy.enter(session, organization, origin="test")
        extended = check_in_service.extend_at(session, organization, room_id, 15)
        assert extended.used_until is not None
        assert about_now(extended.used_until, 65)
        ended = check_in_service.end_early_at(session, organization, room_id)
        assert about_now(ended.used_until)  # type: ignore[arg-type]


def test_what_is_given_back_is_offered_to_whoever_waits(company: Company, database: psycopg.Connection) -> None:
    anna, boris, room = company.person(), company.person(), company.admin.create_room()
    meeting(anna, room, -10, 50)
    waiting = boris.create_event(start_time=soon(10), end_time=soon(40), time_zone="UTC")["id"]
    database.execute(
        "INSERT INTO room_waiting (organization_id, id, room_id, user_id, series_id, original_start, starts_at,"
        " ends_at, during, state, offer_minutes, created_at)"
        " SELECT organization_id, %s, %s, %s, series_id, original_start, starts_at, ends_at,"
        " tstzrange(starts_at, ends_at), 'waiting', 15, now() FROM event_occurrences WHERE series_id = %s",
        [new_id(), room["id"], boris.id, waiting],
    )
    accepted(anna.post(f"/rooms/{room['id']}/end-early", {}))
    held = database.execute(
        "SELECT source, held_by_id::text FROM room_bookings WHERE room_id = %s AND state = 'held'", [room["id"]]
    ).fetchall()
    assert held == [("offer", boris.id)]


@pytest.mark.parametrize("minutes", [0, -5, 1441, 1.5, "many", None])
def test_an_extension_is_some_minutes(company: Company, minutes: Any) -> None:
    room = company.admin.create_room()
    meeting(company.admin, room)
    answer = company.admin.post(f"/rooms/{room['id']}/extend", {"minutes": minutes})
    assert answer.status_code == 422
