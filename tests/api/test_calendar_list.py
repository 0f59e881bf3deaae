"""The list of calendars is what `calendar_access()` says, page by page, and reads no more than it shows."""

from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from app.core import tenancy
from app.core.actor import Actor
from app.core.ids import new_id
from app.db import SessionLocal, get_engine
from app.models import Role
from app.schemas.calendar import CalendarAccess, CalendarSort
from app.services import calendar_list_service
from app.services.rows import PageRequest
from tests.support.chart import department
from tests.support.people import Company, Person
from tests.support.planning import all_pages

LEVELS = ("free_busy", "read", "write", "manage")
PLACES = (None, 0, 5, 5, 1_000_000)
ACCESS = dict(enumerate(CalendarAccess, start=1))
SORTS = tuple(CalendarSort)


class Shares:
    """A company with three departments, one above the other, and calendars that are shared by chance."""

    def __init__(self, company: Company, database: psycopg.Connection, random: Random) -> None:
        self.company, self.database, self.random = company, database, random
        self.departments: list[dict[str, Any]] = []
        for name in ("Above", "Middle", "Below"):
            self.departments.append(department(company, name, self.departments[-1] if self.departments else None))
        places = [None, *(row["id"] for row in self.departments)]
        self.people = [company.person(department_id=place) for place in places]
        self.people.append(company.admin)
        for _ in range(30):
            self._calendar()

    def _calendar(self) -> None:
        calendar = new_id()
        values = {
            "id": calendar,
            # Few names and moments, so that the ids decide.
            "name": self.random.choice(("a", "b", "Б", "б")),
            "created_at": f"2026-01-0{self.random.randint(1, 3)}",
            "owner_id": self.random.choice(self.people).id,
            "is_public": self.random.random() < 0.4,
        }
        self._insert("calendars", **values, color="#123456")
        for person in self._some(self.people):
            self._insert("calendar_shares", calendar_id=calendar, user_id=person.id, level=self._level())
        for row in self._some(self.departments):
            self._insert("calendar_shares", calendar_id=calendar, department_id=row["id"], level=self._level())
        for person in self._some(self.people):
            arranged = {"is_listed": self.random.random() < 0.5, "position": self.random.choice(PLACES)}
            # Also of calendars that the person no longer sees.
            self._insert("calendar_subscriptions", calendar_id=calendar, user_id=person.id, **arranged)

    def _level(self) -> str:
        return self.random.choice(LEVELS)

    def _some(self, things: list[Any]) -> Iterator[Any]:
        return (thing for thing in things if self.random.random() < 0.25)

    def _insert(self, table: str, **values: Any) -> None:
        row = {"organization_id": self.company.organization.id, "id": new_id(), **values}
        names = ", ".join(row)
        places = ", ".join(f"%({name})s" for name in row)
        self.database.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", row)  # type: ignore[arg-type]

    def seen_by(self, person: Person) -> dict[str, tuple[str, bool, Any]]:
        """Access, whether it is listed, and owner of each calendar, as the functions of the database have it."""
        rows = self.database.execute(
            """
            SELECT c.id::text, a.level, a.is_listed, c.owner_id::text, c.is_public,
                   calendar_level(c.organization_id, %(person)s, c.id)
            FROM calendar_access(%(company)s, %(person)s) a JOIN calendars c ON c.id = a.calendar_id
            """,
            {"company": self.company.organization.id, "person": person.id},
        ).fetchall()
        assert all(row[1] == row[5] for row in rows)
        office = 4 if person is self.company.admin else 0
        return {row[0]: (ACCESS[max(row[1], office if row[4] else 0)], row[2], row[3]) for row in rows}


@pytest.mark.parametrize("seed", range(5))
def test_the_list_is_what_the_access_function_says(company: Company, database: psycopg.Connection, seed: int) -> None:
    random = Random(seed)
    shares = Shares(company, database, random)
    for person in shares.people:
        seen = shares.seen_by(person)
        filters: list[dict[str, Any]] = [{}, {"is_listed": True}, {"is_listed": False}]
        filters.append({"owner_id": random.choice(shares.people).id})
        filters.append({"owner_id": person.id, "is_listed": random.choice((True, False))})
        for params in filters:
            wanted = {
                calendar: values[:2]
                for calendar, values in seen.items()
                if params.get("is_listed", values[1]) == values[1] and params.get("owner_id", values[2]) == values[2]
            }
            sort, limit = random.choice(SORTS), random.choice((1, 3, 7, 100))
            items = [
                item for page in all_pages(person, "/calendars", sort=sort, limit=limit, **params) for item in page
            ]
            assert {item["id"]: (item["access"], item["is_listed"]) for item in items} == wanted
            assert [item["id"] for item in items] == ordered(items, sort)


def ordered(items: list[dict[str, Any]], sort: CalendarSort) -> list[str]:
    """The ids as the sort wants them: by its key, then by id; no id twice."""

    def key(item: dict[str, Any]) -> Any:
        value = item[sort.removeprefix("-")]
        return 1_000_001 if value is None else value

    by_id = sorted({item["id"]: item for item in items}.values(), key=lambda item: str(item["id"]))
    return [item["id"] for item in sorted(by_id, key=key, reverse=sort.startswith("-"))]


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_reads_no_more_than_it_shows(company: Company, database: psycopg.Connection, sort: CalendarSort) -> None:
    """However many calendars are public, or private to others."""
    anna, boris = company.person(), company.person()
    database.execute(
        """
        INSERT INTO calendars (organization_id, id, name, owner_id, is_public, color, created_at)
        SELECT %s, gen_random_uuid(), md5(g::text), %s, g %% 3 = 0, '#123456', now() - g * interval '1 minute'
        FROM generate_series(1, 3000) g
        """,
        [company.organization.id, boris.id],
    )
    database.execute("ANALYZE calendars")
    limit, cursor = 20, None
    for number in range(12):
        cursor, nodes = explained(anna, sort, PageRequest(limit, cursor))
        if number in (0, 11):
            handled = [
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in nodes
            ]
            assert max(handled) <= 2 * limit, nodes


def explained(person: Person, sort: CalendarSort, page: PageRequest) -> tuple[str | None, list[dict[str, Any]]]:
    """The cursor behind a page, and how PostgreSQL read `calendars` for it, as the application's role."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    company = person.user.organization_id
    actor = Actor(person.user.id, company, Role.EMPLOYEE, None, "UTC", "UTC")
    with SessionLocal.begin() as session:
        tenancy.enter(session, company, origin="test")
        event.listen(get_engine(), "before_cursor_execute", note)
        try:
            _, cursor = calendar_list_service.list_calendars(session, actor, sort, page)
        finally:
            event.remove(get_engine(), "before_cursor_execute", note)
        ((statement, parameters),) = sent
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        plan = session.connection().exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"]
    return cursor, [node for node in _nodes(plan) if node.get("Relation Name") == "calendars"]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
