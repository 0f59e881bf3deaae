"""What waits, and since when: messages in the outbox, reminders, tasks in the queues. For whoever watches over it."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import redis
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.core.config import get_settings
from app.core.queues import QUEUES
from app.models.base import now

REDIS_PATIENCE_SECONDS = 0.5
# However many ask, the servers are asked this often.
KEPT_SECONDS = 2.0
# The header that says when a task was sent, in Unix seconds.
SENT_AT = "planner_sent_at"
_OUTBOX = text("SELECT channel, waiting, oldest_due, failed FROM outbox_state()")
_REMINDER = text("SELECT oldest_due_reminder()")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many there are, and for how many seconds the oldest has been due."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """By channel and by queue; None where the database, or the broker, does not say. `failed`: of the last day."""

    outbox: Mapping[str, Waiting] | None
    failed: Mapping[str, int] = field(default_factory=dict)
    reminders: float | None = None
    queues: Mapping[str, Waiting] | None = None


class BacklogWatch:
    """Asks now and then, whoever wants to know."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = -KEPT_SECONDS
        self._last: Backlog | None = None

    def state(self, sessions: Callable[[], Session]) -> Backlog:
        """What waits now, or did a moment ago."""
        with self._lock:
            if self._last is None or time.monotonic() - self._asked_at >= KEPT_SECONDS:
                self._last = _ask(sessions)
                self._asked_at = time.monotonic()
            return self._last


watch = BacklogWatch()


def _ask(sessions: Callable[[], Session]) -> Backlog:
    queues = _queues()
    try:
        with sessions() as session:
            rows = session.execute(_OUTBOX).all()
            reminder = session.execute(_REMINDER).scalar_one()
    except SQLAlchemyError as error:
        log.warning("backlog_unknown", error=type(error).__name__)
        return Backlog(None, queues=queues)
    return Backlog(
        outbox={row.channel: Waiting(row.waiting, _age(row.oldest_due)) for row in rows},
        failed={row.channel: row.failed for row in rows},
        reminders=_age(reminder),
        queues=queues,
    )


def _age(since: datetime | None) -> float:
    return 0.0 if since is None else max((now() - since).total_seconds(), 0.0)


def _queues() -> Mapping[str, Waiting] | None:
    """What waits in the queues, where the broker is Redis or Valkey: the oldest is the last of a list."""
    url = get_settings().CELERY_BROKER_URL
    if not url.startswith(("redis://", "rediss://", "valkey://", "unix://")):
        return None
    try:
        with _broker(url).pipeline(transaction=False) as pipeline:
            for queue in QUEUES:
                pipeline.llen(queue)
                pipeline.lindex(queue, -1)
            answers = pipeline.execute()
    except redis.RedisError as error:
        log.warning("queues_unknown", error=type(error).__name__)
        return None
    pairs = zip(answers[::2], answers[1::2], strict=True)
    return {queue: Waiting(length, _task_age(oldest)) for queue, (length, oldest) in zip(QUEUES, pairs, strict=True)}


def _task_age(message: bytes | None) -> float:
    """For how long a task has waited; 0 for one that somebody else sent."""
    try:
        sent_at = json.loads(message or b"{}").get("headers", {}).get(SENT_AT)
        return max(time.time() - float(sent_at), 0.0)
    except (ValueError, TypeError, AttributeError):
        return 0.0


@lru_cache(maxsize=4)
def _broker(url: str) -> redis.Redis:
    patience = REDIS_PATIENCE_SECONDS
    return redis.Redis.from_url(url, socket_timeout=patience, socket_connect_timeout=patience)
