"""The figures about tickets, in pings: a queue's page in each order, boards, words, and what changes one."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from urllib.parse import urlencode

from bench.client import Client, in_turns, ratio_of
from bench.load import Job, request
from bench.processes import Server
from bench.servers import Servers
from bench.table import Figure, duration, median
from bench.ticket_data import COMMON, RARE, USUAL, TicketCompany, ticket_company

PAGE_PINGS, SEARCH_PINGS = 4.0, 10.0
PING = "ping"


def run(servers: Servers, client: Client, *, quick: bool) -> Iterator[Figure]:
    """Every figure, over one connection, measured in turns with pings of the same person."""
    data = ticket_company(servers, quick=quick)
    with servers.api("ticket_api", data.company.database) as server:
        yield from _measured(server, client, data)


def _measured(server: Server, client: Client, data: TicketCompany) -> Iterator[Figure]:
    pages, searches, others = _requests(data)
    requests = {**pages, **searches, **others}
    goals = {**dict.fromkeys(pages, PAGE_PINGS), **dict.fromkeys(searches, SEARCH_PINGS)}
    seconds = client.pace.seconds / 4
    measured: dict[str, Callable[[], float]] = {
        name: partial(_latency, server, client, text, seconds) for name, text in requests.items()
    }
    numbers = count(1)
    measured[_CREATES] = lambda: _creation(server, client, data, numbers, seconds)
    measured[PING] = partial(client.measure_ping, server, [data.agent.token], seconds)
    found = in_turns(measured, client.pace.turns)
    for name in (*requests, _CREATES):
        took, pings = median(found[name]), ratio_of(found, name, PING)
        goal = goals.get(name)
        told = f"{data.tickets:,} tickets: {name}"
        if goal is None:
            yield Figure(told, duration(took), took, pings=pings)
        else:
            yield Figure(
                told, duration(took), took, pings=pings, goal=f"at most {goal:.0f} pings", reached=pings <= goal
            )


_CREATES = "a new ticket"


def _requests(data: TicketCompany) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    queue = data.queues[0]

    def asked(path: str = "", **params: str) -> str:
        query = f"?{urlencode(params)}" if params else ""
        return request("GET", f"/api/v1/tickets{path}{query}", data.agent.token)

    own = {"queue_id": queue}
    pages = {
        "a queue's page, the newest": asked(**own),
        "a queue's page, open, due next": asked(**own, is_open="true", sort="next_due_at"),
        "a queue's page, open, by priority": asked(**own, is_open="true", sort="-priority"),
        "a queue's page, new, the oldest": asked(**own, state="new", sort="created_at"),
        "a page of all my queues, open": asked(is_open="true"),
    }
    searches = {
        f"search for a word of {share}": asked(q=word)
        for word, share in ((COMMON, "each 4th"), (USUAL, "each 100th"), (RARE, "each 50,000th"))
    }
    searches["search in a queue, two words"] = asked(**own, q=f"{COMMON} печатает")
    searches["search by number"] = asked(q=f"#{data.tickets // 2}")
    searches["search of an employee"] = request(
        "GET", f"/api/v1/tickets?{urlencode({'q': COMMON})}", data.employee.token
    )
    others = {
        "a board": asked("/board", **own),
        "figures by queue, 90 days": asked("/report", by="queue"),
        "figures by person, 90 days": asked("/report", by="person"),
    }
    return pages, searches, others


def _latency(server: Server, client: Client, text: str, seconds: float) -> float:
    return median(client.load(server, [text], 1, seconds).latencies)


def _creation(server: Server, client: Client, data: TicketCompany, numbers: "count[int]", seconds: float) -> float:
    """Each of another person, since what one has open is bounded."""
    people = data.company.people[100:]
    body = {"title": f"Новая {next(numbers)}", "queue_id": data.queues[1]}
    requests = [request("POST", "/api/v1/tickets", person.token, body) for person in people[:500]]
    return median(client.run(Job(server.port, requests, 1, seconds)).latencies)
