"""Waiting for a room: who may, for what, and what becomes of it."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.people import Company
from tests.support.planning import MISSING_ID, accepted, all_pages, at, enter, refused, settings, stored_bookings, today
from tests.support.waiting import DAY, Taken, entry_of, expire_offer, meeting, state_of, stored_state


@pytest.fixture
def taken(company: Company) -> Taken:
    return Taken.create(company)


def test_whoever_waits_reads_their_place_in_the_queue(taken: Taken) -> None:
    anna, first = taken.waiting()
    boris, second = taken.waiting()
    assert (first["state"], first["place"], first["expires_at"]) == ("waiting", 1, None)
    assert (second["state"], second["place"]) == ("waiting", 2)
    assert (first["start_time"], first["end_time"]) == (f"{DAY}T10:00:00Z", f"{DAY}T11:00:00Z")
    assert first["event_id"] == first["series_id"]
    anna.delete(f"/rooms/waiting/{first['id']}")
    assert entry_of(boris, second)["place"] == 1


def test_who_waits_for_another_time_of_the_room_is_not_in_the_same_queue(taken: Taken) -> None:
    taken.owner.create_event(**meeting(14, room_id=taken.room))
    taken.waiting()
    _, later = taken.waiting(hour=14)
    assert later["place"] == 1


def test_the_list_shows_ones_own_the_newest_first_page_by_page(taken: Taken) -> None:
    anna, first = taken.waiting()
    taken.owner.create_event(**meeting(14, room_id=taken.room))
    _, second = taken.waiting(anna, hour=14)
    taken.waiting()
    assert [[item["id"] for item in page] for page in all_pages(anna, "/rooms/waiting", limit=1)] == [
        [second["id"]],
        [first["id"]],
    ]
    oldest = accepted(anna.get("/rooms/waiting", sort="created_at"))["items"]
    assert [item["id"] for item in oldest] == [first["id"], second["id"]]


def test_nobody_waits_for_a_room_that_is_free(taken: Taken) -> None:
    anna = taken.company.person()
    event = anna.create_event(**meeting(11))
    path = f"/rooms/{taken.room}/waiting"
    refused(anna.post(path, {"event_id": event["id"]}), 409, "room_is_free")
    assert accepted(anna.get("/rooms/waiting"))["items"] == []


def test_an_event_that_has_the_room_does_not_wait_for_it(taken: Taken) -> None:
    path = f"/rooms/{taken.room}/waiting"
    refused(taken.owner.post(path, {"event_id": taken.event["id"]}), 409, "room_is_yours")


def test_an_occurrence_waits_once_for_a_room(taken: Taken) -> None:
    anna, entry = taken.waiting()
    body = {"event_id": entry["event_id"]}
    refused(anna.post(f"/rooms/{taken.room}/waiting", body), 409, "already_waiting")


def test_who_left_or_lost_an_offer_joins_at_the_end(taken: Taken, database: psycopg.Connection) -> None:
    anna, first = taken.waiting()
    boris, second = taken.waiting()
    taken.free()
    expire_offer(database, first)
    assert state_of(anna, first) == "expired"
    again = accepted(anna.post(f"/rooms/{taken.room}/waiting", {"event_id": first["event_id"]}), 201)
    # The old entry made way with its hold, so that Boris is next.
    assert again["id"] != first["id"]
    assert state_of(boris, second) == "offered"
    assert stored_state(database, first) is None


def test_a_cancelled_meeting_does_not_wait(taken: Taken) -> None:
    anna = taken.company.person()
    event = anna.create_event(**meeting(status="cancelled"))
    refused(anna.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 409, "waiting_needs_meeting")


def test_only_what_lies_ahead_waits(company: Company) -> None:
    anna, room = company.person(), company.admin.create_room()["id"]
    event = anna.create_event(title="Past", **at(today() - timedelta(days=2)))
    refused(anna.post(f"/rooms/{room}/waiting", {"event_id": event["id"]}), 409, "waiting_needs_future")


def test_a_meeting_without_a_duration_does_not_wait(taken: Taken) -> None:
    anna = taken.company.person()
    event = anna.create_event(**{**meeting(), "end_time": meeting()["start_time"]})
    refused(anna.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 422, "room_needs_duration")


def test_of_a_series_one_occurrence_waits_and_has_to_be_named(taken: Taken) -> None:
    anna = taken.company.person()
    series = anna.create_event(**meeting(recurrence_rule="FREQ=DAILY;COUNT=3"))
    path = f"/rooms/{taken.room}/waiting"
    refused(anna.post(path, {"event_id": series["id"]}), 422, "occurrence_required")
    missing = {"event_id": series["id"], "occurrence": f"{DAY}T12:00:00Z"}
    refused(anna.post(path, missing), 404, "occurrence_not_found")
    far = {"event_id": series["id"], "occurrence": "2190-01-01T10:00:00Z"}
    refused(anna.post(path, far), 422, "room_beyond_horizon")
    entry = accepted(anna.post(path, {"event_id": series["id"], "occurrence": f"{DAY}T10:00:00"}), 201)
    assert (entry["series_id"], entry["original_start"]) == (series["id"], f"{DAY}T10:00:00Z")


def test_an_all_day_event_waits_for_its_dates_as_the_company_counts_them(taken: Taken) -> None:
    anna = taken.company.person()
    event = anna.create_event(title="Fair", start_time=f"{DAY}", end_time=None, time_zone=None, is_all_day=True)
    entry = accepted(anna.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 201)
    assert entry["original_start"] == f"{DAY}"
    # Berlin.
    assert entry["start_time"] in (f"{DAY - timedelta(days=1)}T23:00:00Z", f"{DAY - timedelta(days=1)}T22:00:00Z")
    taken.free()
    accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))
    assert state_of(anna, entry) == "taken"


def test_who_only_reads_an_event_does_not_wait_for_it(taken: Taken) -> None:
    anna, guest = taken.company.person(), taken.company.person()
    event = anna.create_event(**meeting(participants=[{"user_id": guest.id}]))
    path = f"/rooms/{taken.room}/waiting"
    refused(guest.post(path, {"event_id": event["id"]}), 403, "not_organizer")
    refused(guest.post(path, {"event_id": MISSING_ID}), 404, "event_not_found")
    refused(taken.company.person().post(path, {"event_id": event["id"]}), 404, "event_not_found")


def test_a_delegate_waits_for_the_principal(taken: Taken) -> None:
    anna, delegate = taken.company.person(), taken.company.person()
    accepted(anna.post("/delegations", {"delegate_id": delegate.id}), 201)
    event = anna.create_event(**meeting())
    acting = {"headers": {"X-On-Behalf-Of": anna.id}}
    entry = accepted(delegate.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}, **acting), 201)
    assert state_of(anna, entry) == "waiting"
    refused(delegate.get(f"/rooms/waiting/{entry['id']}"), 404, "waiting_not_found")


def test_rules_of_the_room_hold_for_those_who_wait(taken: Taken, database: psycopg.Connection) -> None:
    anna = taken.company.person()
    event = anna.create_event(**meeting())
    database.execute(
        "INSERT INTO booking_policies (organization_id, id, room_id, max_minutes)"
        " VALUES (%s, gen_random_uuid(), %s, 30)",
        [taken.company.organization.id, taken.room],
    )
    problem = refused(
        anna.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 409, "room_booking_too_long"
    )
    assert problem["broken"][0]["allowed"] == 30
    assert accepted(anna.get("/rooms/waiting"))["items"] == []


def test_buffers_are_waited_for_too(company: Company, database: psycopg.Connection) -> None:
    room = company.admin.create_room()["id"]
    database.execute(
        "INSERT INTO booking_policies (organization_id, id, room_id, buffer_after_minutes)"
        " VALUES (%s, gen_random_uuid(), %s, 15)",
        [company.organization.id, room],
    )
    owner = company.person()
    taken = Taken(company, room, owner, owner.create_event(**meeting(room_id=room)))
    anna, entry = taken.waiting(hour=11)
    assert (entry["start_time"], entry["end_time"]) == (f"{DAY}T11:00:00Z", f"{DAY}T12:00:00Z")
    taken.free()
    assert state_of(anna, entry) == "offered"
    (until,) = database.execute(
        "SELECT upper(during) - ends_at FROM room_bookings WHERE waiting_id = %s", [entry["id"]]
    ).fetchone() or (None,)
    assert until == timedelta(minutes=15)


def test_a_room_out_of_use_is_not_waited_for(taken: Taken, database: psycopg.Connection) -> None:
    anna = taken.company.person()
    event = anna.create_event(**meeting())
    enter(database, taken.company)
    database.execute("UPDATE rooms SET is_active = false WHERE id = %s", [taken.room])
    refused(anna.post(f"/rooms/{taken.room}/waiting", {"event_id": event["id"]}), 409, "room_inactive")


def test_one_person_waits_for_so_many_rooms(taken: Taken) -> None:
    anna, entry = taken.waiting()
    event = anna.create_event(**meeting())
    body = {"event_id": event["id"]}
    with settings(ROOM_WAITING_PER_USER=1):
        refused(anna.post(f"/rooms/{taken.room}/waiting", body), 409, "too_many_waiting")
        assert anna.delete(f"/rooms/waiting/{entry['id']}").status_code == 204
        accepted(anna.post(f"/rooms/{taken.room}/waiting", body), 201)


def test_a_repeated_request_waits_once(taken: Taken) -> None:
    anna = taken.company.person()
    event = anna.create_event(**meeting())
    keyed = {"headers": {"Idempotency-Key": "wait-for-it"}}
    path = f"/rooms/{taken.room}/waiting"
    first, second = (accepted(anna.post(path, {"event_id": event["id"]}, **keyed), 201) for _ in range(2))
    assert first == second


def test_an_accepted_room_is_booked_and_reported(taken: Taken, database: psycopg.Connection) -> None:
    anna, entry = taken.waiting()
    taken.free()
    offered = entry_of(anna, entry)
    assert (offered["state"], offered["place"]) == ("offered", None)
    assert offered["expires_at"] is not None
    event = accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))
    assert (event["id"], event["room_id"], event["version"]) == (entry["event_id"], taken.room, 2)
    assert event["room_report"]["counts"] == {"confirmed": 1}
    assert [row[3] for row in stored_bookings(database, event["id"])] == ["confirmed"]
    assert state_of(anna, entry) == "taken"
    held = database.execute("SELECT count(*) FROM room_bookings WHERE waiting_id = %s", [entry["id"]]).fetchone()
    assert held == (0,)
    refused(anna.post(f"/rooms/waiting/{entry['id']}/accept"), 409, "offer_over")


def test_dry_run_tells_what_accepting_would_do(taken: Taken) -> None:
    anna, entry = taken.waiting()
    taken.free()
    told = accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept?dry_run=true"))
    assert [room["room_id"] for room in told["rooms_won"]["items"]] == [taken.room]
    assert state_of(anna, entry) == "offered"
    accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))


def test_only_what_is_offered_is_accepted(taken: Taken, database: psycopg.Connection) -> None:
    anna, entry = taken.waiting()
    path = f"/rooms/waiting/{entry['id']}/accept"
    refused(anna.post(path), 409, "offer_over")
    taken.free()
    expire_offer(database, entry)
    refused(anna.post(path), 409, "offer_over")
    assert state_of(anna, entry) == "expired"


def test_an_offer_is_the_persons_who_waits(taken: Taken) -> None:
    anna, entry = taken.waiting()
    taken.free()
    for other in (taken.owner, taken.company.admin):
        refused(other.post(f"/rooms/waiting/{entry['id']}/accept"), 404, "waiting_not_found")
        refused(other.delete(f"/rooms/waiting/{entry['id']}"), 404, "waiting_not_found")
    assert state_of(anna, entry) == "offered"


def test_an_occurrence_of_a_series_takes_the_room_by_itself(taken: Taken, database: psycopg.Connection) -> None:
    anna, other = taken.company.person(), taken.company.admin.create_room()["id"]
    series = anna.create_event(**meeting(recurrence_rule="FREQ=DAILY;COUNT=3", room_id=other))
    body = {"event_id": series["id"], "occurrence": f"{DAY}T10:00:00Z"}
    entry = accepted(anna.post(f"/rooms/{taken.room}/waiting", body), 201)
    taken.free()
    event = accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))
    assert (event["series_id"], event["room_id"]) == (series["id"], taken.room)
    assert [row[0] for row in stored_bookings(database, series["id"])] == [taken.room, other, other]
    assert accepted(anna.get(f"/events/{series['id']}"))["room_id"] == other
    assert entry_of(anna, entry)["event_id"] == event["id"]


def test_an_occurrence_that_asked_for_the_room_in_vain_gets_it(taken: Taken, database: psycopg.Connection) -> None:
    anna = taken.company.person()
    body = meeting(recurrence_rule="FREQ=DAILY;COUNT=3", room_id=taken.room)
    series = accepted(anna.post("/events?room_clashes_percent=100", body), 201)
    assert series["room_report"]["counts"] == {"declined": 1, "confirmed": 2}
    wish = {"event_id": series["id"], "occurrence": f"{DAY}T10:00:00Z"}
    entry = accepted(anna.post(f"/rooms/{taken.room}/waiting", wish), 201)
    taken.free()
    event = accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))
    assert (event["id"], event["version"]) == (series["id"], series["version"] + 1)
    assert event["room_report"]["counts"] == {"confirmed": 3}
    assert {row[3] for row in stored_bookings(database, series["id"])} == {"confirmed"}
    assert state_of(anna, entry) == "taken"


def test_booking_the_room_oneself_takes_the_offer(taken: Taken) -> None:
    anna, entry = taken.waiting()
    taken.free()
    accepted(anna.patch(f"/events/{entry['event_id']}", {"room_id": taken.room}))
    assert state_of(anna, entry) == "taken"


def test_a_room_that_needs_approval_is_asked_for_when_accepted(taken: Taken, database: psycopg.Connection) -> None:
    anna, entry = taken.waiting()
    database.execute(
        "INSERT INTO booking_policies (organization_id, id, room_id, in_policy)"
        " VALUES (%s, gen_random_uuid(), %s, 'request')",
        [taken.company.organization.id, taken.room],
    )
    taken.free()
    event = accepted(anna.post(f"/rooms/waiting/{entry['id']}/accept"))
    assert event["room_report"]["counts"] == {"pending": 1}
    assert state_of(anna, entry) == "taken"


def test_rules_that_changed_meanwhile_refuse_and_the_offer_stays(taken: Taken, database: psycopg.Connection) -> None:
    anna, entry = taken.waiting()
    taken.free()
    database.execute(
        "INSERT INTO booking_policies (organization_id, id, room_id, max_minutes)"
        " VALUES (%s, gen_random_uuid(), %s, 30)",
        [taken.company.organization.id, taken.room],
    )
    refused(anna.post(f"/rooms/waiting/{entry['id']}/accept"), 409, "room_booking_too_long")
    assert state_of(anna, entry) == "offered"


@pytest.mark.parametrize(
    "change", [{"status": "cancelled"}, {"end_time": meeting(10, 2)["end_time"]}], ids=["cancelled", "longer"]
)
def test_a_meeting_that_changed_waits_no_more(taken: Taken, change: dict[str, Any]) -> None:
    anna, entry = taken.waiting()
    accepted(anna.patch(f"/events/{entry['event_id']}", change))
    assert (state_of(anna, entry), entry_of(anna, entry)["place"]) == ("expired", None)
    taken.free()
    assert state_of(anna, entry) == "expired"
    refused(anna.post(f"/rooms/waiting/{entry['id']}/accept"), 409, "offer_over")


def test_a_meeting_that_is_moved_or_deleted_takes_its_place_along(taken: Taken) -> None:
    anna, entry = taken.waiting()
    boris, second = taken.waiting()
    later = {name: value for name, value in meeting(16).items() if name in ("start_time", "end_time")}
    accepted(anna.patch(f"/events/{entry['event_id']}", later))
    refused(anna.get(f"/rooms/waiting/{entry['id']}"), 404, "waiting_not_found")
    assert entry_of(boris, second)["place"] == 1
    assert boris.delete(f"/events/{second['event_id']}").status_code == 204
    taken.free()
    accepted(taken.owner.post("/events", meeting(room_id=taken.room)), 201)
