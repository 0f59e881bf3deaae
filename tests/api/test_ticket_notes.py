"""A note never reaches the requester: not by the API, mail, search, feed, export or notification."""

import json
from typing import Any

import psycopg
import pytest

from app.models import Role
from app.services import ticket_search
from tests.support.desk import Desk, changed, listed, notified, read, said
from tests.support.people import Company, Person
from tests.support.planning import refused

SECRET = "xylophone"
LOUD = "He is a xylophone, do not tell him"


@pytest.fixture
def desk(company: Company) -> Desk:
    return Desk.open(company)


def noted(desk: Desk) -> dict[str, Any]:
    """A ticket with a note, and with an internal file."""
    ticket = desk.ticket()
    changed(desk.agent, ticket, assignee_id=desk.other.id)
    said(desk.agent, ticket, LOUD, kind="note", mentions=[desk.other.id])
    sent = desk.agent.call(
        "POST", f"/tickets/{ticket['id']}/attachments?name={SECRET}.txt&is_internal=true", content=SECRET.encode()
    )
    assert sent.status_code == 201, sent.text
    return ticket


def everything(person: Person, ticket: dict[str, Any]) -> str:
    """All that somebody can be told of a ticket, as text."""
    path = f"/tickets/{ticket['id']}"
    told = [
        *(
            person.get(path + part)
            for part in ("", "/entries", "/history", "/attachments", "/sla", "/links", "/meetings")
        ),
        *(person.get("/tickets", **params) for params in ({}, {"q": "Printer"}, {"is_mine": True})),
        *(person.get("/tickets/export", format=wanted) for wanted in ("csv",)),
        person.get("/tickets/board", queue_id=ticket["queue"]["id"]),
        person.get("/notifications", limit=100),
        person.get("/notifications/stream"),
        person.get("/events/stream"),
        person.get("/changes", sync_token=""),
    ]
    return "\n".join(answer.text for answer in told)


def test_the_desk_reads_notes(desk: Desk) -> None:
    ticket = noted(desk)
    for person in (desk.agent, desk.other, desk.company.admin):
        assert [entry["kind"] for entry in read(person, ticket, "/entries")] == ["note"]
        assert len(read(person, ticket, "/attachments")) == 1
        assert SECRET in everything(person, ticket)


@pytest.mark.parametrize("candidates", [0, ticket_search.CANDIDATES])
def test_the_requester_is_told_nothing(
    desk: Desk, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, candidates: int
) -> None:
    monkeypatch.setattr(ticket_search, "CANDIDATES", candidates)
    ticket = noted(desk)
    before = read(desk.requester, ticket)
    said(desk.agent, ticket, LOUD, kind="note")
    watcher = desk.company.person()
    assert desk.agent.put(f"/tickets/{ticket['id']}/watchers/{watcher.id}", None).status_code == 200
    for person in (desk.requester, watcher):
        assert SECRET not in everything(person, ticket)
        assert read(person, ticket, "/entries") == []
        assert read(person, ticket, "/attachments") == []
        assert listed(person, q=SECRET) == []
        workbook = person.get("/tickets/export", format="xlsx")
        assert workbook.status_code == 200
        assert SECRET.encode() not in workbook.content
        assert not any(SECRET in title for title in notified(person))
        mails = database.execute(
            "SELECT values::text FROM outbox_messages WHERE recipient = %s", [person.email]
        ).fetchall()
        assert SECRET not in json.dumps(mails)
    # Nothing even says that there is something.
    after = read(desk.requester, ticket)
    assert (after["updated_at"], after["version"]) == (before["updated_at"], before["version"])


def test_the_file_of_a_note_is_hidden_by_its_id_too(desk: Desk) -> None:
    ticket = noted(desk)
    (file,) = read(desk.agent, ticket, "/attachments")
    path = f"/tickets/{ticket['id']}/attachments/{file['id']}"
    assert desk.agent.get(f"{path}/content").content == SECRET.encode()
    refused(desk.requester.get(f"{path}/content"), 404, "attachment_not_found")
    refused(desk.requester.delete(path), 404, "attachment_not_found")


def test_who_works_the_queue_is_a_requester_too(desk: Desk) -> None:
    ticket = desk.ticket(by=desk.agent)
    said(desk.other, ticket, LOUD, kind="note")
    assert SECRET not in everything(desk.agent, ticket).replace("Anna Agent", "")
    assert listed(desk.agent, q=SECRET) == []
    refused(
        desk.agent.post(f"/tickets/{ticket['id']}/entries", {"body": "x", "kind": "note"}), 403, "ticket_note_not_yours"
    )


def test_who_does_not_work_it_writes_no_notes(desk: Desk) -> None:
    ticket = desk.ticket()
    body = {"body": "x", "kind": "note"}
    refused(desk.requester.post(f"/tickets/{ticket['id']}/entries", body), 403, "ticket_note_not_yours")
    sent = desk.requester.call("POST", f"/tickets/{ticket['id']}/attachments?name=a&is_internal=true", content=b"x")
    refused(sent, 403, "ticket_note_not_yours")


def test_a_note_mentions_only_who_reads_it(desk: Desk) -> None:
    ticket = desk.ticket()
    helper = desk.company.person(Role.IT)
    for person in (desk.requester, helper):
        body = {"body": LOUD, "kind": "note", "mentions": [person.id]}
        refused(desk.agent.post(f"/tickets/{ticket['id']}/entries", body), 422, "ticket_mention_not_reader")
    said(desk.agent, ticket, LOUD, kind="note", mentions=[desk.other.id])
    assert any(SECRET in title for title in notified(desk.other))
    reply = said(desk.agent, ticket, "Look", mentions=[desk.requester.id])
    assert [one["id"] for one in reply["mentions"]] == [desk.requester.id]


def test_notes_go_along_when_tickets_are_merged(desk: Desk) -> None:
    ticket, into = noted(desk), desk.ticket(by=desk.company.person())
    answer = desk.agent.post(f"/tickets/{ticket['id']}/merge", {"into_id": into["id"]})
    assert answer.status_code == 200, answer.text
    assert SECRET not in everything(desk.requester, into)
    assert SECRET in everything(desk.agent, into)
    assert listed(desk.agent, q=SECRET) == [into["number"]]
    assert listed(desk.requester, q=SECRET) == []


def test_who_was_given_a_ticket_reads_its_notes_until_it_is_taken_away(desk: Desk) -> None:
    ticket = noted(desk)
    outside = desk.company.person()
    desk.members((desk.agent, "manage"), (outside, "work"))
    changed(desk.agent, ticket, assignee_id=outside.id)
    desk.members((desk.agent, "manage"))
    assert SECRET in everything(outside, ticket)
    changed(desk.agent, ticket, assignee_id=None)
    assert outside.get(f"/tickets/{ticket['id']}").status_code == 404
    assert listed(outside, q=SECRET) == []
