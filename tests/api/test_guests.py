"""Who may invite, whom, to what; what guests see of each other, and what they may change."""

from typing import Any

import psycopg
import pytest

from tests.support.guests import (
    ALL_FIVE,
    SECOND,
    THIRD,
    WEEKLY,
    WINDOW,
    answer,
    answers_of,
    department,
    forget_mails,
    read,
    told,
)
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings, starts, stored_event


def invite(person: Person, event: dict[str, Any], whom: dict[str, Any], **params: Any) -> dict[str, Any]:
    return accepted(person.call("POST", f"/events/{event['id']}/participants", json=whom, params=params), 201)


def meeting(company: Company, *guests: Person, **values: Any) -> dict[str, Any]:
    return company.admin.create_event(participants=[{"user_id": guest.id} for guest in guests], **values)


def test_a_guest_from_outside_is_invited_by_address(company: Company, database: psycopg.Connection) -> None:
    made = company.admin.create_event()
    whom = {"email": "Guest@Firm.Example", "name": "Mr Guest", "role": "optional"}
    read_back = invite(company.admin, made, whom)
    (guest,) = read_back["participants"]
    assert (guest["user_id"], guest["email"], guest["name"], guest["role"]) == (
        *(None, "guest@firm.example", "Mr Guest", "optional"),
    )
    assert read_back["participants_count"] == 1
    assert told(database, company) == [("guest@firm.example", "invited")]
    again = company.admin.post(f"/events/{made['id']}/participants", {"email": "guest@firm.example"})
    refused(again, 409, "already_participant")
    path = f"/events/{made['id']}/participants"
    gone = company.admin.call("DELETE", path, params={"email": "guest@firm.example"})
    assert gone.status_code == 204
    assert read(company.admin, made)["participants"] == []
    refused(company.admin.call("DELETE", path, params={"email": "guest@firm.example"}), 404, "participant_not_found")
    refused(company.admin.call("DELETE", path), 422, "invalid_request")


def test_the_address_of_a_colleague_means_the_colleague(company: Company) -> None:
    boris = company.person()
    made = company.admin.create_event()
    (guest,) = invite(company.admin, made, {"email": boris.email.upper()})["participants"]
    assert (guest["user_id"], guest["email"]) == (boris.id, boris.email)


def test_somebody_is_invited_to_one_occurrence_or_to_all(company: Company, database: psycopg.Connection) -> None:
    anna, boris, vera, gleb = company.admin, company.person(), company.person(), company.person()
    series = meeting(company, gleb, recurrence_rule=WEEKLY)
    answer(gleb, series, "accepted")
    forget_mails(database, company)
    one = invite(anna, series, {"user_id": boris.id}, occurrence=THIRD)
    assert (one["series_id"], one["original_start"], one["participants_count"]) == (series["id"], THIRD, 2)
    assert told(database, company) == [(boris.email, "invited")]
    invite(anna, series, {"user_id": vera.id})
    assert starts(boris.occurrences(*WINDOW)) == [THIRD]
    assert starts(vera.occurrences(*WINDOW)) == ALL_FIVE
    assert answers_of(read(anna, series, occurrence=THIRD))[gleb.id] == "accepted"
    # All of the series, though an occurrence of it was named.
    refused(
        anna.call("POST", f"/events/{one['id']}/participants", json={"user_id": vera.id}, params={"scope": "all"}),
        *(409, "already_participant"),
    )
    path = f"/events/{series['id']}/participants/{vera.id}"
    assert anna.call("DELETE", path, params={"occurrence": THIRD}).status_code == 204
    assert starts(vera.occurrences(*WINDOW)) == [start for start in ALL_FIVE if start != THIRD]
    assert anna.delete(path).status_code == 204
    assert starts(vera.occurrences(*WINDOW)) == []
    refused(anna.call("DELETE", path, params={"scope": "this"}), 422, "occurrence_required")
    refused(anna.call("DELETE", path, params={"scope": "following"}), 422, "invalid_request")
    assert stored_event(database, series["id"], "sequence") == (0,)


def test_guests_invite_where_the_organizer_lets_them_and_take_nobody_out(company: Company) -> None:
    boris, vera, gleb = company.person(), company.person(), company.person()
    made = meeting(company, boris, vera)
    path = f"/events/{made['id']}"
    refused(boris.post(f"{path}/participants", {"user_id": gleb.id}), 403, "guests_cannot_invite")
    accepted(company.admin.patch(path, {"guests_can_invite": True}))
    assert gleb.id in answers_of(invite(boris, made, {"user_id": gleb.id}))
    refused(boris.delete(f"{path}/participants/{gleb.id}"), 403, "not_organizer")
    refused(boris.patch(path, {"participants": []}), 403, "not_organizer")


def test_a_stale_invitation_is_refused(company: Company) -> None:
    boris = company.person()
    made = company.admin.create_event()
    path, stale = f"/events/{made['id']}/participants", {"If-Match": '"7"'}
    refused(company.admin.post(path, {"user_id": boris.id}, headers=stale), 412, "version_mismatch")
    invite(company.admin, made, {"user_id": boris.id})
    refused(company.admin.delete(f"{path}/{boris.id}", headers=stale), 412, "version_mismatch")


def test_guests_who_may_not_see_each_other_see_themselves_and_the_organizer(company: Company) -> None:
    anna, boris, vera = company.admin, company.person(), company.person()
    made = meeting(company, anna, boris, vera, guests_can_see_guests=False)
    answer(vera, made, "accepted")
    assert set(answers_of(read(anna, made))) == {anna.id, boris.id, vera.id}
    seen = read(boris, made)
    assert set(answers_of(seen)) == {anna.id, boris.id}
    assert seen["participants_count"] == 3
    assert vera.email not in str(seen)


def test_a_reader_of_the_calendar_sees_no_more_guests_than_a_guest(company: Company) -> None:
    boris, reader = company.person(), company.person()
    anna = company.person()
    calendar = accepted(anna.post("/calendars", {"name": "All", "is_public": True}), 201)
    made = anna.create_event(
        calendar_id=calendar["id"], participants=[{"user_id": boris.id}], guests_can_see_guests=False
    )
    seen = read(reader, made)
    assert (seen["participants"], seen["participants_count"]) == ([], 1)
    assert set(answers_of(read(company.admin, made))) == {boris.id}


@pytest.mark.parametrize(
    "values",
    [
        {"title": "Other", "description": "Text", "location": "Roof"},
        {"start_time": "2027-03-22T11:00:00", "end_time": "2027-03-22T12:00:00"},
        {"recurrence_rule": "FREQ=WEEKLY;COUNT=3"},
    ],
)
def test_rule_17_guests_change_content_and_times_where_the_organizer_lets_them(
    company: Company, values: dict[str, Any]
) -> None:
    boris, stranger = company.person(), company.person()
    made = meeting(company, boris, guests_can_change=True, recurrence_rule=WEEKLY)
    path = f"/events/{made['id']}"
    assert accepted(boris.call("PATCH", path, json={"title": "One"}, params={"occurrence": SECOND}))["title"] == "One"
    changed = accepted(boris.patch(path, values))
    assert changed["organizer_id"] == company.admin.id
    assert changed["version"] > made["version"]
    refused(stranger.patch(path, values), 404, "event_not_found")


def test_rule_17_guests_who_may_change_an_event_do_not_rule_it(company: Company) -> None:
    boris, vera, gleb = company.person(), company.person(), company.person()
    made = meeting(company, boris, vera, guests_can_change=True, recurrence_rule=WEEKLY)
    path = f"/events/{made['id']}"
    for values in (
        {"calendar_id": boris.calendar_id},
        {"visibility": "public"},
        {"status": "cancelled"},
        {"guests_can_invite": True},
        {"guests_can_see_guests": False},
        {"participants": [{"user_id": boris.id}]},
        {"participants": [{"user_id": boris.id}, {"user_id": vera.id, "role": "optional"}]},
    ):
        for params in ({}, {"occurrence": THIRD}):
            answered = boris.call("PATCH", path, json=values, params=params)
            assert answered.status_code == 403 or "calendar_id" in values, values
    refused(boris.patch(path, {"calendar_id": boris.calendar_id}), 403, "guests_change_content_only")
    more = {"participants": [{"user_id": person.id} for person in (boris, vera, gleb)]}
    refused(boris.patch(path, more), 403, "guests_cannot_invite")
    following = {"occurrence": THIRD, "scope": "following"}
    refused(boris.call("PATCH", path, json={"title": "x"}, params=following), 403, "guests_change_content_only")
    for params in ({}, {"occurrence": THIRD}, following):
        refused(boris.call("DELETE", path, params=params), 403, "not_organizer")
    assert {name: value for name, value in read(company.admin, made).items() if name != "updated_at"} == {
        name: value for name, value in made.items() if name != "updated_at"
    }
    accepted(company.admin.patch(path, {"guests_can_invite": True}))
    assert gleb.id in answers_of(accepted(boris.patch(path, more)))


def test_the_limit_counts_people_of_departments(company: Company) -> None:
    sales = department(company, "Sales")
    below = department(company, "Below", parent_id=sales)
    inside = [company.person(department_id=sales), company.person(department_id=below)]
    made = meeting(company, inside[0])
    path = f"/events/{made['id']}/participants"
    with settings(EVENT_MAX_PARTICIPANTS=1):
        refused(company.admin.post(path, {"department_id": sales}), 422, "too_many_participants")
        refused(company.admin.post(path, {"email": "guest@firm.example"}), 422, "too_many_participants")
    with settings(EVENT_MAX_PARTICIPANTS=2):
        assert invite(company.admin, made, {"department_id": sales})["participants_count"] == 2
        body = {"participants": [{"department_id": sales}, {"email": "guest@firm.example"}]}
        refused(company.admin.patch(f"/events/{made['id']}", body), 422, "too_many_participants")
