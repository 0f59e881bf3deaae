"""The figures about iCalendar: an import and an export of many events against the icalendar library's own work."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.checks import fetch
from bench.client import Incorrect
from bench.ics_file import write_file
from bench.machine import MEBIBYTE, memory_of
from bench.rig import Person, Rig
from bench.servers import Servers
from bench.table import Figure, duration, median

EVENTS = 10_000
IMPORT_FACTOR, EXPORT_FACTOR = 4.0, 1.0
# Beside the file itself, which a worker holds whole.
MEMORY_LIMIT = 32 * MEBIBYTE


def run(servers: Servers, rig: Rig, *, quick: bool) -> Iterator[Figure]:
    """Imports of the same file into calendars of several people, in turns with the library; then exports of them."""
    count, turns = (EVENTS // 10, 1) if quick else (EVENTS, 3)
    file = servers.folder / "events.ics"
    write_file(file, count)
    people = rig.people[:turns]
    library, ours = [], []
    for person in people:
        library.append(servers.work("bench.ics_work", rig.database, "library", str(file)))
        ours.append(_import(servers, rig, person, file, count))
    yield _import_time(ours, library, count)
    yield _import_memory(ours, library, file)
    yield from _export(rig, people, library, count)


def _import_time(ours: list[dict[str, Any]], library: list[dict[str, Any]], count: int) -> Figure:
    middle, factor = _compared([one["seconds"] for one in ours], [one["seconds"] for one in library])
    return Figure(
        f"import of {count:,} events (.ics) by a worker",
        f"{duration(middle)}, {factor:.1f} times what icalendar needs to parse the file",
        middle,
        goal=f"at most {IMPORT_FACTOR:.0f} times",
        reached=factor <= IMPORT_FACTOR,
    )


def _import_memory(ours: list[dict[str, Any]], library: list[dict[str, Any]], file: Path) -> Figure:
    size = file.stat().st_size
    grown, parsed = (max(one["growth"] for one in many) for many in (ours, library))
    limit = size + MEMORY_LIMIT
    text = (
        f"{_megabytes(grown)} more than before, for a file of {_megabytes(size)}; icalendar takes {_megabytes(parsed)}"
    )
    goal = f"at most {_megabytes(MEMORY_LIMIT)} beside the file"
    return Figure("memory of the worker meanwhile", text, goal=goal, reached=grown <= limit)


def _export(rig: Rig, people: list[Person], library: list[dict[str, Any]], count: int) -> Iterator[Figure]:
    fetch(rig.api, f"/api/v1/calendars/{people[0].calendar_id}/ics", people[0].token)
    before = memory_of(rig.api.pid, with_children=True).resident
    times, peak = [], before
    for person in people:
        started = time.perf_counter()
        content = fetch(rig.api, f"/api/v1/calendars/{person.calendar_id}/ics", person.token)
        times.append(time.perf_counter() - started)
        peak = max(peak, memory_of(rig.api.pid, with_children=True).resident)
        if content.count(b"BEGIN:VEVENT") < count:
            raise Incorrect("An export holds less than what was imported.")
    middle, factor = _compared(times, [one["writing"] for one in library])
    yield Figure(
        f"export of {count:,} events (.ics), streamed",
        f"{duration(middle)}, {factor:.2f} times what icalendar needs to write the same",
        middle,
        goal=f"at most {EXPORT_FACTOR:.0f} times",
        reached=factor <= EXPORT_FACTOR,
    )


def _compared(ours: list[float], theirs: list[float]) -> tuple[float, float]:
    """The median of ours, and the median of what ours is to theirs."""
    return median(ours), median([one / other for one, other in zip(ours, theirs, strict=True)])


def _import(servers: Servers, rig: Rig, person: Person, file: Path, count: int) -> dict[str, Any]:
    """Send the file, let a worker store it, and see that all of it is there."""
    path = f"/api/v1/calendars/{person.calendar_id}/imports"
    headers = {"Content-Type": "text/calendar", "Authorization": f"Bearer {person.token}"}
    url = f"http://127.0.0.1:{rig.api.port}{path}"
    asked = urllib.request.Request(url, file.read_bytes(), headers, method="POST")
    with urllib.request.urlopen(asked, timeout=60) as answer:
        started = json.load(answer)
    took = servers.work("bench.ics_work", rig.database, "import")
    done = json.loads(fetch(rig.api, f"{path}/{started['id']}", person.token))
    if (done["state"], done["created"], done["problems"]) != ("done", count, 0):
        raise Incorrect(f"The import ended as {done}.")
    return took


def _megabytes(size: float) -> str:
    return f"{size / MEBIBYTE:.0f} MB"
