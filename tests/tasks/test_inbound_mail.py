"""Answers that come by mail: by a mail server's pipe, and from a mailbox (RFC 5546, RFC 6047, rules 15, 16 and 26)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.services.reply_key_service import make_key
from app.tasks.inbound_tasks import fetch_mail
from tests.support.guests import SECOND, forget_mails, read, told
from tests.support.imap import ImapServer
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings

GUEST = "guest@firm.example"
SECRET = "a secret of the mail server"
INTO = {"REPLY_ADDRESS": "planner+{key}@in.firm.example", "INBOUND_MAIL_SECRET": SECRET}
KIND = {"Content-Type": "message/rfc822", "Authorization": f"Bearer {SECRET}"}


@pytest.fixture(autouse=True)
def mail_comes_in() -> Iterator[None]:
    with settings(**INTO):
        yield


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def made(anna: Person) -> dict[str, Any]:
    return anna.create_event(participants=[{"email": GUEST}])


def address(company: Company, event_id: str, email: str = GUEST) -> str:
    return f"planner+{make_key(company.organization.id, UUID(event_id), email)}@in.firm.example"


def calendar(event: dict[str, Any], *lines: str, method: str = "REPLY", partstat: str = "ACCEPTED", **more: str) -> str:
    """A reply as programs write it; `more` replaces what it says."""
    values = {
        "UID": event["uid"],
        "DTSTAMP": "20260101T120000Z",
        "SEQUENCE": "0",
        "ORGANIZER": "mailto:planner@in.firm.example",
        **more,
    }
    attendee = f"ATTENDEE;CN=Guest;PARTSTAT={partstat}:MAILTO:{more.pop('email', GUEST)}"
    values.pop("email", None)
    properties = [f"{name}:{value}" for name, value in values.items()]
    return "\r\n".join(
        [
            *("BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{method}", "PRODID:-//Mozilla.org//EN", "BEGIN:VEVENT"),
            *(attendee, *properties, *lines),
            *("END:VEVENT", "END:VCALENDAR", ""),
        ]
    )


def mail(to: str, content: str, *headers: str, sender: str = GUEST, method: str = "REPLY") -> bytes:
    """What a program sends: text and the calendar beside it."""
    return "\r\n".join(
        [
            *(f"From: {sender}", f"To: Anna <{to}>", "Subject: Accepted: Meeting", "Message-ID: <1@elsewhere>"),
            *("Date: Thu, 01 Jan 2026 12:00:00 +0000", *headers, "MIME-Version: 1.0"),
            *('Content-Type: multipart/alternative; boundary="b"', "", "--b", "Content-Type: text/plain", "", "Yes"),
            *("--b", f"Content-Type: text/calendar; charset=UTF-8; method={method}", "", content, "--b--", ""),
        ]
    ).encode()


def hand_in(client: TestClient, content: bytes, **headers: str) -> tuple[str, str | None]:
    answer = accepted(client.post("/mail/inbound", content=content, headers={**KIND, **headers}))
    return answer["outcome"], answer["reason"]


def response(person: Person, event_id: str, **params: str) -> dict[str, Any]:
    (item,) = [item for item in read(person, {"id": event_id}, **params)["participants"] if item["email"] == GUEST]
    return dict(item)


def test_a_reply_to_the_secret_address_is_the_guests_answer(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any], database: psycopg.Connection
) -> None:
    forget_mails(database, company)
    to = address(company, made["id"])
    # Who it is from proves nothing, and hinders nothing.
    content = mail(to, calendar(made, "COMMENT:Gladly\\, Anna"), sender="someone@else.example")
    assert hand_in(client, content) == ("accepted", None)
    answered = response(anna, made["id"])
    assert (answered["response"], answered["comment"]) == ("accepted", "Gladly, Anna")
    assert told(database, company) == [(anna.email, "answered")]
    # The mail server may know better whom it took it for than the header does.
    content = mail("planner@in.firm.example", calendar(made, partstat="DECLINED", DTSTAMP="20260102T120000Z"))
    assert hand_in(client, content) == ("ignored", "not_addressed_to_us")
    assert hand_in(client, content, **{"X-Envelope-To": to.upper()}) == ("accepted", None)
    assert response(anna, made["id"])["response"] == "declined"


def test_rule_26_nothing_else_counts(client: TestClient, company: Company, anna: Person, made: dict[str, Any]) -> None:
    to = address(company, made["id"])
    good = calendar(made)
    other = anna.create_event(
        participants=[{"email": GUEST}], start_time="2027-04-01T09:00:00", end_time="2027-04-01T10:00:00"
    )
    ignored = {
        "key_unknown": mail(f"planner+{'a' * 26}@in.firm.example", good),
        "not_addressed_to_us": mail("anna@firm.example", good),
        "attendee_is_another": mail(to, calendar(made, email="thief@firm.example")),
        "uid_is_another": mail(to, calendar(other)),
        "auto_submitted": mail(to, good, "Auto-Submitted: auto-replied"),
        "bounce": mail(to, good, "Return-Path: <>"),
        "sent_by_program": mail(to, good, "Precedence: bulk"),
        "method_not_an_answer": mail(to, calendar(made, method="REQUEST")),
        "no_calendar": b"To: %s\r\nSubject: Hello\r\n\r\nI will come" % to.encode(),
        "uid_missing": mail(to, good.replace("UID:", "X-UID:")),
        "attendee_not_one": mail(to, good.replace("ATTENDEE", "X-ATTENDEE")),
        "event_missing": mail(to, "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n"),
        "recurrence_id_unreadable": mail(to, calendar(made, "RECURRENCE-ID:soon")),
        "unreadable": b"\x00\xff\r\n\r\n",
        "calendar_too_long": mail(to, good.replace("DTSTAMP", "X-A:b\r\n" * 6000 + "DTSTAMP")),
    }
    assert {reason: hand_in(client, content) for reason, content in ignored.items()} == {
        reason: ("ignored", reason) for reason in ignored
    }
    assert response(anna, made["id"])["response"] == "needs_action"
    with settings(INBOUND_MAIL_MAX_BYTES=1024):
        assert hand_in(client, mail(to, good) + b"x" * 2000) == ("ignored", "too_large")
    # What looks like the headers of programs in all sorts of wrong forms breaks nothing.
    for header in ("Date: nonsense", "Content-Disposition: ; ;", "To: <<>>,@,", "Auto-Submitted: no"):
        assert hand_in(client, mail(to, good, header))[0] in ("accepted", "ignored")


def test_rule_15_older_replies_are_dropped(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any]
) -> None:
    to = address(company, made["id"])
    for stamp, partstat, expected in (
        ("20260102T120000Z", "ACCEPTED", "accepted"),
        ("20260101T120000Z", "DECLINED", "accepted"),
        ("20260103T120000Z", "TENTATIVE", "tentative"),
    ):
        hand_in(client, mail(to, calendar(made, partstat=partstat, DTSTAMP=stamp)))
        assert response(anna, made["id"])["response"] == expected
    # Asked again since: an answer to what was before comes too late.
    accepted(anna.patch(f"/events/{made['id']}", {"end_time": "2027-03-22T11:00:00"}))
    hand_in(client, mail(to, calendar(made, DTSTAMP="20260104T120000Z")))
    assert response(anna, made["id"])["response"] == "needs_action"
    hand_in(client, mail(to, calendar(made, DTSTAMP="20260104T120000Z", SEQUENCE="1")))
    assert response(anna, made["id"])["response"] == "accepted"


def test_rule_16_a_reply_to_one_occurrence_is_for_that_one(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    made = anna.create_event(participants=[{"email": GUEST}], recurrence_rule="FREQ=WEEKLY;COUNT=5")
    forget_mails(database, company)
    to = address(company, made["id"])
    # As Outlook names zones.
    one = "RECURRENCE-ID;TZID=W. Europe Standard Time:20270329T090000"
    assert hand_in(client, mail(to, calendar(made, one, partstat="DECLINED"))) == ("accepted", None)
    assert response(anna, made["id"])["response"] == "needs_action"
    assert response(anna, made["id"], occurrence=SECOND)["response"] == "declined"
    # Nobody is invited again.
    assert told(database, company) == [(anna.email, "answered")]
    missing = "RECURRENCE-ID:20270330T070000Z"
    assert hand_in(client, mail(to, calendar(made, missing))) == ("ignored", "occurrence_not_found")


def test_a_counter_proposes_another_time(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any]
) -> None:
    times = ("DTSTART:20270322T140000Z", "DURATION:PT30M")
    content = calendar(made, *times, method="COUNTER", partstat="TENTATIVE")
    assert hand_in(client, mail(address(company, made["id"]), content)) == ("accepted", None)
    answered = response(anna, made["id"])
    assert answered["response"] == "tentative"
    assert (answered["proposed_start"], answered["proposed_end"]) == ("2027-03-22T14:00:00Z", "2027-03-22T14:30:00Z")
    day = calendar(made, "DTSTART;VALUE=DATE:20270322", method="COUNTER", DTSTAMP="20260105T120000Z")
    assert hand_in(client, mail(address(company, made["id"]), day)) == ("ignored", "proposal_of_another_kind")


def test_only_the_mail_server_hands_mail_in(client: TestClient, company: Company, made: dict[str, Any]) -> None:
    content = mail(address(company, made["id"]), calendar(made))
    wrong = {**KIND, "Authorization": "Bearer guess"}
    refused(client.post("/mail/inbound", content=content, headers=wrong), 401, "inbound_mail_secret")
    kind = {**KIND, "Content-Type": "text/plain"}
    refused(client.post("/mail/inbound", content=content, headers=kind), 415, "inbound_mail_kind")
    with settings(INBOUND_MAIL_SECRET=""):
        refused(client.post("/mail/inbound", content=content, headers=KIND), 404, "inbound_mail_off")


def test_a_mailbox_is_read_and_no_bad_mail_harms_another(company: Company, anna: Person, made: dict[str, Any]) -> None:
    to = address(company, made["id"])
    large = b"To: x@y.example\r\n\r\n" + b"x" * 5000
    with ImapServer() as server, settings(**server.settings, INBOUND_MAIL_MAX_BYTES=4096):
        server.deliver(b"\x00", large, mail(to, calendar(made)))
        assert fetch_mail() == 3
        assert server.seen == {1, 2, 3}
        # What is too large is not even fetched.
        assert server.fetched == [1, 3]
        assert fetch_mail() == 0
    assert response(anna, made["id"])["response"] == "accepted"
    with settings(**server.settings):
        assert fetch_mail() == 0, "a mailbox that is not there is tried again later"
    with ImapServer() as server, settings(**{**server.settings, "IMAP_PASSWORD": "wrong"}):
        server.deliver(b"\x00")
        assert fetch_mail() == 0
        assert server.seen == set()
