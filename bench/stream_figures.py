"""Live streams: a thousand open on one process, what they cost, and how soon a change reaches those it concerns."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import psutil

from bench.message_data import Colleague, MessageCompany, company_of
from bench.processes import Server, WorkFailed
from bench.servers import Servers
from bench.table import Figure, duration, median

STREAMS, QUICK_STREAMS = 1000, 100
CONCERNED = 50
EVENTS = 10
IDLE_SECONDS = 10.0
OPEN_SECONDS, TOLD_SECONDS = 60.0, 20.0
# So many are opened at once; each asks the database who it is.
OPENED_AT_ONCE = 20


@dataclass
class Told:
    """What became of the streams of a run."""

    opened: int
    bytes_each: float
    idle_share: float
    delays: list[float]
    baseline: list[float]


def run(servers: Servers, *, quick: bool) -> Iterator[Figure]:
    """The figures of one process with all these streams."""
    streams = QUICK_STREAMS if quick else STREAMS
    company = company_of(servers, "streams", streams)
    with ExitStack() as stack:
        server = stack.enter_context(servers.api("stream_api", company.database))
        told = asyncio.run(_follow(server, company))
    name = f"{streams:,} live streams on one process"
    yield Figure(f"{name}: open", f"{told.opened:,}", goal=f"{streams:,}", reached=told.opened == streams, must=True)
    yield Figure(f"{name}: memory", f"{told.bytes_each / 1024:.0f} KiB each")
    yield Figure(f"{name}: idle", f"{told.idle_share:.1%} of a core")
    waits = median(told.delays)
    yield Figure(
        f"{name}: a change until the last of {CONCERNED} whom it concerns has it",
        f"{duration(waits)} after the request began; the request itself {duration(median(told.baseline))}",
    )


async def _follow(server: Server, company: MessageCompany) -> Told:
    process = psutil.Process(server.pid)
    base = f"http://127.0.0.1:{server.port}/api/v1"
    host, concerned = company.people[0], company.people[1 : CONCERNED + 1]
    async with httpx.AsyncClient(timeout=60) as client:
        before = process.memory_info().rss
        turns = asyncio.Semaphore(OPENED_AT_ONCE)
        streams = [Stream(server.port, person) for person in company.people]
        await asyncio.wait_for(asyncio.gather(*(stream.open(turns) for stream in streams)), OPEN_SECONDS)
        bytes_each = (process.memory_info().rss - before) / len(streams)
        used = sum(process.cpu_times()[:2])
        await asyncio.sleep(IDLE_SECONDS)
        idle_share = (sum(process.cpu_times()[:2]) - used) / IDLE_SECONDS
        by_person = {stream.person.id: stream for stream in streams}
        delays, baseline = [], []
        for _ in range(EVENTS):
            started = time.perf_counter()
            event = await _create(client, base, host, concerned)
            baseline.append(time.perf_counter() - started)
            await asyncio.gather(*(by_person[person.id].until(event) for person in concerned))
            delays.append(time.perf_counter() - started)
        opened = sum(stream.is_open for stream in streams)
        for stream in streams:
            stream.close()
    return Told(opened, bytes_each, idle_share, delays, baseline)


async def _create(client: httpx.AsyncClient, base: str, host: Colleague, guests: list[Colleague]) -> str:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    body = {
        "title": "Live",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=1)).isoformat(),
        "time_zone": "UTC",
        "participants": [{"user_id": person.id} for person in guests],
    }
    answer = await client.post(f"{base}/events", json=body, headers={"Authorization": f"Bearer {host.token}"})
    if answer.status_code != 201:
        raise WorkFailed(answer.text[:500])
    return str(answer.json()["id"])


class Stream:
    """One client's stream of changes, on a socket of its own."""

    def __init__(self, port: int, person: Colleague) -> None:
        self.person = person
        self.is_open = False
        self._port = port
        self._seen: set[str] = set()
        self._news = asyncio.Event()

    async def open(self, turns: asyncio.Semaphore) -> None:
        """Begin, and wait for the event that says so."""
        async with turns:
            reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            request = "GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            self._writer.write(f"{request}Authorization: Bearer {self.person.token}\r\n\r\n".encode())
            await self._writer.drain()
            while b"event: ready" not in await self._line(reader):
                pass
        self.is_open = True
        self._reading = asyncio.create_task(self._read(reader))

    async def until(self, event: str) -> None:
        """Wait for a change of this event."""
        async with asyncio.timeout(TOLD_SECONDS):
            while event not in self._seen:
                self._news.clear()
                await self._news.wait()

    def close(self) -> None:
        self._reading.cancel()
        self._writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            # The id of what changed stands in the data, at the beginning.
            if line.startswith(b"data: ") and b'"id":"' in line:
                self._seen.add(line.partition(b'"id":"')[2][:36].decode())
                self._news.set()
        self.is_open = False

    @staticmethod
    async def _line(reader: asyncio.StreamReader) -> bytes:
        line = await reader.readline()
        if not line:
            raise WorkFailed("a stream ended before it began")
        return line
