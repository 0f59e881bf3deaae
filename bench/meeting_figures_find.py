"""The figures about free time and search in events, in pings: free/busy, finding a time, and words of many events."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote, urlencode

import psycopg

from bench.client import Client, in_turns, ratio_of
from bench.load import request
from bench.rig import Person, Rig
from bench.table import Figure, duration, median

FREE_BUSY_PEOPLE, FREE_BUSY_PINGS = 100, 10.0
FIND_TIME_PEOPLE, FIND_TIME_PINGS = 50, 50.0
SEARCHES = ("планёрка", "design rev", '"встреча с заказчиком"')
PING = "ping"


def run(rig: Rig, client: Client) -> Iterator[Figure]:
    """Every figure, over one connection, measured in turns with pings of the same person."""
    asker = rig.people[0]
    people = _colleagues(rig, asker, FREE_BUSY_PEOPLE)
    goals = {
        f"free/busy of {len(people)} people for a week": FREE_BUSY_PINGS,
        f"a time for {FIND_TIME_PEOPLE} people and a room of {len(asker.rooms)}, two weeks": FIND_TIME_PINGS,
    }
    asked = [_free_busy(rig, asker, people), _find_time(rig, asker, people[:FIND_TIME_PEOPLE])]
    requests = dict(zip(goals, asked, strict=True))
    requests.update({f"search in events: {text}": _search(asker, text) for text in SEARCHES})
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


def _colleagues(rig: Rig, asker: Person, count: int) -> list[str]:
    """People of the asker's company."""
    with psycopg.connect(rig.database.superuser_url) as connection:
        rows = connection.execute(
            "SELECT id::text FROM users WHERE organization_id = %s ORDER BY id LIMIT %s", [asker.organization_id, count]
        ).fetchall()
    return [user_id for (user_id,) in rows]


def _free_busy(rig: Rig, asker: Person, people: list[str]) -> str:
    query = urlencode([("from", rig.week[0]), ("to", rig.week[1]), *(("users", person) for person in people)])
    return request("GET", f"/api/v1/freebusy?{query}", asker.token)


def _find_time(rig: Rig, asker: Person, people: list[str]) -> str:
    body = {
        "duration_minutes": 60,
        "required": people[:5],
        "optional": people[5:],
        "rooms": {"ids": list(asker.rooms)},
        "from": rig.week[0],
        "to": f"{date.fromisoformat(rig.week[0]) + timedelta(weeks=2)}",
        "order": "least_pain",
    }
    return request("POST", "/api/v1/events/find-time", asker.token, body)


def _search(asker: Person, text: str) -> str:
    return request("GET", f"/api/v1/events/search?q={quote(text)}", asker.token)
