"""Many people who book, wait for, take and give back the same rooms at once, against the running server."""

import random
import time
from collections import Counter
from threading import Thread

import psycopg

from app.tasks.room_tasks import expire_room_offers
from tests.support.api_process import ApiProcess
from tests.support.people import Company, Person
from tests.support.planning import overlapping_pairs
from tests.support.waiting import meeting

SECONDS = 6
CLIENTS = 8
EXPECTED = {200, 201, 204, 404, 409}


class Client(Thread):
    """One person; what was answered, by request and status."""

    def __init__(self, person: Person, rooms: list[str], number: int, until: float) -> None:
        super().__init__()
        self.person, self.rooms, self.until = person, rooms, until
        self.random = random.Random(number)
        self.answers: Counter[tuple[str, int]] = Counter()
        self.odd: list[str] = []

    def run(self) -> None:
        while time.monotonic() < self.until:
            booked = self.send("POST", "/events", **self.body(room_id=self.random.choice(self.rooms)))
            needs = self.send("POST", "/events", **self.body())
            self.send("POST", f"/rooms/{self.random.choice(self.rooms)}/waiting", "wait", event_id=needs["id"])
            if "id" in booked:
                self.send("DELETE", f"/events/{booked['id']}", "delete")
            for entry in self.send("GET", "/rooms/waiting", "list")["items"]:
                if entry["state"] != "offered":
                    continue
                if self.random.random() < 0.6:
                    self.send("POST", f"/rooms/waiting/{entry['id']}/accept", "accept")
                    self.send("DELETE", f"/events/{entry['event_id']}", "delete")
                else:
                    self.send("DELETE", f"/rooms/waiting/{entry['id']}", "leave")

    def body(self, **values: object) -> dict[str, object]:
        return meeting(self.random.choice((9, 10, 11)), self.random.choice((1, 2)), **values)

    def send(self, method: str, path: str, kind: str | None = None, **body: object) -> dict:  # type: ignore[type-arg]
        answer = self.person.call(method, path, **({"json": body} if body else {}))
        self.answers[kind or path, answer.status_code] += 1
        if answer.status_code not in EXPECTED:
            self.odd.append(f"{method} {path} {body}: {answer.text}")
        return answer.json() if answer.content else {}


def test_offers_in_a_crowd_break_nothing(company: Company, server: ApiProcess, database: psycopg.Connection) -> None:
    rooms = [company.admin.create_room()["id"] for _ in range(2)]
    until = time.monotonic() + SECONDS
    clients = [Client(server.seen_by(company.person()), rooms, number, until) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        expire_room_offers()
        time.sleep(0.05)
    answers = sum((client.answers for client in clients), Counter[tuple[str, int]]())
    assert [odd for client in clients for odd in client.odd] == []
    assert answers["accept", 200] + answers["leave", 204] > 0, answers
    assert overlapping_pairs(database) == 0
    expire_room_offers()
    # Each offer has its hold and each hold its offer; nobody waits for a room that is free.
    odd = database.execute(
        "SELECT count(*) FROM room_waiting w LEFT JOIN room_bookings h ON h.waiting_id = w.id"
        " WHERE w.organization_id = %s AND (w.state = 'offered') <> (h.id IS NOT NULL)",
        [company.organization.id],
    ).fetchone()
    assert odd == (0,)
    free = database.execute(
        "SELECT count(*) FROM room_waiting w WHERE w.organization_id = %s AND w.state = 'waiting' AND NOT EXISTS ("
        "SELECT FROM room_bookings b WHERE b.room_id = w.room_id AND b.during && w.during"
        " AND b.state IN ('held', 'pending', 'confirmed'))",
        [company.organization.id],
    ).fetchone()
    assert free == (0,)
