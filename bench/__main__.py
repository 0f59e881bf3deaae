"""`python -m bench [--quick] [--write]`: measures, prints the table, and writes it to docs/performance.md if asked.

Ends with 0 whatever the speed, and with 1 when something is wrong: answers that differ, overlaps, server errors.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import whole
from bench.checks import Incorrect
from bench.figures import BRIEF, NORMAL, Measurements
from bench.loading import count
from bench.machine import describe
from bench.processes import ROOT, GeneratorFailed, ServerDidNotStart
from bench.rig import Rig, running
from bench.shape import FULL, QUICK
from bench.table import Figure, markdown, write_between_markers

DOCUMENT = ROOT / "docs" / "performance.md"


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and short runs, to see that it works")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.relative_to(ROOT)}")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="planner-bench-", ignore_cleanup_errors=True) as folder:
            table, right = measure(Path(folder), quick=options.quick)
    except (Incorrect, GeneratorFailed, ServerDidNotStart) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print(f"\n{table}\n\nDone in {time.monotonic() - started:.0f} s.")
    if options.write:
        write_between_markers(DOCUMENT, table)
    return 0 if right else 1


def measure(folder: Path, *, quick: bool) -> tuple[str, bool]:
    """The table, and whether everything that must be right is."""
    figures: list[Figure] = []
    # First, while no other server of ours takes memory and processor time.
    starts = list(whole.figures(folder))
    _say(f"loading {(QUICK if quick else FULL).events:,} events")
    with running(QUICK if quick else FULL, folder) as rig:
        figures.extend(_sizes(rig))
        measurements = Measurements(rig, BRIEF if quick else NORMAL)
        for figure in measurements.run():
            _say(f"{figure.name}: {figure.text}")
            figures.append(figure)
        machine = describe(*rig.versions)
    figures.extend(starts)
    return markdown(figures, measurements.ping, machine), all(figure.reached for figure in figures if figure.must)


def _sizes(rig: Rig) -> Iterator[Figure]:
    tables = ("users", "calendars", "events", "event_occurrences", "event_participants", "room_bookings")
    large = ", ".join(f"{count(rig.database_url, table):,} {table.removeprefix('event_')}" for table in tables)
    small = f"{count(rig.small_database_url, 'event_occurrences'):,} occurrences"
    yield Figure("data set", f"{large.replace('_', ' ')}; the smaller one: {small}")


def _say(text: str) -> None:
    """Tell a person who waits what was found."""
    with contextlib.suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
