"""An API on a database of people, some of them signed in, and what it answers about them checked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.core.security import get_password_hash
from bench.checks import fetch, send
from bench.client import Incorrect
from bench.databases import Database
from bench.load import request
from bench.loading import load
from bench.people_data import Colleague, PeopleCompany, PeopleData
from bench.people_queries import Query, queries
from bench.people_shape import PeopleShape
from bench.processes import Server
from bench.servers import Servers, token_of

SIGNED_IN = 256
PASSWORD = "the password of everybody here"


@dataclass
class Crowd:
    """The API on one database, with its companies."""

    server: Server
    database: Database
    companies: list[PeopleCompany]

    def signed_in(self) -> list[tuple[PeopleCompany, Colleague]]:
        """Some of the people, of all companies in turn."""
        smallest = min(len(company.people) for company in self.companies)
        count = min(SIGNED_IN, len(self.companies) * smallest)
        turns = (divmod(number, len(self.companies)) for number in range(count))
        return [(self.companies[company], self.companies[company].people[place]) for place, company in turns]


@contextmanager
def running(servers: Servers, name: str, shape: PeopleShape) -> Iterator[Crowd]:
    """Load a database of its own and start an API on it; stop it in the end."""
    # One hash for everybody: each takes as long as a sign-in.
    data = PeopleData(shape, datetime.now(UTC), get_password_hash(PASSWORD))
    database = Database.another(servers.postgres, name)
    load(database, data)
    with servers.api(name, database) as server:
        yield Crowd(server, database, data.companies)


def token(person: Colleague) -> str:
    return token_of(person.id, person.session)


def get(path: str, people: list[Colleague]) -> list[str]:
    """The same request of each of these people."""
    return [request("GET", path, token(person)) for person in people]


def searches(company: PeopleCompany, person: Colleague, count: int, seed: int) -> dict[str, list[tuple[str, Query]]]:
    """Requests of one person who searches for colleagues, by kind, with the query that each is."""
    by_kind = queries(company.people, count, seed)
    own = token(person)
    return {kind: [(request("GET", query.path, own), query) for query in of_kind] for kind, of_kind in by_kind.items()}


def login(person: Colleague) -> str:
    return request("POST", "/api/v1/auth/login", None, _credentials(person))


def check_searches(crowd: Crowd, company: PeopleCompany, person: Colleague, asked: list[Query]) -> tuple[int, int]:
    """How many of the searches name somebody, and how many of these find them; none finds anybody but colleagues.

    Raises:
        Incorrect: one finds somebody of another company, or does not find whom it names without a mistake.
    """
    colleagues = {_plain(colleague.id) for colleague in company.people}
    named = found = 0
    for query in asked:
        ids = [_plain(item["id"]) for item in _json(crowd, query.path, person)["items"]]
        if not colleagues.issuperset(ids):
            raise Incorrect(f"The search for {query.text!r} finds somebody of another company.")
        if query.expected is None:
            continue
        is_found = _plain(query.expected) in ids
        if not is_found and not query.is_misspelt:
            raise Incorrect(f"The search for {query.text!r} ({query.kind}) does not find {query.expected}.")
        named += 1
        found += is_found
    return named, found


def check_company(crowd: Crowd, company: PeopleCompany, person: Colleague) -> None:
    """The tree has every colleague once, a page of the list only colleagues, and signing in leads to oneself.

    Raises:
        Incorrect: something of this is not so.
    """
    colleagues = sorted(_plain(colleague.id) for colleague in company.people)
    tree = _json(crowd, "/api/v1/departments/tree", person)
    departments = list(_departments(tree["departments"]))
    members = [*tree["unassigned"], *(member for each in departments for member in each["members"])]
    if sorted(_plain(member["id"]) for member in members) != colleagues:
        raise Incorrect(f"The tree has {len(members)} people, and the company {len(colleagues)}.")
    if len(departments) != company.departments:
        raise Incorrect(f"The tree has {len(departments)} departments, and the company {company.departments}.")
    below = {
        _plain(item["id"]) for item in _json(crowd, f"/api/v1/users/{company.people[0].id}/reports", person)["items"]
    }
    if below != set(colleagues) - {_plain(company.people[0].id)}:
        raise Incorrect(f"{len(below)} people report to whom {len(colleagues) - 1} others report.")
    page = _json(crowd, "/api/v1/users", person)["items"]
    if not page or not {_plain(item["id"]) for item in page}.issubset(colleagues):
        raise Incorrect("The list of people is empty, or has people of other companies.")
    tokens = json.loads(send(crowd.server, "/api/v1/auth/login", _credentials(person)))
    me = json.loads(fetch(crowd.server, "/api/v1/auth/me", tokens["access_token"]))
    if _plain(me["id"]) != _plain(person.id):
        raise Incorrect(f"Signing in as {person.email} led to {me['email']}.")


def _departments(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for department in tree:
        yield department
        yield from _departments(department["children"])


def _json(crowd: Crowd, path: str, person: Colleague) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(fetch(crowd.server, path, token(person)))
    return answer


def _credentials(person: Colleague) -> dict[str, str]:
    return {"email": person.email, "password": PASSWORD}


def _plain(user_id: str) -> str:
    return user_id.replace("-", "")
