"""`python -m bench [--quick] [--write]`: measures, prints the table, and writes it to docs/performance.md if asked.

Ends with 0 whatever the speed, and with 1 when something is wrong: answers that differ, overlaps, server errors.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from bench import (
    mail_figures,
    meeting_figures_find,
    meeting_figures_ics,
    message_race_figures,
    people_figures,
    reminder_figures,
    rig,
    room_finding_figures,
    room_race_figures,
    series_figures,
    slot_figures,
    stream_figures,
    ticket_figures,
    whole,
)
from bench.client import BRIEF, NORMAL, Client, Incorrect
from bench.figures import Measurements
from bench.machine import describe
from bench.people_shape import PEOPLE_FULL, PEOPLE_QUICK
from bench.processes import ROOT, Generator, GeneratorFailed, ServerDidNotStart, WorkFailed
from bench.rig import Rig
from bench.servers import Servers, embedded
from bench.shape import FULL, QUICK
from bench.table import Figure, markdown, plain_markdown, write_between_markers

CALENDAR = "calendar"
PARTS = (CALENDAR, "slots", "tickets", "messages")
DOCUMENT = ROOT / "docs" / "performance.md"


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and short runs, to see that it works")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.relative_to(ROOT)}")
    parser.add_argument("--messages", action="store_true", help="only mail, streams, reminders and kills")
    parser.add_argument("--slots", action="store_true", help="only availability and bookable slots")
    parser.add_argument("--tickets", action="store_true", help="only tickets")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="planner-bench-", ignore_cleanup_errors=True) as folder:
            parts = {part for part in PARTS[1:] if getattr(options, part)} or set(PARTS)
            tables, right = measure(Path(folder), parts, quick=options.quick)
    except (Incorrect, GeneratorFailed, ServerDidNotStart, WorkFailed) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    for part, table in tables.items():
        print(f"\n{table}")
        if options.write:
            write_between_markers(DOCUMENT, table, part)
    print(f"\nDone in {time.monotonic() - started:.0f} s.")
    return 0 if right else 1


def measure(folder: Path, parts: Collection[str], *, quick: bool) -> tuple[dict[str, str], bool]:
    """The tables of these parts by their places in the document, and whether everything that must be right is."""
    # First, while no other server of ours takes memory and processor time.
    figures = list(whole.figures(folder)) if CALENDAR in parts else []
    starts, tables = len(figures), {}
    with embedded(folder) as servers, Generator() as generator:
        machine = describe(servers.postgres.version(), servers.valkey.version())
        if CALENDAR in parts:
            client = Client(generator, BRIEF if quick else NORMAL)
            figures += [*_told(_calendar(servers, client, quick=quick)), *_told(_people(servers, client, quick=quick))]
            _say("loading rooms")
            figures += _told(room_finding_figures.run(servers, client, quick=quick))
            tables[""] = markdown([*figures[starts:], *figures[:starts]], client.ping, machine)
        if "slots" in parts:
            client = Client(generator, BRIEF if quick else NORMAL)
            tables["slots:"] = markdown(list(_told(_slots(servers, client, quick=quick))), client.ping, machine)
        if "tickets" in parts:
            client = Client(generator, BRIEF if quick else NORMAL)
            _say("loading tickets")
            tickets = list(_told(ticket_figures.run(servers, client, quick=quick)))
            tables["tickets:"] = markdown(tickets, client.ping, machine)
        if "messages" in parts:
            messages = list(_told(_messages(servers, quick=quick)))
            tables["messages:"] = plain_markdown(messages, machine)
            figures += messages
    return tables, all(figure.reached for figure in figures if figure.must)


def _calendar(servers: Servers, client: Client, *, quick: bool) -> Iterator[Figure]:
    shape = QUICK if quick else FULL
    _say(f"loading {shape.events:,} events")
    with rig.running(servers, shape) as running:
        yield from _sizes(running)
        yield from meeting_figures_find.run(running, client)
        yield from Measurements(running, client).run()
        yield from series_figures.run(running, client)
        yield from meeting_figures_ics.run(servers, running, quick=quick)
        yield from room_race_figures.run(servers, running, quick=quick)


def _slots(servers: Servers, client: Client, *, quick: bool) -> Iterator[Figure]:
    _say("loading events for availability and slots")
    with rig.running(servers, QUICK if quick else FULL, "slots") as running:
        yield from slot_figures.run(running, client)


def _people(servers: Servers, client: Client, *, quick: bool) -> Iterator[Figure]:
    shapes = PEOPLE_QUICK if quick else PEOPLE_FULL
    _say(f"loading {shapes.many.people:,} people, and {shapes.crowd.people:,}")
    yield from people_figures.run(servers, client, shapes)


def _messages(servers: Servers, *, quick: bool) -> Iterator[Figure]:
    _say("messages")
    for part in (mail_figures, stream_figures, reminder_figures, message_race_figures):
        yield from part.run(servers, quick=quick)


def _sizes(running: Rig) -> Iterator[Figure]:
    tables = ("users", "calendars", "events", "event_occurrences", "event_participants", "room_bookings")
    large = ", ".join(f"{running.database.count(table):,} {table.removeprefix('event_')}" for table in tables)
    small = f"{running.small_database.count('event_occurrences'):,} occurrences"
    yield Figure("data set", f"{large.replace('_', ' ')}; the smaller one: {small}")


def _told(figures: Iterator[Figure]) -> Iterator[Figure]:
    for figure in figures:
        _say(f"{figure.name}: {figure.text}")
        yield figure


def _say(text: str) -> None:
    """Tell a person who waits what was found."""
    with contextlib.suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
