"""Departments that move with their branch, and departments that are deleted: where everything goes."""

from typing import Any

import psycopg
import pytest

from tests.support.chart import department, put_into, tree_of
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused


def department_of(person: Person) -> tuple[Any, Any]:
    read = accepted(person.get(f"/users/{person.id}"))
    return read["department_id"], read["department"]


def invite(database: psycopg.Connection, company: Company, where: dict[str, Any]) -> None:
    database.execute(
        "INSERT INTO invitations (organization_id, id, email, role, department_id, token_hash, expires_at)"
        " VALUES (%s, gen_random_uuid(), 'new@example.com', 'employee', %s, 'x', now())",
        [company.organization.id, where["id"]],
    )


def invited_into(database: psycopg.Connection, company: Company) -> list[str | None]:
    rows = database.execute(
        "SELECT department_id::text FROM invitations WHERE organization_id = %s", [company.organization.id]
    ).fetchall()
    return [row[0] for row in rows]


def test_a_department_moves_with_everything_below_it(company: Company) -> None:
    north, south = department(company, "North"), department(company, "South")
    sales = department(company, "Sales", north)
    department(company, "Team", sales)
    moved = accepted(company.admin.patch(f"/departments/{sales['id']}", {"parent_id": south["id"]}))
    assert (moved["parent_id"], moved["version"]) == (south["id"], 2)
    assert tree_of(company.admin) == ["North", ("South", [("Sales", ["Team"])])]
    accepted(company.admin.put(f"/departments/{sales['id']}", {"name": "Sales"}))
    assert tree_of(company.admin) == ["North", ("Sales", ["Team"]), "South"]


def test_a_department_never_lies_below_itself(company: Company) -> None:
    a = department(company, "a")
    b = department(company, "b", a)
    c = department(company, "c", b)
    for parent in (a, b, c):
        refused(company.admin.patch(f"/departments/{a['id']}", {"parent_id": parent["id"]}), 409, "department_circle")
    refused(company.admin.put(f"/departments/{b['id']}", {"name": "b", "parent_id": c["id"]}), 409, "department_circle")
    assert tree_of(company.admin) == [("a", [("b", ["c"])])]


def test_postgresql_itself_refuses_a_circle(company: Company, database: psycopg.Connection) -> None:
    a = department(company, "a")
    b = department(company, "b", a)
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute("UPDATE departments SET parent_id = %s WHERE id = %s", [b["id"], a["id"]])


def test_a_department_with_people_or_departments_is_not_deleted_without_saying_where_they_go(company: Company) -> None:
    top = department(company, "Top")
    low = department(company, "Low", top)
    put_into(company, top, company.person(), company.person())
    problem = refused(company.admin.delete(f"/departments/{top['id']}"), 409, "department_not_empty")
    assert (problem["members"], problem["children"]) == (2, 1)
    put_into(company, low, company.person())
    problem = refused(company.admin.delete(f"/departments/{low['id']}"), 409, "department_not_empty")
    assert (problem["members"], problem["children"]) == (1, 0)
    assert tree_of(company.admin) == [("Top", ["Low"])]


def test_people_departments_and_invitations_go_where_the_deletion_says(
    company: Company, database: psycopg.Connection
) -> None:
    top, other = department(company, "Top"), department(company, "Other")
    sales = department(company, "Sales", top)
    team = department(company, "Team", sales)
    anna, gone, boris = company.person(), company.person(), company.person()
    put_into(company, sales, anna, gone)
    put_into(company, team, boris)
    assert company.admin.delete(f"/users/{gone.id}").status_code == 204
    invite(database, company, sales)
    before = accepted(anna.get(f"/users/{anna.id}"))["version"]
    assert company.admin.delete(f"/departments/{sales['id']}?move_to={other['id']}").status_code == 204
    assert tree_of(company.admin) == [("Other", ["Team"]), "Top"]
    assert department_of(anna) == (other["id"], "Other")
    assert accepted(anna.get(f"/users/{anna.id}"))["version"] == before + 1
    assert accepted(anna.get(f"/users/{gone.id}"))["department_id"] == other["id"]
    assert department_of(boris) == (team["id"], "Team")
    assert accepted(anna.get(f"/departments/{team['id']}"))["version"] == 2
    assert invited_into(database, company) == [other["id"]]


def test_with_move_to_none_people_have_no_department_and_departments_rise(
    company: Company, database: psycopg.Connection
) -> None:
    top = department(company, "Top")
    sales = department(company, "Sales", top)
    department(company, "Team", sales)
    anna = company.person()
    put_into(company, sales, anna)
    invite(database, company, sales)
    assert company.admin.delete(f"/departments/{sales['id']}?move_to=none").status_code == 204
    assert tree_of(company.admin) == [("Top", ["Team"])]
    assert department_of(anna) == (None, None)
    assert invited_into(database, company) == [None]
    assert company.admin.delete(f"/departments/{top['id']}?move_to=none").status_code == 204
    assert tree_of(company.admin) == ["Team"]


def test_an_empty_department_goes_with_its_invitations_left_without_one(
    company: Company, database: psycopg.Connection
) -> None:
    sales = department(company, "Sales")
    invite(database, company, sales)
    assert company.admin.delete(f"/departments/{sales['id']}").status_code == 204
    assert invited_into(database, company) == [None]


def test_nothing_goes_into_the_branch_that_is_deleted_or_to_where_nothing_is(company: Company) -> None:
    top = department(company, "Top")
    low = department(company, "Low", top)
    path = f"/departments/{top['id']}"
    for target in (top, low):
        refused(company.admin.delete(f"{path}?move_to={target['id']}"), 409, "department_circle")
    refused(company.admin.delete(f"{path}?move_to={MISSING_ID}"), 404, "department_not_found")
    refused(company.admin.delete(f"{path}?move_to=up"), 422, "invalid_request")
    assert tree_of(company.admin) == [("Top", ["Low"])]


def test_departments_do_not_move_to_where_their_name_is_taken_or_too_deep(company: Company) -> None:
    top, other = department(company, "Top"), department(company, "Other")
    department(company, "Sales", top)
    department(company, "SALES", other)
    anna = company.person()
    put_into(company, top, anna)
    problem = refused(
        company.admin.delete(f"/departments/{top['id']}?move_to={other['id']}"), 409, "department_name_taken"
    )
    assert "Sales" in problem["detail"]
    deep = other
    for level in range(19):
        deep = department(company, f"Level {level}", deep)
    refused(company.admin.delete(f"/departments/{top['id']}?move_to={deep['id']}"), 409, "department_too_deep")
    assert department_of(anna) == (top["id"], "Top")
    assert company.admin.delete(f"/departments/{top['id']}?move_to=none").status_code == 204
