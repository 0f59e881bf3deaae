"""Participants: who is invited, by whom, how many, and how people leave."""

from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.people import Company, event
from tests.support.planning import MISSING_ID, accepted, company_counts, refused, settings, stored_event


def ids(read: dict[str, Any]) -> list[str]:
    return [participant["user_id"] for participant in read["participants"]]


def answers(read: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(item["user_id"], item["role"], item["response"]) for item in read["participants"]]


def test_a_participant_is_added_with_a_role_and_has_not_answered(company: Company) -> None:
    anna, boris = company.person(), company.person()
    made = anna.create_event()
    answer = anna.post(f"/events/{made['id']}/participants", {"user_id": boris.id, "role": "optional"})
    changed = accepted(answer, 201)
    assert answers(changed) == [(boris.id, "optional", "needs_action")]
    assert (changed["version"], answer.headers["etag"]) == (2, '"2"')
    assert accepted(boris.get(f"/events/{made['id']}")) == changed


def test_a_participant_is_required_unless_told_otherwise(company: Company) -> None:
    boris = company.person()
    made = company.admin.create_event(participants=[{"user_id": boris.id}])
    assert answers(made) == [(boris.id, "required", "needs_action")]


def test_nobody_is_added_twice(company: Company) -> None:
    boris = company.person()
    made = company.admin.create_event(participants=[{"user_id": boris.id}])
    path = f"/events/{made['id']}/participants"
    refused(company.admin.post(path, {"user_id": boris.id, "role": "chair"}), 409, "already_participant")
    assert accepted(company.admin.get(f"/events/{made['id']}")) == made


def test_somebody_named_twice_in_one_list_takes_part_once(company: Company) -> None:
    boris = company.person()
    twice = [{"user_id": boris.id, "role": "optional"}, {"user_id": boris.id, "role": "chair"}]
    made = company.admin.create_event(participants=twice)
    assert ids(made) == [boris.id]


@pytest.mark.parametrize("kind", ["stranger", "nobody", "inactive"])
def test_only_active_colleagues_are_invited(
    company: Company, stranger_company: Company, database: psycopg.Connection, kind: str
) -> None:
    inactive = company.person()
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [inactive.id])
    user_id = {"stranger": stranger_company.admin.id, "nobody": MISSING_ID, "inactive": inactive.id}[kind]
    body = event(participants=[{"user_id": company.admin.id}, {"user_id": user_id}])
    assert refused(company.admin.post("/events", body), 422, "user_not_found")["field"] == "participants"
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
    made = company.admin.create_event()
    path = f"/events/{made['id']}"
    refused(company.admin.post(f"{path}/participants", {"user_id": user_id}), 422, "user_not_found")
    refused(company.admin.patch(path, {"title": "x", "participants": body["participants"]}), 422, "user_not_found")
    assert accepted(company.admin.get(path)) == made


def test_whoever_left_the_company_stays_on_events_that_are_edited(
    company: Company, database: psycopg.Connection
) -> None:
    boris, vera = company.person(), company.person()
    made = company.admin.create_event(participants=[{"user_id": boris.id}])
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [boris.id])
    changed = accepted(company.admin.post(f"/events/{made['id']}/participants", {"user_id": vera.id}), 201)
    assert ids(changed) == [boris.id, vera.id]


def test_there_is_a_limit_to_participants(company: Company, database: psycopg.Connection) -> None:
    people = [{"user_id": company.person().id} for _ in range(3)]
    with settings(EVENT_MAX_PARTICIPANTS=2):
        refused(company.admin.post("/events", event(participants=people)), 422, "too_many_participants")
        assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
        made = company.admin.create_event(participants=people[:2])
        path = f"/events/{made['id']}/participants"
        refused(company.admin.post(path, people[2]), 422, "too_many_participants")
    taking_part = ids(accepted(company.admin.get(f"/events/{made['id']}")))
    assert sorted(taking_part) == sorted(person["user_id"] for person in people[:2])


def test_a_huge_list_of_participants_is_refused(company: Company) -> None:
    body = event(participants=[{"user_id": company.admin.id}] * 5001)
    refused(company.admin.post("/events", body), 422, "invalid_request")


@pytest.mark.parametrize(
    "body", [{}, {"user_id": None}, {"user_id": "me"}, {"user_id": MISSING_ID, "role": "king"}, {"user_id": 1}, []]
)
def test_a_participant_that_makes_no_sense_is_refused(company: Company, body: Any) -> None:
    made = company.admin.create_event()
    refused(company.admin.post(f"/events/{made['id']}/participants", body), 422, "invalid_request")


def test_nobody_sets_the_answer_of_somebody_else(company: Company) -> None:
    body = event(participants=[{"user_id": company.person().id, "response": "accepted"}])
    refused(company.admin.post("/events", body), 422, "invalid_request")


def test_people_take_themselves_out_and_only_the_organizer_takes_out_others(company: Company) -> None:
    anna, boris, vera = company.person(), company.person(), company.person()
    made = anna.create_event(participants=[{"user_id": boris.id}, {"user_id": vera.id}])
    path = f"/events/{made['id']}"
    refused(boris.delete(f"{path}/participants/{vera.id}"), 403, "not_organizer")
    refused(boris.post(f"{path}/participants", {"user_id": company.admin.id}), 403, "guests_cannot_invite")
    assert boris.delete(f"{path}/participants/{boris.id}").status_code == 204
    refused(boris.get(path), 404, "event_not_found")
    refused(boris.delete(f"{path}/participants/{boris.id}"), 404, "event_not_found")
    assert anna.delete(f"{path}/participants/{vera.id}").status_code == 204
    refused(anna.delete(f"{path}/participants/{vera.id}"), 404, "participant_not_found")
    left = accepted(anna.get(path))
    assert (left["participants"], left["version"]) == ([], 3)


def test_those_who_stay_keep_their_answer_when_the_list_changes(company: Company, database: psycopg.Connection) -> None:
    boris, vera, gleb = company.person(), company.person(), company.person()
    made = company.admin.create_event(participants=[{"user_id": boris.id}, {"user_id": vera.id}])
    database.execute("UPDATE event_participants SET response = 'accepted' WHERE event_id = %s", [made["id"]])
    wanted = [{"user_id": boris.id, "role": "chair"}, {"user_id": gleb.id}]
    changed = accepted(company.admin.patch(f"/events/{made['id']}", {"participants": wanted}))
    assert answers(changed) == [(boris.id, "chair", "accepted"), (gleb.id, "required", "needs_action")]
    assert changed["version"] == 2
    (sequence,) = stored_event(database, made["id"], "sequence")
    assert sequence == 0


def test_a_rescheduled_series_is_found_by_its_participants_at_the_new_time(company: Company) -> None:
    boris = company.person()
    made = company.admin.create_event(recurrence_rule="FREQ=WEEKLY;COUNT=2", participants=[{"user_id": boris.id}])
    move = {"start_time": "2028-03-20T09:00:00", "end_time": "2028-03-20T10:00:00"}
    accepted(company.admin.patch(f"/events/{made['id']}", move))
    assert boris.occurrences("2027-03-01", "2027-05-01") == []
    assert [item["start_time"] for item in boris.occurrences("2028-03-01", "2028-05-01")] == [
        "2028-03-20T08:00:00Z",
        "2028-03-27T07:00:00Z",
    ]


def test_an_organizer_of_the_it_desk_has_no_more_rights_over_participants_than_others(company: Company) -> None:
    anna, helper = company.person(), company.person(Role.IT)
    made = anna.create_event(participants=[{"user_id": helper.id}])
    refused(
        helper.post(f"/events/{made['id']}/participants", {"user_id": company.admin.id}), 403, "guests_cannot_invite"
    )


def test_participants_are_told_in_the_order_in_which_they_were_invited(company: Company) -> None:
    anna = company.person()
    guests = [company.person().id for _ in range(6)]
    created = anna.create_event(participants=[{"user_id": guest} for guest in guests])
    assert [row["user_id"] for row in created["participants"]] == guests
