"""The figures. Whatever is compared is measured in turns, A B A B, and the medians of the turns are compared."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from bench import checks, row_security
from bench.client import Client, Incorrect
from bench.load import Job, Result, request
from bench.machine import memory_of
from bench.rig import Person, Rig
from bench.table import Figure, duration, median, percentile

CONNECTIONS = 32
RACERS = 16
RACED_ROOMS = 5


class Measurements:
    """Measures one figure after the other, and a ping between them."""

    def __init__(self, rig: Rig, client: Client) -> None:
        self._rig = rig
        self._client = client
        self._pace = client.pace

    def run(self) -> Iterator[Figure]:
        """Every figure that the rig can tell, in the order of the table."""
        self._measure_ping()
        yield from self._throughput()
        yield row_security.cost(rig=self._rig, client=self._client, connections=CONNECTIONS)
        yield from self._flatness()
        yield self._booking()
        yield from self._race()
        yield Figure("memory of the API process, after this load", str(memory_of(self._rig.api.pid)))
        self._measure_ping()

    def _measure_ping(self) -> None:
        self._client.measure_ping(self._rig.api, [person.token for person in self._rig.people])

    def _throughput(self) -> Iterator[Figure]:
        rig = self._rig
        servers = {"app": rig.api, "plain": rig.plain, "hand": rig.handwritten}
        requests = rig.week_requests(rig.people)
        for server in servers.values():
            self._client.load(server, requests, CONNECTIONS, self._pace.seconds / 2)
        turns: dict[str, list[Result]] = {name: [] for name in servers}
        for _ in range(self._pace.turns):
            for name, server in servers.items():
                turns[name].append(self._client.load(server, requests, CONNECTIONS, self._pace.seconds))
            self._measure_ping()
        rate = {name: median([turn.per_second for turn in results]) for name, results in turns.items()}
        ours = [latency for turn in turns["app"] for latency in turn.latencies]
        middle, worst = percentile(ours, 0.5), percentile(ours, 0.99)
        rows = checks.compare_answers(rig)
        yield Figure("one user's week, items in the answer", f"{rows:.0f}, equal in all three servers")
        yield Figure(f"week, {CONNECTIONS} connections, requests/s", f"{rate['app']:.0f}")
        yield Figure(f"week, {CONNECTIONS} connections, median latency", duration(middle), middle)
        yield Figure(f"week, {CONNECTIONS} connections, 99th percentile", duration(worst), worst)
        yield self._ratio("against the plain way", turns, "plain", rate, 3.5)
        yield self._ratio("against the hand-written one", turns, "hand", rate, 0.5)
        share = sum(turn.cpu for turn in turns["app"]) / sum(turn.seconds for turn in turns["app"])
        yield Figure("processor time of the load generator meanwhile", f"{share:.2f} of one core")

    def _ratio(
        self, name: str, turns: dict[str, list[Result]], other: str, rate: dict[str, float], goal: float
    ) -> Figure:
        pairs = zip(turns["app"], turns[other], strict=True)
        ratio = median([ours.per_second / theirs.per_second for ours, theirs in pairs])
        text = f"{ratio:.2f} ({rate['app']:.0f} and {rate[other]:.0f} requests/s)"
        return Figure(f"week, requests/s {name}", text, goal=f"at least {goal}", reached=ratio >= goal)

    def _flatness(self) -> Iterator[Figure]:
        rig = self._rig
        pairs = ((rig.api, rig.people), (rig.api_small, rig.people_small))
        latencies: list[list[float]] = [[], []]
        for turn in range(4 * self._pace.turns + 1):
            for (server, people), found in zip(pairs, latencies, strict=True):
                result = self._client.load(server, rig.week_requests(people), 1, self._pace.seconds / 8)
                if turn:
                    found.append(median(result.latencies))
        large, small = median(latencies[0]), median(latencies[1])
        ratio = median([a / b for a, b in zip(*latencies, strict=True)])
        yield Figure("week, 1 connection, median latency", duration(large), large)
        yield Figure("the same with a tenth of the history", duration(small), small)
        yield Figure("large history against small", f"{ratio:.2f}", goal="at most 1.2", reached=ratio <= 1.2)

    def _booking(self) -> Figure:
        person = self._rig.people[0]
        hours = [_evening(400 + day, hour) for day in range(300) for hour in (16, 17)]
        requests = [_booking(person, room, start, 60) for start in hours for room in person.rooms]
        self._measure_ping()
        result = self._book(requests, 1, self._pace.race_seconds)
        self._measure_ping()
        if set(result.statuses) != {"201"}:
            raise Incorrect(f"Booking free rooms was refused: {result.statuses}")
        middle = median(result.latencies)
        text = f"{duration(middle)}, {result.per_second:.0f} a second"
        return Figure("booking a room (POST with commit), 1 client, median", text, middle)

    def _race(self) -> Iterator[Figure]:
        first = self._rig.people[0]
        racers = [person for person in self._rig.people if person.organization_id == first.organization_id][:RACERS]
        rooms = list(first.rooms[:RACED_ROOMS])
        random = Random(1)
        # All clients want the same evening hour at once, then the next: an hour has about a winner a room.
        requests = [
            _booking(racer, random.choice(rooms), start + timedelta(minutes=15 * random.randrange(4)), 60)
            for start in (_evening(400 + day, hour) for day in range(300) for hour in (19, 21))
            for racer in racers
        ]
        before = checks.count_bookings(self._rig.database, rooms)
        result = self._book(requests, RACERS, self._pace.race_seconds)
        if not set(result.statuses) <= {"201", "409"}:
            raise Incorrect(f"The race was answered with {result.statuses}")
        won, lost = (result.statuses.get(status, 0) for status in ("201", "409"))
        stored = checks.count_bookings(self._rig.database, rooms) - before
        if stored != won:
            raise Incorrect(f"{won} bookings were confirmed in the race, {stored} are stored.")
        rates = f"{won / result.seconds:.0f} bookings/s, {lost / result.seconds:.0f} refusals (409)/s"
        name = f"{RACERS} clients racing for {RACED_ROOMS} rooms"
        yield Figure(name, f"{rates}; {won} and {lost} in {result.seconds:.0f} s")
        pairs = checks.overlapping_pairs(self._rig.database, rooms)
        yield Figure("overlapping pairs afterwards", str(pairs), goal="0", reached=pairs == 0, must=True)

    def _book(self, requests: list[str], connections: int, seconds: float) -> Result:
        job = Job(self._rig.api.port, requests, connections, seconds, warmup=0.0, once=True)
        return self._client.run(job)


def _evening(days_ahead: int, hour: int) -> datetime:
    """An hour (UTC) far ahead at which the data set has no meetings."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days_ahead, hours=hour)


def _booking(person: Person, room: str, start: datetime, minutes: int) -> str:
    body = {
        "title": "Booked by the benchmark",
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(minutes=minutes)).isoformat(),
        "calendar_id": person.calendar_id,
        "room_id": room,
    }
    return request("POST", "/api/v1/events", person.token, body)
