"""Telling the workers that there is something to do, right after the commit that left it.

A thread of its own does it: no request waits for the broker, and none fails because the broker does not answer. What
is lost then comes with the next round of the task.
"""

import threading
import time
from collections.abc import Iterable
from importlib import import_module

import structlog

from app.services.nudges import CHANGES, FEEDS, IMPORTS, OFFERS, OUTBOX, PURGE, PUSHES, TICKETS, WEBHOOKS

TASKS = {
    OUTBOX: "app.tasks.email_tasks.send_outbox",
    PUSHES: "app.tasks.notification_tasks.send_pushes",
    WEBHOOKS: "app.tasks.webhook_tasks.send_webhooks",
    CHANGES: "app.tasks.change_tasks.follow_changes",
    PURGE: "app.tasks.cleanup_tasks.purge_deleted_companies",
    IMPORTS: "app.tasks.import_tasks.import_files",
    OFFERS: "app.tasks.room_tasks.expire_room_offers",
    TICKETS: "app.tasks.ticket_tasks.tend_tickets",
    FEEDS: "app.tasks.feed_tasks.refresh_feeds",
}

# Between two of the same: what many requests ask for at once is asked for once.
BREATH_SECONDS = 0.1

log = structlog.get_logger(__name__)


class Nudger:
    """Sends each task that was asked for once, however many requests asked while the last one was on its way."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def nudge(self, names: Iterable[str]) -> None:
        """Have the tasks behind `names` run soon; returns at once."""
        with self._changed:
            self._wanted.update(names)
            if not self._wanted:
                return
            if self._thread is None:
                # It must not keep the process from ending.
                self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
                names, self._wanted = self._wanted, set()
            for name in sorted(names):
                try:
                    _send(TASKS[name])
                except Exception as error:
                    log.warning("nudge_lost", name=name, error=type(error).__name__)
            time.sleep(BREATH_SECONDS)


nudger = Nudger()


def _send(task: str) -> None:
    # Celery is loaded with the first nudge: most processes of the API never need it.
    import_module("app.celery_app").celery_app.send_task(task, retry=False, expires=60, ignore_result=True)
