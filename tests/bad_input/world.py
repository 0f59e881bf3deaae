"""What bad requests are aimed at, and what shows that they changed nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2 as httpx
from fastapi.testclient import TestClient
from psycopg import Connection
from sqlmodel import SQLModel

from tests.support.mail import dead_letter
from tests.support.people import Company, Person, event
from tests.support.planning import MISSING_ID, at, refused, slot, today
from tests.support.push import subscription
from tests.support.room_policies import lend_by_approver

# Nothing of the inside belongs into an answer: languages, libraries, tables, files.
INSIDE = (
    *("Traceback", "psycopg", "sqlalchemy", "pydantic", "starlette", "fastapi", "site-packages", ".py"),
    str(Path(__file__).parents[2]),
    *("SELECT ", "INSERT ", "UPDATE ", "DELETE FROM", "constraint", "relation ", "Exception", "Error(", "<class", "0x"),
)
MEMBERS = frozenset(
    {
        *("type", "title", "status", "code", "detail", "request_id"),
        *("field", "errors", "clashes", "free_rooms", "next_check_in"),
    }
)


@dataclass
class Belongings:
    """A company with one of everything that an id can name."""

    company: Company
    employee: Person
    ids: dict[str, str]

    @classmethod
    def create(cls, client: TestClient, name: str) -> "Belongings":
        company = Company.create(client, name)
        admin, employee = company.admin, company.person(birthday=(today() + timedelta(days=1)).replace(year=1992))
        building = admin.post("/buildings", {"name": "House"}).json()
        blocking = {"start": "2020-05-01", "end": "2020-05-02", "title": "Past"}
        room = admin.create_room(building_id=building["id"], equipment=["projector"])
        team = admin.post("/calendars", {"name": "Team", "is_public": True}).json()
        series = admin.create_event(calendar_id=team["id"], room_id=room["id"], recurrence_rule="FREQ=WEEKLY;COUNT=3")
        path = f"/events/{series['id']}"
        comment = admin.post(f"{path}/comments", {"body": "Written"}).json()
        attachment = admin.call("POST", f"{path}/attachments?name=plan.txt", content=b"The plan").json()
        needs_room = admin.create_event(title="Needs the room")["id"]
        department = admin.post("/departments", {"name": "Sales"}).json()
        organization = str(company.organization.id)
        address = {"email": f"invited-{organization}@example.com", "role": "employee"}
        invitation = admin.post(f"/organizations/{organization}/invitations", address).json()
        share = {"user_id": employee.id, "level": "read"}
        outside = {"url": "https://calendar.example/a.ics", "name": "Holidays"}
        file: dict[str, Any] = {"content": b"BEGIN:VCALENDAR", "headers": {"Content-Type": "text/calendar"}}
        # A room of its own for what is asked and held, which an approver lends.
        lent, next_week = admin.create_room()["id"], today() + timedelta(days=7)
        lend_by_approver(company, lent)
        asked = employee.post("/events", event(room_id=lent, **at(next_week))).json()
        hook = {"name": "Hook", "url": "https://hooks.example/", "types": ["event.created"]}
        webhook = admin.post("/webhooks", hook).json()["id"]
        queue = admin.post("/tickets/queues", {"name": "Desk", "is_default": True}).json()["id"]
        ticket, other = (employee.post("/tickets", {"title": "Printer", "queue_id": queue}).json()["id"] for _ in "12")
        host = company.person(access_availability_slots=True, time_zone="UTC")
        always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}]
        talk = {"name": "Talk", "durations": [30], "hours": always, "needs_approval": True, "is_public": True}
        offered, first = host.post("/slots/kinds", talk).json()["id"], f"{today() + timedelta(days=3)}T00:00:00Z"
        ids = {
            "queue": queue,
            "ticket": ticket,
            "ticket link": admin.post(f"/tickets/{ticket}/links", {"kind": "blocks", "ticket_id": other}).json()["id"],
            "ticket file": employee.call("POST", f"/tickets/{ticket}/attachments?name=a", content=b"A").json()["id"],
            "category": admin.post("/tickets/categories", {"name": "Printing"}).json()["id"],
            "view": admin.post("/tickets/views", {"name": "Mine", "filters": {}, "is_shared": True}).json()["id"],
            "absence": admin.post("/absences", {"first_day": "2027-07-05", "last_day": "2027-07-06"}).json()["id"],
            "absence kind": admin.post("/absences/kinds", {"name": "Study leave"}).json()["id"],
            "hours": employee.post("/availability/hours", {"hours": []}).json()["id"],
            "appointment kind": offered,
            "booking": employee.post("/slots/bookings", {"kind_id": offered, "start": first}).json()["id"],
            "request": asked["room_report"]["occurrences"][0]["request_id"],
            "hold": admin.post(f"/rooms/{lent}/holds", slot(next_week, 11)).json()["id"],
            "outside calendar": admin.post("/calendars/subscriptions", outside).json()["id"],
            "feed": admin.post("/feeds", {}).json()["id"],
            "import": admin.call("POST", f"/calendars/{team['id']}/imports", **file).json()["id"],
            "share": admin.post(f"/calendars/{team['id']}/shares", share).json()["id"],
            "delegation": admin.post("/delegations", {"delegate_id": employee.id}).json()["id"],
            "building": building["id"],
            "room": room["id"],
            "blocking": admin.post("/room-blockings", blocking).json()["id"],
            "equipment": room["equipment"][0]["id"],
            "waiting": admin.post(f"/rooms/{room['id']}/waiting", {"event_id": needs_room}).json()["id"],
            "calendar": team["id"],
            "event": series["id"],
            "comment": comment["id"],
            "attachment": attachment["id"],
            "admin": admin.id,
            "employee": employee.id,
            "department": department["id"],
            "organization": organization,
            "invitation": invitation["id"],
            "push subscription": admin.post("/push/subscriptions", subscription()).json()["id"],
            "webhook": webhook,
            "delivery": admin.post(f"/webhooks/{webhook}/ping").json()["id"],
            "dead letter": dead_letter(company),
            # The colleague's request for the room told the administrator.
            "notification": admin.get("/notifications").json()["items"][0]["id"],
        }
        return cls(company, employee, ids)


@dataclass
class World:
    ours: Belongings
    theirs: Belongings
    database: Connection
    # What was refused already in the block of `untouched` that holds now; None where none does.
    refusals: set[tuple[int, str]] | None = field(default=None, kw_only=True)

    @classmethod
    def create(cls, client: TestClient, database: Connection) -> "World":
        return cls(Belongings.create(client, "Ours"), Belongings.create(client, "Theirs"), database)

    @property
    def admin(self) -> Person:
        return self.ours.company.admin

    @property
    def employee(self) -> Person:
        return self.ours.employee

    def named(self, value: Any) -> Any:
        """`value` with the names in it replaced by ids: `<room>` is ours, `<their room>` the other company's."""
        names = {f"<{name}>": row_id for name, row_id in self.ours.ids.items()}
        names.update({f"<their {name}>": row_id for name, row_id in self.theirs.ids.items()})
        names["<missing>"] = MISSING_ID
        if isinstance(value, str):
            for name, row_id in names.items():
                value = value.replace(name, row_id)
            return value
        if isinstance(value, dict):
            return {key: self.named(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.named(item) for item in value)
        return value

    def contents(self) -> list[Any]:
        """A fingerprint of each table's rows of both companies, in one round trip."""
        both = [belongings.ids["organization"] for belongings in (self.ours, self.theirs)]
        return self.database.execute(_fingerprints(), {"both": both}).fetchall()

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """A block of many bad requests after which no row may have changed: the rows are compared once, at its end."""
        before = self.contents()
        self.refusals = set()
        try:
            yield
        finally:
            self.refusals = None
        assert self.contents() == before, "a refused request wrote something"

    def refuses(
        self, status: int, code: str, method: str, path: str, *, actor: Person | None = None, **sent: Any
    ) -> Any:
        """Send a request in both languages: each answer must be this problem, and no row may have changed.

        In a block of `untouched`, the first of each kind is sent in both languages, and the block compares the rows.

        Returns the problem in English.
        """
        actor = actor or self.admin
        if self.refusals is None:
            with self.untouched():
                return self.refuses(status, code, method, path, actor=actor, **sent)
        sent = {name: self.named(value) for name, value in sent.items()}
        headers = sent.pop("headers", {})
        problems = {}
        is_new = (status, code) not in self.refusals
        self.refusals.add((status, code))
        for language in ("en", "ru") if is_new else ("en",):
            answer = actor.call(method, self.named(path), headers={"Accept-Language": language, **headers}, **sent)
            problems[language] = check_problem(answer, status, code)
        if is_new:
            russian = problems["ru"]["detail"]
            assert any("а" <= letter <= "я" for letter in russian.lower()), russian
            assert problems["en"]["detail"] != russian
        return problems["en"]

    def refuses_body(self, method: str, path: str, content: Any, **headers: str) -> httpx.Response:
        """Send a body as it is: a 4xx, and no row may have changed. Returns the answer."""
        if self.refusals is None:
            with self.untouched():
                return self.refuses_body(method, path, content, **headers)
        answer = self.admin.call(
            method, self.named(path), content=content, headers={"Content-Type": "application/json", **headers}
        )
        assert 400 <= answer.status_code < 500, answer.text
        return answer


@lru_cache(maxsize=1)
def _fingerprints() -> str:
    owned = [table.name for table in SQLModel.metadata.sorted_tables if "organization_id" in table.columns]
    sources = [f"{table} WHERE organization_id = ANY(%(both)s)" for table in owned]
    sources += ["organizations WHERE id = ANY(%(both)s)"]
    return " UNION ALL ".join(
        f"SELECT '{source.split()[0]}', count(*), md5(string_agg(r::text, ',' ORDER BY r::text))"
        f" FROM (SELECT * FROM {source}) r"
        for source in sources
    )


def check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer: complete (RFC 9457), and telling nothing of the inside."""
    problem = refused(answer, status, code)
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem.keys() <= MEMBERS
    told = [word for word in INSIDE if word in answer.text]
    assert told == [], answer.text
    return problem


@contextmanager
def case(name: object) -> Iterator[None]:
    """Name the case of a loop in the report of its failure."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"case: {name!r:.200}")
        raise
