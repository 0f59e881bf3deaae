"""The load generator, a process of its own: `python -m bench.load` reads jobs from its input, a JSON line each.

It keeps connections open, sends prepared bytes and reads answers by their Content-Length, so that it costs far less
than any server it measures; each result tells its own processor time.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any, cast

import uvloop

# How long after the end of a job the last answers may take.
ANSWER_SECONDS = 60.0
HEAD_END = b"\r\n\r\n"


@dataclass
class Job:
    """What to send: `requests` in this order over `connections`, again and again or, if `once`, each one time."""

    port: int
    requests: list[str]
    connections: int
    seconds: float
    warmup: float = 0.3
    once: bool = False


@dataclass
class Result:
    """What came back in `seconds`. Latencies are in seconds; `cpu` is the generator's own processor time."""

    seconds: float = 0.0
    cpu: float = 0.0
    bytes: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def per_second(self) -> float:
        return self.count / self.seconds


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request as soon as the last is answered."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._buffer = bytearray()
        self._expected = -1
        self._started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        request = self._run.next_request()
        if request is None:
            self._transport.close()
            return
        self._started = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._expected < 0:
            end = self._buffer.find(HEAD_END)
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self._expected = end + len(HEAD_END) + length
        if len(self._buffer) >= self._expected:
            self._run.answered(bytes(self._buffer[9:12]).decode(), time.perf_counter(), self._started, self._expected)
            self._buffer.clear()
            self._expected = -1
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._expected >= 0 or self._buffer:
            self._run.answered("lost", time.perf_counter(), self._started, 0)
        if not self.done.done():
            self.done.set_result(None)


class Run:
    """The state that the connections of one job share."""

    def __init__(self, job: Job) -> None:
        prepared = [request.encode() for request in job.requests]
        self._requests = iter(prepared) if job.once else cycle(prepared)
        self._begin = time.perf_counter() + job.warmup
        self._end = self._begin + job.seconds
        self._statuses: Counter[str] = Counter()
        self._latencies: list[float] = []
        self._bytes = 0
        self._last = self._begin

    def next_request(self) -> bytes | None:
        return next(self._requests, None) if time.perf_counter() < self._end else None

    def answered(self, status: str, now: float, started: float, size: int) -> None:
        if now >= self._begin:
            self._statuses[status] += 1
            self._latencies.append(now - started)
            self._bytes += size
            self._last = now

    def result(self, cpu: float) -> Result:
        return Result(self._last - self._begin, cpu, self._bytes, dict(self._statuses), self._latencies)


async def run_job(job: Job) -> Result:
    """Run one job to its end."""
    run = Run(job)
    loop = asyncio.get_running_loop()
    cpu = time.process_time()
    made = [
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", job.port) for _ in range(job.connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return run.result(time.process_time() - cpu)


def request(method: str, path: str, token: str | None, body: dict[str, Any] | None = None) -> str:
    """The text of an HTTP request, with a bearer token unless it is None."""
    content = json.dumps(body) if body is not None else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
    if token is not None:
        head += f"Authorization: Bearer {token}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n{content}"


def main() -> None:
    """Answer each job on the input with one line of JSON."""
    for line in sys.stdin:
        result = uvloop.run(run_job(Job(**json.loads(line))))
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
