"""Requests that nobody decided in time, and holds that have expired: what beat sweeps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from app.core import tenancy
from app.db import SessionLocal
from app.services import room_decision_service
from app.tasks.room_tasks import expire_room_holds, expire_room_requests
from tests.support.mail import written_to
from tests.support.people import Company, Person, event
from tests.support.planning import accepted, at, enter, refused, slot, today
from tests.support.room_policies import lend_by_approver

DAY = today() + timedelta(days=14)


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person()


@pytest.fixture
def room_id(company: Company) -> str:
    made = str(company.admin.create_room()["id"])
    lend_by_approver(company, made)
    return made


def ask(person: Person, room_id: str, **values: Any) -> dict[str, Any]:
    return person.create_event(**{**at(DAY), "room_id": room_id, **values})


def let_requests_expire(database: psycopg.Connection, company: Company) -> None:
    enter(database, company)
    for table in ("room_requests", "room_bookings"):
        database.execute(
            f"UPDATE {table} SET expires_at = now() WHERE organization_id = %s AND state = 'pending'",
            [company.organization.id],
        )


def states(database: psycopg.Connection, event_id: str) -> list[tuple[str, str | None]]:
    return database.execute(
        "SELECT state, reason FROM room_bookings WHERE series_id = %s ORDER BY starts_at", [event_id]
    ).fetchall()


def whys(database: psycopg.Connection, person: Person) -> list[str]:
    return [mail.values["why"] for mail in written_to(database, person.email) if mail.template == "room_notice"]


def test_a_request_that_nobody_decided_expires_and_who_asked_is_told_once(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, booking_window_days=22)
    made = ask(anna, room_id, recurrence_rule="FREQ=WEEKLY;COUNT=4")
    version = accepted(anna.get(f"/events/{made['id']}"))["version"]
    expire_room_requests()
    assert [state for state, _ in states(database, made["id"])] == ["pending", "pending", "later", "later"]
    let_requests_expire(database, company)
    assert expire_room_requests() >= 1
    assert states(database, made["id"]) == [("declined", "expired")] * 4
    assert whys(database, anna) == ["expired"]
    assert accepted(anna.get(f"/events/{made['id']}"))["version"] == version + 1
    (item,) = accepted(anna.get("/rooms/requests", box="mine"))["items"]
    assert (item["state"], item["decided_by_id"], item["decided_at"] is None) == ("expired", None, False)
    refused(company.admin.post(f"/rooms/requests/{item['id']}/approve", {}), 409, "room_request_decided")
    expire_room_requests()
    assert whys(database, anna) == ["expired"]
    # The room is free again.
    accepted(company.admin.post("/events", event(**at(DAY), room_id=room_id)), 201)


def test_what_only_waits_for_the_booking_window_expires_too(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    lend_by_approver(company, room_id, booking_window_days=16)
    made = ask(anna, room_id, recurrence_rule="FREQ=WEEKLY;COUNT=3")
    path, first = f"/events/{made['id']}", at(DAY)["start_time"]
    assert anna.delete(path, params={"scope": "this", "occurrence": first}).status_code == 204
    assert [state for state, _ in states(database, made["id"])] == ["later", "later"]
    let_requests_expire(database, company)
    expire_room_requests()
    assert states(database, made["id"]) == [("declined", "expired")] * 2


def test_workers_at_once_tell_everybody_once(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made = [ask(anna, room_id, **at(DAY, hour)) for hour in range(6, 18)]
    let_requests_expire(database, company)

    def work(_: int) -> int:
        done = 0
        more = True
        while more:
            with SessionLocal.begin() as session:
                tenancy.enter(session, company.organization.id, origin="test")
                more = room_decision_service.expire_next(session, company.organization.id)
            done += more
        return done

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    # What one worker had locked, another passes by.
    expire_room_requests()
    for item in made:
        assert states(database, item["id"]) == [("declined", "expired")]
    assert whys(database, anna) == ["expired"] * len(made)


def test_an_event_that_is_being_edited_is_left_for_the_next_round(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    made = ask(anna, room_id)
    let_requests_expire(database, company)
    with database.transaction():
        database.execute("SELECT FROM events WHERE id = %s FOR NO KEY UPDATE", [made["id"]])
        expire_room_requests()
        assert states(database, made["id"]) == [("pending", None)]
    expire_room_requests()
    assert states(database, made["id"]) == [("declined", "expired")]


def test_expired_holds_are_swept_and_others_stay(
    company: Company, anna: Person, room_id: str, database: psycopg.Connection
) -> None:
    path = f"/rooms/{room_id}/holds"
    going, staying = (accepted(anna.post(path, slot(DAY, hour)), 201)["id"] for hour in (9, 11))
    enter(database, company)
    database.execute("UPDATE room_bookings SET expires_at = now() WHERE id = %s", [going])
    assert expire_room_holds() >= 1
    left = database.execute("SELECT id::text FROM room_bookings WHERE room_id = %s", [room_id]).fetchall()
    assert left == [(staying,)]
    expire_room_holds()
    assert [item["id"] for item in accepted(anna.get("/rooms/holds"))["items"]] == [staying]
