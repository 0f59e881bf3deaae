"""Telling every process of the API that something changed, by Valkey.

What is told is the name of a channel and nothing else: who listens looks at the database. A message may be lost, so
listeners also look now and then of themselves.
"""

import threading
from collections.abc import Iterable

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.core.config import get_settings

# Where all names are told; each process listens to it once.
LIVE_CHANNEL = "planner:live"
# How long Valkey may take, and how long it is left alone after it failed.
PATIENCE_SECONDS = 0.5
PAUSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class Publisher:
    """Tells names from a thread of its own: no request waits for Valkey, none fails because it does not answer."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def publish(self, names: Iterable[str]) -> None:
        """Have whoever listens to these names told soon; returns at once."""
        if not get_settings().REDIS_URL:
            return
        with self._changed:
            self._wanted.update(names)
            if self._thread is None:
                # It must not keep the process from ending.
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        valkey = Redis.from_url(
            get_settings().REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
        )
        paused = threading.Event()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                names, self._wanted = self._wanted, set()
            try:
                with valkey.pipeline(transaction=False) as pipeline:
                    for name in names:
                        pipeline.publish(LIVE_CHANNEL, name)
                    pipeline.execute()
            except (RedisError, OSError) as error:
                log.warning("live_messages_lost", count=len(names), error=type(error).__name__)
                paused.wait(PAUSE_SECONDS)


publisher = Publisher()
