"""Server-sent events: what is there at once, and more whenever something has changed (decision 19).

Between looks a stream holds no connection to the database and no thread.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from psycopg import Error as DatabaseError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.api.live import Listener, LiveHub
from app.core.config import get_settings
from app.core.errors import PlannerError

# Between two looks, however often something changes.
BREATH_SECONDS = 0.2
# After which a client whose connection was lost connects again.
RETRY_MILLISECONDS = 3000
DOCUMENTED = {
    "description": "Server-sent events",
    "content": {"text/event-stream": {}},
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """An event. Without an `id` a client that loses its connection after it gets it once more."""

    event: str
    data: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look brought. `channels` are where changes are told, `place` is where the next look goes on, and at
    `changes_at` there may be more although nothing is told.
    """

    channels: frozenset[str]
    place: str
    events: Sequence[Told]
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LiveStream:
    """One client's stream.

    Args:
        kind: what is counted together.
        look: reads what came after a place, None for a new client, in a thread; a PlannerError ends the stream.
        limit: how many streams of this kind this process may have.
        seconds: after so many the stream ends, and its client connects again.
        look_seconds: so often it looks of itself, since what is told may be lost.
        user: whose stream it is; nobody may have more than STREAMS_PER_USER.
        within: held for as long as the stream lasts.
    """

    hub: LiveHub
    kind: str
    look: Callable[[str | None], Seen]
    limit: int
    seconds: float
    look_seconds: float
    user: UUID | None = None
    within: Callable[[], AbstractContextManager[None]] = nullcontext

    async def respond(self, place: str | None) -> StreamingResponse:
        """The response, from a place on.

        Raises:
            PlannerError: the first look's.
            TooManyRequests, Unavailable: there are too many streams.
        """
        self.hub.require_room(self.kind, self.limit, self.user)
        seen = await run_in_threadpool(self.look, place)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(seen), media_type="text/event-stream", headers=headers)

    async def _events(self, seen: Seen) -> AsyncIterator[bytes]:
        if self.hub.is_full(self.kind, self.limit):
            # So many came at once that all were let in.
            return
        clock = asyncio.get_running_loop().time
        beat = get_settings().STREAM_HEARTBEAT_SECONDS
        with self.within(), self.hub.listen(seen.channels, self.kind, self.user) as listener:
            # Something may have changed between the first look and now.
            listener.wake()
            yield format_sse_event(retry=RETRY_MILLISECONDS, comment="live")
            ends_at, beats_at = clock() + self.seconds, clock() + beat
            while True:
                for told in seen.events:
                    beats_at = clock() + beat
                    yield format_sse_event(event=told.event, data_str=told.data, id=told.id)
                looks_at = clock() + self._pause(seen)
                while not await self._is_due(listener, looks_at, min(beats_at, ends_at)):
                    if clock() >= ends_at or self.hub.is_closing:
                        return
                    beats_at = clock() + beat
                    yield format_sse_event(comment="beat")
                try:
                    seen = await run_in_threadpool(self.look, seen.place)
                except PlannerError:
                    return
                except (DBAPIError, DatabaseError, PoolTimeoutError, OSError) as error:
                    # The client keeps what it has; the next look may succeed.
                    log.warning("live_look_failed", kind=self.kind, error=type(error).__name__)
                    seen = Seen(seen.channels, seen.place, ())
                self.hub.move(listener, seen.channels)

    async def _is_due(self, listener: Listener, looks_at: float, pauses_at: float) -> bool:
        """Wait until there is reason to look (True), or until `pauses_at` or the end of the process (False)."""
        clock = asyncio.get_running_loop().time
        is_woken = await listener.wait(min(looks_at, pauses_at) - clock())
        if self.hub.is_closing:
            return False
        if is_woken:
            await asyncio.sleep(BREATH_SECONDS)
        return is_woken or clock() >= looks_at

    def _pause(self, seen: Seen) -> float:
        """Seconds until the next look, unless something wakes the stream before; not the same for all at once."""
        longest = self.look_seconds * random.uniform(0.8, 1)  # noqa: S311 - spreads work, keeps no secret
        if seen.changes_at is None:
            return longest
        # A moment later, so that the clock of the database has reached it too.
        return min(longest, max((seen.changes_at - datetime.now(UTC)).total_seconds(), 0) + 0.05)
