"""Colleagues book appointments: what becomes of them, and who decides, moves and cancels."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.desk import notified
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings
from tests.support.slots import MONDAY, at, booked, free, host, kind


@pytest.fixture
def anna(company: Company) -> Person:
    return host(company, full_name="Anna")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris", time_zone="UTC", language="en")


def mails(database: psycopg.Connection, person: Person) -> list[str]:
    return [mail.values["what"] for mail in written_to(database, person.email) if mail.template == "appointment"]


def test_what_is_booked_is_a_meeting_in_both_calendars(
    anna: Person, boris: Person, database: psycopg.Connection
) -> None:
    questions = [{"key": "topic", "label": "Topic", "required": True}]
    offered = kind(anna, place="Room 5", questions=questions)
    booking = booked(boris, offered, answers={"topic": " Contract "})
    assert (booking["state"], booking["start"]) == ("confirmed", f"{MONDAY}T09:00:00Z")
    assert booking["end"] == f"{MONDAY}T10:00:00Z"
    assert (booking["answers"], booking["user"]["id"]) == ({"topic": "Contract"}, boris.id)
    event = accepted(boris.get(f"/events/{booking['event_id']}"))
    assert (event["title"], event["location"], event["description"]) == ("Talk: Boris", "Room 5", "Topic: Contract")
    assert {one["user_id"]: one["response"] for one in event["participants"]} == {boris.id: "accepted"}
    assert event["organizer_id"] == anna.id
    assert len(notified(anna)) == 1
    assert mails(database, boris) == ["confirmed"]
    assert free(boris, offered) == ["10:00", "11:00"]


def test_nobody_gets_what_is_taken(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna)
    booked(boris, offered)
    other = company.person()
    body = {"kind_id": offered["id"], "start": at(9)}
    refused(other.post("/slots/bookings", body), 409, "slot_taken")
    for start in (at(8), at(9, 30), at(11, 30), "2020-01-06T09:00:00Z"):
        refused(other.post("/slots/bookings", {**body, "start": start}), 409, "slot_taken")
    refused(other.post("/slots/bookings", {**body, "minutes": 30}), 422, "appointment_duration")


def test_the_database_keeps_a_host_once(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    booking = booked(boris, kind(anna))
    with pytest.raises(psycopg.errors.ExclusionViolation), database.transaction():
        database.execute(
            "WITH again AS (INSERT INTO availability_slots (organization_id, id, kind_id, starts_at, ends_at, capacity,"
            " created_at) SELECT organization_id, gen_random_uuid(), kind_id, starts_at, ends_at, capacity, now()"
            " FROM availability_slots WHERE event_id = %(event)s RETURNING organization_id, id)"
            " INSERT INTO slot_hosts (organization_id, slot_id, user_id, during)"
            " SELECT again.organization_id, again.id, h.user_id, h.during FROM again, slot_hosts h"
            " JOIN availability_slots s ON s.id = h.slot_id WHERE s.event_id = %(event)s",
            {"event": booking["event_id"]},
        )


def test_answers_have_types(anna: Person, boris: Person) -> None:
    questions = [
        {"key": "size", "label": "Size", "type": "choice", "options": ["S", "M"], "required": True},
        {"key": "days", "label": "Days", "type": "choices", "options": ["Mo", "Tu"]},
        {"key": "people", "label": "People", "type": "number"},
        {"key": "born", "label": "Born", "type": "date"},
        {"key": "phone", "label": "Phone", "type": "phone"},
        {"key": "sure", "label": "Sure?", "type": "yes_no"},
        {"key": "more", "label": "More", "type": "long_text"},
    ]
    offered = kind(anna, questions=questions)
    body: dict[str, Any] = {"kind_id": offered["id"], "start": at(9)}
    for answers, code in (
        ({}, "answer_missing"),
        ({"size": "L"}, "answer_wrong"),
        ({"size": "S", "days": ["We"]}, "answer_wrong"),
        ({"size": "S", "people": "many"}, "answer_wrong"),
        ({"size": "S", "people": 1e300}, "answer_wrong"),
        ({"size": "S", "born": "31.12.1990"}, "answer_wrong"),
        ({"size": "S", "phone": "call me"}, "answer_wrong"),
        ({"size": "S", "sure": "perhaps"}, "answer_wrong"),
        ({"size": "S", "more": ["x"]}, "answer_wrong"),
        ({"size": "S", "more": "x" * 6000}, "answer_wrong"),
        ({"size": "S", "age": 5}, "answer_to_no_question"),
        ({"size": {"a": {"b": []}}}, "answer_wrong"),
    ):
        refused(boris.post("/slots/bookings", {**body, "answers": answers}), 422, code)
    good = {
        "size": "M",
        "days": ["Tu", "Mo"],
        "people": 3,
        "born": "1990-12-31",
        "phone": "+49 (30) 1234-5",
        "sure": True,
    }
    assert booked(boris, offered, answers=good)["answers"] == {**good, "people": 3.0}


def test_long_answers_fit_into_the_meeting(anna: Person, boris: Person) -> None:
    questions = [{"key": key, "label": "L" * 200, "type": "long_text"} for key in ("a", "b", "c")]
    booking = booked(boris, kind(anna, name="N" * 200, questions=questions), answers=dict.fromkeys("abc", "x" * 5000))
    assert len(accepted(anna.get(f"/events/{booking['event_id']}"))["description"]) == 10_000


def test_approval_kinds_check_again(
    company: Company, anna: Person, boris: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, needs_approval=True)
    asked = booked(boris, offered)
    assert (asked["state"], asked["event_id"]) == ("pending", None)
    assert mails(database, boris) == ["pending"]
    # A pending booking blocks.
    assert free(boris, offered) == ["10:00", "11:00"]
    path = f"/slots/bookings/{asked['id']}"
    refused(company.person().post(f"{path}/decision", {"is_approved": True}), 404, "appointment_not_found")
    refused(boris.post(f"{path}/decision", {"is_approved": True}), 403, "appointment_not_yours")
    assert accepted(anna.get(path))["may_decide"] is True
    meeting = anna.create_event(start_time=at(9), end_time=at(9, 30))
    refused(anna.post(f"{path}/decision", {"is_approved": True}), 409, "slot_taken")
    anna.delete(f"/events/{meeting['id']}")
    approved = accepted(anna.post(f"{path}/decision", {"is_approved": True}))
    assert approved["state"] == "confirmed"
    assert accepted(boris.get(f"/events/{approved['event_id']}"))["title"] == "Talk: Boris"
    refused(anna.post(f"{path}/decision", {"is_approved": False}), 409, "appointment_waits_for_nobody")
    assert mails(database, boris) == ["pending", "confirmed"]


def test_refused_with_a_reason(anna: Person, boris: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, needs_approval=True)
    asked = booked(boris, offered)
    path = f"/slots/bookings/{asked['id']}/decision"
    refused_one = accepted(anna.post(path, {"is_approved": False, "reason": "On a trip"}))
    assert (refused_one["state"], refused_one["reason"]) == ("refused", "On a trip")
    assert mails(database, boris)[-1] == "refused"
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_whoever_booked_moves_and_cancels_up_to_a_limit(
    anna: Person, boris: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, max_moves=1)
    booking = booked(boris, offered)
    path = f"/slots/bookings/{booking['id']}"
    moved = accepted(boris.post(f"{path}/move", {"start": at(10)}))
    assert (moved["start"][11:16], moved["event_id"]) == ("10:00", booking["event_id"])
    assert accepted(anna.get(f"/events/{booking['event_id']}"))["start_time"][11:16] == "10:00"
    assert free(boris, offered) == ["09:00", "11:00"]
    refused(boris.post(f"{path}/move", {"start": at(11)}), 409, "appointment_moved_often")
    assert accepted(anna.post(f"{path}/move", {"start": at(11)}))["start"][11:16] == "11:00"
    accepted(anna.patch(f"/slots/kinds/{offered['id']}", {"change_until_minutes": 366 * 1440}))
    refused(boris.delete(path), 409, "appointment_too_near")
    accepted(anna.patch(f"/slots/kinds/{offered['id']}", {"change_until_minutes": 0}))
    assert boris.delete(path).status_code == 204
    assert accepted(anna.get(f"/events/{booking['event_id']}"))["status"] == "cancelled"
    refused(boris.delete(path), 409, "appointment_is_over")
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]
    assert mails(database, boris) == ["confirmed", "moved", "moved", "cancelled"]
    assert len(notified(anna)) == 3 + 1


def test_it_moves_by_less_than_it_lasts(anna: Person, boris: Person) -> None:
    offered = kind(anna, step_minutes=30)
    booking = booked(boris, offered)
    moved = accepted(boris.post(f"/slots/bookings/{booking['id']}/move", {"start": at(9, 30)}))
    assert moved["start"][11:16] == "09:30"


def test_in_a_round_robin_another_host_takes_over_where_the_first_is_busy(
    company: Company, anna: Person, boris: Person
) -> None:
    clara = host(company, full_name="Clara")
    offered = kind(anna, mode="round_robin", hosts=[{"user_id": anna.id}, {"user_id": clara.id}])
    booking = booked(boris, offered)
    first, other = (anna, clara) if booking["hosts"][0]["id"] == anna.id else (clara, anna)
    first.create_event(start_time=at(10), end_time=at(11))
    moved = accepted(boris.post(f"/slots/bookings/{booking['id']}/move", {"start": at(10)}))
    assert [one["id"] for one in moved["hosts"]] == [other.id]
    assert accepted(first.get(f"/events/{booking['event_id']}"))["status"] == "cancelled"
    assert accepted(other.get(f"/events/{moved['event_id']}"))["start_time"][11:16] == "10:00"


def test_one_of_a_group_moves_and_the_others_stay(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna, capacity=2)
    mine, theirs = booked(boris, offered), booked(company.admin, offered)
    moved = accepted(boris.post(f"/slots/bookings/{mine['id']}/move", {"start": at(10)}))
    assert (moved["state"], moved["start"][11:16]) == ("confirmed", "10:00")
    assert moved["event_id"] != theirs["event_id"]
    stays = accepted(anna.get(f"/events/{theirs['event_id']}"))
    assert (stays["status"], [one["user_id"] for one in stays["participants"]]) == ("confirmed", [company.admin.id])
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_what_needs_approval_is_approved_again_when_it_moves(anna: Person, boris: Person) -> None:
    offered = kind(anna, needs_approval=True)
    asked = booked(boris, offered)
    approved = accepted(anna.post(f"/slots/bookings/{asked['id']}/decision", {"is_approved": True}))
    moved = accepted(boris.post(f"/slots/bookings/{asked['id']}/move", {"start": at(10)}))
    assert (moved["state"], moved["event_id"]) == ("pending", None)
    assert accepted(anna.get(f"/events/{approved['event_id']}"))["status"] == "cancelled"
    assert free(boris, offered) == ["09:00", "11:00"]
    again = accepted(anna.post(f"/slots/bookings/{asked['id']}/decision", {"is_approved": True}))
    assert (again["state"], again["start"][11:16]) == ("confirmed", "10:00")
    # Hosts move it without asking themselves.
    host_moved = accepted(anna.post(f"/slots/bookings/{asked['id']}/move", {"start": at(11)}))
    assert (host_moved["state"], host_moved["event_id"]) == ("confirmed", again["event_id"])


def test_a_host_moves_or_cancels_the_meeting_itself(anna: Person, boris: Person) -> None:
    offered = kind(anna)
    first, second = booked(boris, offered, 9), booked(boris, offered, 11)
    accepted(anna.patch(f"/events/{first['event_id']}", {"start_time": at(10), "end_time": at(11)}))
    read = accepted(boris.get(f"/slots/bookings/{first['id']}"))
    assert (read["state"], read["start"][11:16]) == ("confirmed", "10:00")
    assert free(boris, offered) == ["09:00"]
    accepted(anna.patch(f"/events/{first['event_id']}", {"status": "cancelled"}))
    assert accepted(boris.get(f"/slots/bookings/{first['id']}"))["state"] == "cancelled"
    assert anna.delete(f"/events/{second['event_id']}").status_code == 204
    gone = accepted(boris.get(f"/slots/bookings/{second['id']}"))
    assert (gone["state"], gone["event_id"]) == ("cancelled", None)
    assert free(boris, offered) == ["09:00", "10:00", "11:00"]


def test_who_sees_which_appointments(company: Company, anna: Person, boris: Person) -> None:
    offered = kind(anna)
    booking = booked(boris, offered)

    def seen(person: Person, **params: Any) -> list[str]:
        return [one["id"] for one in accepted(person.get("/slots/bookings", **params))["items"]]

    for person in (anna, boris, company.admin):
        assert seen(person) == [booking["id"]]
    stranger = company.person()
    assert seen(stranger) == []
    refused(stranger.get(f"/slots/bookings/{booking['id']}"), 404, "appointment_not_found")
    assert seen(anna, kind_id=offered["id"], state="confirmed", from_=str(MONDAY)) == [booking["id"]]
    assert seen(anna, from_=str(MONDAY + timedelta(days=1))) == []
    assert seen(anna, state="pending") == []


def test_one_person_has_only_so_many_to_come(anna: Person, boris: Person) -> None:
    offered = kind(anna)
    booked(boris, offered)
    with settings(APPOINTMENTS_PER_EMAIL=1):
        refused(
            boris.post("/slots/bookings", {"kind_id": offered["id"], "start": at(10)}), 409, "too_many_appointments"
        )


def test_nothing_is_half_booked_when_the_room_is_gone(company: Company, anna: Person, boris: Person) -> None:
    room = company.admin.create_room()
    offered = kind(anna, room_id=room["id"], needs_approval=True)
    asked = booked(boris, offered)
    boris.create_event(start_time=at(9), end_time=at(10), room_id=room["id"])
    refused(anna.post(f"/slots/bookings/{asked['id']}/decision", {"is_approved": True}), 409, "slot_taken")
    assert accepted(anna.get(f"/slots/bookings/{asked['id']}"))["state"] == "pending"
