"""Queues, who works them, who gets what, and what has to be approved."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.models import Role
from tests.support.desk import Desk, changed, listed, made, notified, read
from tests.support.people import Company, Person
from tests.support.planning import refused

TODAY = date.today()


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company, assignment="round_robin")


def away(person: Person, substitute: Person | None = None, admin: Person | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {
        "first_day": (TODAY - timedelta(days=1)).isoformat(),
        "last_day": (TODAY + timedelta(days=2)).isoformat(),
        "substitute_id": substitute and substitute.id,
    }
    return made(admin or person, "/absences", **values, **({"user_id": person.id} if admin else {}))


def given(desk: Desk, count: int = 1) -> list[str | None]:
    """Who gets new tickets, by id."""
    tickets = [desk.ticket() for _ in range(count)]
    return [ticket["assignee"] and ticket["assignee"]["id"] for ticket in tickets]


def test_a_queue_as_administrators_keep_it(company: Company) -> None:
    desk = Desk.open(company, email="IT@Firm.example", service_hours=[], description="All of it")
    queue = desk.queue
    assert (queue["email"], queue["service_hours"], queue["version"]) == ("it@firm.example", [], 1)
    path = desk.path
    patched = desk.agent.patch(path, {"name": "IT", "reopen_days": 3}, headers={"If-Match": '"2"'})
    assert patched.status_code == 200, patched.text
    assert (patched.json()["name"], patched.json()["my_right"]) == ("IT", "manage")
    refused(desk.other.patch(path, {"name": "Mine"}), 403, "not_queue_manager")
    refused(desk.requester.get(f"{path}/members"), 403, "not_queue_manager")
    assert [one["user"]["id"] for one in desk.other.get(f"{path}/members").json()["items"]] == [
        desk.agent.id,
        desk.other.id,
    ]
    refused(desk.agent.post("/tickets/queues", {"name": "More"}), 403, "admin_only")
    for values, code in (
        ({"name": "it"}, "ticket_queue_name_taken"),
        ({"name": "B", "email": "it@firm.example"}, "ticket_queue_email_taken"),
    ):
        refused(company.admin.post("/tickets/queues", values), 409, code)
    made(company.admin, "/tickets/queues", name="First", is_default=True)
    refused(
        company.admin.post("/tickets/queues", {"name": "Next", "is_default": True}), 409, "ticket_queue_default_taken"
    )


def test_an_address_is_one_companys(company: Company, stranger_company: Company) -> None:
    made(company.admin, "/tickets/queues", name="A", email="help@shared.example")
    answer = stranger_company.admin.post("/tickets/queues", {"name": "A", "email": "help@shared.example"})
    refused(answer, 409, "ticket_queue_email_taken")


def test_a_queue_goes_only_without_tickets(desk: Desk) -> None:
    ticket = desk.ticket()
    refused(desk.company.admin.delete(desk.path), 409, "ticket_queue_in_use")
    assert desk.company.admin.patch(desk.path, {"is_active": False}).status_code == 200
    refused(desk.requester.post("/tickets", {"title": "x", "queue_id": desk.queue["id"]}), 409, "ticket_queue_off")
    assert desk.company.admin.delete(f"/tickets/{ticket['id']}").status_code == 204
    refused(desk.agent.delete(desk.path), 403, "admin_only")
    assert desk.company.admin.delete(desk.path).status_code == 204


def test_members_are_set_at_once(desk: Desk) -> None:
    one = {"user_id": desk.agent.id}
    refused(desk.agent.put(f"{desk.path}/members", {"members": [one, one]}), 422, "member_twice")
    nobody = {"user_id": "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"}
    refused(desk.agent.put(f"{desk.path}/members", {"members": [nobody]}), 422, "user_not_found")
    reader = {"user_id": desk.other.id, "right": "read"}
    refused(desk.agent.put(f"{desk.path}/members", {"members": [reader]}), 422, "invalid_request")
    answer = desk.agent.put(f"{desk.path}/members", {"members": [{**reader, "takes_tickets": False}]})
    assert [item["right"] for item in answer.json()["items"]] == ["read"]
    refused(desk.agent.get(f"{desk.path}/members"), 403, "not_queue_manager")
    ticket = desk.ticket()
    assert not read(desk.other, ticket)["may_work"]
    refused(desk.other.patch(f"/tickets/{ticket['id']}", {"state": "closed"}), 403, "ticket_not_yours_to_work")


def test_the_it_desk_works_what_is_for_it(company: Company) -> None:
    queue = made(company.admin, "/tickets/queues", name="IT", is_default=True)
    helper, employee = company.person(Role.IT), company.person()
    ticket = made(employee, "/tickets", title="Help")
    assert changed(helper, ticket, assignee_id=helper.id)["assignee"]["id"] == helper.id
    assert company.admin.patch(f"/tickets/queues/{queue['id']}", {"is_for_it": False}).status_code == 200
    another = made(employee, "/tickets", title="More")
    assert helper.get(f"/tickets/{another['id']}").status_code == 404
    # What was given to them stays theirs.
    assert listed(helper) == [ticket["number"]]
    assert changed(helper, ticket, state="resolved")["state"] == "resolved"


def test_in_turn(desk: Desk) -> None:
    first = given(desk, 4)
    assert set(first) == {desk.agent.id, desk.other.id}
    assert first[:2] == first[2:]
    assert desk.company.admin.patch(desk.path, {"assignment": "manual"}).status_code == 200
    assert given(desk) == [None]


def test_to_whoever_has_least(desk: Desk) -> None:
    assert desk.company.admin.patch(desk.path, {"assignment": "least_loaded"}).status_code == 200
    tickets = [desk.ticket() for _ in range(4)]
    mine = [one for one in tickets if one["assignee"]["id"] == desk.agent.id]
    assert len(mine) == 2
    for one in mine:
        changed(desk.agent, one, state="closed")
    assert given(desk, 2) == [desk.agent.id] * 2


def test_who_is_away_is_passed_over_and_who_stands_in_is_not(desk: Desk) -> None:
    away(desk.agent)
    assert set(given(desk, 3)) == {desk.other.id}
    stand_in, further = desk.company.person(), desk.company.person()
    first = away(desk.other, stand_in)
    assert set(given(desk, 2)) == {stand_in.id}
    # Who stands in may be away too; then their own substitute takes part.
    away(stand_in, further)
    assert set(given(desk, 2)) == {further.id}
    # Two who stand in for each other and are both away stand in for nobody.
    away(further, stand_in)
    assert given(desk) == [None]
    assert desk.other.delete(f"/absences/{first['id']}").status_code == 204
    assert given(desk) == [desk.other.id]


def test_nobody_gets_their_own_ticket(desk: Desk) -> None:
    tickets = [desk.ticket(by=desk.agent) for _ in range(3)]
    assert {ticket["assignee"]["id"] for ticket in tickets} == {desk.other.id}


def test_who_left_gets_nothing(desk: Desk) -> None:
    assert desk.company.admin.post(f"/users/{desk.agent.id}/leaving", {"successor_id": None}).status_code in (200, 201)
    assert set(given(desk, 2)) == {desk.other.id}


def test_what_a_leaver_works_goes_to_the_successor(desk: Desk) -> None:
    ticket, closed = desk.ticket(), desk.ticket()
    for one in (ticket, closed):
        changed(desk.agent, one, assignee_id=desk.agent.id)
    changed(desk.agent, closed, state="closed")
    answer = desk.company.admin.post(f"/users/{desk.agent.id}/leaving", {"successor_id": desk.other.id})
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["tickets"] == 1
    assert read(desk.other, ticket)["assignee"]["id"] == desk.other.id
    assert read(desk.other, closed)["assignee"]["id"] == desk.agent.id
    assert desk.company.admin.post(f"/users/{desk.agent.id}/leaving/undo", None).status_code == 200
    assert read(desk.other, ticket)["assignee"]["id"] == desk.agent.id


# Approval


def approved_category(desk: Desk, **values: Any) -> str:
    category = made(
        desk.company.admin, "/tickets/categories", **{"name": "Laptop", "queue_id": desk.queue["id"], **values}
    )
    return str(category["id"])


def test_a_manager_approves_before_anybody_works(desk: Desk) -> None:
    manager = desk.company.person(full_name="Maria Manager")
    employee = desk.company.person(manager_id=manager.user.id)
    ticket = desk.ticket(by=employee, category_id=approved_category(desk, approval="manager"))
    assert (ticket["state"], ticket["approval"], ticket["assignee"]) == ("pending", "waiting", None)
    assert ticket["approver"]["id"] == manager.id
    assert notified(desk.agent) == []
    assert any("согласия" in title for title in notified(manager))
    refused(desk.agent.patch(f"/tickets/{ticket['id']}", {"state": "open"}), 409, "ticket_waits_for_approval")
    for person in (desk.agent, employee):
        refused(person.post(f"/tickets/{ticket['id']}/approval", {"is_approved": True}), 403, "not_ticket_approver")
    answer = manager.post(f"/tickets/{ticket['id']}/approval", {"is_approved": True, "reason": "Old one is dead"})
    assert answer.status_code == 200, answer.text
    approved = answer.json()
    assert (approved["state"], approved["approval"]) == ("open", "approved")
    assert approved["assignee"] is not None
    refused(manager.post(f"/tickets/{ticket['id']}/approval", {"is_approved": False}), 409, "ticket_waits_for_nobody")
    assert any("согласовано" in title for title in notified(employee))


def test_what_is_refused_is_closed(desk: Desk) -> None:
    person = desk.company.person()
    ticket = desk.ticket(category_id=approved_category(desk, approval="person", approver_id=person.id))
    answer = person.post(f"/tickets/{ticket['id']}/approval", {"is_approved": False, "reason": "No money"})
    assert (answer.json()["state"], answer.json()["approval"]) == ("closed", "refused")
    assert any("No money" in title for title in notified(desk.requester))
    history = read(desk.requester, ticket, "/history")
    assert [(one["before"], one["after"]) for one in history if one["field"] == "approval"] == [("waiting", "refused")]


def test_who_stands_in_for_the_approver_decides(desk: Desk) -> None:
    person, stand_in = desk.company.person(), desk.company.person()
    ticket = desk.ticket(category_id=approved_category(desk, approval="person", approver_id=person.id))
    assert stand_in.get(f"/tickets/{ticket['id']}").status_code == 404
    away(person, stand_in)
    assert read(stand_in, ticket)["approval"] == "waiting"
    assert stand_in.post(f"/tickets/{ticket['id']}/approval", {"is_approved": True}).status_code == 200


def test_nobody_approves_their_own(desk: Desk) -> None:
    person = desk.company.person()
    category = approved_category(desk, approval="person", approver_id=person.id)
    ticket = desk.ticket(by=person, category_id=category)
    assert (ticket["state"], ticket["approval"]) == ("new", "approved")


def test_without_a_manager_the_named_person_approves(desk: Desk) -> None:
    person = desk.company.person()
    category = approved_category(desk, approval="manager", approver_id=person.id)
    assert desk.ticket(category_id=category)["approver"]["id"] == person.id
    nobody = approved_category(desk, name="Mouse", approval="manager")
    assert desk.ticket(category_id=nobody)["approval"] is None


def test_the_requester_takes_back_what_waits(desk: Desk) -> None:
    person = desk.company.person()
    ticket = desk.ticket(category_id=approved_category(desk, approval="person", approver_id=person.id))
    assert changed(desk.requester, ticket, state="closed")["approval"] is None
    refused(person.post(f"/tickets/{ticket['id']}/approval", {"is_approved": True}), 409, "ticket_waits_for_nobody")


def test_categories_are_kept_by_administrators(desk: Desk) -> None:
    admin = desk.company.admin
    refused(desk.agent.post("/tickets/categories", {"name": "Mine"}), 403, "admin_only")
    refused(admin.post("/tickets/categories", {"name": "A", "approval": "person"}), 422, "invalid_request")
    category = made(admin, "/tickets/categories", name="Printing")
    refused(admin.post("/tickets/categories", {"name": "printing"}), 409, "ticket_category_name_taken")
    path = f"/tickets/categories/{category['id']}"
    refused(admin.patch(path, {"approval": "person"}), 422, "approver_missing")
    assert admin.patch(path, {"name": "Paper", "priority": "low"}).json()["version"] == 2
    assert [one["name"] for one in desk.requester.get("/tickets/categories").json()["items"]] == ["Paper"]
    desk.ticket(category_id=category["id"])
    refused(admin.delete(path), 409, "ticket_category_in_use")
    assert admin.patch(path, {"is_active": False}).status_code == 200
    answer = desk.requester.post("/tickets", {"title": "x", "category_id": category["id"]})
    refused(answer, 422, "ticket_category_not_found")
