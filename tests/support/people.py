"""Companies and signed-in people, made without the cost of hashing a password for each."""

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import httpx2 as httpx
from fastapi.testclient import TestClient

from app.core import tenancy
from app.core.ids import new_id
from app.core.security import get_password_hash
from app.db import SessionLocal
from app.models import Organization, Role, User
from app.services import session_service, user_service

PASSWORD = "correct horse battery"
_numbers = count(1)


@lru_cache(maxsize=1)
def _hash() -> str:
    return get_password_hash(PASSWORD)


@dataclass
class Person:
    """Somebody who is signed in. `call` and its short forms send requests as this person."""

    client: TestClient
    user: User
    token: str
    refresh_token: str

    @property
    def id(self) -> str:
        return str(self.user.id)

    @property
    def email(self) -> str:
        return self.user.email

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, **params: Any) -> httpx.Response:
        # `from` is a word of Python: tests write from_.
        return self.call("GET", path, params={name.rstrip("_"): value for name, value in params.items()})

    def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return self.call("POST", path, json=json, **options)

    def put(self, path: str, json: Any, **options: Any) -> httpx.Response:
        return self.call("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any, **options: Any) -> httpx.Response:
        return self.call("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.call("DELETE", path, **options)

    @property
    def calendar_id(self) -> str:
        """This person's first calendar."""
        items = self.get("/calendars", owner_id=self.id, sort="created_at").json()["items"]
        return str(items[0]["id"])

    def create_event(self, **values: Any) -> dict[str, Any]:
        """An event, by default an hour on Monday 2027-03-22 09:00 Europe/Berlin, as it is read; it must be accepted."""
        answer = self.post("/events", event(**values))
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "room_report": None}

    def create_room(self, **values: Any) -> dict[str, Any]:
        """A room; the person must be an administrator or of the IT desk."""
        answer = self.post("/rooms", {"name": f"Room {next(_numbers)}", "capacity": 8, **values})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def occurrences(self, from_: str, to: str, **params: Any) -> list[dict[str, Any]]:
        """The occurrences in a window, as this person sees them."""
        answer = self.get("/events", from_=from_, to=to, **params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


def event(**values: Any) -> dict[str, Any]:
    """The body of an event: an hour on Monday 2027-03-22 09:00 Europe/Berlin, unless told otherwise."""
    return {
        "title": "Meeting",
        "start_time": "2027-03-22T09:00:00",
        "end_time": "2027-03-22T10:00:00",
        "time_zone": "Europe/Berlin",
        **values,
    }


@dataclass
class Company:
    client: TestClient
    organization: Organization
    admin: Person
    _people: list[Person] = field(default_factory=list)

    @classmethod
    def create(cls, client: TestClient, name: str = "Company", time_zone: str = "Europe/Berlin") -> "Company":
        """A company with one administrator."""
        with SessionLocal.begin() as session:
            organization = Organization(name=name, time_zone=time_zone)
            tenancy.enter(session, organization.id, origin="test")
            session.add(organization)
        admin = sign_in(client, organization, role=Role.ADMIN)
        return cls(client, organization, admin)

    def person(self, role: Role = Role.EMPLOYEE, **fields: Any) -> Person:
        """One more colleague, signed in."""
        return sign_in(self.client, self.organization, role=role, **fields)


def sign_in(client: TestClient, organization: Organization | None, **fields: Any) -> Person:
    """A new user of the company (None: of the installation), signed in."""
    values = {"email": f"person-{new_id().hex}@example.com", "hashed_password": _hash(), **fields}
    company = organization.id if organization else None
    with SessionLocal.begin() as session:
        tenancy.enter(session, company, installation=company is None, origin="test")
        user = user_service.add_user(session, User(**values, organization_id=company))
        tokens = session_service.open_session(session, user, address=None, user_agent=None)
    return Person(client, user, tokens.access_token, tokens.refresh_token)
