"""Live streams of this process, and what wakes them: one subscription to Valkey for however many there are.

Whoever streams listens to channels by their names. A message says only that something changed; who is woken looks at
the database, and looks now and then of itself, since messages may be lost.
"""

import asyncio
import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.config import get_settings
from app.core.errors import TooManyRequests, Unavailable
from app.core.live import LIVE_CHANNEL
from app.core.metrics import STREAMS

CONNECT_SECONDS = 2.0
# How long Valkey is left alone after it failed, and how often a quiet connection is tried.
PAUSE_SECONDS = 2.0
HEALTH_SECONDS = 15
# When somebody with too many streams may ask again.
RETRY_SECONDS = 60
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)

log = structlog.get_logger(__name__)


class Listener:
    """Waits for messages on its channels. What came before anybody waited is not lost."""

    def __init__(self, channels: frozenset[str]) -> None:
        self.channels = channels
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Whether a message came within so many seconds."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class LiveHub:
    """The listeners of this process. Its methods belong to the event loop."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._listeners: dict[str, set[Listener]] = {}
        self._subscriber: asyncio.Task[None] | None = None
        # By kind, and by person.
        self.counts: Counter[str] = Counter()
        self._of_users: Counter[UUID] = Counter()
        self.is_closing = False

    def is_full(self, kind: str, limit: int) -> bool:
        """Whether there are `limit` listeners of this kind, or the process ends."""
        return self.counts[kind] >= limit or self.is_closing

    def require_room(self, kind: str, limit: int, user: UUID | None = None) -> None:
        """Raises Unavailable where `is_full`, and TooManyRequests where somebody has STREAMS_PER_USER."""
        if self.is_full(kind, limit):
            raise Unavailable("too_many_streams")
        mine = get_settings().STREAMS_PER_USER
        if user is not None and self._of_users[user] >= mine:
            raise TooManyRequests("too_many_streams_of_user", retry_after=RETRY_SECONDS, limit=mine)

    @contextmanager
    def listen(self, channels: frozenset[str], kind: str, user: UUID | None = None) -> Iterator[Listener]:
        """Listen to some channels; inside the running event loop."""
        if self._redis_url and self._subscriber is None:
            self._subscriber = asyncio.create_task(self._subscribe(), name="live")
        listener = Listener(frozenset())
        self.move(listener, channels)
        self.counts[kind] += 1
        STREAMS.labels(kind).inc()
        if user is not None:
            self._of_users[user] += 1
        try:
            yield listener
        finally:
            self.move(listener, frozenset())
            self.counts[kind] -= 1
            STREAMS.labels(kind).dec()
            if user is not None:
                self._of_users[user] -= 1
                self._of_users += Counter()

    def move(self, listener: Listener, channels: frozenset[str]) -> None:
        """Let a listener listen to these channels from now on."""
        for channel in channels - listener.channels:
            self._listeners.setdefault(channel, set()).add(listener)
        for channel in listener.channels - channels:
            self._listeners[channel].discard(listener)
            if not self._listeners[channel]:
                del self._listeners[channel]
        listener.channels = channels

    def wake(self, channel: str) -> None:
        """Wake whoever listens to the channel."""
        for listener in self._listeners.get(channel, ()):
            listener.wake()

    def wake_all(self) -> None:
        for listener in set().union(*self._listeners.values()):
            listener.wake()

    def close(self) -> None:
        """Let all streams end."""
        self.is_closing = True
        self.wake_all()

    async def aclose(self) -> None:
        """The same, and leave Valkey."""
        self.close()
        if self._subscriber is not None:
            self._subscriber.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._subscriber
            self._subscriber = None

    async def _subscribe(self) -> None:
        while True:
            try:
                await self._receive()
            except (RedisError, OSError) as error:
                log.warning("live_without_valkey", error=type(error).__name__, pause=PAUSE_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _receive(self) -> None:
        valkey = Redis.from_url(
            self._redis_url, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=HEALTH_SECONDS
        )
        async with valkey, valkey.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(LIVE_CHANNEL)
            # Whatever was told while nobody listened is unknown.
            self.wake_all()
            while True:
                message: Any = await subscription.get_message(timeout=HEALTH_SECONDS)
                if message is not None:
                    self.wake(message["data"].decode())


@contextmanager
def ending_on_signals(hub: LiveHub) -> Iterator[None]:
    """Let the streams end as soon as the process is told to.

    The server waits for its connections to close before it tells the application that it ends; streams would keep it
    waiting. So its own handlers of signals are preceded by ours.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread hears signals; a server in another one is ended otherwise.
        yield
        return
    loop = asyncio.get_running_loop()
    previous = {number: signal.getsignal(number) for number in ENDING_SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.close)
        before = previous[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    ours = {number: before for number, before in previous.items() if callable(before)}
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, before in ours.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, before)
