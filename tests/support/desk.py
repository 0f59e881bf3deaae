"""A desk with a queue: who works it, and tickets in it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.services import ticket_rounds
from app.tasks.rounds import in_company
from tests.support.people import Company, Person


@dataclass
class Desk:
    """A queue that two people of the desk work by membership, and somebody who asks it."""

    company: Company
    queue: dict[str, Any]
    agent: Person
    other: Person
    requester: Person

    @classmethod
    def open(cls, company: Company, **values: Any) -> "Desk":
        queue = made(company.admin, "/tickets/queues", name="Desk", is_for_it=False, **values)
        agent, other = (company.person(full_name=name) for name in ("Anna Agent", "Boris Agent"))
        desk = cls(company, queue, agent, other, company.person(full_name="Rita Requester"))
        desk.members((agent, "manage"), (other, "work"))
        return desk

    def members(self, *people: tuple[Person, str], takes_tickets: bool = True) -> None:
        members = [{"user_id": one.id, "right": right, "takes_tickets": takes_tickets} for one, right in people]
        answer = self.company.admin.put(f"{self.path}/members", {"members": members})
        assert answer.status_code == 200, answer.text

    def promise(self, **sla: Any) -> None:
        answer = self.company.admin.put(f"{self.path}/slas", {"slas": [{"priority": "normal", **sla}]})
        assert answer.status_code == 200, answer.text

    def ticket(self, by: Person | None = None, **values: Any) -> dict[str, Any]:
        return made(by or self.requester, "/tickets", **{"title": "Printer", "queue_id": self.queue["id"], **values})

    @property
    def path(self) -> str:
        return f"/tickets/queues/{self.queue['id']}"


def made(person: Person, path: str, **values: Any) -> dict[str, Any]:
    """What a POST makes."""
    answer = person.post(path, values)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def changed(person: Person, ticket: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A ticket that a PATCH changed."""
    answer = person.patch(f"/tickets/{ticket['id']}", values)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def read(person: Person, ticket: dict[str, Any], part: str = "") -> Any:
    answer = person.get(f"/tickets/{ticket['id']}{part}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body.get("items", body)


def said(person: Person, ticket: dict[str, Any], body: str, kind: str = "reply", **values: Any) -> dict[str, Any]:
    return made(person, f"/tickets/{ticket['id']}/entries", body=body, kind=kind, **values)


def listed(person: Person, **params: Any) -> list[int]:
    """The numbers of the tickets in a list."""
    answer = person.get("/tickets", **params)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


def notified(person: Person) -> list[str]:
    """The titles of what somebody was told in the application, the oldest first."""
    items = person.get("/notifications", limit=100).json()["items"]
    return [item["title"] for item in reversed(items)]


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def tended(desk: Desk) -> None:
    """What the clock has to do in the company, by the clock of this process: the database's own is not moved."""
    company = desk.company.organization.id
    with in_company(company, "test") as session:
        ticket_rounds.tend_next(session, company)
