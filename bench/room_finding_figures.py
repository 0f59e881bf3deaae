"""Finding free rooms in a company with very many of them, in pings."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from bench.client import Client, in_turns, ratio_of
from bench.databases import Database
from bench.load import request
from bench.loading import load
from bench.processes import Server
from bench.room_finding_data import ROOMS_FULL, ROOMS_QUICK, RoomData
from bench.servers import Servers, token_of
from bench.table import Figure, duration, median

AVAILABLE_PINGS = 8.0
PING = "ping"


def run(servers: Servers, client: Client, *, quick: bool) -> Iterator[Figure]:
    """Load a database of its own, and ask in turns with pings of the same person."""
    today = datetime.now(UTC)
    data = RoomData(ROOMS_QUICK if quick else ROOMS_FULL, today)
    database = Database.another(servers.postgres, "rooms")
    load(database, data)
    token = token_of(data.user, data.session)
    asked = {
        "rooms free for an hour, any": _available(token, today),
        "rooms free for an hour, eight people, projector": _available(token, today, capacity=8, equipment="projector"),
        "rooms free for half an hour within four hours": _available(token, today, hours=4, duration_minutes=30),
    }
    with servers.api("rooms", database) as server:
        seconds = client.pace.seconds / 4
        measured: dict[str, Callable[[], float]] = {
            name: partial(_latency, client, server, text, seconds) for name, text in asked.items()
        }
        measured[PING] = partial(client.measure_ping, server, [token], seconds)
        found = in_turns(measured, client.pace.turns)
    size = f"{data.shape.rooms:,} rooms, {data.shape.bookings:,} bookings"
    for name in asked:
        pings = ratio_of(found, name, PING)
        took = median(found[name])
        goal = f"at most {AVAILABLE_PINGS:.0f} pings"
        yield Figure(f"{name} ({size})", duration(took), took, pings=pings, goal=goal, reached=pings <= AVAILABLE_PINGS)


def _latency(client: Client, server: Server, text: str, seconds: float) -> float:
    return median(client.load(server, [text], 1, seconds).latencies)


def _available(token: str, today: datetime, *, hours: int = 1, **more: object) -> str:
    """A question about the middle of the next Wednesday."""
    day = today + timedelta(days=(2 - today.weekday()) % 7 or 7)
    start = day.replace(hour=9, minute=0, second=0, microsecond=0)
    window = {"from": start.isoformat(), "to": (start + timedelta(hours=hours)).isoformat()}
    return request("GET", f"/api/v1/rooms/available?{urlencode({**window, **more})}", token)
