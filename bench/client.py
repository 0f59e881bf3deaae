"""The client's side of every figure: load, the check that all answers are good, and pings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.load import Job, Result, request
from bench.processes import Generator, Server
from bench.table import median


class Incorrect(RuntimeError):
    """A result is wrong, so its speed does not matter."""


@dataclass(frozen=True)
class Pace:
    """How long to measure: turns, and seconds of each."""

    turns: int
    seconds: float
    race_seconds: float


NORMAL = Pace(turns=6, seconds=3.0, race_seconds=10.0)
BRIEF = Pace(turns=2, seconds=0.5, race_seconds=1.0)


class Client:
    """Sends load to servers, and remembers every ping of the run."""

    def __init__(self, generator: Generator, pace: Pace) -> None:
        self.pace = pace
        self._generator = generator
        self._pings: list[float] = []

    @property
    def ping(self) -> float:
        """Seconds of one ping: the median of all that were measured during the run."""
        return median(self._pings)

    def measure_ping(self, server: Server, tokens: list[str], seconds: float | None = None) -> float:
        """The median of the pings of the people with these tokens, one after the other, in seconds."""
        requests = [request("GET", "/api/v1/auth/me", token) for token in tokens]
        result = self.load(server, requests, 1, seconds or self.pace.seconds / 4)
        self._pings += result.latencies
        return median(result.latencies)

    def load(self, server: Server, requests: list[str], connections: int, seconds: float, **options: Any) -> Result:
        """Load a server; every answer must be 200.

        Raises:
            Incorrect: another status came back.
        """
        result = self.run(Job(server.port, requests, connections, seconds, **options))
        if set(result.statuses) != {"200"}:
            raise Incorrect(f"Answers other than 200: {result.statuses}")
        return result

    def run(self, job: Job) -> Result:
        """Run a job, whatever the answers."""
        return self._generator.run(job)


def in_turns(measured: Mapping[str, Callable[[], float]], turns: int) -> dict[str, list[float]]:
    """What each function measures in `turns` turns, after one that does not count: A B, B A, A B, ..."""
    found: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(turns + 1):
        names = list(measured) if turn % 2 else list(measured)[::-1]
        for name in names:
            value = measured[name]()
            if turn:
                found[name].append(value)
    return found


def ratio_of(found: Mapping[str, list[float]], name: str, other: str) -> float:
    """The median of the ratios that two of them had in each turn."""
    return median([a / b for a, b in zip(found[name], found[other], strict=True)])
