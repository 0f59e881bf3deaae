"""The list of people: filters, sorts, and pages that cost the same wherever they are."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from app.core import tenancy
from app.db import SessionLocal
from app.models import User
from app.services import user_service
from tests.support.people import Company, Person
from tests.support.planning import accepted, all_pages


def names(person: Person, **params: Any) -> list[str]:
    return [row["full_name"] for page in all_pages(person, "/users", **params) for row in page]


def add_department(database: psycopg.Connection, company: Company, name: str, parent: str | None = None) -> str:
    department_id = str(uuid4())
    database.execute(
        "INSERT INTO departments (id, organization_id, name, parent_id) VALUES (%s, %s, %s, %s)",
        [department_id, company.organization.id, name, parent],
    )
    return department_id


def test_people_are_filtered_by_department_with_and_without_its_branch(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    top = add_department(database, company, "Top")
    middle = add_department(database, company, "Middle", top)
    bottom = add_department(database, company, "Bottom", middle)
    for name, department in (("A", top), ("B", middle), ("C", bottom), ("D", None)):
        company.person(full_name=name, department_id=department)
    assert names(company.admin, department_id=middle) == ["B"]
    assert names(company.admin, department_id=middle, branch=True) == ["B", "C"]
    assert names(company.admin, department_id=top, branch=True, limit=1) == ["A", "B", "C"]
    assert names(company.admin, department_id=str(uuid4()), branch=True) == []
    assert names(stranger_company.admin, department_id=top, branch=True) == []


def test_people_are_filtered_by_manager_position_and_text(company: Company) -> None:
    boss = company.person(full_name="Boss", position="Директор")
    company.person(full_name="Анна Ким", position="Инженер", manager_id=boss.user.id)
    company.person(full_name="Борис Ким", position="Инженер по качеству", manager_id=boss.user.id)
    company.person(full_name="Gone Kim", position="Инженер", is_active=False)
    assert names(company.admin, manager_id=boss.id) == ["Анна Ким", "Борис Ким"]
    assert names(company.admin, position="Инженер") == ["Gone Kim", "Анна Ким"]
    assert names(company.admin, position="Инженер", is_active=True) == ["Анна Ким"]
    assert names(company.admin, q="kim", sort="-full_name") == ["Борис Ким", "Анна Ким", "Gone Kim"]
    assert names(company.admin, q="ким инженер", manager_id=boss.id) == ["Анна Ким", "Борис Ким"]
    assert names(company.admin, q="ким % инженер") == []
    assert names(company.admin, q="an", manager_id=boss.id) == ["Анна Ким"]
    for q in ("%", "_", "ь", "\\"):
        assert names(company.admin, q=q) == []


@pytest.mark.parametrize("params", [{"branch": "maybe"}, {"manager_id": "x"}, {"position": ""}, {"q": "a\x00"}])
def test_filters_that_make_no_sense_are_a_422(company: Company, params: dict[str, Any]) -> None:
    assert company.admin.get("/users", **params).status_code == 422


@pytest.mark.parametrize("sort", ["position", "-position", "department", "-department"])
def test_people_are_sorted_page_by_page(company: Company, sort: str) -> None:
    field = sort.removeprefix("-")
    for value in ("б", None, "а", "а", "в", None, "а"):
        values: dict[str, Any] = {field: value}
        company.person(**values)
    whole = accepted(company.admin.get("/users", sort=sort))["items"]
    keys = [row[field] or "" for row in whole]
    assert len(keys) == 8
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    for limit in (1, 3):
        assert [row for page in all_pages(company.admin, "/users", sort=sort, limit=limit) for row in page] == whole


@pytest.mark.parametrize("sort", ["full_name", "email", "position", "department"])
def test_a_late_page_is_found_through_the_index(company: Company, sort: str) -> None:
    """Row-level security keeps many expressions out of an index, and then late pages cost more than the first."""
    key = user_service.SORTS[sort].column
    query = select(key).where(col(User.organization_id) == company.organization.id, key >= "x").order_by(key).limit(2)
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        statement = query.compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True})
        # With a handful of rows PostgreSQL would rather read them all.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_bitmapscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        plan = "\n".join(session.execute(text(f"EXPLAIN {statement}")).scalars())
    assert any("Index Cond" in line and ">=" in line for line in plan.splitlines()), plan
