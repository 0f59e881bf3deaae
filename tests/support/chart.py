"""Departments and managers, made through the API, and what the charts say of them."""

from typing import Any

from psycopg import Connection

from tests.support.people import Company, Person
from tests.support.planning import accepted


def department(company: Company, name: str, parent: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """A new department of the company, below `parent`."""
    body = {"name": name, "parent_id": parent["id"] if parent else None, **values}
    return accepted(company.admin.post("/departments", body), 201)


def put_into(company: Company, where: dict[str, Any], *people: Person) -> None:
    """Make people members of a department."""
    accepted(company.admin.post(f"/departments/{where['id']}/members", {"user_ids": [person.id for person in people]}))


def under(company: Company, manager: Person | None, **fields: Any) -> Person:
    """A new colleague who reports to `manager`."""
    return company.person(manager_id=manager.user.id if manager else None, **fields)


def outline(nodes: list[dict[str, Any]]) -> list[Any]:
    """The names in a tree: a name alone, or (name, outline of what lies below)."""
    return [(node["name"], outline(node["children"])) if node["children"] else node["name"] for node in nodes]


def tree_of(person: Person, **params: Any) -> list[Any]:
    """The outline of the company's departments as a person sees it."""
    return outline(accepted(person.get("/departments/tree", **params))["departments"])


def circles(database: Connection, table: str, column: str) -> int:
    """How many rows of the whole database lie below themselves."""
    row = database.execute(f"""
        WITH RECURSIVE chain AS (
            SELECT id AS start, {column} AS above FROM {table} WHERE {column} IS NOT NULL
            UNION
            SELECT c.start, t.{column} FROM chain c JOIN {table} t ON t.id = c.above WHERE t.{column} IS NOT NULL
        ) SELECT count(*) FROM chain WHERE start = above
    """).fetchone()
    assert row is not None
    return int(row[0])
