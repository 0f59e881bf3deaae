"""Tickets: made, changed, brought from state to state."""

from typing import Any

import psycopg
import pytest
import time_machine

from app.models import Role
from app.tasks.ticket_tasks import tend_tickets
from tests.support.desk import Desk, changed, listed, made, notified, read, said, soon, tended
from tests.support.people import Company
from tests.support.planning import refused, settings


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company)


def states(desk: Desk, ticket: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    return [(one["before"], one["after"]) for one in read(desk.agent, ticket, "/history") if one["field"] == "state"]


def test_a_ticket_has_a_number_and_what_its_category_says(desk: Desk) -> None:
    category = made(
        desk.company.admin,
        "/tickets/categories",
        name="Printing",
        queue_id=desk.queue["id"],
        type="incident",
        priority="high",
    )
    first = made(desk.requester, "/tickets", title="No paper", category_id=category["id"])
    second = desk.ticket(category_id=category["id"], priority="low")
    assert second["number"] == first["number"] + 1
    assert (first["type"], first["priority"], first["state"]) == ("incident", "high", "new")
    assert second["priority"] == "low"
    assert first["queue"]["name"] == "Desk"
    assert first["requester"]["id"] == desk.requester.id
    assert not first["may_work"]


def test_the_first_ticket_of_a_company_makes_its_queue(company: Company) -> None:
    ticket = made(company.person(), "/tickets", title="Hello")
    assert ticket["queue"]["name"] == "ИТ-поддержка"
    helper = company.person(Role.IT)
    assert read(helper, ticket)["may_work"]
    queues = helper.get("/tickets/queues").json()["items"]
    assert [(queue["is_default"], queue["my_right"]) for queue in queues] == [(True, "work")]


def test_who_sees_a_ticket(desk: Desk) -> None:
    ticket = desk.ticket()
    stranger, helper = desk.company.person(), desk.company.person(Role.IT)
    for person in (desk.requester, desk.agent, desk.other, desk.company.admin):
        assert read(person, ticket)["number"] == ticket["number"]
        assert listed(person) == [ticket["number"]]
    # The queue is not for the whole IT desk.
    for person in (stranger, helper):
        assert person.get(f"/tickets/{ticket['id']}").status_code == 404
        assert listed(person) == []
    assert desk.requester.put(f"/tickets/{ticket['id']}/watchers/{stranger.id}", None).status_code == 200
    assert read(stranger, ticket)["watchers"][0]["id"] == stranger.id
    assert listed(stranger) == [ticket["number"]]
    refused(stranger.patch(f"/tickets/{ticket['id']}", {"state": "closed"}), 403, "ticket_not_yours_to_work")
    assert stranger.delete(f"/tickets/{ticket['id']}/watchers/{stranger.id}").status_code == 204
    assert stranger.get(f"/tickets/{ticket['id']}").status_code == 404


def test_without_access_there_are_no_tickets(company: Company) -> None:
    person = company.person(access_tickets=False)
    for path in ("/tickets", "/tickets/queues", "/tickets/categories", "/tickets/views", "/tickets/report"):
        refused(person.get(path), 403, "tickets_off")
    refused(person.post("/tickets", {"title": "Hello"}), 403, "tickets_off")


def test_from_state_to_state(desk: Desk) -> None:
    ticket = desk.ticket()
    answered = said(desk.agent, ticket, "Which printer?")
    assert answered["author"]["id"] == desk.agent.id
    assert read(desk.agent, ticket)["state"] == "open"
    pending = changed(desk.agent, ticket, state="pending", pending_reason="New toner", pending_until=soon(days=2))
    assert pending["pending_reason"] == "New toner"
    resolved = changed(desk.agent, ticket, state="resolved", reason="Toner is in")
    assert resolved["pending_until"] is None
    assert resolved["resolved_at"] is not None
    reopened = changed(desk.requester, ticket, state="open", reason="It is not")
    assert (reopened["resolved_at"], reopened["reopened_count"]) == (None, 1)
    closed = changed(desk.agent, ticket, state="closed")
    assert closed["closed_at"] is not None
    assert states(desk, ticket) == [
        (None, "new"),
        ("new", "open"),
        ("open", "pending"),
        ("pending", "resolved"),
        ("resolved", "open"),
        ("open", "closed"),
    ]
    history = read(desk.requester, ticket, "/history")
    assert [one["reason"] for one in history if one["reason"]] == ["New toner", "New toner", "Toner is in", "It is not"]
    assert {one["actor"]["id"] for one in history} == {desk.agent.id, desk.requester.id}


def test_what_does_not_follow_is_refused(desk: Desk) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="resolved")
    for state in ("new", "pending"):
        answer = desk.agent.patch(
            f"/tickets/{ticket['id']}", {"state": state, **({} if state == "new" else waiting(days=1))}
        )
        refused(answer, 409, "ticket_transition")
    other = desk.ticket()
    for values in ({}, {"pending_reason": "Toner"}, waiting(days=-1), waiting(days=5000)):
        refused(desk.agent.patch(f"/tickets/{other['id']}", {"state": "pending", **values}), 422, "pending_says_why")
    refused(desk.agent.patch(f"/tickets/{other['id']}", waiting(days=1)), 422, "pending_only")
    assert read(desk.agent, other)["version"] == other["version"]


def waiting(**ahead: float) -> dict[str, str]:
    return {"pending_reason": "Toner", "pending_until": soon(**ahead)}


def test_what_waits_may_wait_for_something_else(desk: Desk) -> None:
    ticket = desk.ticket()
    pending = changed(desk.agent, ticket, state="pending", **waiting(days=1))
    assert changed(desk.agent, ticket, state="pending")["version"] == pending["version"]
    later = changed(desk.agent, ticket, pending_until=soon(days=3))
    assert (later["pending_reason"], later["version"]) == ("Toner", pending["version"] + 1)
    assert later["pending_until"] > pending["pending_until"]


def test_resolving_ones_own_is_no_first_answer(desk: Desk) -> None:
    own, asked = desk.ticket(by=desk.agent), desk.ticket()
    for ticket, is_answer in ((own, False), (asked, True)):
        assert (changed(desk.agent, ticket, state="resolved")["first_answered_at"] is not None) is is_answer


def test_the_database_itself_refuses_a_wrong_state(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="closed")
    with pytest.raises(psycopg.errors.CheckViolation, match="goes not from"):
        database.execute("UPDATE tickets SET state = 'resolved', closed_at = NULL WHERE id = %s", [ticket["id"]])
    with pytest.raises(psycopg.errors.CheckViolation, match="pending_says_why"):
        database.execute("UPDATE tickets SET state = 'pending' WHERE id = %s", [desk.ticket()["id"]])


def test_a_pending_ticket_wakes_up_by_itself(desk: Desk) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="pending", **waiting(hours=5))
    tend_tickets()
    assert read(desk.agent, ticket)["state"] == "pending"
    with time_machine.travel(soon(hours=6)):
        tended(desk)
    woken = read(desk.agent, ticket)
    assert (woken["state"], woken["pending_reason"], woken["pending_until"]) == ("open", None, None)
    last = read(desk.agent, ticket, "/history")[-1]
    assert (last["actor"], last["cause"]) == (None, "woken")


def test_reopened_within_some_days_only(company: Company, database: psycopg.Connection) -> None:
    desk = Desk.open(company, reopen_days=3)
    ticket, late = desk.ticket(), desk.ticket()
    for one, days in ((ticket, 2), (late, 3)):
        changed(desk.agent, one, state="resolved")
        database.execute(
            "UPDATE tickets SET resolved_at = resolved_at - %s * interval '1 day',"
            " act_at = act_at - %s * interval '1 day' WHERE id = %s",
            [days, days, one["id"]],
        )
    assert changed(desk.requester, ticket, state="open")["state"] == "open"
    refused(desk.requester.patch(f"/tickets/{late['id']}", {"state": "open"}), 409, "ticket_closed_for_good")
    refused(desk.requester.post(f"/tickets/{late['id']}/entries", {"body": "Still"}), 409, "ticket_closed_for_good")
    assert read(desk.agent, late, "/entries") == []
    tend_tickets()
    assert read(desk.agent, late)["state"] == "closed"
    assert read(desk.agent, late, "/history")[-1]["cause"] == "reopening_over"


def test_an_answer_of_the_requester_brings_it_back(desk: Desk) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="resolved")
    said(desk.requester, ticket, "It is broken again")
    assert read(desk.agent, ticket)["state"] == "open"
    changed(desk.agent, ticket, state="pending", **waiting(days=1))
    said(desk.agent, ticket, "We wait for the toner")
    assert read(desk.agent, ticket)["state"] == "pending"
    said(desk.requester, ticket, "I found some")
    assert read(desk.agent, ticket)["state"] == "open"


def test_the_requester_changes_the_state_and_nothing_else(desk: Desk) -> None:
    ticket = desk.ticket()
    for values in ({"priority": "urgent"}, {"title": "Mine"}, {"assignee_id": desk.requester.id}, {"state": "pending"}):
        refused(desk.requester.patch(f"/tickets/{ticket['id']}", values), 403, "ticket_field_not_yours")
    assert changed(desk.requester, ticket, state="closed", reason="Found it")["state"] == "closed"


def test_versions_keep_changes_apart(desk: Desk) -> None:
    ticket = desk.ticket()
    path, tag = f"/tickets/{ticket['id']}", f'"{ticket["version"]}"'
    assert desk.agent.patch(path, {"priority": "high"}, headers={"If-Match": tag}).status_code == 200
    refused(desk.agent.patch(path, {"priority": "low"}, headers={"If-Match": tag}), 412, "version_mismatch")
    assert read(desk.agent, ticket)["priority"] == "high"


def test_who_cannot_work_it_is_not_given_it(desk: Desk) -> None:
    ticket = desk.ticket()
    for person in (desk.requester, desk.company.person(Role.IT)):
        refused(desk.agent.patch(f"/tickets/{ticket['id']}", {"assignee_id": person.id}), 422, "assignee_cannot_work")
    given = changed(desk.agent, ticket, assignee_id=desk.other.id)
    assert given["assignee"]["id"] == desk.other.id
    assert any("Printer" in title for title in notified(desk.other))
    elsewhere = made(desk.company.admin, "/tickets/queues", name="Elsewhere", is_for_it=False)
    moved = changed(desk.agent, ticket, queue_id=elsewhere["id"])
    assert (moved["queue"]["name"], moved["assignee"]) == ("Elsewhere", None)


def test_for_somebody_else_only_the_desk_asks(desk: Desk) -> None:
    colleague = desk.company.person()
    values = {"title": "For them", "queue_id": desk.queue["id"], "requester_id": colleague.id}
    refused(desk.requester.post("/tickets", values), 403, "requester_not_yours")
    ticket = made(desk.agent, "/tickets", **values)
    assert ticket["requester"]["id"] == colleague.id
    assert any(f"#{ticket['number']}" in title or f"№{ticket['number']}" in title for title in notified(colleague))


def test_what_is_named_has_to_be_there(desk: Desk) -> None:
    nothing = "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"
    for name, code in (
        ("room_id", "room_not_found"),
        ("event_id", "event_not_found"),
        ("department_id", "department_not_found"),
        ("category_id", "ticket_category_not_found"),
        ("queue_id", "ticket_queue_not_found"),
        ("requester_id", "user_not_found"),
    ):
        refused(desk.agent.post("/tickets", {"title": "Hello", name: nothing}), 422, code)
    refused(desk.agent.post("/tickets", {"title": "Hello", "equipment_id": nothing}), 422, "equipment_needs_room")
    private = desk.company.admin.create_event()
    refused(desk.requester.post("/tickets", {"title": "Hello", "event_id": private["id"]}), 422, "event_not_found")
    own = desk.requester.create_event()
    assert desk.ticket(event_id=own["id"])["event_id"] == own["id"]


def test_several_at_once(desk: Desk) -> None:
    tickets = [desk.ticket() for _ in range(3)]
    changed(desk.agent, tickets[1], state="closed")
    nothing = "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"
    body = {
        "ticket_ids": [*(one["id"] for one in tickets), nothing],
        "changes": {"state": "pending", "pending_reason": "Toner", "pending_until": soon(days=1)},
    }
    tried = desk.agent.post("/tickets/bulk", body, params={"dry_run": True}).json()
    outcomes = [(item["outcome"], item["code"]) for item in tried["items"]]
    assert outcomes == [
        ("changed", None),
        ("refused", "ticket_transition"),
        ("changed", None),
        ("refused", "ticket_not_found"),
    ]
    assert read(desk.agent, tickets[0])["state"] == "new"
    done = desk.agent.post("/tickets/bulk", body).json()
    assert [item["outcome"] for item in done["items"]] == [outcome for outcome, _ in outcomes]
    assert [read(desk.agent, one)["state"] for one in tickets] == ["pending", "closed", "pending"]
    by_requester = desk.requester.post("/tickets/bulk", {**body, "changes": {"priority": "urgent"}}).json()
    assert {item["code"] for item in by_requester["items"]} == {"ticket_field_not_yours", "ticket_not_found"}


def test_an_administrator_deletes_with_all_that_hangs_on_it(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    said(desk.agent, ticket, "Hello")
    sent = desk.requester.call("POST", f"/tickets/{ticket['id']}/attachments?name=a.txt", content=b"text")
    assert sent.status_code == 201, sent.text
    refused(desk.agent.delete(f"/tickets/{ticket['id']}"), 403, "admin_only")
    assert desk.company.admin.delete(f"/tickets/{ticket['id']}").status_code == 204
    for table in ("ticket_entries", "ticket_attachments", "ticket_changes", "ticket_words"):
        row = database.execute(f"SELECT count(*) FROM {table} WHERE ticket_id = %s", [ticket["id"]]).fetchone()
        assert row == (0,)
    assert desk.ticket()["number"] == ticket["number"] + 1


def test_open_tickets_of_one_requester_are_bounded(desk: Desk) -> None:
    with settings(TICKETS_OPEN_MAX=1):
        ticket = desk.ticket()
        refused(desk.requester.post("/tickets", {"title": "More"}), 409, "too_many_open_tickets")
        changed(desk.requester, ticket, state="closed")
        desk.ticket()
