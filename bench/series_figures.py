"""The figures about series: storing a long one, and changing one occurrence of another."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bench import checks
from bench.client import Client, Incorrect
from bench.load import Job, Result, request
from bench.rig import Person, Rig
from bench.table import Figure, duration, median

EVENTS = "/api/v1/events"
OCCURRENCES = 500
EDIT_PINGS = 6.0
STORE_PINGS = 25.0
STORED = 24


def run(rig: Rig, client: Client) -> Iterator[Figure]:
    """Each figure between two measurements of the ping, one client at a time."""
    person = rig.people[0]
    client.measure_ping(rig.api, [person.token])
    yield _edit_one(rig, client, person)
    client.measure_ping(rig.api, [person.token])
    yield _store_long(rig, client, person)
    client.measure_ping(rig.api, [person.token])


def _edit_one(rig: Rig, client: Client, person: Person) -> Figure:
    """Move occurrence after occurrence of a series with a room by a quarter of an hour."""
    first = _night(1, 2)
    body = _series(person, first, f"FREQ=DAILY;COUNT={OCCURRENCES}", room=person.rooms[0])
    series = json.loads(checks.send(rig.api, EVENTS, body, person.token))["id"]
    edits = []
    for number in range(1, OCCURRENCES, 3):
        start = first + timedelta(days=number)
        moved = {"start_time": _text(start + timedelta(minutes=15)), "end_time": _text(start + timedelta(minutes=45))}
        path = f"{EVENTS}/{series}?occurrence={_text(start)}"
        edits.append(request("PATCH", path, person.token, moved))
    result = _send(rig, client, edits)
    middle = median(result.latencies)
    pings = middle / client.ping
    return Figure(
        f"editing one of {OCCURRENCES} occurrences with a room, median of {len(result.latencies)}",
        duration(middle),
        middle,
        goal=f"at most {EDIT_PINGS:.0f} pings",
        reached=pings <= EDIT_PINGS,
    )


def _store_long(rig: Rig, client: Client, person: Person) -> Figure:
    """Create daily series of two years, each expanded and stored."""
    starts = [_night(1, 3) + timedelta(minutes=number) for number in range(STORED)]
    series = [request("POST", EVENTS, person.token, _series(person, start, "FREQ=DAILY")) for start in starts]
    result = _send(rig, client, series)
    middle = median(result.latencies)
    pings = middle / client.ping
    return Figure(
        "a daily series, expanded and stored for two years",
        duration(middle),
        middle,
        goal=f"at most {STORE_PINGS:.0f} pings",
        reached=pings <= STORE_PINGS,
    )


def _series(person: Person, start: datetime, rule: str, room: str | None = None) -> dict[str, Any]:
    return {
        "title": "A series of the benchmark",
        "start_time": _text(start),
        "end_time": _text(start + timedelta(minutes=30)),
        "time_zone": "UTC",
        "recurrence_rule": rule,
        "calendar_id": person.calendar_id,
        "room_id": room,
    }


def _send(rig: Rig, client: Client, requests: list[str]) -> Result:
    result = client.run(Job(rig.api.port, requests, 1, 600.0, warmup=0.0, once=True))
    if not set(result.statuses) <= {"200", "201"}:
        raise Incorrect(f"Writing series was answered with {result.statuses}")
    return result


def _night(days_ahead: int, hour: int) -> datetime:
    """An hour (UTC) of a day ahead at which the data set has no meetings."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days_ahead, hours=hour)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
