"""What people were told in the application: listing, reading, forgetting; and that choices are kept to."""

from uuid import UUID

import psycopg
import pytest

from app.core.ids import new_id
from app.tasks.cleanup_tasks import cleanup_old_notifications
from app.tasks.notification_tasks import create_notification
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused


@pytest.fixture
def anna(company: Company) -> Person:
    return company.person(full_name="Anna")


def titles(person: Person, **params: object) -> list[str]:
    return [item["title"] for item in accepted(person.get("/notifications", **params))["items"]]


def unread(person: Person) -> int:
    count: int = accepted(person.get("/notifications/unread-count"))["count"]
    return count


def test_an_invitation_is_told_with_its_reason_and_lists_are_newest_first(company: Company, anna: Person) -> None:
    made = company.admin.create_event(title="Plan", participants=[{"user_id": anna.id}])
    create_notification(anna.id, "Hello")
    first, second = accepted(anna.get("/notifications"))["items"]
    assert (first["type"], first["title"]) == ("message", "Hello")
    assert (second["type"], second["reason"], second["event_id"]) == ("invitation", "participant", made["id"])
    assert "Plan" in second["title"]
    assert second["reason_text"]
    assert titles(anna, type="message") == ["Hello"]
    assert all_pages(anna, "/notifications", limit=1) == [[first], [second]]


def test_reading_counts_once_and_can_be_taken_back(anna: Person) -> None:
    for text in ("One", "Two", "Three"):
        create_notification(anna.id, text)
    assert unread(anna) == 3
    item = accepted(anna.get("/notifications"))["items"][0]
    read = accepted(anna.post(f"/notifications/{item['id']}/read"))
    assert read["read_at"]
    assert accepted(anna.post(f"/notifications/{item['id']}/read"))["read_at"] == read["read_at"]
    assert (unread(anna), titles(anna, unread="true")) == (2, ["Two", "One"])
    assert accepted(anna.post(f"/notifications/{item['id']}/unread"))["read_at"] is None
    assert unread(anna) == 3


def test_all_are_read_that_were_there_and_what_arrives_meanwhile_stays(
    anna: Person, database: psycopg.Connection
) -> None:
    for text in ("Old", "New"):
        create_notification(anna.id, text)
    database.execute(
        "UPDATE notifications SET created_at = '2026-01-01T00:00:00Z' WHERE user_id = %s AND title = 'Old'", [anna.id]
    )
    params = {"up_to": "2026-01-02T00:00:00+01:00"}
    assert anna.post("/notifications/read-all", params=params).status_code == 204
    assert titles(anna, unread="true") == ["New"]
    assert anna.post("/notifications/read-all").status_code == 204
    assert unread(anna) == 0
    # A time without an offset could mean two things.
    naive = anna.post("/notifications/read-all", params={"up_to": "2026-01-02T00:00:00"})
    refused(naive, 422, "invalid_request")


def test_a_notification_is_ones_own_and_can_be_forgotten(company: Company, anna: Person) -> None:
    create_notification(anna.id, "Mine")
    item = accepted(anna.get("/notifications"))["items"][0]
    for path in (f"/notifications/{item['id']}", f"/notifications/{MISSING_ID}"):
        refused(company.admin.post(f"{path}/read"), 404, "notification_not_found")
        refused(company.admin.delete(path), 404, "notification_not_found")
    assert titles(company.admin) == []
    assert anna.delete(f"/notifications/{item['id']}").status_code == 204
    assert titles(anna) == []


def test_ten_changes_leave_one_unread_notification(company: Company, anna: Person) -> None:
    made = company.admin.create_event(title="First", participants=[{"user_id": anna.id}])
    for number in range(10):
        accepted(company.admin.patch(f"/events/{made['id']}", {"title": f"Number {number}"}))
    (changed,) = titles(anna, type="event_changed")
    assert "Number 9" in changed
    assert company.admin.delete(f"/events/{made['id']}").status_code == 204
    assert titles(anna, type="event_changed") == []
    assert len(titles(anna, type="event_cancelled")) == 1


def test_choices_by_type_channel_and_calendar_are_kept_to(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    quiet = accepted(company.admin.post("/calendars", {"name": "Quiet", "is_public": True}), 201)["id"]
    choose = (
        "INSERT INTO notification_choices (organization_id, id, user_id, type, channel, calendar_id, choice)"
        " VALUES (%s, %s, %s, 'invitation', %s, %s, %s)"
    )
    for channel, calendar, choice in (("in_app", quiet, "off"), ("mail", quiet, "off"), ("mail", None, "on")):
        database.execute(choose, [company.organization.id, new_id(), anna.id, channel, calendar, choice])
    invited = {"participants": [{"user_id": anna.id}]}
    company.admin.create_event(calendar_id=quiet, **invited)
    assert (titles(anna), written_to(database, anna.email)) == ([], [])
    company.admin.create_event(**invited)
    assert len(titles(anna)) == len(written_to(database, anna.email)) == 1


def test_mail_waits_until_quiet_hours_are_over_and_the_application_does_not(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    database.execute(
        "INSERT INTO notification_settings (organization_id, user_id, quiet_from, quiet_to)"
        " SELECT %s, %s, here - interval '1 hour', here + interval '1 hour'"
        " FROM (SELECT (now() AT TIME ZONE 'Europe/Berlin')::time AS here) clock",
        [company.organization.id, anna.id],
    )
    company.admin.create_event(participants=[{"user_id": anna.id}])
    assert len(titles(anna)) == 1
    waits = database.execute(
        "SELECT due_at BETWEEN now() + interval '58 minutes' AND now() + interval '61 minutes' FROM outbox_messages"
        " WHERE user_id = %s",
        [anna.id],
    ).fetchall()
    assert waits == [(True,)]


def test_who_is_not_active_any_more_is_told_nothing(company: Company, anna: Person) -> None:
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": False}))
    assert create_notification(anna.id, "Too late") is False
    assert create_notification(str(UUID(MISSING_ID)), "Nobody") is False


def test_what_is_old_is_forgotten(anna: Person, database: psycopg.Connection) -> None:
    for text in ("Old", "New"):
        create_notification(anna.id, text)
    database.execute(
        "UPDATE notifications SET created_at = now() - interval '31 days' WHERE user_id = %s AND title = 'Old'",
        [anna.id],
    )
    assert cleanup_old_notifications() >= 1
    assert titles(anna) == ["New"]
