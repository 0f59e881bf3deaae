"""Background work: `celery -A app.celery_app worker` and `celery -A app.celery_app beat`."""

import time
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import before_task_publish, heartbeat_sent, setup_logging, worker_process_init, worker_ready
from kombu.entity import Queue
from redis.exceptions import RedisError

from app.core.config import check_production, get_settings
from app.core.logging import configure_logging
from app.core.queues import HOUSEKEEPING, QUEUES, queue_of
from app.db import dispose_engine
from app.services import change_nudges
from app.services.backlog_service import SENT_AT
from app.services.health_service import record_worker

settings = get_settings()
check_production(settings)
change_nudges.listen()

# No task may run longer; the broker gives an unacknowledged one to another worker only after that.
TASK_SECONDS = 600

app = Celery("planner", broker=settings.CELERY_BROKER_URL, backend=settings.CELERY_RESULT_BACKEND)
app.conf.update(
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    enable_utc=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 30,
    task_ignore_result=True,
    result_expires=timedelta(days=1),
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": 2 * TASK_SECONDS},
    broker_connection_retry_on_startup=True,
    task_default_queue=HOUSEKEEPING,
    # Without -Q, a worker serves all of them.
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
    task_routes=(lambda name, *_args, **_options: {"queue": queue_of(name)},),
    imports=(
        "app.tasks.absence_tasks",
        "app.tasks.appointment_tasks",
        "app.tasks.change_tasks",
        "app.tasks.cleanup_tasks",
        "app.tasks.email_tasks",
        "app.tasks.feed_tasks",
        "app.tasks.import_tasks",
        "app.tasks.inbound_tasks",
        "app.tasks.notification_tasks",
        "app.tasks.occurrence_tasks",
        "app.tasks.reminder_tasks",
        "app.tasks.room_tasks",
        "app.tasks.ticket_tasks",
        "app.tasks.webhook_tasks",
    ),
    beat_schedule={
        "cleanup-expired-tokens-hourly": {
            "task": "app.tasks.cleanup_tasks.cleanup_expired_tokens",
            "schedule": crontab(minute=17),
            "options": {"expires": 3600},
        },
        "cleanup-changes-daily": {
            "task": "app.tasks.cleanup_tasks.cleanup_changes",
            "schedule": crontab(hour=3, minute=50),
            "options": {"expires": 6 * 3600},
        },
        "cleanup-idempotency-keys-hourly": {
            "task": "app.tasks.cleanup_tasks.cleanup_idempotency_keys",
            "schedule": crontab(minute=27),
            "options": {"expires": 3600},
        },
        "send-outbox-every-minute": {
            "task": "app.tasks.email_tasks.send_outbox",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "send-daily-digests-every-minute": {
            "task": "app.tasks.email_tasks.send_daily_digests",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "send-pushes-every-minute": {
            "task": "app.tasks.notification_tasks.send_pushes",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "send-webhooks-every-minute": {
            "task": "app.tasks.webhook_tasks.send_webhooks",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "tend-tickets-every-minute": {
            "task": "app.tasks.ticket_tasks.tend_tickets",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "tend-appointments-every-minute": {
            "task": "app.tasks.appointment_tasks.tend_appointments",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "forget-old-appointments-daily": {
            "task": "app.tasks.appointment_tasks.forget_old_appointments",
            "schedule": crontab(hour=4, minute=40),
            "options": {"expires": 6 * 3600},
        },
        "look-at-invitations-again-daily": {
            "task": "app.tasks.absence_tasks.look_at_invitations_again",
            "schedule": crontab(hour=4, minute=20),
            "options": {"expires": 6 * 3600},
        },
        "follow-changes": {
            "task": "app.tasks.change_tasks.follow_changes",
            "schedule": timedelta(seconds=15),
            "options": {"expires": 15},
        },
        "plan-reminders": {
            "task": "app.tasks.reminder_tasks.plan_reminders",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "send-event-reminders": {
            "task": "app.tasks.email_tasks.send_event_reminders",
            "schedule": timedelta(minutes=5),
            "options": {"expires": 300},
        },
        # A reminder five minutes late is none.
        "send-event-reminders-punctually": {
            "task": "app.tasks.email_tasks.send_event_reminders",
            "schedule": timedelta(seconds=10),
            "options": {"expires": 10},
        },
        "purge-deleted-companies-hourly": {
            "task": "app.tasks.cleanup_tasks.purge_deleted_companies",
            "schedule": crontab(minute=47),
            "options": {"expires": 3600},
        },
        "cleanup-invitations-and-mail-daily": {
            "task": "app.tasks.cleanup_tasks.cleanup_invitations_and_mail",
            "schedule": crontab(hour=3, minute=10),
            "options": {"expires": 6 * 3600},
        },
        "cleanup-notifications-daily": {
            "task": "app.tasks.cleanup_tasks.cleanup_old_notifications",
            "schedule": crontab(hour=3, minute=0),
            "options": {"expires": 6 * 3600},
        },
        "cleanup-people-daily": {
            "task": "app.tasks.cleanup_tasks.cleanup_people",
            "schedule": crontab(hour=3, minute=40),
            "options": {"expires": 6 * 3600},
        },
        "repair-times-hourly": {
            "task": "app.tasks.occurrence_tasks.repair_times",
            "schedule": crontab(minute=5),
            "options": {"expires": 3600},
        },
        "cleanup-attachments-daily": {
            "task": "app.tasks.cleanup_tasks.cleanup_attachments",
            "schedule": crontab(hour=4, minute=10),
            "options": {"expires": 6 * 3600},
        },
        "import-files-every-minute": {
            "task": "app.tasks.import_tasks.import_files",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "fetch-mail-every-minute": {
            "task": "app.tasks.inbound_tasks.fetch_mail",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "cleanup-imports-daily": {
            "task": "app.tasks.import_tasks.cleanup_imports",
            "schedule": crontab(hour=3, minute=25),
            "options": {"expires": 6 * 3600},
        },
        "refresh-feeds-every-minute": {
            "task": "app.tasks.feed_tasks.refresh_feeds",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "ask-to-check-in-every-minute": {
            "task": "app.tasks.room_tasks.ask_to_check_in",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "release-unused-rooms-every-minute": {
            "task": "app.tasks.room_tasks.release_unused_rooms",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "book-reached-rooms-hourly": {
            "task": "app.tasks.occurrence_tasks.book_reached_rooms",
            "schedule": crontab(minute=37),
            "options": {"expires": 3600},
        },
        "expire-room-requests-every-minute": {
            "task": "app.tasks.room_tasks.expire_room_requests",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "expire-room-holds-every-minute": {
            "task": "app.tasks.room_tasks.expire_room_holds",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "tell-room-offers-every-minute": {
            "task": "app.tasks.room_tasks.tell_room_offers",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "expire-room-offers-every-minute": {
            "task": "app.tasks.room_tasks.expire_room_offers",
            "schedule": crontab(),
            "options": {"expires": 60},
        },
        "cleanup-room-waiting-daily": {
            "task": "app.tasks.room_tasks.cleanup_room_waiting",
            "schedule": crontab(hour=4, minute=20),
            "options": {"expires": 6 * 3600},
        },
        "extend-occurrences-nightly": {
            "task": "app.tasks.occurrence_tasks.extend_occurrences",
            "schedule": crontab(hour=2, minute=30),
            "options": {"expires": 6 * 3600},
        },
    },
)
celery_app = app

log = structlog.get_logger(__name__)


@setup_logging.connect
def _our_logging(**_: Any) -> None:
    configure_logging(settings)


@before_task_publish.connect
def _note_when(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Whoever watches the queues sees for how long the oldest task has waited."""
    if headers is not None:
        headers[SENT_AT] = time.time()


@worker_process_init.connect
def _own_connections(**_: Any) -> None:
    """A forked process must not talk over its parent's connections."""
    dispose_engine(inherited=True)


@worker_ready.connect
@heartbeat_sent.connect
def _sign_of_life(sender: Any = None, **_: Any) -> None:
    name = getattr(sender, "hostname", None) or getattr(getattr(sender, "eventer", None), "hostname", "worker")
    try:
        record_worker(str(name))
    except RedisError as error:
        log.warning("sign_of_life_lost", error=type(error).__name__)
