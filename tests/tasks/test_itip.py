"""Mail that calendars understand (RFC 5546, 6047), as it comes out of a real SMTP server."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from icalendar import Calendar

from app.tasks.email_tasks import send_event_invitation, send_outbox
from tests.support.guests import SECOND, THIRD, answer, department, forget_mails
from tests.support.mail import MailServer, body_of
from tests.support.people import Company, Person, event
from tests.support.planning import MISSING_ID, accepted, settings

WEEKLY = "FREQ=WEEKLY;COUNT=5"
# A second before the third occurrence, which is where the series was cut (rule 12).
ENDED = b"FREQ=WEEKLY;UNTIL=20270405T065959Z"
GUEST = "guest@firm.example"
REPLY_ADDRESS = "planner+{key}@in.firm.example"


@pytest.fixture(autouse=True)
def only_own_mail(database: psycopg.Connection) -> None:
    database.execute("UPDATE outbox_messages SET failed_at = now() WHERE sent_at IS NULL AND failed_at IS NULL")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server, settings(**server.settings, MAIL_GATHER_SECONDS=0):
        yield server


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Анна, Отдел 7")


@pytest.fixture
def boris(company: Company) -> Person:
    return company.person(full_name="Boris")


def invited(*people: Person, guests: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    participants = [{"user_id": person.id} for person in people] + [{"email": email} for email in guests]
    return {"participants": participants, **more}


def received(server: MailServer, email: str) -> list[EmailMessage]:
    """The mails that have come for an address since the last call."""
    send_outbox()
    mails = server.mails_to(email)
    server.contents[:] = [item for item in server.contents if item[0] != email]
    return mails


def calendar_of(mail: EmailMessage) -> Calendar:
    """The calendar part, whose method, file and bytes must fit together."""
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (file,) = [part for part in mail.walk() if part.get_content_type() == "application/ics"]
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.replace(b"\r\n", b"\n") == file.get_payload(decode=True).replace(b"\r\n", b"\n")  # type: ignore[union-attr]
    assert all(len(line) <= 75 for line in file.get_payload(decode=True).split(b"\r\n"))  # type: ignore[union-attr]
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    assert str(calendar["METHOD"]) == part.get_param("method")
    assert part.get_param("charset") == "utf-8"
    return calendar


def events_of(mail: EmailMessage) -> list[Any]:
    return list(calendar_of(mail).walk("VEVENT"))


def attendees_of(event: Any) -> dict[str, str]:
    """PARTSTAT by e-mail."""
    listed = event.get("ATTENDEE", [])
    found = listed if isinstance(listed, list) else [listed]
    return {str(address).removeprefix("mailto:"): address.params["PARTSTAT"] for address in found}


def test_an_invitation_is_a_request_that_programs_show_with_buttons(
    company: Company, anna: Person, boris: Person, server: MailServer
) -> None:
    accepted(company.admin.patch(f"/organizations/{company.organization.id}", {"locale": "en"}))
    room = company.admin.create_room(name="Синяя")
    made = anna.create_event(
        **invited(boris, guests=(GUEST,)), title="Планёрка; с \\ и ,", location="Roof", room_id=room["id"]
    )
    (mail,) = received(server, GUEST)
    assert mail.get_content_type() == "multipart/mixed"
    alternative, file = mail.iter_parts()
    assert [part.get_content_type() for part in alternative.iter_parts()] == [
        *("text/plain", "text/html", "text/calendar"),
    ]
    assert file.get_filename() == "invite.ics"
    calendar = calendar_of(mail)
    assert str(calendar["METHOD"]) == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert str(event["UID"]) == made["uid"]
    assert (event["SEQUENCE"], str(event["SUMMARY"]), str(event["LOCATION"])) == (
        0,
        "Планёрка; с \\ и ,",
        "Roof, Синяя",
    )
    assert event["DTSTART"].dt.isoformat() == "2027-03-22T09:00:00+01:00"
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert str(event["ORGANIZER"]) == f"mailto:{anna.email}"
    assert event["ORGANIZER"].params["CN"] == "Анна, Отдел 7"
    assert attendees_of(event) == {boris.email: "NEEDS-ACTION", GUEST: "NEEDS-ACTION"}
    plain = body_of(mail, "plain")
    links = re.findall(r"(\S+)\?response=(\w+)", plain)
    assert [response for _, response in links] == ["accepted", "tentative", "declined"]
    assert len({link for link, _ in links}) == 1
    assert "/api/v1/rsvp/" in links[0][0]
    assert links[0][0] in body_of(mail, "html")
    assert "Room: Синяя" in plain
    # Each has a link of their own; the organizer gets no mail about what they did.
    (other,) = received(server, boris.email)
    assert links[0][0] not in body_of(other, "plain")
    assert received(server, anna.email) == []


def test_the_organizers_address_is_a_secret_one_of_each_invitation_where_mail_comes_in(
    anna: Person, boris: Person, server: MailServer
) -> None:
    with settings(REPLY_ADDRESS=REPLY_ADDRESS):
        made = anna.create_event(**invited(boris, guests=(GUEST,)))
        first, second = received(server, GUEST), received(server, boris.email)
        assert anna.delete(f"/events/{made['id']}").status_code == 204
        cancelled = received(server, GUEST)
    addresses = [str(events_of(mail)[0]["ORGANIZER"]) for mail in (*first, *second, *cancelled)]
    assert all(re.fullmatch(r"mailto:planner\+[a-z2-7]{26}@in\.firm\.example", address) for address in addresses)
    # Whoever cancels is who invited, or programs would not believe it.
    assert addresses[0] == addresses[2] != addresses[1]


def test_a_series_tells_its_rule_its_zone_and_the_occurrences_that_differ(
    anna: Person, boris: Person, server: MailServer
) -> None:
    made = anna.create_event(**invited(boris), recurrence_rule=WEEKLY)
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=5"
    assert "5" in body_of(mail, "plain")
    path = f"/events/{made['id']}"
    moved = {"start_time": "2027-03-29T15:00:00", "end_time": "2027-03-29T16:00:00"}
    accepted(anna.patch(path, moved, params={"occurrence": SECOND, "scope": "this"}))
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    # The instant of the original start, after the change of the clocks (rule 10).
    assert event["RECURRENCE-ID"].dt.astimezone(UTC) == datetime.fromisoformat(SECOND)
    assert event["DTSTART"].dt.isoformat() == "2027-03-29T15:00:00+02:00"
    assert event["SEQUENCE"] == 1
    assert (str(event["UID"]), event.get("RRULE")) == (made["uid"], None)
    assert "29" in body_of(mail, "plain")
    # A change of the whole says all of it again.
    accepted(anna.patch(path, {"title": "Other"}))
    (mail,) = received(server, boris.email)
    master, override = events_of(mail)
    assert str(master["SUMMARY"]) == str(override["SUMMARY"]) == "Other"
    assert override["RECURRENCE-ID"].dt.astimezone(UTC) == datetime.fromisoformat(SECOND)


def test_a_deleted_occurrence_and_a_deleted_series_are_cancels(anna: Person, boris: Person, server: MailServer) -> None:
    made = anna.create_event(**invited(boris), recurrence_rule=WEEKLY)
    received(server, boris.email)
    path = f"/events/{made['id']}"
    assert anna.delete(path, params={"occurrence": THIRD, "scope": "this"}).status_code == 204
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert str(calendar_of(mail)["METHOD"]) == "CANCEL"
    assert event["RECURRENCE-ID"].dt.astimezone(UTC) == datetime.fromisoformat(THIRD)
    assert (str(event["STATUS"]), event["SEQUENCE"] >= 1) == ("CANCELLED", True)
    assert anna.delete(path).status_code == 204
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert str(calendar_of(mail)["METHOD"]) == "CANCEL"
    assert (str(event["UID"]), "RECURRENCE-ID" in event, str(event["STATUS"])) == (made["uid"], False, "CANCELLED")
    # One more than anything that was said before (rule 15).
    assert event["SEQUENCE"] == 2
    assert "?response=" not in body_of(mail, "plain")


def test_this_and_following_ends_the_old_series_and_begins_a_new_one(
    anna: Person, boris: Person, server: MailServer, database: psycopg.Connection
) -> None:
    made = anna.create_event(**invited(boris), recurrence_rule=WEEKLY)
    received(server, boris.email)
    later = {"start_time": "2027-04-05T15:00:00", "end_time": "2027-04-05T16:00:00"}
    params = {"occurrence": THIRD, "scope": "following"}
    new = accepted(anna.patch(f"/events/{made['id']}", later, params=params))
    mails = {str(events_of(mail)[0]["UID"]): mail for mail in received(server, boris.email)}
    assert mails.keys() == {made["uid"], new["uid"]}
    (old,) = events_of(mails[made["uid"]])
    assert (old["RRULE"].to_ical(), old["SEQUENCE"]) == (ENDED, 1)
    (part,) = events_of(mails[new["uid"]])
    assert part["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=3"
    assert str(part["RELATED-TO"]) == made["uid"]
    # In the application it is one piece of news.
    news = database.execute(
        "SELECT type FROM notifications WHERE user_id = %s AND type = 'event_changed'", [boris.id]
    ).fetchall()
    assert len(news) == 1


def test_deleting_the_rest_of_a_series_shortens_it(anna: Person, boris: Person, server: MailServer) -> None:
    made = anna.create_event(**invited(boris), recurrence_rule=WEEKLY)
    received(server, boris.email)
    assert anna.delete(f"/events/{made['id']}", params={"occurrence": THIRD, "scope": "following"}).status_code == 204
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert str(calendar_of(mail)["METHOD"]) == "REQUEST"
    assert (str(event["UID"]), event["RRULE"].to_ical()) == (made["uid"], ENDED)


def test_who_is_taken_out_gets_a_cancel_and_who_stays_nothing(anna: Person, boris: Person, server: MailServer) -> None:
    made = anna.create_event(**invited(boris, guests=(GUEST,)))
    received(server, boris.email), received(server, GUEST)
    accepted(anna.patch(f"/events/{made['id']}", invited(boris)))
    (mail,) = received(server, GUEST)
    assert str(calendar_of(mail)["METHOD"]) == "CANCEL"
    assert GUEST in attendees_of(events_of(mail)[0])
    assert received(server, boris.email) == []


def test_rule_16_a_guest_of_one_occurrence_gets_that_one_and_one_taken_out_of_it_an_exdate(
    anna: Person, boris: Person, company: Company, server: MailServer
) -> None:
    clara = company.person()
    made = anna.create_event(**invited(boris, clara), recurrence_rule=WEEKLY)
    received(server, boris.email), received(server, clara.email)
    path = f"/events/{made['id']}"
    one = {"occurrence": SECOND, "scope": "this"}
    accepted(anna.patch(path, invited(boris, guests=(GUEST,)), params=one))
    (mail,) = received(server, GUEST)
    (event,) = events_of(mail)
    assert event["RECURRENCE-ID"].dt.astimezone(UTC) == datetime.fromisoformat(SECOND)
    (mail,) = received(server, clara.email)
    assert str(calendar_of(mail)["METHOD"]) == "CANCEL"
    assert events_of(mail)[0]["RECURRENCE-ID"].dt.astimezone(UTC) == datetime.fromisoformat(SECOND)
    # What is said of the whole later does not bring it back.
    accepted(anna.patch(path, {"location": "Roof"}))
    (mail,) = received(server, clara.email)
    (event,) = events_of(mail)
    assert event["EXDATE"].dts[0].dt.astimezone(UTC) == datetime.fromisoformat(SECOND)
    (mail,) = received(server, boris.email)[-1:]
    assert len(events_of(mail)) == 2


def test_an_all_day_event_is_dates_in_every_zone(anna: Person, boris: Person, server: MailServer) -> None:
    days = {"start_time": "2027-03-22", "end_time": "2027-03-24", "time_zone": None, "is_all_day": True}
    anna.create_event(**invited(boris), **days)
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2027, 3, 22), date(2027, 3, 24))
    assert calendar_of(mail).walk("VTIMEZONE") == []


def test_guests_who_may_not_see_each_other_find_themselves_alone(
    anna: Person, boris: Person, company: Company, server: MailServer
) -> None:
    sales = department(company, "Sales")
    clara = company.person()
    accepted(company.admin.patch(f"/users/{clara.id}", {"department_id": sales}))
    made = anna.create_event(**invited(boris, guests=(GUEST,)), guests_can_see_guests=False)
    answer(boris, made, "accepted")
    both = [{"user_id": boris.id}, {"email": GUEST}, {"department_id": sales}]
    accepted(anna.patch(f"/events/{made['id']}", {"participants": both, "location": "Roof"}))
    for email, response in ((boris.email, "ACCEPTED"), (GUEST, "NEEDS-ACTION"), (clara.email, "NEEDS-ACTION")):
        mail = received(server, email)[-1]
        # Also whoever is invited with a department is asked in person.
        assert attendees_of(events_of(mail)[0]) == {email: response}


def test_ten_changes_in_a_minute_are_one_mail_that_says_the_last(
    anna: Person, boris: Person, server: MailServer, database: psycopg.Connection
) -> None:
    made = anna.create_event(**invited(boris), title="First")
    received(server, boris.email)
    with settings(MAIL_GATHER_SECONDS=60):
        for number in range(10):
            at = {"start_time": f"2027-03-22T1{number}:00:00", "end_time": f"2027-03-22T1{number}:30:00"}
            accepted(anna.patch(f"/events/{made['id']}", {**at, "title": f"Number {number}"}))
        assert received(server, boris.email) == []
    database.execute("UPDATE outbox_messages SET due_at = now() WHERE recipient = %s", [boris.email])
    (mail,) = received(server, boris.email)
    (event,) = events_of(mail)
    assert (str(event["SUMMARY"]), event["SEQUENCE"]) == ("Number 9", 10)
    plain = body_of(mail, "plain")
    # What was before the first of them.
    assert "First" in plain
    assert "09:00" in plain
    assert "19:00" in plain


def test_a_cancellation_leaves_at_once_and_takes_the_place_of_a_change_that_waits(
    anna: Person, boris: Person, server: MailServer
) -> None:
    made = anna.create_event(**invited(boris))
    received(server, boris.email)
    with settings(MAIL_GATHER_SECONDS=60):
        accepted(anna.patch(f"/events/{made['id']}", {"title": "Other"}))
        assert anna.delete(f"/events/{made['id']}").status_code == 204
        (mail,) = received(server, boris.email)
    assert str(calendar_of(mail)["METHOD"]) == "CANCEL"


def test_mails_of_an_event_leave_in_their_order_and_stay_together(
    anna: Person, boris: Person, server: MailServer, database: psycopg.Connection
) -> None:
    made = anna.create_event(**invited(boris))
    server.answers[boris.email] = "451 come back later"
    send_outbox()
    del server.answers[boris.email]
    assert anna.delete(f"/events/{made['id']}").status_code == 204
    # The cancellation is due, the invitation waits for its next attempt.
    assert received(server, boris.email) == []
    database.execute("UPDATE outbox_messages SET due_at = now() WHERE recipient = %s", [boris.email])
    mails = received(server, boris.email)
    assert [str(calendar_of(mail)["METHOD"]) for mail in mails] == ["REQUEST", "CANCEL"]
    assert len({mail["Message-ID"] for mail in mails}) == 2
    assert len({mail["References"] for mail in mails}) == 1
    assert mails[0]["References"] == mails[0]["In-Reply-To"]


def test_each_reads_in_their_own_language_and_zone(
    anna: Person, boris: Person, server: MailServer, database: psycopg.Connection
) -> None:
    database.execute("UPDATE users SET language = 'en', time_zone = 'Asia/Almaty' WHERE id = %s", [boris.id])
    anna.create_event(**invited(boris, guests=(GUEST,)))
    (mail,) = received(server, boris.email)
    assert mail["Content-Language"] == "en"
    assert "13:00 (Asia/Almaty)" in body_of(mail, "plain")
    (mail,) = received(server, GUEST)
    assert mail["Content-Language"] == "ru"
    assert "09:00 (Europe/Berlin)" in body_of(mail, "plain")


def test_a_delegate_is_named(company: Company, anna: Person, boris: Person, server: MailServer) -> None:
    accepted(anna.post("/delegations", {"delegate_id": boris.id}), 201)
    body = {"title": "X", "start_time": "2027-03-22T09:00:00", "end_time": "2027-03-22T10:00:00", "time_zone": "UTC"}
    headers = {"X-On-Behalf-Of": anna.id}
    accepted(boris.call("POST", "/events", json={**body, **invited(guests=(GUEST,))}, headers=headers), 201)
    (mail,) = received(server, GUEST)
    organizer = events_of(mail)[0]["ORGANIZER"]
    assert str(organizer) == f"mailto:{anna.email}"
    assert organizer.params["SENT-BY"] == f"mailto:{boris.email}"


def test_rule_18_nobody_is_told_where_the_client_says_so(anna: Person, boris: Person, server: MailServer) -> None:
    body = event(**invited(boris, guests=(GUEST,)))
    made = accepted(anna.post("/events", body, params={"notify": "outside"}), 201)
    assert received(server, boris.email) == []
    assert len(received(server, GUEST)) == 1
    accepted(anna.patch(f"/events/{made['id']}", {"title": "Silent"}, params={"notify": "nobody"}))
    assert received(server, GUEST) == []


def test_an_organizer_elsewhere_gets_a_reply_and_a_counter(
    company: Company, boris: Person, server: MailServer, database: psycopg.Connection
) -> None:
    made = boris.create_event(**invited(boris), title="Theirs")
    database.execute(
        "UPDATE events SET organizer_email = 'host@elsewhere.example', uid = 'their-uid', sequence = 4 WHERE id = %s",
        [made["id"]],
    )
    forget_mails(database, company)
    answer(boris, made, "accepted", comment="Gladly")
    (mail,) = received(server, "host@elsewhere.example")
    (event,) = events_of(mail)
    assert str(calendar_of(mail)["METHOD"]) == "REPLY"
    assert attendees_of(event) == {boris.email: "ACCEPTED"}
    assert (str(event["UID"]), event["SEQUENCE"], str(event["COMMENT"])) == ("their-uid", 4, "Gladly")
    assert str(event["ORGANIZER"]) == "mailto:host@elsewhere.example"
    other = {"proposed_start": "2027-03-22T14:00:00Z", "proposed_end": "2027-03-22T15:00:00Z"}
    answer(boris, made, "tentative", **other)
    (mail,) = received(server, "host@elsewhere.example")
    (event,) = events_of(mail)
    assert str(calendar_of(mail)["METHOD"]) == "COUNTER"
    assert event["DTSTART"].dt == datetime(2027, 3, 22, 14, tzinfo=UTC)


def test_three_hundred_guests_share_one_text(anna: Person, database: psycopg.Connection) -> None:
    emails = tuple(f"guest-{number}@firm.example" for number in range(300))
    made = anna.create_event(**invited(guests=emails))
    rows = database.execute(
        "SELECT count(*), count(DISTINCT itip_id) FROM outbox_messages WHERE thread = %s", [made["id"]]
    ).fetchone()
    assert rows == (300, 1)


def test_the_task_of_the_document_invites_once_more(anna: Person, boris: Person, server: MailServer) -> None:
    made = anna.create_event(**invited(boris, guests=(GUEST,)))
    (first,) = received(server, GUEST)
    assert send_event_invitation(made["id"], GUEST.upper())
    (again,) = received(server, GUEST)
    assert str(calendar_of(again)["METHOD"]) == "REQUEST"
    assert (again["References"], events_of(again)[0]["UID"]) == (first["References"], events_of(first)[0]["UID"])
    # One more promise, to nobody else.
    assert again["Message-ID"] != first["Message-ID"]
    assert len(received(server, boris.email)) == 1
    for event_id, email in ((made["id"], "stranger@firm.example"), (MISSING_ID, GUEST), ("none", GUEST)):
        assert send_event_invitation(event_id, email) is False
    assert received(server, "stranger@firm.example") == []
