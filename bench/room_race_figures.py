"""The race for rooms: 64 clients, 10 rooms, a minute, with processes killed on the way."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import psycopg

from app.core.ids import new_id
from bench.processes import Process, Server
from bench.rig import Rig
from bench.room_race import Cast, race
from bench.room_race_checks import Findings, check
from bench.servers import Servers
from bench.table import Figure

CLIENTS, ROOMS, LENT = 64, 10, 3
SECONDS, QUICK_SECONDS = 60.0, 15.0
KILLED_EVERY = 4.0
RECOVERY_SECONDS = 30.0
# What beat asks for every minute is asked for as often as this here, so that much of it happens in the race.
ROUND_SECONDS = 1.0
ROUNDS = (
    "app.tasks.room_tasks.expire_room_holds",
    "app.tasks.room_tasks.expire_room_requests",
    "app.tasks.room_tasks.expire_room_offers",
    "app.tasks.room_tasks.tell_room_offers",
)


class Crew:
    """Two API processes and a worker on the database of the rig; one after the other is killed and started again."""

    def __init__(self, servers: Servers, rig: Rig, stack: ExitStack) -> None:
        self._servers, self._rig, self._stack = servers, rig, stack
        self._random = random.Random(1)
        self.killed: list[str] = []
        self.apis = [self._api(number) for number in range(2)]
        self.worker = self._worker()

    def addresses(self) -> list[str]:
        """The servers that clients know."""
        return [f"http://127.0.0.1:{server.port}/api/v1" for server in self.apis]

    def disturb(self, seconds: float) -> None:
        """Kill something every few seconds: an API process, the worker, or a server process of PostgreSQL."""
        until = time.monotonic() + seconds
        next_kill = time.monotonic() + KILLED_EVERY
        while time.monotonic() < until:
            time.sleep(ROUND_SECONDS)
            self._ask_for_rounds()
            if time.monotonic() >= next_kill:
                next_kill += KILLED_EVERY
                self._kill(self._random.choice(("api", "api", "worker", "postgres")))

    def _kill(self, what: str) -> None:
        self.killed.append(what)
        self._database().close()
        if what == "api":
            number = self._random.randrange(len(self.apis))
            self.apis[number].stop(signal.SIGKILL)
            self.apis[number] = self._api(number)
        elif what == "worker":
            self.worker.stop(signal.SIGKILL)
            self.worker = self._worker()
        else:
            # It may have ended since it was looked up.
            with suppress(ProcessLookupError):
                os.kill(self._backend(), signal.SIGKILL)

    def _backend(self) -> int:
        """A server process of PostgreSQL that works for the race: with it, all of them start anew and recover."""
        with self._database() as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' ORDER BY random() LIMIT 1"
            ).fetchone()
        assert row is not None
        return int(row[0])

    def _database(self) -> psycopg.Connection[Any]:
        """A connection, as soon as PostgreSQL has recovered from the last kill."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                return psycopg.connect(self._rig.database.superuser_url)
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _api(self, number: int) -> Server:
        return self._stack.enter_context(self._servers.api(f"race_{number}_{len(self.killed)}", self._rig.database))

    def _worker(self) -> Process:
        return self._stack.enter_context(self._servers.worker(f"race_worker_{len(self.killed)}", self._rig.database))

    def _ask_for_rounds(self) -> None:
        self._servers.send_tasks(ROUNDS)


def run(servers: Servers, rig: Rig, *, quick: bool) -> Iterator[Figure]:
    """The figures of the race. They are a matter of being right: one above 0 fails the run."""
    cast = _cast(rig)
    seconds = QUICK_SECONDS if quick else SECONDS
    with ExitStack() as stack:
        crew = Crew(servers, rig, stack)
        journals = race(cast, crew.addresses, clients=CLIENTS, seconds=seconds, disturb=crew.disturb)
    found = check(rig.database.superuser_url, cast, journals)
    requests = sum(found.answers.values())
    killed = ", ".join(f"{crew.killed.count(what)} {what}" for what in ("api", "worker", "postgres"))
    name = f"race: {CLIENTS} clients, {ROOMS} rooms, {seconds:.0f} s, everything"
    yield Figure(name, f"{requests:,} requests answered; killed: {killed}")
    yield from _verdicts(found)


def _verdicts(found: Findings) -> Iterator[Figure]:
    promised = f" of {found.promised:,} promised"
    for name, count, more in (
        ("race: bookings that overlap", found.overlaps, ""),
        ("race: acknowledged bookings that are lost", found.lost, promised),
        ("race: events that believe in a room they do not hold", found.believing, ""),
        ("race: rooms that are taken for no event", found.left_over, ""),
        ("race: answers that must not be (5xx, broken promises)", len(found.wrong), f" {found.wrong[:3] or ''}"),
    ):
        yield Figure(name, f"{count}{more}", goal="0", reached=not count, must=True)


def _cast(rig: Rig) -> Cast:
    """Rooms of their own for the race, in the company of the first person, who decides about those that are lent."""
    first = rig.people[0]
    racers = [person for person in rig.people if person.organization_id == first.organization_id]
    rooms = [str(new_id()) for _ in range(ROOMS)]
    with psycopg.connect(rig.database.superuser_url) as connection:
        for number, room in enumerate(rooms):
            values = {"o": first.organization_id, "r": room, "p": str(new_id()), "u": first.user_id}
            connection.execute(
                "INSERT INTO rooms (organization_id, id, name, capacity, is_active)"
                " VALUES (%(o)s, %(r)s, 'Race ' || %(p)s::text, 8, true)",
                values,
            )
            if number < LENT:
                connection.execute(
                    "INSERT INTO booking_policies (organization_id, id, room_id, in_policy)"
                    " VALUES (%(o)s, %(p)s, %(r)s, 'request')",
                    values,
                )
                connection.execute(
                    "INSERT INTO booking_policy_people (organization_id, id, policy_id, purpose, user_id)"
                    " VALUES (%(o)s, %(p)s, %(p)s, 'approver', %(u)s)",
                    values,
                )
    return Cast([person.token for person in racers[1:]], first.token, rooms, frozenset(rooms[:LENT]))
