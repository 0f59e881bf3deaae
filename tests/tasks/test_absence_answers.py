"""Invitations to what lies in an absence: declined, or the organizer is told, or left."""

from typing import Any

import pytest

from app.tasks.absence_tasks import answer_invitations, look_at_invitations_again
from tests.support.desk import made, notified
from tests.support.people import Company, Person
from tests.support.planning import accepted


@pytest.fixture
def host(company: Company) -> Person:
    return company.person(full_name="Hanna")


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def away(person: Person, first: str = "2027-03-22", last: str = "2027-03-26", **values: Any) -> dict[str, Any]:
    return made(person, "/absences", first_day=first, last_day=last, **{"invitations": "decline", **values})


def meeting(host: Person, guest: Person, **values: Any) -> dict[str, Any]:
    return host.create_event(**{"participants": [{"user_id": guest.id}], **values})


def response(host: Person, guest: Person, event: dict[str, Any], **params: Any) -> tuple[str, str | None]:
    read = accepted(host.get(f"/events/{event['id']}", **params))
    found = next(one for one in read["participants"] if one["user_id"] == guest.id)
    return found["response"], found["comment"]


def test_what_lies_in_a_new_absence_is_declined(host: Person, anna: Person) -> None:
    inside, after = meeting(host, anna), meeting(host, anna, start_time="2027-03-29T09:00", end_time="2027-03-29T10:00")
    away(anna)
    answer_invitations()
    assert response(host, anna, inside) == ("declined", "Отсутствую, последний день: 26 марта 2027 г.")
    assert response(host, anna, after)[0] == "needs_action"
    assert notified(host) == ["Anna: отказ от участия: Meeting, 22 марта 2027 г., 09:00 (Europe/Berlin)"]


def test_what_is_invited_or_moved_into_it_later_is_declined(host: Person, anna: Person) -> None:
    away(anna)
    answer_invitations()
    late = meeting(host, anna)
    moved = meeting(host, anna, start_time="2027-03-29T09:00", end_time="2027-03-29T10:00")
    answer_invitations()
    assert (response(host, anna, late)[0], response(host, anna, moved)[0]) == ("declined", "needs_action")
    host.patch(f"/events/{moved['id']}", {"start_time": "2027-03-23T09:00", "end_time": "2027-03-23T10:00"})
    answer_invitations()
    assert response(host, anna, moved)[0] == "declined"


def test_rule_16_of_a_series_only_the_occurrences_in_it(host: Person, anna: Person) -> None:
    series = meeting(host, anna, recurrence_rule="FREQ=WEEKLY;COUNT=4")
    away(anna, "2027-03-29", "2027-04-05")
    answer_invitations()
    starts = [f"2027-{day}T09:00:00" for day in ("03-22", "03-29", "04-05", "04-12")]
    answers = [response(host, anna, series, occurrence=start)[0] for start in starts]
    assert answers[1:3] == ["declined", "declined"]
    assert "declined" not in (answers[0], answers[3])


def test_what_people_answer_afterwards_stays(host: Person, anna: Person) -> None:
    event = meeting(host, anna)
    away(anna)
    answer_invitations()
    accepted(anna.put(f"/events/{event['id']}/response", {"response": "accepted"}))
    host.patch(f"/events/{event['id']}", {"title": "Still"})
    answer_invitations()
    look_at_invitations_again()
    assert response(host, anna, event)[0] == "accepted"


def test_organizers_are_told_once(host: Person, anna: Person) -> None:
    event = meeting(host, anna)
    away(anna, invitations="tell")
    answer_invitations()
    look_at_invitations_again()
    assert response(host, anna, event)[0] == "needs_action"
    assert notified(host) == ["Anna отсутствует: Meeting, 22 марта 2027 г., 09:00 (Europe/Berlin)"]


def test_left_is_left_and_a_request_answers_nothing(company: Company, host: Person) -> None:
    company.admin.patch(f"/organizations/{company.organization.id}", {"absences_to_approve": ["vacation"]})
    manager = company.person()
    anna = company.person(manager_id=manager.user.id)
    event = meeting(host, anna)
    away(anna, kind="sick", invitations="leave")
    asked = away(anna)
    answer_invitations()
    assert response(host, anna, event)[0] == "needs_action"
    manager.post(f"/absences/{asked['id']}/decision", {"is_approved": True})
    answer_invitations()
    assert response(host, anna, event)[0] == "declined"


def test_ones_own_meetings_and_what_does_not_block_stay(host: Person, anna: Person) -> None:
    own = meeting(anna, host)
    open_house = meeting(host, anna, transparency="transparent")
    away(anna)
    answer_invitations()
    assert response(anna, host, own)[0] == "needs_action"
    assert response(host, anna, open_house)[0] == "needs_action"


def test_half_a_day_leaves_the_other_half(host: Person, anna: Person) -> None:
    morning = meeting(host, anna)
    afternoon = meeting(host, anna, start_time="2027-03-22T13:00", end_time="2027-03-22T14:00")
    all_day = meeting(host, anna, start_time="2027-03-23", end_time=None, is_all_day=True, time_zone=None)
    away(anna, "2027-03-22", "2027-03-22", starts_midday=True)
    answer_invitations()
    assert [response(host, anna, one)[0] for one in (morning, afternoon, all_day)] == [
        "needs_action",
        "declined",
        "needs_action",
    ]


def test_a_department_is_invited_and_one_of_them_is_away(company: Company, host: Person) -> None:
    team = made(company.admin, "/departments", name="Team")
    anna = company.person(department_id=team["id"])
    event = host.create_event(participants=[{"department_id": team["id"]}])
    away(anna)
    answer_invitations()
    read = accepted(host.get(f"/events/{event['id']}"))
    assert [(member["user_id"], member["response"]) for member in read["participants"][0]["members"]] == [
        (anna.id, "declined")
    ]
