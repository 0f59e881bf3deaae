"""What works and what does not, told without secrets and in bounded time."""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache

import redis
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app import __version__
from app.core.config import get_settings
from app.core.migrations import pending_after, revisions
from app.schemas.health import Backlog, Health, Part, State
from app.services import backlog_service
from app.services.backlog_service import Waiting

# The workers' signs of life: a sorted set of their names, scored by Unix seconds.
WORKERS_KEY = "planner:workers"
WORKER_SILENCE_SECONDS = 30
REDIS_PATIENCE_SECONDS = 0.5

log = structlog.get_logger(__name__)


def check_health(sessions: Callable[[], Session]) -> Health:
    """The state of every part. A dead Redis or worker degrades the API, a dead database stops it."""
    database, migrations = _check_database(sessions)
    redis_part, worker = _check_redis()
    outbox, reminders, queues = _check_backlog(sessions)
    status: State = "ok"
    if {database.status, migrations.status} != {"ok"}:
        status = "down"
    elif {part.status for part in (redis_part, worker, outbox, reminders, queues)} != {"ok"}:
        status = "degraded"
    return Health(
        status=status,
        version=__version__,
        database=database,
        redis=redis_part,
        migrations=migrations,
        worker=worker,
        outbox=outbox,
        reminders=reminders,
        queues=queues,
    )


def is_ready(sessions: Callable[[], Session]) -> bool:
    """Whether the database answers and has every migration of this code."""
    database, migrations = _check_database(sessions)
    return database.status == "ok" and migrations.status == "ok"


def count_workers() -> int | None:
    """How many workers are alive; None where nobody knows."""
    if not get_settings().REDIS_URL:
        return None
    try:
        return int(_redis().zcount(WORKERS_KEY, time.time() - WORKER_SILENCE_SECONDS, "+inf"))
    except redis.RedisError as error:
        log.warning("health_redis_down", error=type(error).__name__)
        return None


def record_worker(name: str) -> None:
    """Note that the worker of this name is alive; forgets those that have been silent for an hour."""
    moment = time.time()
    with _redis().pipeline(transaction=False) as pipeline:
        pipeline.zadd(WORKERS_KEY, {name: moment})
        pipeline.zremrangebyscore(WORKERS_KEY, 0, moment - 3600)
        pipeline.execute()


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        get_settings().REDIS_URL,
        socket_timeout=REDIS_PATIENCE_SECONDS,
        socket_connect_timeout=REDIS_PATIENCE_SECONDS,
    )


def _check_database(sessions: Callable[[], Session]) -> tuple[Part, Part]:
    try:
        with sessions() as session:
            table = session.execute(text("SELECT to_regclass('alembic_version')")).scalar_one()
            current = None
            if table is not None:
                current = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except SQLAlchemyError as error:
        log.warning("health_database_down", error=type(error).__name__)
        return Part(status="down", detail="not reachable"), Part(status="down", detail="unknown")
    missing = pending_after(current)
    if missing:
        return Part(status="ok"), Part(status="down", detail=f"{len(missing)} to apply: planner migrate")
    newer = None if current in revisions() else f"{current}, newer than this code"
    return Part(status="ok"), Part(status="ok", detail=newer or current)


def _check_redis() -> tuple[Part, Part]:
    if not get_settings().REDIS_URL:
        return Part(status="down", detail="not configured"), Part(status="down", detail="unknown")
    alive = count_workers()
    if alive is None:
        return Part(status="down", detail="not reachable"), Part(status="down", detail="unknown")
    worker = Part(status="ok", detail=f"{alive} alive") if alive else Part(status="down", detail="none alive")
    return Part(status="ok"), worker


def _check_backlog(sessions: Callable[[], Session]) -> tuple[Backlog, Backlog, Backlog]:
    """What waits in the outbox, of reminders, and in the queues."""
    state = backlog_service.watch.state(sessions)
    reminders = None if state.reminders is None else {"reminders": Waiting(int(state.reminders > 0), state.reminders)}
    return _backlog(state.outbox), _backlog(reminders).model_copy(update={"waiting": None}), _backlog(state.queues)


def _backlog(waiting: Mapping[str, Waiting] | None) -> Backlog:
    if waiting is None:
        return Backlog(status="ok", detail="unknown")
    oldest = max((each.seconds for each in waiting.values()), default=0.0)
    is_late = oldest >= get_settings().BACKLOG_LATE_SECONDS
    return Backlog(
        status="degraded" if is_late else "ok",
        detail="late" if is_late else None,
        waiting={name: each.count for name, each in waiting.items()},
        oldest_seconds=round(oldest, 1),
    )
