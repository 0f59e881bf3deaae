"""Mail about meetings: who is told what, in which language, zone and words (rule 18)."""

from typing import Any

import psycopg
import pytest

from app.services.mail_templates import MailTexts, render
from tests.support.guests import THIRD, WEEKLY, answer, department, forget_mails, told
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted

GUEST = "guest@firm.example"


def mail_to(database: psycopg.Connection, email: str) -> MailTexts:
    """The newest mail to an address, as its reader gets it."""
    written = written_to(database, email)[-1]
    return render(written.template, written.language, written.values)


@pytest.fixture
def anna(company: Company) -> Person:
    """The organizer, who has a name."""
    accepted(company.admin.patch(f"/users/{company.admin.id}", {"full_name": "Anna <b>"}))
    return company.admin


def speak(company: Company, locale: str) -> None:
    accepted(company.admin.patch(f"/organizations/{company.organization.id}", {"locale": locale}))


@pytest.mark.parametrize(
    ("locale", "subject", "line", "when"),
    [
        ("en", "Invitation: Meeting", "invites you to a meeting", "22 March 2027, 13:00 (Asia/Almaty)"),
        ("ru", "Приглашение: Meeting", "приглашает вас на встречу", "22 марта 2027 г., 13:00 (Asia/Almaty)"),
    ],
)
def test_an_invitation_tells_the_time_in_the_readers_zone_and_the_companys_language(
    company: Company, anna: Person, database: psycopg.Connection, locale: str, subject: str, line: str, when: str
) -> None:
    speak(company, locale)
    boris = company.person(time_zone="Asia/Almaty")
    guests = [{"user_id": boris.id}, {"email": GUEST}]
    anna.create_event(participants=guests, location="Roof", recurrence_rule=WEEKLY)
    mail = mail_to(database, boris.email)
    assert mail.subject == subject
    assert f"Anna <b> {line}" in mail.text
    assert "Anna &lt;b&gt;" in mail.html
    for part in (when, "Roof", "Meeting"):
        assert part in mail.text
        assert part in mail.html
    # A guest from outside reads it in the company's zone.
    assert "09:00 (Europe/Berlin)" in mail_to(database, GUEST).text


@pytest.mark.parametrize(("locale", "day"), [("en", "22 March 2027"), ("ru", "22 марта 2027 г.")])
def test_an_all_day_meeting_is_told_by_its_date_in_every_zone(
    company: Company, anna: Person, database: psycopg.Connection, locale: str, day: str
) -> None:
    speak(company, locale)
    boris = company.person(time_zone="America/Los_Angeles")
    days = {"start_time": "2027-03-22", "end_time": "2027-03-23", "time_zone": None, "is_all_day": True}
    made = anna.create_event(participants=[{"user_id": boris.id}], **days)
    mail = mail_to(database, boris.email)
    assert day in mail.text
    assert "00:00" not in mail.text + mail.html
    assert "Los_Angeles" not in mail.text
    answer(boris, made, "tentative", proposed_start="2027-03-24", proposed_end="2027-03-25")
    assert day.replace("22", "24") in mail_to(database, anna.email).text


@pytest.mark.parametrize(
    ("locale", "subject", "proposed"),
    [
        ("en", "Boris: may come: Meeting", "Proposed time: 22 March 2027, 15:00 (Europe/Berlin)"),
        ("ru", "Boris: возможно, придёт: Meeting", "Предложенное время: 22 марта 2027 г., 15:00 (Europe/Berlin)"),
    ],
)
def test_an_answer_tells_the_organizer_who_what_and_why(
    company: Company, anna: Person, database: psycopg.Connection, locale: str, subject: str, proposed: str
) -> None:
    speak(company, locale)
    boris = company.person(full_name="Boris")
    made = anna.create_event(participants=[{"user_id": boris.id}])
    times = {"proposed_start": "2027-03-22T15:00:00", "proposed_end": "2027-03-22T16:00:00"}
    answer(boris, made, "tentative", comment="Later, <please>", **times)
    mail = mail_to(database, anna.email)
    assert mail.subject == subject
    assert "Later, <please>" in mail.text
    assert "Later, &lt;please&gt;" in mail.html
    assert proposed in mail.text
    assert proposed in mail.html
    assert accepted(anna.post(f"/events/{made['id']}/participants/{boris.id}/proposal/decline"))
    declined = mail_to(database, boris.email)
    assert declined.subject in ("The time stays: Meeting", "Время прежнее: Meeting")
    assert "09:00 (Europe/Berlin)" in declined.text


@pytest.mark.parametrize("notify", ["all", "outside", "nobody"])
@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("PATCH", "", {"title": "Other"}, "changed"),
        ("PATCH", "", {"start_time": "2027-03-22T11:00:00", "end_time": "2027-03-22T12:00:00"}, "changed"),
        ("DELETE", "", None, "cancelled"),
        ("PATCH", "", {"participants": []}, "cancelled"),
    ],
)
def test_rule_18_every_edit_says_who_is_told(
    company: Company,
    anna: Person,
    database: psycopg.Connection,
    notify: str,
    method: str,
    path: str,
    body: Any,
    why: str,
) -> None:
    boris = company.person()
    made = anna.create_event(participants=[{"user_id": anna.id}, {"user_id": boris.id}, {"email": GUEST}])
    forget_mails(database, company)
    changed = anna.call(method, f"/events/{made['id']}{path}", json=body, params={"notify": notify})
    assert changed.status_code in (200, 204)
    expected = {"all": [(boris.email, why), (GUEST, why)], "outside": [(GUEST, why)], "nobody": []}
    assert told(database, company) == sorted(expected[notify])


@pytest.mark.parametrize("notify", ["all", "outside", "nobody"])
def test_rule_18_creating_and_inviting_say_who_is_told(
    company: Company, anna: Person, database: psycopg.Connection, notify: str
) -> None:
    boris = company.person()
    body = {
        "title": "Meeting",
        "start_time": "2027-03-22T09:00:00Z",
        "end_time": "2027-03-22T10:00:00Z",
        "participants": [{"user_id": boris.id}, {"email": GUEST}],
    }
    made = accepted(anna.call("POST", "/events", json=body, params={"notify": notify}), 201)
    expected = {"all": [(boris.email, "invited"), (GUEST, "invited")], "outside": [(GUEST, "invited")], "nobody": []}
    assert told(database, company) == sorted(expected[notify])
    forget_mails(database, company)
    path = f"/events/{made['id']}/participants"
    accepted(anna.call("POST", path, json={"user_id": company.person().id}, params={"notify": notify}), 201)
    assert len(told(database, company)) == (1 if notify == "all" else 0)


def test_people_of_departments_are_told_once_and_whoever_acts_is_not(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    sales = department(company, "Sales")
    north = department(company, "North", parent_id=sales)
    boris, vera = company.person(department_id=sales), company.person(department_id=north)
    database.execute("UPDATE users SET department_id = %s WHERE id = %s", [sales, anna.id])
    gone = company.person(department_id=sales)
    database.execute("UPDATE users SET is_active = false WHERE id = %s", [gone.id])
    anna.create_event(participants=[{"department_id": sales}, {"department_id": north}, {"user_id": vera.id}])
    assert told(database, company) == sorted([(boris.email, "invited"), (vera.email, "invited")])


def test_what_concerns_nobody_is_told_to_nobody(company: Company, anna: Person, database: psycopg.Connection) -> None:
    boris = company.person()
    made = anna.create_event(participants=[{"user_id": boris.id}])
    forget_mails(database, company)
    for values in ({"description": "More"}, {"transparency": "transparent"}, {"guests_can_invite": True}):
        accepted(anna.patch(f"/events/{made['id']}", values))
    accepted(anna.patch(f"/events/{made['id']}", {"title": made["title"]}))
    assert told(database, company) == []


def test_only_guests_of_one_occurrence_are_told_of_it(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    boris, vera = company.person(), company.person()
    series = anna.create_event(recurrence_rule=WEEKLY, participants=[{"user_id": boris.id}])
    path, one = f"/events/{series['id']}", {"occurrence": THIRD}
    only = {"participants": [{"user_id": vera.id}]}
    forget_mails(database, company)
    accepted(anna.call("PATCH", path, json=only, params=one))
    assert told(database, company) == sorted([(boris.email, "cancelled"), (vera.email, "invited")])
    forget_mails(database, company)
    accepted(anna.call("PATCH", path, json={"location": "Roof"}, params=one))
    assert told(database, company) == [(vera.email, "changed")]
    mail = mail_to(database, vera.email)
    assert "5 April 2027" in mail.text or "5 апреля 2027" in mail.text
