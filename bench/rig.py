"""Everything a run needs, started and stopped: both databases, Valkey, the servers to compare, and signed-in people."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from app.core.config import get_settings
from app.core.security import create_access_token
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.valkey import EmbeddedValkey
from bench.dataset import DataSet
from bench.load import request
from bench.loading import load
from bench.processes import Generator, Server
from bench.shape import Shape, week_window

SECRET_KEY = "a key of the benchmark, which is long enough"
UNREACHED_LIMIT = "1000000000/minute"
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
    generator: Generator
    people: list[Person]
    people_small: list[Person]
    database_url: str
    small_database_url: str
    versions: tuple[str, str]
    week: tuple[str, str]

    def week_requests(self, people: list[Person]) -> list[str]:
        """One person's week after the other's."""
        path = f"/api/v1/events?from={self.week[0]}&to={self.week[1]}"
        return [request("GET", path, person.token) for person in people]


def environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The settings of the servers: those of production, but for limits that the load does not reach."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": "",
        "CELERY_RESULT_BACKEND": "",
        "SECRET_KEY": SECRET_KEY,
        "ENVIRONMENT": "production",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "json",
        "RATE_LIMIT_DEFAULT": UNREACHED_LIMIT,
        "PLANNER_HOST": "127.0.0.1",
        "PLANNER_HOME": str(folder / "home"),
        "UPLOADS_DIR": str(folder / "uploads"),
    }


def sign_in(data: DataSet) -> list[Person]:
    """Some of the people of the data set, of all companies in turn, with a token each."""
    people = []
    for number in range(min(PEOPLE, data.shape.users)):
        company = data.companies[number % len(data.companies)]
        position = number // len(data.companies)
        user, session = company.users[position], company.sessions[position]
        token = create_access_token({"sub": user, "sid": session})
        calendar = company.calendars[position * data.shape.calendars_per_user][0]
        people.append(Person(token, user, calendar, company.id, tuple(company.rooms)))
    return people


@contextmanager
def running(shape: Shape, folder: Path) -> Iterator[Rig]:
    """Start and load everything below `folder`; stop it in the end."""
    today = datetime.now(UTC)
    with ExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        valkey = stack.enter_context(EmbeddedValkey(folder / "valkey"))
        get_settings().SECRET_KEY = SECRET_KEY
        small_url, small_superuser_url = _second_database(postgres)
        data = load(postgres.url, postgres.superuser_url, shape, today)
        small = load(small_url, small_superuser_url, shape.smaller(10), today)
        settings = environment(postgres.url, valkey.url, folder)

        def serve(name: str, application: str, **changed: str) -> Server:
            log = folder / f"{name}.log"
            if application == "app":
                server = Server(["-m", "app", "api"], {**settings, **changed}, log)
            else:
                server = Server.uvicorn(application, {**settings, **changed}, log)
            stack.callback(server.stop)
            server.wait_for_port(server.port)
            return server

        yield Rig(
            api=serve("api", "app"),
            api_small=serve("api_small", "app", DATABASE_URL=small_url),
            plain=serve("plain", "bench.plain:app"),
            handwritten=serve("handwritten", "bench.handwritten:app"),
            generator=stack.enter_context(Generator()),
            people=sign_in(data),
            people_small=sign_in(small),
            database_url=postgres.url,
            small_database_url=small_url,
            versions=(postgres.version(), valkey.version()),
            week=week_window(today),
        )


def _second_database(postgres: EmbeddedPostgres) -> tuple[str, str]:
    """A second, empty database in the same server; its addresses for the application and for maintenance."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE small OWNER planner")
    return tuple(url.rsplit("/", 1)[0] + "/small" for url in (postgres.url, postgres.superuser_url))  # type: ignore[return-value]
