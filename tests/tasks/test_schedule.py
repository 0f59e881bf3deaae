"""Which tasks there are, under which names, and when they run."""

from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab

from app import celery_app as module
from app.celery_app import celery_app

NAMES = {
    "app.tasks.cleanup_tasks.cleanup_expired_tokens",
    "app.tasks.email_tasks.send_outbox",
    "app.tasks.email_tasks.send_daily_digests",
    "app.tasks.notification_tasks.send_pushes",
    "app.tasks.webhook_tasks.send_webhooks",
    "app.tasks.reminder_tasks.plan_reminders",
    "app.tasks.cleanup_tasks.purge_deleted_companies",
    "app.tasks.cleanup_tasks.cleanup_invitations_and_mail",
    "app.tasks.cleanup_tasks.cleanup_people",
    "app.tasks.cleanup_tasks.cleanup_idempotency_keys",
    "app.tasks.cleanup_tasks.cleanup_changes",
    "app.tasks.import_tasks.import_files",
    "app.tasks.import_tasks.cleanup_imports",
    "app.tasks.feed_tasks.refresh_feeds",
    "app.tasks.inbound_tasks.fetch_mail",
    "app.tasks.cleanup_tasks.cleanup_old_notifications",
    "app.tasks.occurrence_tasks.extend_occurrences",
    "app.tasks.occurrence_tasks.repair_times",
    "app.tasks.room_tasks.expire_room_requests",
    "app.tasks.room_tasks.expire_room_holds",
    "app.tasks.room_tasks.tell_room_offers",
    "app.tasks.room_tasks.expire_room_offers",
    "app.tasks.room_tasks.cleanup_room_waiting",
    "app.tasks.room_tasks.ask_to_check_in",
    "app.tasks.room_tasks.release_unused_rooms",
    "app.tasks.ticket_tasks.tend_tickets",
    "app.tasks.absence_tasks.look_at_invitations_again",
    "app.tasks.appointment_tasks.tend_appointments",
    "app.tasks.appointment_tasks.forget_old_appointments",
}


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """The tasks as a worker loads them."""
    celery_app.loader.import_default_modules()


def test_the_tasks_have_the_names_of_the_document() -> None:
    assert set(celery_app.tasks) >= {
        *NAMES,
        "app.tasks.notification_tasks.create_notification",
        "app.tasks.notification_tasks.send_push_notification",
        "app.tasks.email_tasks.send_event_invitation",
        "app.tasks.email_tasks.send_event_reminder",
    }


def test_beat_has_the_entries_of_the_document() -> None:
    entries = celery_app.conf.beat_schedule
    reminders, notifications = entries["send-event-reminders"], entries["cleanup-notifications-daily"]
    assert (reminders["task"], reminders["schedule"]) == (
        "app.tasks.email_tasks.send_event_reminders",
        timedelta(minutes=5),
    )
    assert (notifications["task"], notifications["schedule"]) == (
        "app.tasks.cleanup_tasks.cleanup_old_notifications",
        crontab(hour=3, minute=0),
    )


def test_what_cannot_wait_comes_round_within_seconds() -> None:
    soon = {
        entry["task"]
        for entry in celery_app.conf.beat_schedule.values()
        if isinstance(entry["schedule"], timedelta) and entry["schedule"] <= timedelta(seconds=15)
    }
    assert soon == {"app.tasks.email_tasks.send_event_reminders", "app.tasks.change_tasks.follow_changes"}


def test_celery_is_configured_as_in_the_document() -> None:
    conf = celery_app.conf
    assert celery_app.main == "planner"
    assert (conf.task_serializer, conf.result_serializer, conf.accept_content) == ("json", "json", ["json"])
    assert (conf.timezone, conf.enable_utc) == ("UTC", True)
    assert module.app is celery_app


def test_beat_calls_only_tasks_that_exist() -> None:
    entries = celery_app.conf.beat_schedule
    assert {entry["task"] for entry in entries.values()} <= set(celery_app.tasks)
    assert {entry["task"] for entry in entries.values()} >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_scheduled_task_comes_round_within_a_day(name: str) -> None:
    (entry,) = [entry for entry in celery_app.conf.beat_schedule.values() if entry["task"] == name]
    schedule = entry["schedule"]
    assert isinstance(schedule, crontab)
    start = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    last, delta, _ = schedule.remaining_delta(start)
    assert (last + delta - start).total_seconds() <= 24 * 3600
    assert entry["options"]["expires"] <= 24 * 3600
