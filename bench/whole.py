"""`planner up` as a user starts it: how long until it is ready, and how much memory the whole tree takes."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.machine import Memory, memory_of
from bench.processes import START_SECONDS, Process, free_port
from bench.table import Figure, duration

SETTLE_SECONDS = 3.0
# Whoever runs the benchmark may have servers configured; these figures are about the embedded ones.
UNSET = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "SECRET_KEY", "ENVIRONMENT")


def figures(folder: Path) -> Iterator[Figure]:
    """Start and stop the whole application twice, with all its data below `folder`."""
    first, _ = _start_and_stop(folder)
    second, memory = _start_and_stop(folder)
    yield Figure("`planner up`, first start (creates the data): command to ready", duration(first), first)
    yield Figure("the second start", duration(second), second, goal="under 5 s", reached=second < 5)
    yield Figure("memory of the whole tree (PostgreSQL, Valkey, API, worker, beat), idle", str(memory))


def _start_and_stop(folder: Path) -> tuple[float, Memory]:
    port = free_port()
    environment = {
        **dict.fromkeys(UNSET, ""),
        "PLANNER_HOME": str(folder / "whole"),
        "PLANNER_PORT": str(port),
        "UPLOADS_DIR": str(folder / "whole-uploads"),
    }
    started = time.perf_counter()
    process = Process(["-m", "app", "up"], environment, folder / "up.log")
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(port):
            process.check_alive(deadline)
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        time.sleep(SETTLE_SECONDS)
        return seconds, memory_of(process.pid, with_children=True)
    finally:
        process.stop(signal.SIGINT)


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return 200 <= int(answer.status) < 300
    except (OSError, urllib.error.URLError):
        return False
