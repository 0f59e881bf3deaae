"""What people were told in the application: listing, reading, forgetting; and that choices are kept to."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.core import tenancy
from app.db import SessionLocal
from app.models.base import now
from app.services import room_notice_service
from app.services.room_notice_service import RoomNotice, RoomWhy
from app.tasks.cleanup_tasks import cleanup_old_notifications
from app.tasks.notification_tasks import create_notification
from tests.support.mail import written_to
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings


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
    choices = [
        {"type": "invitation", "channel": channel, "calendar_id": calendar, "is_on": is_on}
        for channel, calendar, is_on in (("in_app", quiet, False), ("mail", quiet, False), ("mail", None, True))
    ]
    accepted(anna.put("/notifications/preferences", {"choices": choices}))
    invited = {"participants": [{"user_id": anna.id}]}
    company.admin.create_event(calendar_id=quiet, **invited)
    assert (titles(anna), written_to(database, anna.email)) == ([], [])
    company.admin.create_event(**invited)
    assert len(titles(anna)) == len(written_to(database, anna.email)) == 1


def test_mail_waits_until_quiet_hours_are_over_and_the_application_does_not(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    here = datetime.now(ZoneInfo("Europe/Berlin"))
    begins, ends = (f"{here + timedelta(minutes=minutes):%H:%M}" for minutes in (-60, 60))
    accepted(anna.put("/notifications/quiet-hours", {"start": begins, "end": ends}))
    company.admin.create_event(participants=[{"user_id": anna.id}])
    assert len(titles(anna)) == 1
    waits = database.execute(
        "SELECT due_at BETWEEN now() + interval '57 minutes' AND now() + interval '61 minutes' FROM outbox_messages"
        " WHERE recipient = %s",
        [anna.email],
    ).fetchall()
    assert waits == [(True,)]
    # A room that is offered is no use tomorrow.
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        notice = RoomNotice(RoomWhy.CHECK_IN, [UUID(anna.id)], "Blue", now(), url="https://planner.example")
        room_notice_service.tell(session, company.organization.id, [notice])
    left = "SELECT due_at <= now() FROM outbox_messages WHERE recipient = %s AND template = 'room_notice'"
    assert database.execute(left, [anna.email]).fetchall() == [(True,)]
    accepted(anna.put("/notifications/quiet-hours", {"start": None, "end": None}))
    assert accepted(anna.get("/notifications/quiet-hours")) == {"start": None, "end": None, "days": []}


def test_who_is_not_active_any_more_is_told_nothing(company: Company, anna: Person) -> None:
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": False}))
    assert create_notification(anna.id, "Too late") is False
    assert create_notification(str(UUID(MISSING_ID)), "Nobody") is False
    assert create_notification("nobody at all", "Nobody") is False


def test_what_is_old_is_forgotten(anna: Person, database: psycopg.Connection) -> None:
    for text in ("Old", "New"):
        create_notification(anna.id, text)
    database.execute(
        "UPDATE notifications SET created_at = now() - interval '31 days' WHERE user_id = %s AND title = 'Old'",
        [anna.id],
    )
    assert cleanup_old_notifications() >= 1
    assert titles(anna) == ["New"]


def test_nobody_keeps_more_than_the_bound(anna: Person, database: psycopg.Connection) -> None:
    database.execute(
        "INSERT INTO notifications (organization_id, id, user_id, type, reason, title, reason_text, created_at)"
        " SELECT organization_id, gen_random_uuid(), id, 'message', 'addressed', 'Number ' || number, '',"
        " now() - number * interval '1 minute' FROM users CROSS JOIN generate_series(1, 105) number WHERE id = %s",
        [anna.id],
    )
    with settings(NOTIFICATIONS_PER_USER_MAX=100):
        assert cleanup_old_notifications() >= 5
    kept = titles(anna, limit=500)
    assert (len(kept), kept[-1]) == (100, "Number 100")


def test_a_long_message_is_told_whole(anna: Person) -> None:
    create_notification(anna.id, "x" * 3000)
    (item,) = accepted(anna.get("/notifications"))["items"]
    assert item["title"].endswith("x …")
    assert item["body"] == "x" * 3000


def test_choices_are_shown_with_what_holds_for_everybody(company: Company, anna: Person) -> None:
    path = "/notifications/preferences"
    shown = accepted(anna.get(path))["choices"]
    assert {choice["is_default"] for choice in shown} == {True}
    off = [(choice["type"], choice["channel"]) for choice in shown if not choice["is_on"]]
    assert off == [("comment", "mail")]
    answer = {"type": "answer", "channel": "mail", "calendar_id": None, "is_on": False}
    mine = {"type": "answer", "channel": "mail", "calendar_id": anna.calendar_id, "is_on": True}
    chosen = accepted(anna.put(path, {"choices": [answer, mine]}))["choices"]
    assert chosen == accepted(anna.get(path))["choices"]
    assert [choice for choice in chosen if not choice["is_default"]] == [
        {**answer, "is_default": False},
        {**mine, "is_default": False},
    ]
    refused(anna.put(path, {"choices": [answer, {**answer, "is_on": True}]}), 422, "chosen_twice")
    hidden = {**mine, "calendar_id": company.admin.calendar_id}
    refused(anna.put(path, {"choices": [hidden]}), 404, "calendar_not_found")
    with settings(NOTIFICATION_CHOICES_MAX=1):
        refused(anna.put(path, {"choices": [answer, mine]}), 422, "too_many_choices")
    # Nothing of what was refused has changed anything.
    assert accepted(anna.get(path))["choices"] == chosen
    assert accepted(anna.put(path, {"choices": []}))["choices"] == shown


def test_quiet_hours_have_a_start_and_an_end_that_differ(anna: Person) -> None:
    path = "/notifications/quiet-hours"
    for body in (
        {"start": "22:00", "end": None},
        {"start": "22:00", "end": "22:00"},
        {"start": "25:00", "end": "07:00"},
    ):
        refused(anna.put(path, body), 422, "invalid_request")
    hours = {"start": "22:00", "end": "07:00", "days": [5, 1, 5]}
    assert accepted(anna.put(path, hours)) == {**hours, "days": [1, 5]}
    assert accepted(anna.get(path)) == {**hours, "days": [1, 5]}


def test_people_choose_in_which_language_they_are_told(company: Company, anna: Person) -> None:
    for language, word in (("en", "invites"), ("ru", "приглашает"), (None, "приглашает")):
        accepted(anna.patch(f"/users/{anna.id}", {"language": language}))
        company.admin.create_event(participants=[{"user_id": anna.id}])
        assert word in titles(anna)[0]
    refused(anna.patch(f"/users/{anna.id}", {"language": "fr"}), 422, "invalid_request")
