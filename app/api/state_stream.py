"""A state as server-sent events: sent at once, and again whenever it has changed.

Between looks a stream holds no connection to the database and no thread.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from psycopg import Error as DatabaseError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.api.live import Listener, LiveHub
from app.core.errors import PlannerError

LOOK_SECONDS = 10.0
HEARTBEAT_SECONDS = 15.0
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
class Seen:
    """A state. `channel` is where its changes are told, `tag` names it, at `changes_at` the clock alone changes it."""

    channel: str
    tag: str
    data: str
    changes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StateStream:
    """One client's stream of one state.

    Args:
        event: the name of its events.
        look: reads the state; a PlannerError ends the stream.
        limit: how many streams this process may have.
        seconds: after so many the stream ends, and its client connects again.
    """

    hub: LiveHub
    event: str
    look: Callable[[], Awaitable[Seen]]
    limit: int
    seconds: float

    async def respond(self, last_event_id: str | None) -> StreamingResponse:
        """The response. A state that the client has already is not sent again.

        Raises:
            PlannerError: the first look's.
        """
        seen = await self.look()
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        events = self._events(seen, last_event_id)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    async def _events(self, seen: Seen, known: str | None) -> AsyncIterator[bytes]:
        if self.hub.is_full(self.limit):
            # So many came at once that all were let in.
            return
        with self.hub.listen(seen.channel) as listener:
            yield format_sse_event(retry=RETRY_MILLISECONDS, comment="live")
            clock = asyncio.get_running_loop().time
            ends_at, beats_at = clock() + self.seconds, clock() + HEARTBEAT_SECONDS
            while True:
                if seen.tag != known:
                    known, beats_at = seen.tag, clock() + HEARTBEAT_SECONDS
                    yield format_sse_event(event=self.event, data_str=seen.data, id=seen.tag)
                looks_at = clock() + _pause(seen)
                while not await self._is_due(listener, looks_at, min(beats_at, ends_at)):
                    if clock() >= ends_at or self.hub.is_closing:
                        return
                    beats_at = clock() + HEARTBEAT_SECONDS
                    yield format_sse_event(comment="beat")
                try:
                    seen = await self.look()
                except PlannerError:
                    return
                except (DBAPIError, DatabaseError, PoolTimeoutError, OSError) as error:
                    # The client keeps what it has; the next look may succeed.
                    log.warning("live_look_failed", event_name=self.event, error=type(error).__name__)

    async def _is_due(self, listener: Listener, looks_at: float, pauses_at: float) -> bool:
        """Wait until there is reason to look (True), or until `pauses_at` or the end of the process (False)."""
        clock = asyncio.get_running_loop().time
        is_woken = await listener.wait(min(looks_at, pauses_at) - clock())
        if self.hub.is_closing:
            return False
        if is_woken:
            await asyncio.sleep(BREATH_SECONDS)
        return is_woken or clock() >= looks_at


def _pause(seen: Seen) -> float:
    """Seconds until the next look, unless something wakes the stream before."""
    if seen.changes_at is None:
        return LOOK_SECONDS
    # A moment later, so that the clock of the database has reached it too.
    return min(LOOK_SECONDS, max((seen.changes_at - datetime.now(UTC)).total_seconds(), 0) + 0.05)
