"""Waking the live streams whom a change concerns: one look a company and process, however many streams there are."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from fastapi.concurrency import run_in_threadpool
from psycopg import Error as DatabaseError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.api.live import LiveHub
from app.api.live_stream import BREATH_SECONDS
from app.core import tenancy
from app.core.tenancy import READS
from app.db import SessionLocal
from app.services import change_nudges, change_watching
from app.services.change_watching import News

# So often each company is looked at without being told, since what is told may be lost.
LOOK_SECONDS = 10.0
WATCH = "watch"

log = structlog.get_logger(__name__)


def channel_of(stream: UUID) -> str:
    """The name under which streams of the change feed are told in this process."""
    return f"feed:{stream}"


class ChangeWatch:
    """Follows the change feed of the companies for which there are streams. Belongs to the event loop."""

    def __init__(self, hub: LiveHub) -> None:
        self._hub = hub
        self._streams: Counter[UUID] = Counter()
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    @contextmanager
    def watching(self, company: UUID) -> Iterator[None]:
        """Have a company followed for as long as there is a stream."""
        self._streams[company] += 1
        if company not in self._tasks:
            self._tasks[company] = asyncio.create_task(self._follow(company), name=f"watch {company}")
        try:
            yield
        finally:
            self._streams[company] -= 1
            if not self._streams[company]:
                del self._streams[company]
                self._tasks.pop(company).cancel()

    async def aclose(self) -> None:
        """Stop following."""
        for task in self._tasks.values():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _follow(self, company: UUID) -> None:
        since, pause = None, 0.0
        with self._hub.listen(frozenset({change_nudges.channel_of(company)}), WATCH) as listener:
            while not self._hub.is_closing:
                await listener.wait(pause)
                try:
                    news = await run_in_threadpool(_look, company, since)
                except (DBAPIError, DatabaseError, PoolTimeoutError, OSError) as error:
                    log.warning("watch_failed", organization_id=str(company), error=type(error).__name__)
                    pause = LOOK_SECONDS
                    continue
                since = news.xid
                for stream in news.streams:
                    self._hub.wake(channel_of(stream))
                # What an open transaction holds back comes soon.
                pause = BREATH_SECONDS if news.is_behind else LOOK_SECONDS
                await asyncio.sleep(BREATH_SECONDS)


def _look(company: UUID, since: int | None) -> News:
    with SessionLocal(info={READS: True}) as session:
        tenancy.enter(session, company, origin=WATCH)
        return change_watching.look(session, company, since)
