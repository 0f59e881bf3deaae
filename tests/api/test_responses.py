"""Answers: to an event, a series, one occurrence; other times proposed; what is a participant's alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select
from sqlmodel import col

from app.core import tenancy
from app.db import SessionLocal
from app.models import Event, EventParticipant
from app.models.participant import ParticipantResponse
from app.services.response_service import Reply, record_reply
from tests.support.guests import (
    ALL_FIVE,
    FIRST,
    SECOND,
    THIRD,
    WEEKLY,
    WINDOW,
    answer,
    answers_of,
    forget_mails,
    read,
    told,
)
from tests.support.people import Company, Person
from tests.support.planning import accepted, company_counts, refused, settings, starts, stored_bookings, stored_event


def meeting(company: Company, *guests: Person, **values: Any) -> dict[str, Any]:
    return company.admin.create_event(participants=[{"user_id": guest.id} for guest in guests], **values)


def test_a_participant_answers_with_a_comment(company: Company) -> None:
    boris, vera = company.person(full_name="Boris"), company.person()
    made = meeting(company, boris, vera)
    answered = answer(boris, made, "tentative", comment="After lunch")
    mine = answered["participants"][0]
    assert (mine["response"], mine["comment"], mine["full_name"], mine["email"]) == (
        *("tentative", "After lunch", "Boris"),
        boris.email,
    )
    assert answers_of(read(company.admin, made)) == {boris.id: "tentative", vera.id: "needs_action"}


def test_rule_15_a_reply_raises_neither_sequence_nor_version(company: Company, database: psycopg.Connection) -> None:
    boris = company.person()
    made = meeting(company, boris, recurrence_rule=WEEKLY)
    before = stored_event(database, made["id"], "version, sequence, updated_at")
    answer(boris, made, "accepted")
    answer(boris, made, "declined", occurrence=THIRD)
    assert stored_event(database, made["id"], "version, sequence, updated_at") == before


def test_rule_15_replies_are_ordered_by_sequence_and_stamp(company: Company, database: psycopg.Connection) -> None:
    boris = company.person()
    made = meeting(company, boris)
    first = datetime(2027, 3, 1, tzinfo=UTC)

    def reply(response: str, sequence: int, minutes: int) -> tuple[bool, str]:
        with SessionLocal.begin() as session:
            tenancy.enter(session, company.organization.id, origin="test")
            event = session.execute(select(Event).where(col(Event.id) == UUID(made["id"]))).scalar_one()
            query = select(EventParticipant).where(col(EventParticipant.event_id) == event.id)
            row = session.execute(query).scalar_one()
            stamp = first + timedelta(minutes=minutes)
            counted = record_reply(session, event, row, Reply(ParticipantResponse(response)), sequence, stamp)
            return counted, row.response

    assert reply("accepted", 0, 10) == (True, "accepted")
    assert reply("declined", 0, 5) == (False, "accepted")
    assert reply("tentative", 1, 1) == (True, "tentative")
    assert reply("declined", 0, 60) == (False, "tentative")
    assert reply("declined", 1, 2) == (True, "declined")
    moved = {"start_time": "2027-03-23T09:00:00", "end_time": "2027-03-23T10:00:00"}
    for _ in range(2):
        accepted(company.admin.patch(f"/events/{made['id']}", moved))
        moved = {"start_time": "2027-03-24T09:00:00", "end_time": "2027-03-24T10:00:00"}
    # A reply to the time before comes late: whoever wrote it does not know of the new time.
    assert stored_event(database, made["id"], "sequence") == (2,)
    assert reply("accepted", 1, 90) == (False, "needs_action")
    assert reply("accepted", 2, 1) == (True, "accepted")


def test_rule_16_a_reply_to_one_occurrence_makes_an_override_and_invites_nobody_again(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris, vera = company.admin, company.person(), company.person()
    series = meeting(company, boris, vera, recurrence_rule=WEEKLY)
    answer(boris, series, "accepted")
    answer(vera, series, "accepted")
    forget_mails(database, company)
    answered = answer(boris, series, "declined", occurrence=THIRD)
    assert (answered["series_id"], answered["original_start"]) == (series["id"], THIRD)
    assert answers_of(answered) == {boris.id: "declined", vera.id: "accepted"}
    assert answers_of(read(anna, series)) == {boris.id: "accepted", vera.id: "accepted"}
    assert told(database, company) == [(anna.email, "answered")]
    assert starts(boris.occurrences(*WINDOW)) == ALL_FIVE


def test_an_answer_to_the_series_holds_where_the_answer_was_the_same(company: Company) -> None:
    boris = company.person()
    series = meeting(company, boris, recurrence_rule=WEEKLY)
    answer(boris, series, "accepted", occurrence=SECOND)
    accepted(company.admin.call("PATCH", f"/events/{series['id']}", json={"title": "x"}, params={"occurrence": THIRD}))
    answer(boris, series, "declined")
    found = {start: answers_of(read(boris, series, occurrence=start))[boris.id] for start in (FIRST, SECOND, THIRD)}
    assert found == {FIRST: "declined", SECOND: "accepted", THIRD: "declined"}


def test_only_participants_answer(company: Company, stranger_company: Company) -> None:
    anna, boris = company.admin, company.person()
    made = anna.create_event(
        calendar_id=accepted(anna.post("/calendars", {"name": "All", "is_public": True}), 201)["id"]
    )
    path, body = f"/events/{made['id']}", {"response": "accepted"}
    refused(boris.put(f"{path}/response", body), 403, "not_participant")
    refused(boris.patch(f"{path}/mine", {"transparency": "opaque"}), 403, "not_participant")
    refused(anna.put(f"{path}/response", body), 403, "not_participant")
    refused(stranger_company.admin.put(f"{path}/response", body), 404, "event_not_found")


def test_an_occurrence_that_is_not_there_has_no_answer(company: Company, database: psycopg.Connection) -> None:
    boris, vera = company.person(), company.person()
    series = meeting(company, boris, recurrence_rule=WEEKLY)
    only = [{"user_id": vera.id}]
    path = f"/events/{series['id']}"
    accepted(company.admin.call("PATCH", path, json={"participants": only}, params={"occurrence": THIRD}))
    counts = company_counts(database, company.organization.id)
    body = {"response": "accepted"}
    for occurrence, code in (("2027-04-06T07:00:00Z", "occurrence_not_found"), (THIRD, "event_not_found")):
        refused(boris.call("PUT", f"{path}/response", json=body, params={"occurrence": occurrence}), 404, code)
    assert company_counts(database, company.organization.id) == counts


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"proposed_start": "2027-03-22T15:00:00"}, None),
        ({"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2027-03-22T14:00:00"}, "proposed_end"),
        ({"proposed_start": "2027-03-22", "proposed_end": "2027-03-23"}, "proposed_start"),
        ({"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2029-03-22T14:00:00"}, "proposed_end"),
        ({"comment": "x" * 1001}, None),
        ({"response": "maybe"}, None),
        ({"role": "chair"}, None),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(company: Company, body: dict[str, Any], field: str | None) -> None:
    boris = company.person()
    made = meeting(company, boris)
    answered = boris.put(f"/events/{made['id']}/response", {"response": "tentative", **body})
    assert answered.status_code == 422
    assert answered.json().get("field") == field
    assert answers_of(read(boris, made)) == {boris.id: "needs_action"}


def test_a_proposal_is_seen_by_the_host_and_by_whoever_made_it(company: Company) -> None:
    boris, vera = company.person(), company.person()
    made = meeting(company, boris, vera)
    times = {"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2027-03-22T16:00:00"}
    answer(boris, made, "tentative", **times)
    for person, seen in ((boris, "2027-03-22T14:00:00Z"), (company.admin, "2027-03-22T14:00:00Z"), (vera, None)):
        assert read(person, made)["participants"][0]["proposed_start"] == seen


def test_an_accepted_proposal_moves_the_event_and_its_room(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.admin, company.person()
    room = anna.create_room()
    series = meeting(company, boris, recurrence_rule=WEEKLY, room_id=room["id"])
    times = {"proposed_start": "2027-04-06T15:00:00", "proposed_end": "2027-04-06T16:00:00"}
    override = answer(boris, series, "declined", occurrence=THIRD, **times)
    accept = f"/events/{series['id']}/participants/{boris.id}/proposal/accept"
    refused(boris.call("POST", accept, params={"occurrence": THIRD}), 403, "not_organizer")
    refused(anna.post(accept), 404, "proposal_not_found")
    refused(anna.call("POST", accept, params={"occurrence": SECOND}), 404, "proposal_not_found")
    moved = accepted(anna.call("POST", accept, params={"occurrence": THIRD}))
    assert (moved["id"], moved["start_time"]) == (override["id"], "2027-04-06T13:00:00Z")
    (mine,) = moved["participants"]
    assert (mine["response"], mine["proposed_start"]) == ("needs_action", None)
    booked = [row[1].isoformat() for row in stored_bookings(database, series["id"])]
    assert "2027-04-06T13:00:00+00:00" in booked
    assert len(booked) == 5
    refused(anna.call("POST", accept, params={"occurrence": THIRD}), 404, "proposal_not_found")


def test_a_proposal_that_the_room_does_not_allow_stays(company: Company) -> None:
    anna, boris = company.admin, company.person()
    room = anna.create_room()
    anna.create_event(start_time="2027-03-22T15:00:00", end_time="2027-03-22T16:00:00", room_id=room["id"])
    made = meeting(company, boris, room_id=room["id"])
    answer(boris, made, "tentative", proposed_start="2027-03-22T15:30:00", proposed_end="2027-03-22T16:30:00")
    before = read(anna, made)
    refused(anna.post(f"/events/{made['id']}/participants/{boris.id}/proposal/accept"), 409, "room_taken")
    assert read(anna, made) == before


def test_a_declined_proposal_is_gone_and_whoever_made_it_is_told(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.admin, company.person()
    made = meeting(company, boris)
    answer(boris, made, "tentative", proposed_start="2027-03-22T15:00:00", proposed_end="2027-03-22T16:00:00")
    forget_mails(database, company)
    path = f"/events/{made['id']}/participants/{boris.id}/proposal/decline"
    kept = accepted(anna.post(path))
    (mine,) = kept["participants"]
    assert (kept["start_time"], kept["version"]) == (made["start_time"], made["version"])
    assert (mine["response"], mine["proposed_start"]) == ("tentative", None)
    assert told(database, company) == [(boris.email, "proposal_declined")]
    refused(anna.post(path), 404, "proposal_not_found")


def test_dates_are_proposed_for_an_all_day_event(company: Company) -> None:
    anna, boris = company.admin, company.person()
    days = {"start_time": "2027-03-22", "end_time": "2027-03-23", "time_zone": None, "is_all_day": True}
    made = meeting(company, boris, **days)
    answered = answer(boris, made, "tentative", proposed_start="2027-03-24", proposed_end="2027-03-26")
    assert answered["participants"][0]["proposed_start"] == "2027-03-24"
    moved = accepted(anna.post(f"/events/{made['id']}/participants/{boris.id}/proposal/accept"))
    assert (moved["start_time"], moved["end_time"]) == ("2027-03-24", "2027-03-26")


def test_rule_17_a_participant_changes_what_is_theirs_and_nothing_else(company: Company) -> None:
    boris, vera = company.person(), company.person()
    series = meeting(company, boris, vera, recurrence_rule=WEEKLY)
    path = f"/events/{series['id']}"
    whole = accepted(boris.patch(f"{path}/mine", {"transparency": "transparent"}))
    assert [item["transparency"] for item in whole["participants"]] == ["transparent", None]
    assert [item["transparency"] for item in read(vera, series)["participants"]] == [None, None]
    one = accepted(boris.call("PATCH", f"{path}/mine", json={"transparency": None}, params={"occurrence": SECOND}))
    assert (one["original_start"], one["participants"][0]["transparency"]) == (SECOND, None)
    assert read(boris, series)["participants"][0]["transparency"] == "transparent"
    for method, body in (("PATCH", {"title": "Mine"}), ("PUT", {**_body(series), "title": "Mine"}), ("DELETE", None)):
        for params in ({}, {"occurrence": THIRD}):
            refused(boris.call(method, path, json=body, params=params), 403, "not_organizer")
    refused(boris.patch(f"{path}/mine", {"transparency": "grey"}), 422, "invalid_request")
    refused(boris.patch(f"{path}/mine", {"response": "accepted"}), 422, "invalid_request")


def _body(made: dict[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("title", "start_time", "end_time", "time_zone", "recurrence_rule")}


def test_rule_17_a_participant_takes_themselves_out_of_one_occurrence(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris, vera = company.admin, company.person(), company.person()
    series = meeting(company, boris, vera, recurrence_rule=WEEKLY)
    forget_mails(database, company)
    path = f"/events/{series['id']}/participants"
    assert boris.call("DELETE", f"{path}/{boris.id}", params={"occurrence": THIRD}).status_code == 204
    assert starts(boris.occurrences(*WINDOW)) == [start for start in ALL_FIVE if start != THIRD]
    assert starts(vera.occurrences(*WINDOW)) == starts(anna.occurrences(*WINDOW)) == ALL_FIVE
    refused(boris.get(f"/events/{series['id']}", occurrence=THIRD), 404, "event_not_found")
    assert told(database, company) == [(anna.email, "answered")]
    refused(boris.call("DELETE", f"{path}/{vera.id}", params={"occurrence": SECOND}), 403, "not_organizer")


def test_a_delegate_answers_for_their_principal(company: Company, database: psycopg.Connection) -> None:
    boris, vera = company.person(full_name="Boris"), company.person()
    made = meeting(company, boris)
    accepted(boris.post("/delegations", {"delegate_id": vera.id}), 201)
    forget_mails(database, company)
    path, body = f"/events/{made['id']}", {"response": "accepted"}
    refused(vera.put(f"{path}/response", body), 404, "event_not_found")
    headers = {"X-On-Behalf-Of": boris.id}
    answered = accepted(vera.put(f"{path}/response", body, headers=headers))
    assert answers_of(answered) == {boris.id: "accepted"}
    assert told(database, company) == [(company.admin.email, "answered")]
    accepted(vera.patch(f"{path}/mine", {"transparency": "transparent"}, headers=headers))
    assert read(boris, made)["participants"][0]["transparency"] == "transparent"


def test_the_organizer_is_not_told_of_every_answer_in_a_large_meeting(
    company: Company, database: psycopg.Connection
) -> None:
    boris, vera = company.person(), company.person()
    made = meeting(company, boris, vera)
    forget_mails(database, company)
    with settings(ANSWERS_TOLD_MAX_GUESTS=1):
        answer(boris, made, "accepted")
    assert told(database, company) == []
    answer(boris, made, "accepted")
    assert told(database, company) == [], "the same answer again is no news"
    answer(vera, made, "accepted", params={"notify": "nobody"})
    answer(vera, made, "declined", params={"notify": "outside"})
    assert told(database, company) == []
    answer(vera, made, "accepted")
    assert told(database, company) == [(company.admin.email, "answered")]
