"""Whole departments in meetings: kept as departments, shown as people."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as sqlalchemy_event

from app.db import get_engine
from tests.support.guests import (
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
from tests.support.planning import accepted, refused, settings, starts


class Sales:
    """A department with one below it: Boris is in the upper, Vera in the lower one."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.upper = department(company, "Sales")
        self.lower = department(company, "North", parent_id=self.upper)
        self.boris = company.person(full_name="Boris", department_id=self.upper)
        self.vera = company.person(full_name="Vera", department_id=self.lower)

    def meeting(self, *more: dict[str, Any], **values: Any) -> dict[str, Any]:
        return self.company.admin.create_event(participants=[{"department_id": self.upper}, *more], **values)

    def move(self, person: Person, department_id: str) -> None:
        body = {"user_ids": [person.id]}
        accepted(self.company.admin.post(f"/departments/{department_id}/members", body))


@pytest.fixture
def sales(company: Company) -> Sales:
    return Sales(company)


def members(read_back: dict[str, Any]) -> list[str]:
    (shown,) = [item for item in read_back["participants"] if item["department_id"]]
    assert shown["members_count"] == len(shown["members"])
    return [member["full_name"] for member in shown["members"]]


def test_a_department_is_shown_with_its_people_and_those_below(sales: Sales) -> None:
    made = sales.meeting()
    (shown,) = made["participants"]
    assert (shown["department_id"], shown["name"], shown["user_id"], shown["email"]) == (
        sales.upper,
        "Sales",
        None,
        None,
    )
    assert members(made) == ["Boris", "Vera"]
    assert made["participants_count"] == 2
    assert starts(sales.vera.occurrences(*WINDOW)) == [made["start_time"]]


def test_whoever_comes_to_a_department_takes_part_and_whoever_goes_does_not(company: Company, sales: Sales) -> None:
    made = sales.meeting()
    gleb, other = company.person(full_name="Gleb"), department(company, "Other")
    refused(gleb.get(f"/events/{made['id']}"), 404, "event_not_found")
    sales.move(gleb, sales.lower)
    sales.move(sales.vera, other)
    assert members(read(gleb, made)) == ["Boris", "Gleb"]
    refused(sales.vera.get(f"/events/{made['id']}"), 404, "event_not_found")


def test_a_member_answers_inside_the_department(sales: Sales) -> None:
    made = sales.meeting()
    answered = answer(sales.vera, made, "accepted", comment="With pleasure")
    (shown,) = answered["participants"]
    # Who has answered comes first.
    assert [(member["full_name"], member["response"], member["comment"]) for member in shown["members"]] == [
        ("Vera", "accepted", "With pleasure"),
        ("Boris", "needs_action", None),
    ]
    assert shown["response"] == "needs_action"
    assert answered["participants_count"] == 2
    answer(sales.vera, made, "declined")
    assert answers_of(read(sales.boris, made)) == {sales.boris.id: "needs_action", sales.vera.id: "declined"}


def test_a_member_answers_one_occurrence_and_the_series(sales: Sales) -> None:
    series = sales.meeting(recurrence_rule=WEEKLY)
    answer(sales.vera, series, "declined", occurrence=THIRD)
    answer(sales.boris, series, "accepted", occurrence=SECOND)
    answer(sales.vera, series, "accepted")
    found = {start: answers_of(read(sales.boris, series, occurrence=start)) for start in (SECOND, THIRD)}
    assert found[SECOND] == {sales.boris.id: "accepted", sales.vera.id: "accepted"}
    assert found[THIRD] == {sales.boris.id: "needs_action", sales.vera.id: "declined"}


def test_who_is_invited_by_name_is_not_shown_with_the_department(sales: Sales) -> None:
    answer(sales.vera, made := sales.meeting(), "accepted")
    path = f"/events/{made['id']}/participants"
    named = accepted(sales.company.admin.post(path, {"user_id": sales.vera.id, "role": "chair"}), 201)
    assert members(named) == ["Boris"]
    (own,) = [item for item in named["participants"] if item["user_id"]]
    assert (own["user_id"], own["role"], own["response"]) == (sales.vera.id, "chair", "accepted")
    assert named["participants_count"] == 2


def test_departments_below_each_other_count_people_once(sales: Sales) -> None:
    made = sales.meeting({"department_id": sales.lower}, {"email": "guest@firm.example"})
    assert made["participants_count"] == 3
    shown = {item["name"]: item["members_count"] for item in made["participants"] if item["department_id"]}
    assert shown == {"Sales": 2, "North": 1}


def test_a_department_goes_with_its_people_who_had_answered(sales: Sales, database: psycopg.Connection) -> None:
    company, gleb = sales.company, sales.company.person()
    made = sales.meeting({"user_id": gleb.id})
    answer(sales.vera, made, "accepted")
    forget_mails(database, company)
    path = f"/events/{made['id']}/participants/departments"
    refused(sales.boris.delete(f"{path}/{sales.upper}"), 403, "not_organizer")
    assert company.admin.delete(f"{path}/{sales.upper}").status_code == 204
    refused(company.admin.delete(f"{path}/{sales.upper}"), 404, "participant_not_found")
    assert answers_of(read(company.admin, made)) == {gleb.id: "needs_action"}
    refused(sales.vera.get(f"/events/{made['id']}"), 404, "event_not_found")
    assert told(database, company) == sorted([(sales.boris.email, "cancelled"), (sales.vera.email, "cancelled")])


def test_a_member_declines_instead_of_leaving(sales: Sales) -> None:
    made = sales.meeting()
    for person in (sales.boris, sales.vera):
        path = f"/events/{made['id']}/participants/{person.id}"
        refused(person.delete(path), 409, "invited_with_department")
        answer(person, made, "declined")
        refused(sales.company.admin.delete(path), 409, "invited_with_department")


def test_a_member_who_may_not_see_the_others_sees_themselves_in_their_department(sales: Sales) -> None:
    made = sales.meeting({"email": "guest@firm.example"}, guests_can_see_guests=False)
    seen = read(sales.vera, made)
    (shown,) = seen["participants"]
    assert [member["user_id"] for member in shown["members"]] == [sales.vera.id]
    assert (shown["members_count"], seen["participants_count"]) == (None, 3)


def test_of_a_large_department_the_first_are_listed_and_all_counted(sales: Sales) -> None:
    company = sales.company
    for number in range(4):
        company.person(full_name=f"Anna {number}", department_id=sales.upper)
    made = sales.meeting()
    answer(sales.vera, made, "tentative")
    with settings(PARTICIPANTS_SHOWN=2):
        shown = read(company.admin, made)
    (department_,) = shown["participants"]
    assert [member["full_name"] for member in department_["members"]] == ["Vera", "Anna 0"]
    assert (department_["members_count"], shown["participants_count"]) == (6, 6)


def test_who_left_a_department_after_answering_still_takes_part(sales: Sales) -> None:
    made = sales.meeting()
    answer(sales.vera, made, "accepted")
    sales.move(sales.vera, department(sales.company, "Other"))
    shown = read(sales.vera, made)
    assert members(shown) == ["Boris"]
    assert answers_of(shown)[sales.vera.id] == "accepted"
    assert shown["participants_count"] == 2


def test_a_deleted_department_leaves_the_event(sales: Sales) -> None:
    made = sales.company.admin.create_event(participants=[{"department_id": sales.lower}])
    answer(sales.vera, made, "accepted")
    sales.move(sales.vera, sales.upper)
    assert sales.company.admin.delete(f"/departments/{sales.lower}").status_code == 204
    assert read(sales.company.admin, made)["participants"] == []


def test_another_companys_department_is_not_invited(company: Company, stranger_company: Company) -> None:
    theirs = department(stranger_company, "Sales")
    made = company.admin.create_event()
    path = f"/events/{made['id']}/participants"
    refused(company.admin.post(path, {"department_id": theirs}), 422, "department_not_found")
    refused(company.admin.delete(f"{path}/departments/{theirs}"), 404, "participant_not_found")


def test_reading_takes_as_many_statements_for_many_participants_and_events_as_for_few(sales: Sales) -> None:
    company = sales.company
    few = sales.meeting(guests_can_see_guests=False)
    guests = [{"user_id": company.person(department_id=sales.lower).id} for _ in range(12)]
    many = sales.meeting({"department_id": sales.lower}, *guests, guests_can_see_guests=False)
    assert len(statements(lambda: read(sales.boris, few))) == len(statements(lambda: read(sales.boris, many))) <= 6
    feed = accepted(sales.boris.get("/changes"))["cursor"]
    for number, made in enumerate((few, many), start=1):
        accepted(company.admin.patch(f"/events/{made['id']}", {"title": f"Other {number}"}))
    one = statements(lambda: sales.boris.get("/changes", cursor=feed, limit=1))
    assert len(statements(lambda: sales.boris.get("/changes", cursor=feed, limit=2))) == len(one)


def statements(ask: Callable[[], Any]) -> list[str]:
    """What the database is asked while `ask` runs."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    sqlalchemy_event.listen(get_engine(), "before_cursor_execute", note)
    try:
        ask()
    finally:
        sqlalchemy_event.remove(get_engine(), "before_cursor_execute", note)
    return asked
