"""The figures about people: many companies against few, and searches and charts in large companies."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bench import people_rig
from bench.client import Client, in_turns, ratio_of
from bench.people_data import Colleague, PeopleCompany
from bench.people_queries import Query
from bench.people_rig import Crowd
from bench.people_shape import PeopleShapes
from bench.servers import Servers
from bench.table import Figure, duration, median

SLOWER_AT_MOST = 1.2
SEARCH_PINGS = 5.0
CHART_PINGS = 40.0
SEARCHES = 40
CHECKED = 24
FOUND_AT_LEAST = 0.95
PING = "ping"


def run(servers: Servers, client: Client, shapes: PeopleShapes) -> Iterator[Figure]:
    """Every figure about people, in the order of the table; the servers are started and stopped for each part."""
    with (
        people_rig.running(servers, "many", shapes.many) as many,
        people_rig.running(servers, "few", shapes.few) as few,
    ):
        yield from _scale(many, few, client)
    with people_rig.running(servers, "crowd", shapes.crowd) as crowd:
        huge, large = crowd.companies
        yield from _search(crowd, huge, client)
        yield from _charts(crowd, large, client)


@dataclass(frozen=True)
class _Route:
    name: str
    requests: Callable[[Crowd], list[list[str]]]
    share: float


def _scale(many: Crowd, few: Crowd, client: Client) -> Iterator[Figure]:
    """The same requests in two installations, whose companies are of one size."""
    for crowd in (many, few):
        _check_some(crowd)
    people = [sum(len(company.people) for company in crowd.companies) for crowd in (many, few)]
    companies = [len(crowd.companies) for crowd in (many, few)]
    label = f"{people[0]:,} people in {companies[0]:,} companies against {people[1]:,} in {companies[1]}"
    routes = (
        _Route("GET /users/search", _search_requests, 1 / 24),
        _Route("GET /departments/tree", lambda crowd: [_everybody(crowd, "/api/v1/departments/tree")], 1 / 10),
        _Route("GET /users", lambda crowd: [_everybody(crowd, "/api/v1/users")], 1 / 10),
        _Route("POST /auth/login", lambda crowd: [[people_rig.login(p) for _, p in crowd.signed_in()]], 1 / 5),
    )
    for route in routes:
        seconds = client.pace.seconds * route.share
        measured = {
            name: _latency(crowd, client, route.requests(crowd), seconds)
            for name, crowd in (("many", many), ("few", few))
        }
        found = in_turns(measured, client.pace.turns)
        ratio = ratio_of(found, "many", "few")
        text = f"{ratio:.2f} ({duration(median(found['many']))} and {duration(median(found['few']))})"
        goal = f"at most {SLOWER_AT_MOST}"
        yield Figure(f"{route.name}, {label}", text, goal=goal, reached=ratio <= SLOWER_AT_MOST)


def _search(crowd: Crowd, company: PeopleCompany, client: Client) -> Iterator[Figure]:
    """Kind by kind, in turns with pings."""
    person = company.people[len(company.people) // 2]
    by_kind = people_rig.searches(company, person, SEARCHES, seed=1)
    asked = [query for requests in by_kind.values() for _, query in requests[:CHECKED]]
    named, found = people_rig.check_searches(crowd, company, person, asked)
    requests = {kind: [request for request, _ in of_kind] for kind, of_kind in by_kind.items()}
    kinds = sorted(_in_pings(crowd, client, person, requests), key=lambda figure: figure.pings or 0)
    where = f"search among {len(company.people):,} people of a company"
    # Who is misspelt may be somebody else who is spelt alike; most are found.
    good = found >= FOUND_AT_LEAST * named
    goal = f"at least {FOUND_AT_LEAST:.0%}"
    yield Figure(f"{where}: who was meant is found", f"{found} of {named}", goal=goal, must=True, reached=good)
    for figure in kinds:
        yield replace(figure, name=f"{where}: {figure.name}")
    seconds = median([figure.seconds or 0 for figure in kinds])
    middle = Figure("", duration(seconds), seconds, pings=median([figure.pings or 0 for figure in kinds]))
    for name, figure in (("median", middle), (f"slowest ({kinds[-1].name})", kinds[-1])):
        reached = (figure.pings or 0) <= SEARCH_PINGS
        goal = f"at most {SEARCH_PINGS:.0f} pings"
        yield replace(figure, name=f"{where}: {name} of these kinds", goal=goal, reached=reached)


def _charts(crowd: Crowd, company: PeopleCompany, client: Client) -> Iterator[Figure]:
    """The whole company as departments with their people, and as everybody below its head."""
    person = company.people[len(company.people) // 2]
    people_rig.check_company(crowd, company, person)
    paths = {
        "GET /departments/tree": "/api/v1/departments/tree",
        "GET /users/{id}/reports of its head": f"/api/v1/users/{company.people[0].id}/reports",
    }
    requests = {name: people_rig.get(path, [person]) for name, path in paths.items()}
    for figure in _in_pings(crowd, client, person, requests):
        reached = (figure.pings or 0) <= CHART_PINGS
        name = f"{figure.name}, a company of {len(company.people):,}"
        yield replace(figure, name=name, goal=f"at most {CHART_PINGS:.0f} pings", reached=reached)


def _in_pings(crowd: Crowd, client: Client, person: Colleague, requests: dict[str, list[str]]) -> Iterator[Figure]:
    """A figure for each list of requests, over one connection, with the pings of the same turns."""
    seconds = client.pace.seconds / 12
    tokens = [people_rig.token(person)]
    measured = {name: _latency(crowd, client, [of_name], seconds) for name, of_name in requests.items()}
    measured[PING] = lambda: client.measure_ping(crowd.server, tokens, seconds)
    found = in_turns(measured, client.pace.turns)
    for name in requests:
        seconds = median(found[name])
        yield Figure(name, duration(seconds), seconds, pings=ratio_of(found, name, PING))


def _latency(crowd: Crowd, client: Client, lists: list[list[str]], seconds: float) -> Callable[[], float]:
    """Measures the median latency over one connection; of several lists of requests the mean of their medians."""

    def measure() -> float:
        found = [client.load(crowd.server, requests, 1, seconds, warmup=0.05) for requests in lists]
        return sum(median(result.latencies) for result in found) / len(found)

    return measure


def _everybody(crowd: Crowd, path: str) -> list[str]:
    return people_rig.get(path, [person for _, person in crowd.signed_in()])


def _search_requests(crowd: Crowd) -> list[list[str]]:
    """By kind: everybody who is signed in asks for one colleague."""
    by_kind: dict[str, list[str]] = {}
    for number, (company, person) in enumerate(crowd.signed_in()):
        for kind, requests in people_rig.searches(company, person, 1, seed=number).items():
            by_kind.setdefault(kind, []).extend(request for request, _ in requests)
    return list(by_kind.values())


def _check_some(crowd: Crowd) -> None:
    """What a few people of different companies are answered."""
    for number, (company, person) in enumerate(crowd.signed_in()[:: people_rig.SIGNED_IN // 4]):
        people_rig.check_company(crowd, company, person)
        asked: list[Query] = [
            query for requests in people_rig.searches(company, person, 1, seed=number).values() for _, query in requests
        ]
        people_rig.check_searches(crowd, company, person, asked)
