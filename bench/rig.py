"""The rig of the calendar's figures: both databases, the servers to compare, and signed-in people."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.databases import Database
from bench.dataset import DataSet
from bench.load import request
from bench.loading import load
from bench.processes import Server
from bench.servers import Servers, token_of
from bench.shape import Shape, week_window

PEOPLE = 256


@dataclass(frozen=True)
class Person:
    """Somebody of the data set who is signed in."""

    token: str
    user_id: str
    calendar_id: str
    organization_id: str
    rooms: tuple[str, ...]


@dataclass
class Rig:
    """`api` and the two comparisons work on the large database, `api_small` is the API on the small one."""

    api: Server
    api_small: Server
    plain: Server
    handwritten: Server
    people: list[Person]
    people_small: list[Person]
    database: Database
    small_database: Database
    week: tuple[str, str]

    def week_requests(self, people: list[Person]) -> list[str]:
        """One person's week after the other's."""
        path = f"/api/v1/events?from={self.week[0]}&to={self.week[1]}"
        return [request("GET", path, person.token) for person in people]


def sign_in(data: DataSet) -> list[Person]:
    """Some of the people of the data set, of all companies in turn, with a token each."""
    people = []
    for number in range(min(PEOPLE, data.shape.users)):
        company = data.companies[number % len(data.companies)]
        position = number // len(data.companies)
        user, session = company.users[position], company.sessions[position]
        calendar = company.calendars[position * data.shape.calendars_per_user][0]
        people.append(Person(token_of(user, session), user, calendar, company.id, tuple(company.rooms)))
    return people


@contextmanager
def running(servers: Servers, shape: Shape, name: str = "") -> Iterator[Rig]:
    """Load the databases and start everything; stop it in the end.

    Args:
        name: of databases of its own; without, it has the first ones.
    """
    today = datetime.now(UTC)
    large = Database.another(servers.postgres, name) if name else Database.first(servers.postgres)
    small = Database.another(servers.postgres, f"{name}small")
    data, small_data = DataSet(shape, today), DataSet(shape.smaller(10), today)
    load(large, data)
    load(small, small_data)
    with ExitStack() as stack:

        def uvicorn(name: str, database_url: str) -> Server:
            return stack.enter_context(servers.uvicorn(name, f"bench.{name}:app", database_url))

        yield Rig(
            api=stack.enter_context(servers.api("api", large)),
            api_small=stack.enter_context(servers.api("api_small", small)),
            plain=uvicorn("plain", large.superuser_url),
            handwritten=uvicorn("handwritten", large.url),
            people=sign_in(data),
            people_small=sign_in(small_data),
            database=large,
            small_database=small,
            week=week_window(today),
        )
