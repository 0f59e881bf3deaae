"""The daily mail."""

from datetime import UTC, datetime, time, timedelta

import psycopg
import pytest

from app.services.digest_service import next_due
from app.services.mail_templates import render
from app.tasks.email_tasks import send_daily_digests
from app.tasks.notification_tasks import create_notification
from tests.support.mail import Written, written_to
from tests.support.people import Company, Person
from tests.support.planning import accepted, at, refused, today


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna", language="en", time_zone="UTC")


def make_due(database: psycopg.Connection, person: Person) -> None:
    database.execute("UPDATE digest_settings SET due_at = now() WHERE user_id = %s", [person.id])


def digests(database: psycopg.Connection, person: Person) -> list[Written]:
    return [mail for mail in written_to(database, person.email) if mail.template == "digest"]


def test_it_tells_what_is_on_and_what_is_not_read_and_comes_once(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    assert accepted(anna.put("/notifications/digest", {"at": "08:00", "days": [3, 1, 3]})) == {
        "at": "08:00",
        "days": [1, 3],
    }
    guests = [{"user_id": anna.id}]
    company.admin.create_event(**at(today(), 13), title="Today", location="Roof", participants=guests)
    company.admin.create_event(**at(today(), 9), title="Also today", participants=guests)
    day = {
        "is_all_day": True,
        "time_zone": None,
        "start_time": f"{today()}",
        "end_time": f"{today() + timedelta(days=1)}",
    }
    anna.create_event(**day, title="All day")
    declined = company.admin.create_event(**at(today(), 15), title="Declined", participants=guests)
    accepted(anna.put(f"/events/{declined['id']}/response", {"response": "declined"}))
    create_notification(anna.id, "Read already")
    read = accepted(anna.get("/notifications"))["items"][0]
    accepted(anna.post(f"/notifications/{read['id']}/read"))
    create_notification(anna.id, "News")
    make_due(database, anna)
    assert send_daily_digests() >= 1
    (mail,) = digests(database, anna)
    assert mail.values["agenda"] == ["All day", "09:00–10:00 Also today", "13:00–14:00 Today, Roof"]
    assert mail.values["news"][0] == "News"
    assert "Read already" not in mail.values["news"]
    texts = render("digest", "en", mail.values)
    assert "13:00–14:00 Today, Roof" in texts.text
    assert "<li>News</li>" in texts.html
    assert "Сегодня" in render("digest", "ru", mail.values).text
    # The next one is due later, and tells only what is new.
    assert database.execute("SELECT due_at > now() FROM digest_settings WHERE user_id = %s", [anna.id]).fetchone() == (
        True,
    )
    make_due(database, anna)
    send_daily_digests()
    assert digests(database, anna)[1].values["news"] == []


def test_where_there_is_nothing_to_tell_none_comes_and_choices_are_kept_to(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    accepted(anna.put("/notifications/digest", {"at": "08:00"}))
    choices = [{"type": "message", "channel": "digest", "is_on": False}]
    accepted(anna.put("/notifications/preferences", {"choices": choices}))
    create_notification(anna.id, "Not for the mail")
    make_due(database, anna)
    send_daily_digests()
    assert digests(database, anna) == []
    assert accepted(anna.put("/notifications/digest", {"at": None})) == {"at": None, "days": []}
    assert accepted(anna.get("/notifications/digest")) == {"at": None, "days": []}
    refused(anna.put("/notifications/digest", {"at": "25:00"}), 422, "invalid_request")


def test_whoever_is_not_active_gets_none(company: Company, anna: Person, database: psycopg.Connection) -> None:
    accepted(anna.put("/notifications/digest", {"at": "08:00"}))
    create_notification(anna.id, "News")
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": False}))
    make_due(database, anna)
    send_daily_digests()
    assert digests(database, anna) == []


def test_it_keeps_its_time_on_the_clock_and_its_days() -> None:
    before = datetime(2026, 3, 27, 8, 0, tzinfo=UTC)
    # Friday at 09:00 in Berlin is over; on Sunday the clocks change.
    assert next_due(time(9), [1, 5, 7], "Europe/Berlin", before) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert next_due(time(9), [1, 5], "Europe/Berlin", before) == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    assert next_due(time(2, 30), [7], "Europe/Berlin", before) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
