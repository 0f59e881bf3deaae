"""Many clients that book the same rooms in every way there is, each keeping a journal of what it was promised.

A client repeats a request until it is answered, a POST under the same Idempotency-Key: whatever is killed meanwhile, in
the end it knows what became of each request. `room_race_checks` compares the journals with the database.
"""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import httpx2 as httpx

PATIENCE_SECONDS = 30.0
DAYS_AHEAD, DAYS = 30, 6
# Quarters of an hour from 08:00 to 18:00.
STARTS = [timedelta(hours=8, minutes=15 * quarter) for quarter in range(40)]
LENGTHS = [timedelta(minutes=minutes) for minutes in (15, 30, 60)]
REFUSED = (404, 409, 412)


@dataclass(frozen=True)
class Cast:
    """Who races for what: tokens of people of one company, its rooms, and those of them that an approver lends."""

    tokens: Sequence[str]
    approver: str
    rooms: Sequence[str]
    lent: frozenset[str]


@dataclass
class Journal:
    """What one client was told: its events, each occurrence with its room and start; and what was odd."""

    # By event, by original start.
    promised: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Racer(Thread):
    """One client. `addresses()` names the servers that may answer at the moment."""

    def __init__(self, number: int, cast: Cast, addresses: Callable[[], Sequence[str]], until: float) -> None:
        super().__init__(name=f"racer-{number}", daemon=True)
        self.journal = Journal()
        self._cast = cast
        self._token = cast.tokens[number % len(cast.tokens)]
        self._random = random.Random(number)
        self._addresses = addresses
        self._until = until
        self._client = httpx.Client(timeout=20)
        self._waiting: list[tuple[str, str]] = []

    def run(self) -> None:
        steps = (self._book, self._book_weekly, self._hold_and_book, self._edit, self._edit, self._cancel, self._wait)
        while time.monotonic() < self._until:
            try:
                self._random.choice((*steps, self._accept, self._give_back))()
            except Exception as error:
                self.journal.wrong.append(f"{type(error).__name__}: {error}")
        self._client.close()

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        """The answer to a request, repeated until there is one."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if method == "POST":
            headers["Idempotency-Key"] = str(uuid.UUID(int=self._random.getrandbits(128)))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                base = self._random.choice(self._addresses())
                answer = self._client.request(method, f"{base}{path}", json=body, params=params, headers=headers)
            except (httpx.TransportError, IndexError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
                continue
            if answer.status_code in (429, 503) or _is_busy(answer):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{method} {path}: {answer.text}")
                time.sleep(0.05)
                continue
            self._note(method, path, answer)
            return answer

    def _note(self, method: str, path: str, answer: httpx.Response) -> None:
        kind = "/".join("*" if len(part) == 36 else part for part in path.split("/"))
        self.journal.answers[f"{method} {kind} {answer.status_code}"] += 1
        if answer.status_code >= 500 or (answer.status_code >= 400 and answer.status_code not in REFUSED):
            self.journal.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

    def _slot(self) -> tuple[dict[str, str], str]:
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start = day + timedelta(days=DAYS_AHEAD + self._random.randrange(DAYS)) + self._random.choice(STARTS)
        end = start + self._random.choice(LENGTHS)
        return {"start_time": start.isoformat(), "end_time": end.isoformat()}, self._random.choice(self._cast.rooms)

    def _book(self) -> None:
        times, room = self._slot()
        self._post({"title": "Race", **times, "time_zone": "UTC", "room_id": room})

    def _book_weekly(self) -> None:
        times, room = self._slot()
        body = {"title": "Race", **times, "time_zone": "UTC", "room_id": room}
        percent = self._random.choice((0, 34, 100))
        self._post({**body, "recurrence_rule": "FREQ=DAILY;COUNT=3"}, room_clashes_percent=percent)

    def _post(self, body: dict[str, Any], **params: Any) -> bool:
        answer = self.call("POST", "/events", body, **params)
        if answer.status_code == 201:
            event = answer.json()
            self._promise(event["id"], event)
        return answer.status_code == 201

    def _hold_and_book(self) -> None:
        times, room = self._slot()
        hold = {"start": times["start_time"], "end": times["end_time"], "minutes": 2}
        if self.call("POST", f"/rooms/{room}/holds", hold).status_code != 201:
            return
        if not self._post({"title": "Held", **times, "time_zone": "UTC", "room_id": room}):
            self.journal.wrong.append(f"a held room was not given: {room} {times}")

    def _edit(self) -> None:
        event_id = self._some_event()
        if event_id is None:
            return
        times, room = self._slot()
        values: dict[str, Any] = self._random.choice(({**times, "time_zone": "UTC"}, {"room_id": room}))
        answer = self.call("PATCH", f"/events/{event_id}", values)
        if answer.status_code == 200:
            self._promise(event_id, answer.json())

    def _give_back(self) -> None:
        event_id = self._some_event()
        if event_id is None:
            return
        answer = self.call("PATCH", f"/events/{event_id}", {"room_id": None})
        if answer.status_code == 200:
            self.journal.promised[event_id] = {}

    def _cancel(self) -> None:
        event_id = self._some_event()
        if event_id is not None and self.call("DELETE", f"/events/{event_id}").status_code in (204, 404):
            del self.journal.promised[event_id]
            self.journal.gone.add(event_id)

    def _wait(self) -> None:
        times, room = self._slot()
        made = self.call("POST", "/events", {"title": "Waits", **times, "time_zone": "UTC"})
        if made.status_code != 201:
            return
        event_id = made.json()["id"]
        self.journal.promised[event_id] = {}
        answer = self.call("POST", f"/rooms/{room}/waiting", {"event_id": event_id})
        if answer.status_code == 201:
            self._waiting.append((answer.json()["id"], event_id))

    def _accept(self) -> None:
        offered = {
            item["id"] for item in self.call("GET", "/rooms/waiting").json()["items"] if item["state"] == "offered"
        }
        for waiting_id, event_id in [entry for entry in self._waiting if entry[0] in offered]:
            self._waiting.remove((waiting_id, event_id))
            if event_id not in self.journal.promised:
                continue
            answer = self.call("POST", f"/rooms/waiting/{waiting_id}/accept")
            if answer.status_code == 200:
                self._promise(event_id, answer.json())

    def _some_event(self) -> str | None:
        return self._random.choice(list(self.journal.promised)) if self.journal.promised else None

    def _promise(self, event_id: str, event: dict[str, Any]) -> None:
        # A request that was repeated may find its work done, and has nothing to report.
        report = event["room_report"] or self.call("GET", f"/events/{event_id}/room-report").json()
        self.journal.promised[event_id] = {
            item["original_start"]: (item["room_id"], item["start_time"])
            for item in report["occurrences"]
            if item["state"] in ("confirmed", "pending")
        }


class Approver(Racer):
    """Decides about what waits, as often one way as the other."""

    def __init__(self, cast: Cast, addresses: Callable[[], Sequence[str]], until: float) -> None:
        super().__init__(-1, cast, addresses, until)
        self._token = cast.approver

    def run(self) -> None:
        while time.monotonic() < self._until:
            try:
                for request in self.call("GET", "/rooms/requests", box="to_decide", limit=20).json()["items"]:
                    verdict = self._random.choice(("approve", "decline"))
                    self.call("POST", f"/rooms/requests/{request['id']}/{verdict}", {})
            except Exception as error:
                self.journal.wrong.append(f"{type(error).__name__}: {error}")
            time.sleep(0.2)
        self._client.close()


def race(
    cast: Cast,
    addresses: Callable[[], Sequence[str]],
    *,
    clients: int,
    seconds: float,
    disturb: Callable[[float], None] = time.sleep,
) -> list[Journal]:
    """Let them race for so many seconds; what each was told.

    Args:
        disturb: what happens meanwhile, for the seconds that it is given: processes that are killed.
    """
    until = time.monotonic() + seconds
    racers = [Racer(number, cast, addresses, until) for number in range(clients)]
    everybody = [*racers, Approver(cast, addresses, until)]
    for racer in everybody:
        racer.start()
    disturb(seconds)
    for racer in everybody:
        racer.join(PATIENCE_SECONDS + 30)
    return [racer.journal for racer in everybody]


def _is_busy(answer: httpx.Response) -> bool:
    """Whether the answer only says that somebody else was at it: the client is to ask again."""
    return answer.status_code == 409 and answer.json().get("code") == "try_again"
