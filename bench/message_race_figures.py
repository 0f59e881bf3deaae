"""Nothing promised is lost: invitations while API, worker, broker and beat are killed at random."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx

from app.supervisor.valkey import EmbeddedValkey
from bench.mail_figures import Sink
from bench.message_data import MessageCompany, company_of
from bench.processes import Process, Server, WorkFailed
from bench.servers import Servers
from bench.table import Figure

SECONDS, QUICK_SECONDS = 180.0, 20.0
EVENTS, QUICK_EVENTS, GUESTS = 100, 20, 20
KILLED_EVERY = 4.0
# What a killed worker had in hand is anybody's again after three minutes.
PATIENCE_SECONDS = 480.0
KINDS = ("api", "worker", "broker", "beat")


@dataclass
class Promises:
    """What was answered with 201: to whom, for which event; and answers that must not be."""

    recipients: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def run(servers: Servers, *, quick: bool) -> Iterator[Figure]:
    """Missing and doubled invitations; what SMTP itself may repeat bears the same Message-ID."""
    seconds, events = (QUICK_SECONDS, QUICK_EVENTS) if quick else (SECONDS, EVENTS)
    company = company_of(servers, "invitations", 1)
    with ExitStack() as stack:
        valkey = stack.enter_context(EmbeddedValkey(servers.folder / "race_valkey"))
        own = Servers(servers.postgres, valkey, servers.folder)
        sink = Sink(servers, stack)
        crew = Crew(own, company, sink, stack)
        promises = Promises()
        inviting = threading.Thread(target=_invite, args=(crew, company, promises, events, seconds))
        inviting.start()
        crew.disturb(seconds)
        inviting.join()
        tail = crew.settle()
        mails = sink.mails()
    name = f"race: {len(promises.recipients):,} invitations, {seconds:.0f} s"
    killed = ", ".join(f"{crew.killed[kind]} {kind}" for kind in KINDS)
    ended = f", {crew.ended} workers ended of themselves" if crew.ended else ""
    yield Figure(name, f"killed: {killed}{ended}; the last mail {tail:.0f} s after the end")
    yield from _verdicts(name, promises, mails)


def _verdicts(name: str, promises: Promises, mails: list[tuple[str, str]]) -> Iterator[Figure]:
    ids_by_recipient: dict[str, set[str]] = {}
    for message, recipient in mails:
        ids_by_recipient.setdefault(recipient, set()).add(message)
    missing = len(promises.recipients - ids_by_recipient.keys())
    twice = sum(len(ids) - 1 for ids in ids_by_recipient.values())
    repeated = len(mails) - len({message for message, _ in mails})
    for what, count in (
        ("missing", missing),
        ("sent twice as another mail", twice),
        ("answers that must not be", len(promises.wrong)),
    ):
        more = f" {promises.wrong[:2]}" if what.startswith("answers") and promises.wrong else ""
        yield Figure(f"{name}: {what}", f"{count}{more}", goal="0", reached=not count, must=True)
    yield Figure(f"{name}: sent twice as the same mail (Message-ID), which SMTP cannot exclude", f"{repeated}")


class Crew:
    """API, worker and two beats; one after the other is killed and started again."""

    def __init__(self, servers: Servers, company: MessageCompany, sink: Sink, stack: ExitStack) -> None:
        self._servers, self._company, self._sink, self._stack = servers, company, sink, stack
        self._random = random.Random(2)
        self._number = 0
        self.killed: Counter[str] = Counter()
        self.ended = 0
        self._api, self._worker = self._start_api(), self._start_worker()
        self._beats = [self._start_beat(), self._start_beat()]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._api.port}/api/v1"

    def disturb(self, seconds: float) -> None:
        """Kill something every few seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() + KILLED_EVERY < until:
            time.sleep(KILLED_EVERY)
            self._revive()
            kind = self._random.choice(KINDS)
            self.killed[kind] += 1
            if kind == "api":
                self._api.stop(signal.SIGKILL)
                self._api = self._start_api()
            elif kind == "worker":
                self._worker.stop(signal.SIGKILL)
                self._worker = self._start_worker()
            elif kind == "broker":
                self._kill_broker()
            else:
                self._beats.pop(0).stop(signal.SIGKILL)
                self._beats.append(self._start_beat())
        time.sleep(max(0.0, until - time.monotonic()))

    def settle(self) -> float:
        """Wait until nothing waits in the outbox; the seconds that took."""
        started = time.monotonic()
        waiting = "SELECT count(*) FROM outbox_messages WHERE sent_at IS NULL AND failed_at IS NULL"
        with self._company.connect() as connection:
            while connection.execute(waiting).fetchone() != (0,):
                if time.monotonic() - started > PATIENCE_SECONDS:
                    raise WorkFailed("mails still wait in the outbox")
                self._revive()
                time.sleep(0.5)
        return time.monotonic() - started

    def _revive(self) -> None:
        """Start a worker anew that has ended of itself, as the supervisor does: a broker that goes at the wrong moment
        ends it.
        """
        if self._worker.has_ended:
            self.ended += 1
            self._worker = self._start_worker()

    def _kill_broker(self) -> None:
        valkey = self._servers.valkey
        pid = valkey.recorded_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        valkey.stop()
        valkey.start()

    def _name(self, kind: str) -> str:
        self._number += 1
        return f"message_race_{kind}_{self._number}"

    def _start_api(self) -> Server:
        return self._stack.enter_context(self._servers.api(self._name("api"), self._company.database))

    def _start_worker(self) -> Process:
        name = self._name("worker")
        return self._stack.enter_context(self._servers.worker(name, self._company.database, **self._sink.settings))

    def _start_beat(self) -> Process:
        name = self._name("beat")
        home = Path(self._servers.folder / name)
        return self._stack.enter_context(self._servers.beat(name, self._company.database, PLANNER_HOME=str(home)))


def _invite(crew: Crew, company: MessageCompany, promises: Promises, events: int, seconds: float) -> None:
    """Make events, evenly over the time, each repeated under its key until it is answered."""
    (host,) = company.people
    started = time.monotonic()
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    for number in range(events):
        guests = [f"guest-{number}-{place}@outside.example" for place in range(GUESTS)]
        body = {
            "title": f"Race {number}",
            "start_time": start.isoformat(),
            "end_time": (start + timedelta(hours=1)).isoformat(),
            "time_zone": "UTC",
            "participants": [{"email": guest} for guest in guests],
        }
        headers = {"Authorization": f"Bearer {host.token}", "Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = httpx.post(f"{crew.address}/events", json=body, headers=headers, timeout=20)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 201:
                promises.recipients.update(guests)
                break
            if answer is not None and answer.status_code not in (409, 429, 503):
                promises.wrong.append(f"{answer.status_code} {answer.text[:200]}")
                break
            if time.monotonic() > deadline:
                promises.wrong.append("no answer within a minute")
                break
            time.sleep(0.1)
        time.sleep(max(0.0, started + seconds * (number + 1) / events - time.monotonic()))
