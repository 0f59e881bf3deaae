"""Processes of an earlier run that a `kill -9` of the supervisor left behind."""

import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from app.supervisor.waiting import retry_until

SAME_START_SECONDS = 1.0


@dataclass(frozen=True)
class StopStep:
    """A signal, and how many seconds the process then has to end."""

    signal: signal.Signals
    seconds: float


@dataclass(frozen=True)
class Recorded:
    """A process as it was noted down. The start time tells it from a later process with the same number."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Self:
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.Error:
            return cls(pid, 0.0)

    @classmethod
    def read(cls, value: Any) -> Self | None:
        match value:
            case [int(pid), float() | int() as started]:
                return cls(pid, float(started))
        return None

    def find(self) -> psutil.Process | None:
        """The process, if it still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < SAME_START_SECONDS
        except psutil.Error:
            return None
        return process if same and not has_ended(process) else None


def process_on(directory: Path, pid: int) -> psutil.Process | None:
    """Process `pid`, if it runs and its command line names `directory`."""
    try:
        process = psutil.Process(pid)
        words = " ".join(process.cmdline()).split()
    except psutil.Error:
        return None
    path = str(directory)
    named = any(word == path or word.startswith(f"{path}/") for word in words)
    # A path with spaces is split above.
    named = named or (" " in path and path in " ".join(words))
    return process if named and not has_ended(process) else None


def stop_process(process: psutil.Process, steps: Iterable[StopStep]) -> bool:
    """Go through the signals until the process has ended; False when it outlives them all."""
    for step in steps:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(step.signal)
        if retry_until(lambda: has_ended(process), step.seconds):
            return True
    return False


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more. In some containers nobody collects dead processes, so they stay as zombies."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
