"""A process that reads iCalendar, and tells as JSON what it took: `python -m bench.ics_work library FILE`, or `import`.

The first is the icalendar library, the second Planner's worker with one file that waits for it.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from icalendar import Calendar

from app.tasks.import_tasks import import_files

LOOK_SECONDS = 0.01


def main() -> int:
    """Do what the arguments say; the exit code."""
    task, *rest = sys.argv[1:]
    print(json.dumps(_library(Path(rest[0])) if task == "library" else _import()))
    return 0


def _library(file: Path) -> dict[str, float]:
    content = file.read_bytes()
    calendar, parsing, growth = _measured(lambda: Calendar.from_ical(content))
    _, writing, _ = _measured(calendar.to_ical)
    return {"seconds": parsing, "writing": writing, "growth": growth}


def _import() -> dict[str, float]:
    _, seconds, growth = _measured(import_files)
    return {"seconds": seconds, "growth": growth}


def _measured(work: Callable[[], Any]) -> tuple[Any, float, int]:
    """What came out, the seconds, and by how many bytes the memory of the process grew at its peak."""
    process, is_over = psutil.Process(), threading.Event()
    before = process.memory_info().rss
    peak = before

    def look() -> None:
        nonlocal peak
        while not is_over.wait(LOOK_SECONDS):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    started = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    is_over.set()
    watcher.join()
    return result, seconds, max(peak, process.memory_info().rss) - before


if __name__ == "__main__":
    sys.exit(main())
