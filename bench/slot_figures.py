"""The figures about availability and bookable slots, in pings."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import httpx2 as httpx
import psycopg

from bench.client import Client, Incorrect, in_turns, ratio_of
from bench.load import request
from bench.rig import Person, Rig
from bench.table import Figure, duration, median

COLLECTIVE_PEOPLE, COLLECTIVE_PINGS, DAYS = 10, 15.0, 30
PING = "ping"


def run(rig: Rig, client: Client) -> Iterator[Figure]:
    """Every figure, over one connection, measured in turns with pings of the same person."""
    asker = rig.people[0]
    people = _hosts(rig, asker)
    goals = {f"slots of a collective kind of {COLLECTIVE_PEOPLE} people, {DAYS} days": COLLECTIVE_PINGS}
    kinds = [
        _kind(rig, asker, people, mode="collective"),
        _kind(rig, asker, people[:5], mode="round_robin"),
        _kind(rig, asker, people[:1], mode="one"),
    ]
    names = [*goals, f"slots of a round-robin kind of 5 people, {DAYS} days", f"slots of one person, {DAYS} days"]
    requests = {name: _slots(asker, kind) for name, kind in zip(names, kinds, strict=True)}
    requests[f"availability of {COLLECTIVE_PEOPLE} people for a week"] = _availability(rig, asker, people)
    seconds = client.pace.seconds / 4
    measured: dict[str, Callable[[], float]] = {
        name: partial(_latency, rig, client, text, seconds) for name, text in requests.items()
    }
    measured[PING] = partial(client.measure_ping, rig.api, [asker.token], seconds)
    found = in_turns(measured, client.pace.turns)
    for name in requests:
        took, pings = median(found[name]), ratio_of(found, name, PING)
        if name in goals:
            goal = f"at most {goals[name]:.0f} pings"
            yield Figure(name, duration(took), took, pings=pings, goal=goal, reached=pings <= goals[name])
        else:
            yield Figure(name, duration(took), took, pings=pings)


def _latency(rig: Rig, client: Client, text: str, seconds: float) -> float:
    return median(client.load(rig.api, [text], 1, seconds).latencies)


def _hosts(rig: Rig, asker: Person) -> list[str]:
    """People of the asker's company, the asker first, all of whom may offer appointments."""
    with psycopg.connect(rig.database.superuser_url) as connection:
        connection.execute(
            "UPDATE users SET access_availability_slots = true WHERE organization_id = %s", [asker.organization_id]
        )
        rows = connection.execute(
            "SELECT id::text FROM users WHERE organization_id = %s AND id <> %s ORDER BY id LIMIT %s",
            [asker.organization_id, asker.user_id, COLLECTIVE_PEOPLE - 1],
        ).fetchall()
    return [asker.user_id, *(user_id for (user_id,) in rows)]


def _kind(rig: Rig, asker: Person, people: Sequence[str], mode: str) -> str:
    """Half an hour within working hours, with a buffer; its id. Some of its times must be there.

    Raises:
        Incorrect: it cannot be offered.
    """
    body = {
        "name": mode,
        "mode": mode,
        "hosts": [{"user_id": person} for person in people],
        "durations": [30],
        "buffer_after_minutes": 10,
    }
    headers = {"Authorization": f"Bearer {asker.token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{rig.api.port}/api/v1", headers=headers, timeout=60) as api:
        made = api.post("/slots/kinds", json=body)
        if made.status_code != 201:
            raise Incorrect(f"a kind of appointment: {made.status_code} {made.text}")
        kind = str(made.json()["id"])
        answer = api.get("/slots", params=_window(kind))
        if answer.status_code != 200 or (mode != "collective" and not answer.json()["slots"]):
            raise Incorrect(f"slots of {mode}: {answer.status_code} {answer.text[:500]}")
    return kind


def _window(kind: str) -> dict[str, str]:
    today = datetime.now(UTC).date()
    return {"kind": kind, "from": f"{today}", "to": f"{today + timedelta(days=DAYS)}"}


def _slots(asker: Person, kind: str) -> str:
    return request("GET", f"/api/v1/slots?{urlencode(_window(kind))}", asker.token)


def _availability(rig: Rig, asker: Person, people: Sequence[str]) -> str:
    query = urlencode([("from", rig.week[0]), ("to", rig.week[1]), *(("users", person) for person in people)])
    return request("GET", f"/api/v1/availability?{query}", asker.token)
