"""What mail costs: an event with 500 guests, and how many mails leave a second with one worker and with two."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx2 as httpx

from app.core.ids import new_id
from bench.message_data import MessageCompany, company_of
from bench.processes import Process, WorkFailed, free_port
from bench.servers import Servers
from bench.table import Figure, duration, median

GUESTS = 500
EVENTS, QUICK_EVENTS = 4, 1
PATIENCE_SECONDS = 300.0
SEND = "app.tasks.email_tasks.send_outbox"


def run(servers: Servers, *, quick: bool) -> Iterator[Figure]:
    """The figures: rates as shares of what a loop without a database sends."""
    events = QUICK_EVENTS if quick else EVENTS
    company = company_of(servers, "mail", GUESTS + 1)
    with ExitStack() as stack:
        sink = Sink(servers, stack)
        api = stack.enter_context(servers.api("mail_api", company.database))
        base = f"http://127.0.0.1:{api.port}/api/v1"
        # The first request of a process loads what the others find.
        _invite(base, company, 1)
        many = median([_invite(base, company, GUESTS) for _ in range(events)])
        few = median([_invite(base, company, 1) for _ in range(events)])
        yield Figure(
            f"event with {GUESTS} guests", f"{duration(many)} until it is answered, {many / few:.1f} times one guest"
        )
        with company.connect() as connection:
            connection.execute("DELETE FROM outbox_messages")
        count = events * GUESTS
        arguments = map(str, (sink.port, count, GUESTS))
        plain = count / servers.work("bench.mail_plain", company.database, *arguments)["seconds"]
        yield Figure("mails a second, a loop that sends without a database", f"{plain:.0f}")
        for workers in (1, 2):
            for _ in range(events):
                _invite(base, company, GUESTS)
            rate = _send(servers, company, sink, workers)
            name = "one worker" if workers == 1 else f"{workers} workers"
            yield Figure(f"mails a second through the outbox, {name}", f"{rate:.0f}, {rate / plain:.2f} of the loop")


class Sink:
    """The mail server of a run, a process of its own."""

    def __init__(self, servers: Servers, stack: ExitStack) -> None:
        self.port = free_port()
        self.file = servers.folder / f"mails_{new_id()}.txt"
        log = servers.folder / "mail_sink.log"
        self._process = Process(["-m", "bench.mail_sink", str(self.port), str(self.file)], {}, log)
        stack.callback(self._process.stop)
        self._process.wait_for_port(self.port)

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which Planner uses it."""
        port, sender = str(self.port), "Planner <planner@firm.example>"
        return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_TLS": "none", "MAIL_FROM": sender}

    def mails(self) -> list[tuple[str, str]]:
        """Message-ID and recipient of all that came."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        pairs = (line.split(" ", 1) for line in lines)
        return [(message, recipient) for message, recipient in pairs]


def _invite(base: str, company: MessageCompany, guests: int) -> float:
    """Make an event with so many guests; the seconds until the answer."""
    host, *others = company.people
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    body = {
        "title": "Meeting",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "UTC",
        "participants": [{"user_id": person.id} for person in others[:guests]],
    }
    started = time.perf_counter()
    answer = httpx.post(f"{base}/events", json=body, headers={"Authorization": f"Bearer {host.token}"}, timeout=60)
    seconds = time.perf_counter() - started
    if answer.status_code != 201:
        raise WorkFailed(answer.text[:500])
    return seconds


def _send(servers: Servers, company: MessageCompany, sink: Sink, workers: int) -> float:
    """Let so many workers send what waits; mails a second, from the first to the last."""
    with ExitStack() as stack, company.connect() as connection:
        for number in range(workers):
            options = ("--concurrency", "1", "--queues", "mail")
            name = f"mail_worker_{workers}_{number}"
            stack.enter_context(servers.worker(name, company.database, *options, **sink.settings))
        servers.send_tasks([SEND] * workers)
        deadline = time.monotonic() + PATIENCE_SECONDS
        waiting = "SELECT count(*) FROM outbox_messages WHERE sent_at IS NULL AND failed_at IS NULL"
        while connection.execute(waiting).fetchone() != (0,):
            if time.monotonic() > deadline:
                raise WorkFailed("the mails do not leave")
            time.sleep(0.1)
        row = connection.execute(
            "SELECT count(*), extract(epoch FROM max(sent_at) - min(sent_at))::float8 FROM outbox_messages"
        ).fetchone()
        connection.execute("DELETE FROM outbox_messages")
    assert row is not None
    return float(row[0] - 1) / float(row[1])
