"""People from outside book on a page: plain forms, a link in a mail, and nothing of what is not theirs."""

import re
from html import unescape
from typing import Any

import icalendar
import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.support.desk import notified
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings
from tests.support.slots import MONDAY, at, free, host, kind

HTML = {"Accept": "text/html", "Accept-Language": "en"}
GUEST = "guest@firm.example"


@pytest.fixture(autouse=True)
def no_mails(database: psycopg.Connection) -> None:
    """Of the tests before."""
    database.execute("DELETE FROM outbox_messages WHERE recipient = %s", [GUEST])


@pytest.fixture
def anna(company: Company) -> Person:
    return host(company, full_name="Anna <b>")


def page_of(offered: dict[str, Any]) -> str:
    return str(offered["public_url"]).rpartition("/api/v1")[2]


def form_of(client: TestClient, offered: dict[str, Any], start: str = at(9), **values: Any) -> str:
    """Choose a time; the address of the form."""
    chosen = client.post(page_of(offered), data={"start": start, **values}, headers=HTML, follow_redirects=False)
    assert chosen.status_code == 303, chosen.text
    return str(chosen.headers["location"]).replace("..", "")


def link_in(database: psycopg.Connection, email: str = GUEST) -> str:
    """The link in the newest mail."""
    return str(written_to(database, email)[-1].values["url"]).rpartition("/api/v1")[2]


def sent(client: TestClient, form: str, **values: Any) -> Any:
    return client.post(form, data={"do": "submit", "name": "Gus", "email": GUEST, **values}, headers=HTML)


def confirmed(client: TestClient, database: psycopg.Connection, offered: dict[str, Any], start: str = at(9)) -> str:
    """Book as the guest; the address of the appointment's page."""
    assert sent(client, form_of(client, offered, start)).status_code == 200
    link = link_in(database)
    assert client.post(link, data={"do": "confirm"}, headers=HTML).status_code == 200
    return link


def whats(database: psycopg.Connection) -> list[str]:
    return [mail.values["what"] for mail in written_to(database, GUEST) if mail.template == "appointment"]


def test_from_the_page_to_the_meeting(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    company.admin.patch(f"/organizations/{company.organization.id}", {"locale": "en"})
    questions = [{"key": "topic", "label": "Topic <i>", "required": True}]
    offered = kind(anna, is_public=True, name="Talk & more", description="Come <in>", questions=questions)
    page = client.get(f"{page_of(offered)}?day={MONDAY}&time_zone=Asia/Tokyo", headers=HTML)
    assert page.status_code == 200
    for part in ("Talk &amp; more", "Come &lt;in&gt;", "18:00", "19:00", "20:00", "Monday"):
        assert part in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    form = form_of(client, offered, time_zone="Asia/Tokyo")
    # It is kept while the form is filled in.
    assert free(company.admin, offered) == ["10:00", "11:00"]
    shown = client.get(form, headers=HTML)
    assert "Topic &lt;i&gt;" in shown.text
    assert "18:00 (Asia/Tokyo)" in shown.text
    refused(client.post(form, data={"do": "submit", "name": "Gus", "email": GUEST}), 422, "answer_missing")
    answer = sent(client, form, answer_topic="Contract")
    assert f"mail to {GUEST}" in answer.text
    # Whoever only has the form's address cannot confirm.
    refused(client.post(form, data={"do": "confirm"}), 404, "appointment_not_found")
    link = link_in(database)
    opened = client.get(link, headers=HTML)
    assert "Confirm" in opened.text
    assert written_to(database, GUEST)[-1].values["what"] == "confirm"
    assert notified(anna) == []
    done = client.post(link, data={"do": "confirm"}, headers=HTML)
    assert "It is booked." in done.text
    assert whats(database) == ["confirm", "confirmed"]
    booking = accepted(anna.get("/slots/bookings"))["items"][0]
    assert (booking["email"], booking["answers"], booking["time_zone"]) == (GUEST, {"topic": "Contract"}, "Asia/Tokyo")
    event = accepted(anna.get(f"/events/{booking['event_id']}"))
    assert (event["title"], event["description"]) == ("Talk & more: Gus", "Topic <i>: Contract")
    assert [(one["email"], one["response"]) for one in event["participants"]] == [(GUEST, "accepted")]
    # The invitation comes along with the mail.
    itip = database.execute(
        "SELECT i.method, i.content FROM outbox_messages m JOIN itip_messages i ON i.id = m.itip_id"
        " WHERE m.recipient = %s",
        [GUEST],
    ).fetchall()
    assert [method for method, _ in itip] == ["REQUEST"]
    # Pressed twice is once.
    assert client.post(link, data={"do": "confirm"}, headers=HTML).status_code == 200
    assert len(accepted(anna.get("/slots/bookings"))["items"]) == 1


def test_in_russian_too(client: TestClient, anna: Person) -> None:
    offered = kind(anna, is_public=True)
    page = client.get(f"{page_of(offered)}?day={MONDAY}&language=ru", headers=HTML)
    assert "понедельник" in page.text
    assert "Время показано" in page.text
    # Whoever chose a language keeps it.
    form = form_of(client, offered, language="ru")
    assert "Имя" in client.get(form, headers=HTML).text
    nothing = client.get(f"{page_of(offered)}?day={MONDAY}", headers={"Accept": "text/html", "Accept-Language": "ru"})
    assert '<html lang="ru">' in nothing.text


def test_move_and_cancel_by_the_link(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True, max_moves=1)
    link = confirmed(client, database, offered)
    times = client.get(f"{link}?move=yes&day={MONDAY}&time_zone=UTC", headers=HTML)
    # Its own time is none to move to.
    assert re.findall(r">(\d\d:\d\d)</button>", times.text)[:3] == ["10:00", "11:00", "09:00"]
    moved = client.post(link, data={"do": "move", "start": at(11)}, headers=HTML)
    assert "11:00 (" in moved.text or "12:00 (" in moved.text
    assert free(company.admin, offered) == ["09:00", "10:00"]
    refused(client.post(link, data={"do": "move", "start": at(10)}), 409, "appointment_moved_often")
    assert "move=yes" not in client.get(link, headers=HTML).text
    gone = client.post(link, data={"do": "cancel", "reason": "Ill"}, headers=HTML)
    assert "It does not take place." in gone.text
    assert free(company.admin, offered) == ["09:00", "10:00", "11:00"]
    assert whats(database) == ["confirm", "confirmed", "moved", "cancelled"]
    booking = accepted(anna.get("/slots/bookings"))["items"][0]
    assert (booking["state"], booking["reason"]) == ("cancelled", "Ill")
    refused(client.post(link, data={"do": "cancel"}), 409, "appointment_is_over")


def test_too_late_to_change(client: TestClient, anna: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, is_public=True, change_until_minutes=366 * 1440)
    link = confirmed(client, database, offered)
    assert "Cancel it" not in client.get(link, headers=HTML).text
    refused(client.post(link, data={"do": "cancel"}), 409, "appointment_too_near")
    refused(client.get(f"{link}?move=yes"), 404, "appointment_not_found")


def test_for_calendars(client: TestClient, anna: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, is_public=True, place="Room 5")
    form = form_of(client, offered)
    refused(client.get(f"{form}/calendar.ics"), 404, "appointment_not_found")
    sent(client, form)
    link = link_in(database)
    client.post(link, data={"do": "confirm"})
    answer = client.get(f"{link}/calendar.ics")
    event = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")[0]
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Talk", "Room 5")
    assert event.decoded("DTSTART").isoformat() == f"{MONDAY}T09:00:00+00:00"
    booking = accepted(anna.get("/slots/bookings"))["items"][0]
    assert str(event["UID"]) == accepted(anna.get(f"/events/{booking['event_id']}"))["uid"]


def test_nothing_about_other_meetings_leaks(client: TestClient, company: Company, anna: Person) -> None:
    offered = kind(anna, is_public=True)
    anna.create_event(title="Secret", start_time=at(10), end_time=at(11), location="Secret place")
    page = client.get(f"{page_of(offered)}?day={MONDAY}&time_zone=UTC", headers=HTML)
    assert re.findall(r">(\d\d:\d\d)</button>", page.text)[:2] == ["09:00", "11:00"]
    for secret in ("Secret", anna.email, anna.id, str(company.organization.id)):
        assert secret not in page.text
    taken = client.post(page_of(offered), data={"start": at(10)}, headers=HTML)
    assert taken.status_code == 409
    assert "Secret" not in taken.text
    assert '<a href="?">Back to the page</a>' in taken.text


def test_visitors_of_a_group_do_not_see_each_other(
    client: TestClient, anna: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True, capacity=3)
    confirmed(client, database, offered)
    other = form_of(client, offered)
    client.post(other, data={"do": "submit", "name": "Olga", "email": "olga@firm.example"}, headers=HTML)
    link = link_in(database, "olga@firm.example")
    page = client.post(link, data={"do": "confirm"}, headers=HTML)
    assert GUEST not in page.text
    hides = database.execute(
        "SELECT i.hides_guests FROM outbox_messages m JOIN itip_messages i ON i.id = m.itip_id WHERE m.recipient = %s",
        ["olga@firm.example"],
    ).fetchall()
    assert hides == [(True,)]


def test_the_honeypot_and_limits(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True)
    form = form_of(client, offered)
    fooled = sent(client, form, website="https://spam.example")
    assert fooled.status_code == 200
    assert "We have sent" in fooled.text or "we have sent" in fooled.text
    assert written_to(database, GUEST) == []
    with settings(SLOT_HOLDS_PER_ADDRESS=2):
        form_of(client, offered, at(10))
        refused(client.post(page_of(offered), data={"start": at(11)}), 429, "too_many_slot_holds")
    with settings(APPOINTMENTS_PER_EMAIL=1):
        sent(client, form)
        refused(
            client.post(form_of(client, offered, at(11)), data={"do": "submit", "name": "Gus", "email": GUEST}),
            409,
            "too_many_appointments",
        )


def test_a_time_is_kept_only_so_long(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True)
    first = form_of(client, offered)
    database.execute(
        "UPDATE appointments SET act_at = now() - interval '1 second' WHERE organization_id = %s",
        [company.organization.id],
    )
    assert free(company.admin, offered) == ["09:00", "10:00", "11:00"]
    refused(client.get(first), 404, "appointment_not_found")
    refused(client.post(first, data={"do": "submit", "name": "Gus", "email": GUEST}), 409, "slot_hold_expired")
    # It gives way to whoever comes next.
    second = form_of(client, offered)
    assert sent(client, second).status_code == 200


def test_what_is_taken_meanwhile_is_told(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    offered = kind(anna, is_public=True)
    sent(client, form_of(client, offered))
    anna.create_event(start_time=at(9), end_time=at(9, 30))
    late = client.post(link_in(database), data={"do": "confirm"}, headers=HTML)
    assert late.status_code == 409
    assert "choose another one" in unescape(late.text)
    assert accepted(anna.get("/slots/bookings"))["items"][0]["state"] == "unconfirmed"


def test_pages_that_are_not_there(client: TestClient, anna: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, is_public=True)
    page = page_of(offered)
    accepted(anna.patch(f"/slots/kinds/{offered['id']}", {"is_public": False}))
    refused(client.get(page), 404, "appointment_kind_not_found")
    for key in ("x", "a" * 64, "%00"):
        assert client.get(f"/book/{key}").status_code in (404, 422)
        assert client.get(f"/appointments/{key}", headers=HTML).status_code in (404, 422)
    accepted(anna.patch(f"/slots/kinds/{offered['id']}", {"is_public": True}))
    form = form_of(client, offered)
    forged = f"{form[:-1]}{'A' if form[-1] != 'A' else 'B'}"
    refused(client.get(forged), 404, "appointment_not_found")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"start": "tomorrow"}, 422),
        ({"start": "2027-01-01"}, 422),
        ({"start": "2027-01-01T09:00:00"}, 422),
        ({"start": at(9), "minutes": "61"}, 422),
        ({"start": at(9), "minutes": "9" * 30}, 422),
        ({"start": at(9), "time_zone": "Mars"}, 422),
        ({"start": "9999-12-31T23:59:59Z"}, 422),
    ],
)
def test_bad_forms_are_refused(client: TestClient, anna: Person, fields: dict[str, str], status: int) -> None:
    offered = kind(anna, is_public=True)
    assert client.post(page_of(offered), data=fields).status_code == status


def test_bad_steps_are_refused(client: TestClient, anna: Person) -> None:
    form = form_of(client, kind(anna, is_public=True))
    for fields in (
        {"do": "destroy"},
        {"do": "submit"},
        {"do": "submit", "name": "Gus", "email": "nobody"},
        {"do": "submit", "name": "G" * 300, "email": GUEST},
        {"do": "submit", "name": "Gus\x00", "email": GUEST},
        {"do": "move", "start": "soon"},
        {"do": "submit", "name": "Gus", "email": GUEST, "answer_x": "1"},
    ):
        answer = client.post(form, data=fields)
        assert answer.status_code == 422, (fields, answer.text)
    wrong = client.post(form, data={"do": "submit", "name": "Gus", "email": "nobody"}, headers=HTML)
    assert "Please give an e-mail address." in wrong.text
    refused(client.post(form, data={"do": "cancel"}), 409, "appointment_is_over")
    refused(client.post(form, content=b"\xff\xfe", headers={"Content-Type": "text/plain"}), 422, "bad_request")


def test_approval_by_a_host(client: TestClient, anna: Person, database: psycopg.Connection) -> None:
    offered = kind(anna, is_public=True, needs_approval=True)
    sent(client, form_of(client, offered))
    waits = client.post(link_in(database), data={"do": "confirm"}, headers=HTML)
    assert "passed on" in waits.text
    booking = accepted(anna.get("/slots/bookings"))["items"][0]
    assert booking["may_decide"] is True
    accepted(anna.post(f"/slots/bookings/{booking['id']}/decision", {"is_approved": True}))
    assert whats(database) == ["confirm", "pending", "confirmed"]


def test_a_colleague_who_books_on_the_page_is_a_colleague(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    boris = company.person()
    form = form_of(client, kind(anna, is_public=True))
    client.post(form, data={"do": "submit", "name": "Boris", "email": boris.email}, headers=HTML)
    client.post(link_in(database, boris.email), data={"do": "confirm"}, headers=HTML)
    booking = accepted(boris.get("/slots/bookings"))["items"][0]
    assert booking["user"]["id"] == boris.id
    assert accepted(boris.get(f"/events/{booking['event_id']}"))["participants"][0]["response"] == "accepted"


def test_of_a_room_that_is_booked_along(
    client: TestClient, company: Company, anna: Person, database: psycopg.Connection
) -> None:
    room = company.admin.create_room(name="Blue")
    link = confirmed(client, database, kind(anna, is_public=True, room_id=room["id"]))
    assert "Where: Blue" in client.get(link, headers=HTML).text
