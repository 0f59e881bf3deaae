"""What a queue promises, counted in its hours; and what people are told before and after it is broken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine

from app.tasks.ticket_tasks import tend_tickets
from tests.support.desk import Desk, changed, made, notified, read, said, soon, tended
from tests.support.people import Company
from tests.support.planning import refused

OFFICE = [{"weekdays": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"}]
ALWAYS = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}]


@pytest.fixture
def desk(company: Company) -> Desk:
    """Around the clock: an answer within an hour, a solution within ten."""
    desk = Desk.open(company, service_hours=ALWAYS, time_zone="Europe/Berlin")
    desk.promise(first_answer_minutes=60, resolution_minutes=600, warn_minutes=30, again_minutes=120)
    return desk


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def moved(database: psycopg.Connection, ticket: dict[str, Any], **back: float) -> None:
    """As if all of it had happened so long ago."""
    for table, columns, key in (
        ("tickets", ("created_at", "first_answered_at", "resolved_at", "closed_at"), "id"),
        ("ticket_pauses", ("started_at", "ended_at"), "ticket_id"),
    ):
        listed = ", ".join(f"{column} = {column} - %(by)s" for column in columns)
        database.execute(
            f"UPDATE {table} SET {listed} WHERE {key} = %(id)s", {"by": timedelta(**back), "id": ticket["id"]}
        )
    database.execute("UPDATE tickets SET act_at = now() WHERE id = %s", [ticket["id"]])
    tend_tickets()


def test_a_ticket_says_what_is_due_when(desk: Desk) -> None:
    ticket = desk.ticket()
    made_at = at(ticket["created_at"])
    assert at(ticket["first_answer_due_at"]) == made_at + timedelta(hours=1)
    assert at(ticket["resolution_due_at"]) == made_at + timedelta(hours=10)
    sla = read(desk.requester, ticket, "/sla")
    assert sla["first_answer"] == {
        "minutes": 60,
        "state": "running",
        "due_at": ticket["first_answer_due_at"],
        "done_at": None,
        "left_minutes": sla["first_answer"]["left_minutes"],
    }
    assert sla["first_answer"]["left_minutes"] in (59, 60)
    assert (sla["queue"]["name"], sla["priority"], sla["time_zone"]) == ("Desk", "normal", "Europe/Berlin")
    assert sla["pauses"] == []


def test_in_the_hours_of_the_queue_without_holidays(company: Company, database: psycopg.Connection) -> None:
    desk = Desk.open(company, service_hours=OFFICE, time_zone="Europe/Moscow", holiday_country="RU")
    desk.promise(resolution_minutes=120)
    ticket = desk.ticket()
    # Friday the 11th of June 2027, 17:00 in Moscow; Monday is off for the Day of Russia, which is a Saturday.
    database.execute(
        "UPDATE tickets SET created_at = '2027-06-11T14:00Z', act_at = now() WHERE id = %s", [ticket["id"]]
    )
    tend_tickets()
    assert read(desk.agent, ticket)["resolution_due_at"] == "2027-06-15T07:00:00Z"
    sla = read(desk.agent, ticket, "/sla")
    assert {"day": "2027-06-14", "name": "День России (выходной)"} in sla["days_off"]
    assert sla["service_hours"] == OFFICE
    # The company works on that Monday after all.
    day = {"day": "2027-06-14", "is_working": True, "name": "Наш день"}
    assert company.admin.put("/holidays", day).status_code == 200
    tend_tickets()
    assert read(desk.agent, ticket)["resolution_due_at"] == "2027-06-14T07:00:00Z"
    assert company.admin.delete("/holidays?day=2027-06-14").status_code == 204
    tend_tickets()
    assert read(desk.agent, ticket)["resolution_due_at"] == "2027-06-15T07:00:00Z"


def test_over_a_clock_change(company: Company, database: psycopg.Connection) -> None:
    desk = Desk.open(company, service_hours=ALWAYS, time_zone="Europe/Berlin")
    desk.promise(resolution_minutes=24 * 60)
    ticket = desk.ticket()
    for made_at, due in (
        ("2027-03-27T12:00:00Z", "2027-03-28T12:00:00Z"),
        ("2027-10-30T12:00:00Z", "2027-10-31T12:00:00Z"),
    ):
        database.execute("UPDATE tickets SET created_at = %s, act_at = now() WHERE id = %s", [made_at, ticket["id"]])
        tend_tickets()
        assert read(desk.agent, ticket)["resolution_due_at"] == due
    # From 1:00 to 4:00 there are two hours in spring, four in autumn.
    night = [{"weekdays": [7], "start": "01:00", "end": "04:00"}]
    assert company.admin.patch(desk.path, {"service_hours": night}).status_code == 200
    desk.promise(resolution_minutes=150)
    for made_at, due in (
        ("2027-03-27T12:00:00Z", "2027-04-03T23:30:00Z"),
        ("2027-10-30T12:00:00Z", "2027-10-31T01:30:00Z"),
    ):
        database.execute("UPDATE tickets SET created_at = %s, act_at = now() WHERE id = %s", [made_at, ticket["id"]])
        tend_tickets()
        assert read(desk.agent, ticket)["resolution_due_at"] == due


def test_the_clock_stands_while_a_ticket_waits(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    said(desk.agent, ticket, "We look at it")
    due = at(read(desk.agent, ticket)["resolution_due_at"])
    waits = changed(desk.agent, ticket, state="pending", pending_reason="A part", pending_until=soon(days=3))
    assert (waits["resolution_due_at"], waits["first_answered_at"] is None) == (None, False)
    sla = read(desk.agent, ticket, "/sla")
    assert (sla["first_answer"]["state"], sla["resolution"]["state"]) == ("kept", "paused")
    database.execute(
        "UPDATE ticket_pauses SET started_at = started_at - interval '5 hours' WHERE ticket_id = %s", [ticket["id"]]
    )
    database.execute("UPDATE tickets SET created_at = created_at - interval '5 hours' WHERE id = %s", [ticket["id"]])
    goes_on = changed(desk.agent, ticket, state="open")
    # It was made five hours earlier by now, and stood as long.
    assert abs(at(goes_on["resolution_due_at"]) - due) < timedelta(seconds=20)
    (pause,) = read(desk.agent, ticket, "/sla")["pauses"]
    assert pause["state"] == "pending"
    assert at(pause["end"]) - at(pause["start"]) >= timedelta(hours=5)


def test_what_was_late_before_it_waited_stays_late(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    moved(database, ticket, hours=2)
    late = read(desk.agent, ticket)["first_answer_due_at"]
    waits = changed(desk.agent, ticket, state="pending", pending_reason="A part", pending_until=soon(days=3))
    assert (waits["first_answer_due_at"], waits["resolution_due_at"]) == (late, None)
    assert [one["number"] for one in desk.agent.get("/tickets", is_overdue=True).json()["items"]] == [ticket["number"]]
    said(desk.agent, ticket, "Sorry")
    sla = read(desk.agent, ticket, "/sla")
    assert (sla["first_answer"]["state"], sla["resolution"]["state"]) == ("broken", "paused")
    assert desk.agent.get("/tickets", is_overdue=True).json()["items"] == []


def test_the_first_answer_is_the_desks(desk: Desk) -> None:
    ticket = desk.ticket()
    said(desk.requester, ticket, "Hello?")
    said(desk.agent, ticket, "Let us see", kind="note")
    assert read(desk.agent, ticket)["first_answered_at"] is None
    said(desk.agent, ticket, "We come")
    answered = read(desk.agent, ticket)
    assert answered["first_answered_at"] is not None
    assert read(desk.agent, ticket, "/sla")["first_answer"]["state"] == "kept"


def test_another_priority_or_queue_is_counted_from_the_beginning(desk: Desk) -> None:
    slas = [
        {"priority": "normal", "resolution_minutes": 600},
        {"priority": "urgent", "resolution_minutes": 60},
    ]
    assert desk.company.admin.put(f"{desk.path}/slas", {"slas": slas}).status_code == 200
    ticket = desk.ticket()
    made_at = at(ticket["created_at"])
    assert at(changed(desk.agent, ticket, priority="urgent")["resolution_due_at"]) == made_at + timedelta(hours=1)
    slow = made(desk.company.admin, "/tickets/queues", name="Slow", service_hours=ALWAYS)
    promise = {"slas": [{"priority": "urgent", "resolution_minutes": 6000}]}
    assert desk.company.admin.put(f"/tickets/queues/{slow['id']}/slas", promise).status_code == 200
    moved_on = changed(desk.company.admin, ticket, queue_id=slow["id"])
    assert at(moved_on["resolution_due_at"]) == made_at + timedelta(hours=100)
    assert changed(desk.company.admin, ticket, priority="low")["resolution_due_at"] is None


def test_a_new_promise_counts_for_what_is_open(desk: Desk, database: psycopg.Connection) -> None:
    ticket, done = desk.ticket(), desk.ticket()
    database.execute("UPDATE tickets SET updated_at = now() - interval '1 hour' WHERE id = %s", [ticket["id"]])
    ticket = read(desk.agent, ticket)
    resolved = changed(desk.agent, done, state="resolved")
    desk.promise(resolution_minutes=30)
    tend_tickets()
    open_one = read(desk.agent, ticket)
    assert at(open_one["resolution_due_at"]) == at(ticket["created_at"]) + timedelta(minutes=30)
    assert open_one["updated_at"] == ticket["updated_at"]
    assert read(desk.agent, done)["resolution_due_at"] == resolved["resolution_due_at"] == done["resolution_due_at"]


def test_the_companys_own_hours_count_where_a_queue_has_none(company: Company) -> None:
    desk = Desk.open(company)
    desk.promise(resolution_minutes=60)
    desk.ticket()
    path = f"/organizations/{company.organization.id}"
    never = {"working_days": [(datetime.now(UTC) + timedelta(days=3)).isoweekday()]}
    assert company.admin.patch(path, never).status_code == 200
    tend_tickets()
    (ticket,) = desk.agent.get("/tickets").json()["items"]
    assert at(ticket["resolution_due_at"]) > datetime.now(UTC) + timedelta(days=2)


def test_people_are_told_before_and_after(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, assignee_id=desk.other.id)

    def told(person: Any) -> list[str]:
        words = ("Срок", "Просрочена", "Всё ещё")
        return [title.split(" ")[0] for title in notified(person) if title.startswith(words) and "первый" in title]

    moved(database, ticket, minutes=20)
    assert told(desk.other) == []
    moved(database, ticket, minutes=15)
    assert told(desk.other) == told(desk.agent) == ["Срок"]
    moved(database, ticket, minutes=1)
    assert told(desk.other) == ["Срок"]
    moved(database, ticket, minutes=30)
    assert told(desk.other) == ["Срок", "Просрочена"]
    moved(database, ticket, hours=2)
    assert told(desk.other) == ["Срок", "Просрочена", "Всё"]
    assert told(desk.requester) == []
    escalated = [one["after"] for one in read(desk.agent, ticket, "/history") if one["field"] == "escalated"]
    assert escalated == ["first_answer:before", "first_answer:breach", "first_answer:after"]
    assert read(desk.requester, ticket, "/history")[-1]["field"] != "escalated"
    assert read(desk.agent, ticket, "/sla")["first_answer"]["state"] == "breached"
    said(desk.other, ticket, "Sorry")
    assert read(desk.agent, ticket, "/sla")["first_answer"]["state"] == "broken"
    moved(database, ticket, hours=1)
    assert told(desk.other) == ["Срок", "Просрочена", "Всё"]


def test_what_waits_is_not_escalated(desk: Desk, database: psycopg.Connection) -> None:
    ticket = desk.ticket()
    changed(desk.agent, ticket, state="pending", pending_reason="A part", pending_until=soon(days=9))
    with time_machine.travel(soon(days=1)):
        tended(desk)
    assert not any(title.startswith(("Срок", "Просрочена")) for title in notified(desk.agent))


def test_a_promise_makes_sense(desk: Desk) -> None:
    admin = desk.company.admin
    for sla in (
        {"priority": "normal"},
        {"priority": "normal", "resolution_minutes": 0},
        {"priority": "soon", "resolution_minutes": 5},
    ):
        refused(admin.put(f"{desk.path}/slas", {"slas": [sla]}), 422, "invalid_request")
    twice = [{"priority": "low", "resolution_minutes": 5}] * 2
    refused(admin.put(f"{desk.path}/slas", {"slas": twice}), 422, "invalid_request")
    refused(desk.other.put(f"{desk.path}/slas", {"slas": []}), 403, "not_queue_manager")
    assert desk.agent.put(f"{desk.path}/slas", {"slas": []}).status_code == 200
    assert desk.requester.get(f"{desk.path}/slas").json()["items"] == []


def test_due_next_sorts_lists(desk: Desk) -> None:
    later, sooner = desk.ticket(), desk.ticket()
    changed(desk.agent, sooner, priority="low")
    said(desk.agent, later, "We come")
    items = desk.agent.get("/tickets", sort="next_due_at").json()["items"]
    assert [item["number"] for item in items] == [later["number"], sooner["number"]]
    assert datetime.now(UTC) < at(items[0]["resolution_due_at"])
