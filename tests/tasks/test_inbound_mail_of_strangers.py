"""Mail as programs send it, and as nobody should: it counts, or is left alone at once and whole (rule 26)."""

from collections.abc import Iterator
from time import perf_counter
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.services import inbound_mail_service
from app.tasks.inbound_tasks import fetch_mail
from tests.support.guests import forget_mails, told
from tests.support.imap import ImapServer
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings
from tests.support.replies import PROGRAMS, answer_from
from tests.tasks.test_inbound_mail import GUEST, INTO, address, calendar, hand_in, mail, response

COUNTER = ("DTSTART:20270322T140000Z", "DTEND:20270322T150000Z")
AT_ONCE_SECONDS = 2.0


@pytest.fixture(autouse=True)
def mail_comes_in() -> Iterator[None]:
    with settings(**INTO):
        yield


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


@pytest.fixture
def made(anna: Person) -> dict[str, Any]:
    return anna.create_event(participants=[{"email": GUEST}, {"email": "other@firm.example"}])


def test_answers_of_the_usual_programs_count(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any]
) -> None:
    to = address(company, made["id"])
    answers = ("ACCEPTED", "TENTATIVE", "DECLINED", "ACCEPTED")
    for day, (program, answer) in enumerate(zip(PROGRAMS, answers, strict=True), start=1):
        stamp = f"202601{day:02}T120000Z"
        said = {"uid": made["uid"], "email": GUEST.title(), "answer": answer, "stamp": stamp, "comment": "Grüße"}
        assert hand_in(client, answer_from(program, to, **said)) == ("accepted", None), program
        answered = response(anna, made["id"])
        # Gmail writes what guests remark into a parameter of its own.
        expected = (answer.lower(), None if program == "gmail" else "Grüße")
        assert (answered["response"], answered["comment"]) == expected, program
    # In an encoding of old, and in one that is none.
    for day, charset in enumerate(("koi8-r", "utf-16"), start=10):
        content = calendar(made, "COMMENT:Приду", DTSTAMP=f"202601{day}T120000Z")
        head = f"To: {to}\r\nContent-Type: text/calendar; charset={charset}\r\n\r\n".encode()
        assert hand_in(client, head + content.encode(charset)) == ("accepted", None)
        assert response(anna, made["id"])["comment"] == "Приду"


def test_what_is_no_answer_changes_nothing(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any]
) -> None:
    to = address(company, made["id"])
    assert hand_in(client, mail(to, calendar(made))) == ("accepted", None)
    later = {"DTSTAMP": "20260102T120000Z"}
    # Who hands the invitation on has not said that they will stay away.
    for partstat in ("DELEGATED", "NEEDS-ACTION", "X-LATE"):
        assert hand_in(client, mail(to, calendar(made, partstat=partstat, **later))) == ("ignored", "answer_unknown")
    # A single event has no other occurrences.
    elsewhere = mail(to, calendar(made, "RECURRENCE-ID:20270323T080000Z", partstat="DECLINED", **later))
    assert hand_in(client, elsewhere) == ("ignored", "occurrence_not_found")
    assert response(anna, made["id"])["response"] == "accepted"
    refused(client.get(f"/rsvp/{to[8:34]}", params={"occurrence": "2027-03-23T09:00:00"}), 404, "occurrence_not_found")


def test_a_message_counts_as_a_whole_or_not_at_all(client: TestClient, company: Company, anna: Person) -> None:
    series = anna.create_event(participants=[{"email": GUEST}], recurrence_rule="FREQ=WEEKLY;COUNT=5")
    one = calendar(series)
    event = one[one.index("BEGIN:VEVENT") : one.index("END:VCALENDAR")]
    missing = event.replace("UID:", "RECURRENCE-ID:20270330T070000Z\r\nUID:")
    both = one.replace("END:VCALENDAR", f"{missing}END:VCALENDAR")
    assert hand_in(client, mail(address(company, series["id"]), both)) == ("ignored", "occurrence_not_found")
    assert response(anna, series["id"])["response"] == "needs_action"


def test_hostile_mail_is_left_alone_at_once(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any]
) -> None:
    to = address(company, made["id"])
    good = calendar(made)
    undated = mail(to, good.replace("DTSTAMP:20260101T120000Z\r\n", ""))
    head = f"To: {to}\r\n".encode()
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(90))
    parameters = b"".join(b';\r\n name*%d="a"' % number for number in range(30_000))
    messages = [
        undated.replace(b"Thu, 01 Jan 2026 12:00:00 +0000", b"Fri, 31 Dec 9999 23:59:59 -1400"),
        *(
            mail(to, good.replace("CN=Guest", "CN=+2AA-")).replace(b"charset=UTF-8", b"charset=" + charset)
            for charset in (b"undefined", b"utf-7", b"punycode", b'"utf\x008"')
        ),
        mail(to, calendar(made, "COMMENT:a\x00b")),
        *(mail(to, calendar(made, f"RECURRENCE-ID:{when}")) for when in ("99991231T235959", "00010101T000000")),
        *(
            mail(to, calendar(made, f"DTSTART{when}", "DURATION:PT1H", method="COUNTER"))
            for when in (":00010101T000000", ":99991231T235959Z", ";TZID=America/New_York:99991231T235959")
        ),
        # These keep the library's own parsers busy for up to a minute each.
        mail(to, good, "Cc: " + "(" * 3000),
        mail(to, good, "To: " + '"' * 50_000),
        mail(to, good, "Cc: " + "a@b.c," * 20_000),
        head + b"Content-Type: application/x" + parameters + b"\r\n\r\nx",
        head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 80_000,
        head + nested + b"--\r\n" * 200_000,
        head + nested,
        head + b"Content-Type: message/rfc822\r\n\r\n" * 3000,
        b"A: b\r\n" * 150_000 + mail(to, good),
    ]
    for number, content in enumerate(messages):
        began = perf_counter()
        assert hand_in(client, content)[0] in ("accepted", "ignored")
        assert perf_counter() - began < AT_ONCE_SECONDS, number
    assert "\x00" not in str(response(anna, made["id"])["comment"])


def test_a_guest_proposes_by_mail_and_the_host_decides(
    client: TestClient, company: Company, anna: Person, made: dict[str, Any], database: psycopg.Connection
) -> None:
    to = address(company, made["id"])
    # A COUNTER may name everybody who is invited.
    everybody = calendar(made, *COUNTER, method="COUNTER", partstat="TENTATIVE")
    everybody = everybody.replace("ATTENDEE", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:other@firm.example\r\nATTENDEE", 1)
    path = f"/events/{made['id']}/participants/proposal"
    other, boris = {"email": "other@firm.example"}, company.person()

    def decide(verb: str, person: Person = anna, **params: str) -> Any:
        return person.call("POST", f"{path}/{verb}", params={"email": GUEST, **params})

    refused(decide("accept"), 404, "proposal_not_found")
    assert hand_in(client, mail(to, everybody)) == ("accepted", None)
    refused(decide("accept", **other), 404, "proposal_not_found")
    refused(decide("accept", boris), 404, "event_not_found")
    forget_mails(database, company)
    kept = accepted(decide("decline"))
    assert kept["start_time"] == made["start_time"]
    assert told(database, company) == [(GUEST, "proposal_declined")]
    refused(decide("decline"), 404, "proposal_not_found")
    assert hand_in(client, mail(to, everybody.replace("20260101T", "20260102T"))) == ("accepted", None)
    preview = accepted(decide("accept", dry_run="true"))
    assert response(anna, made["id"])["proposed_start"], preview
    moved = accepted(decide("accept"))
    assert (moved["start_time"], moved["end_time"]) == ("2027-03-22T14:00:00Z", "2027-03-22T15:00:00Z")
    answered = response(anna, made["id"])
    assert (answered["response"], answered["proposed_start"]) == ("needs_action", None)


def test_a_message_waits_in_the_mailbox_while_the_database_cannot_take_it(
    company: Company, anna: Person, made: dict[str, Any]
) -> None:
    message = mail(address(company, made["id"]), calendar(made))
    gone = OperationalError("", {}, Exception("the server closed the connection"))
    with ImapServer() as server, settings(**server.settings):
        server.deliver(message, b"To: x@y.example\r\n\r\nNo answer")
        with patch.object(inbound_mail_service, "take_in", side_effect=[gone, inbound_mail_service.Outcome(False)]):
            assert fetch_mail() == 2
        assert server.seen == {2}
        assert response(anna, made["id"])["response"] == "needs_action"
        # What is wrong with one message does not pass: it is not tried for ever.
        server.deliver(b"To: x@y.example\r\n\r\nBad")
        with patch.object(inbound_mail_service, "take_in", side_effect=[gone, ValueError("bad")]):
            fetch_mail()
        assert server.seen == {2, 3}
        fetch_mail()
        assert server.seen == {1, 2, 3}
    assert response(anna, made["id"])["response"] == "accepted"
