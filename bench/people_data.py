"""Companies of people in departments, with managers, as lines of COPY text. The same seed makes the same people."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from app.core.spelling import latin
from bench.names import Names
from bench.people_shape import CompanyShape, PeopleShape
from bench.rows import Ids, Rows, line

COLUMNS = {
    "organizations": "id, name, time_zone, locale",
    "departments": "organization_id, id, name, parent_id, head_id",
    "users": "id, organization_id, email, full_name, phone, position, department, department_id, manager_id, birthday,"
    " hashed_password, is_active, role, access_org_structure, access_tickets, access_availability_slots,"
    " show_local_time, show_moscow_time",
    "auth_sessions": "id, user_id, organization_id, generation, refreshed_at, expires_at, created_at",
}
DEPARTMENTS_BELOW = 5
FIRST_BIRTHDAY = date(1960, 1, 1)
BIRTHDAYS = 45 * 365


@dataclass(frozen=True)
class Colleague:
    """Somebody of the data set. `surname` is as in the full name; `session` is one in which they are signed in."""

    id: str
    session: str
    email: str
    full_name: str
    surname: str
    is_latin: bool
    phone: str | None
    position: str
    department: str


@dataclass
class PeopleCompany:
    """What is needed of a company to ask about its people, and to know the answers. The first one heads it all."""

    id: str
    departments: int
    people: list[Colleague] = field(default_factory=list)


@dataclass
class _Department:
    id: str
    name: str
    depth: int
    parent: "_Department | None"
    head: str | None = None


class PeopleData:
    """All rows of a shape, a company a batch.

    The departments of a company make a tree in which each has up to DEPARTMENTS_BELOW below it; the first person of a
    department is its head and the manager of its other people, and reports to the head of the department above.
    """

    columns = COLUMNS
    derived: tuple[str, ...] = ()

    def __init__(self, shape: PeopleShape, today: datetime, password_hash: str) -> None:
        self.shape = shape
        self.parameters: dict[str, Any] = {}
        self.companies: list[PeopleCompany] = []
        self._now = today.astimezone(UTC)
        self._password_hash = password_hash
        self._random = Random(shape.seed)
        self._ids = Ids(self._random, self._now - timedelta(days=300))
        self._names = Names(self._random)

    def batches(self) -> Iterator[Rows]:
        for shape in self.shape.companies:
            yield self._company(shape)

    def _company(self, shape: CompanyShape) -> Rows:
        rows: Rows = defaultdict(list)
        company = PeopleCompany(self._ids.new(), shape.departments)
        number = len(self.companies)
        self.companies.append(company)
        rows["organizations"].append(line(company.id, f"Company {number}", "Europe/Moscow", "ru"))
        departments = self._departments(shape.departments)
        for person in range(shape.people):
            department = departments[person % len(departments)]
            self._person(rows, company, department, domain=f"company{number}.example")
        for department in departments:
            parent = department.parent.id if department.parent else None
            rows["departments"].append(line(company.id, department.id, department.name, parent, department.head))
        return rows

    def _departments(self, count: int) -> list[_Department]:
        """The top one first, and every other after the one above it. No two have the same name."""
        departments: list[_Department] = []
        used: dict[str, int] = defaultdict(int)
        for number in range(count):
            parent = departments[(number - 1) // DEPARTMENTS_BELOW] if number else None
            depth = parent.depth + 1 if parent else 0
            name = self._names.department(depth)
            used[name] += 1
            if used[name] > 1:
                name = f"{name} № {used[name]}"
            departments.append(_Department(self._ids.new(), name, depth, parent))
        return departments

    def _person(self, rows: Rows, company: PeopleCompany, department: _Department, *, domain: str) -> None:
        full_name, surname, is_latin = self._names.person()
        place = len(company.people)
        person = Colleague(
            id=self._ids.new(),
            session=self._ids.new(),
            email=f"{_address(full_name)}{place}@{domain}",
            full_name=full_name,
            surname=surname,
            is_latin=is_latin,
            phone=self._names.phone(),
            position=self._names.position(is_latin=is_latin),
            department=department.name,
        )
        above = department if department.head else department.parent
        manager = above.head if above else None
        department.head = department.head or person.id
        company.people.append(person)
        birthday = FIRST_BIRTHDAY + timedelta(days=self._random.randrange(BIRTHDAYS))
        rows["users"].append(
            line(
                *(person.id, company.id, person.email, full_name, person.phone, person.position, department.name),
                *(department.id, manager, birthday, self._password_hash, "t", "employee", "t", "t", "f", "t", "t"),
            )
        )
        expires = self._now + timedelta(days=30)
        rows["auth_sessions"].append(line(person.session, person.id, company.id, 0, self._now, expires, self._now))


def _address(full_name: str) -> str:
    """The part of an e-mail before the @, in ASCII."""
    words = latin(full_name).split()[:2]
    return ".".join(words).encode("ascii", "ignore").decode()
