"""A freed room is offered to those who wait for it: in order, in whatever way it became free, and to nobody else."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from app.core import tenancy
from app.db import SessionLocal
from tests.support.people import Company
from tests.support.planning import accepted, enter, refused
from tests.support.waiting import DAY, Taken, meeting, state_of, stored_state


@pytest.fixture
def taken(company: Company) -> Taken:
    return Taken.create(company)


def test_the_first_is_offered_the_room_and_who_declines_makes_way_for_the_second(taken: Taken) -> None:
    anna, first = taken.waiting()
    boris, second = taken.waiting()
    taken.free()
    assert (state_of(anna, first), state_of(boris, second)) == ("offered", "waiting")
    assert anna.delete(f"/rooms/waiting/{first['id']}").status_code == 204
    refused(anna.get(f"/rooms/waiting/{first['id']}"), 404, "waiting_not_found")
    assert state_of(boris, second) == "offered"
    accepted(boris.post(f"/rooms/waiting/{second['id']}/accept"))


def test_nobody_jumps_the_queue(taken: Taken) -> None:
    anna, entry = taken.waiting()
    taken.free()
    third = taken.company.person()
    refused(third.post("/events", meeting(room_id=taken.room)), 409, "room_taken")
    refused(taken.owner.post("/events", meeting(room_id=taken.room)), 409, "room_taken")
    accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))


def test_only_those_whose_whole_time_is_free_are_offered_the_room(taken: Taken) -> None:
    taken.owner.create_event(**meeting(11, room_id=taken.room))
    anna, longer = taken.waiting(hour=10, hours=2)
    boris, fitting = taken.waiting()
    taken.free()
    assert (state_of(anna, longer), state_of(boris, fitting)) == ("waiting", "offered")


def test_several_are_offered_the_room_one_after_the_other(company: Company) -> None:
    taken = Taken.create(company, hour=9, hours=3)
    (anna, first), (boris, second), (vera, third) = (taken.waiting(hour=hour) for hour in (9, 11, 9))
    taken.free()
    assert [state_of(*who) for who in ((anna, first), (boris, second), (vera, third))] == [
        "offered",
        "offered",
        "waiting",
    ]


def _changed(**values: Any) -> Callable[[Taken], None]:
    def change(taken: Taken) -> None:
        accepted(taken.owner.patch(f"/events/{taken.event['id']}", values))

    return change


FREED_BY: dict[str, Callable[[Taken], None]] = {
    "deleted": Taken.free,
    "cancelled": _changed(status="cancelled"),
    "without the room": _changed(room_id=None),
    "moved": _changed(start_time=f"{DAY}T15:00:00Z", end_time=f"{DAY}T16:00:00Z"),
}


@pytest.mark.parametrize("free", FREED_BY.values(), ids=FREED_BY.keys())
def test_a_change_of_the_event_frees_the_room(taken: Taken, free: Callable[[Taken], None]) -> None:
    anna, entry = taken.waiting()
    free(taken)
    assert state_of(anna, entry) == "offered"


def test_a_change_of_the_room_frees_the_old_one(taken: Taken) -> None:
    anna, entry = taken.waiting()
    _changed(room_id=taken.company.admin.create_room()["id"])(taken)
    assert state_of(anna, entry) == "offered"


SQL_FREED_BY = {
    "declined": "UPDATE room_bookings SET state = 'declined', reason = 'rejected'",
    "released": "UPDATE room_bookings SET state = 'released', reason = 'no_show'",
    "deleted by a cascade": "DELETE FROM events",
}


@pytest.mark.parametrize("statement", SQL_FREED_BY.values(), ids=SQL_FREED_BY.keys())
def test_a_booking_that_is_lost_frees_the_room(taken: Taken, database: psycopg.Connection, statement: str) -> None:
    anna, entry = taken.waiting()
    enter(database, taken.company)
    column = "id" if "events" in statement else "series_id"
    database.execute(f"{statement} WHERE {column} = %s", [taken.event["id"]])
    assert state_of(anna, entry) == "offered"


def test_a_booking_cut_short_frees_the_rest(company: Company, database: psycopg.Connection) -> None:
    taken = Taken.create(company, hour=9, hours=2)
    (anna, early), (boris, late) = taken.waiting(hour=9), taken.waiting(hour=10)
    enter(database, company)
    database.execute(
        "UPDATE room_bookings SET during = tstzrange(lower(during), lower(during) + interval '1 hour')"
        " WHERE series_id = %s",
        [taken.event["id"]],
    )
    assert (state_of(anna, early), state_of(boris, late)) == ("waiting", "offered")


def test_a_hold_that_ends_frees_the_room(company: Company, database: psycopg.Connection) -> None:
    taken = Taken.create(company)
    enter(database, company)
    taken.owner.create_event(**meeting(12, room_id=taken.room))
    (hold,) = database.execute(
        "INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,"
        " held_by_id, expires_at, created_at) SELECT organization_id, gen_random_uuid(), room_id,"
        " starts_at + interval '4 hours', ends_at + interval '4 hours', tstzrange(starts_at + interval '4 hours',"
        " ends_at + interval '4 hours'), 'held', 'hold', %s, now() + interval '5 minutes', now() FROM room_bookings"
        " WHERE series_id = %s RETURNING id",
        [taken.owner.id, taken.event["id"]],
    ).fetchone() or (None,)
    anna, entry = taken.waiting(hour=14)
    database.execute("DELETE FROM room_bookings WHERE id = %s", [hold])
    assert state_of(anna, entry) == "offered"


def test_what_an_event_keeps_when_it_moves_is_offered_to_nobody(company: Company) -> None:
    taken = Taken.create(company, hour=10, hours=2)
    anna, kept = taken.waiting(hour=11)
    boris, freed = taken.waiting(hour=10)
    _changed(start_time=f"{DAY}T11:00:00Z", end_time=f"{DAY}T13:00:00Z")(taken)
    assert (state_of(anna, kept), state_of(boris, freed)) == ("waiting", "offered")


def test_who_joins_a_queue_that_the_trigger_left_waiting_comes_after_it(
    taken: Taken, database: psycopg.Connection
) -> None:
    """The trigger passes by a room that somebody has locked."""
    anna, first = taken.waiting()
    with database.transaction():
        database.execute("SELECT FROM rooms WHERE id = %s FOR NO KEY UPDATE", [taken.room])
        taken.free()
        assert state_of(anna, first) == "waiting"
    boris, second = taken.waiting()
    assert (state_of(anna, first), state_of(boris, second)) == ("offered", "waiting")


def test_who_does_not_work_here_any_more_is_offered_nothing(taken: Taken, database: psycopg.Connection) -> None:
    anna, first = taken.waiting()
    boris, second = taken.waiting()
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [anna.id])
    taken.free()
    assert (stored_state(database, first), state_of(boris, second)) == ("waiting", "offered")


def test_another_company_is_never_offered_the_room(taken: Taken, stranger_company: Company) -> None:
    theirs = Taken.create(stranger_company)
    stranger, entry = theirs.waiting()
    anna, own = taken.waiting()
    taken.free()
    assert (state_of(anna, own), state_of(stranger, entry)) == ("offered", "waiting")
    refused(stranger.get(f"/rooms/waiting/{own['id']}"), 404, "waiting_not_found")
    event = stranger.create_event(**meeting())
    refused(stranger.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 404, "room_not_found")


def test_from_inside_a_company_the_function_offers_nothing_of_another(taken: Taken, stranger_company: Company) -> None:
    theirs = Taken.create(stranger_company)
    stranger, entry = theirs.waiting()
    with SessionLocal.begin() as session:
        tenancy.enter(session, taken.company.organization.id, origin="test")
        offers = session.execute(
            text("SELECT offer_freed(:company, :room, tstzrange(NULL, NULL))"),
            {"company": stranger_company.organization.id, "room": theirs.room},
        ).scalar_one()
    assert (offers, state_of(stranger, entry)) == (0, "waiting")
