"""Export of people as CSV and XLSX: which people, which columns, no formulas, and the way back through an import."""

import csv
import io
from typing import Any

import httpx2 as httpx
import openpyxl
import psycopg
import pytest
from fastapi.testclient import TestClient

from app.models import Role
from tests.api.test_people_import import imported
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted, refused, settings

FORMULAS = ["=1+1", "+7 495", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', "'=1", "''+1", "＝1+1", "'quoted'"]


def export(actor: Person, **params: Any) -> httpx.Response:
    answer = actor.get("/users/export", **params)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))


def sheet_of(answer: httpx.Response) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["people"]
    return [[cell.value for cell in row] for row in book["people"].iter_rows()]


def names(actor: Person, **params: Any) -> list[str]:
    return [row["full_name"] for row in rows_of(export(actor, **params)) if row["full_name"]]


@pytest.fixture
def admin(company: Company) -> Person:
    return company.admin


def make_people(company: Company) -> tuple[Person, Person]:
    admin = company.admin
    office = accepted(admin.post("/departments", {"name": "Head office"}), 201)
    sales = accepted(admin.post("/departments", {"name": "Sales / EU", "parent_id": office["id"]}), 201)
    boss = company.person(full_name="Борис", role=Role.IT, time_zone="Asia/Almaty", department="Board")
    anna = company.person(
        full_name="Анна\nКим", phone="+74951234567;ext=12", position='"Lead", senior', birthday="1990-05-17",
        manager_id=boss.user.id, department_id=sales["id"], department="Sales / EU", access_tickets=False,
    )  # fmt: skip
    company.person(full_name="Gone", is_active=False, phone="1234")
    return boss, anna


def test_a_row_has_every_column(company: Company, admin: Person) -> None:
    boss, anna = make_people(company)
    answer = export(admin)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="people-20')
    assert disposition.endswith('.csv"')
    assert answer.text.startswith("\ufeffemail,full_name,phone,")
    rows = {row["email"]: row for row in rows_of(answer)}
    assert len(rows) == 4
    created = accepted(admin.get(f"/users/{anna.id}"))["created_at"]
    assert rows[anna.email] == {
        "email": anna.email,
        "full_name": "Анна\nКим",
        "phone": "'+74951234567;ext=12",
        "position": '"Lead", senior',
        "department": "Head office / Sales / EU",
        "manager_email": boss.email,
        "birthday": "1990-05-17",
        "role": "employee",
        "time_zone": "",
        "is_active": "true",
        "access_org_structure": "true",
        "access_tickets": "false",
        "access_availability_slots": "false",
        "show_local_time": "true",
        "show_moscow_time": "true",
        "id": anna.id,
        "created_at": created,
    }
    assert rows[boss.email]["department"] == "Board"


def test_a_workbook_has_the_same_cells_as_text(company: Company, admin: Person) -> None:
    make_people(company)
    for name in FORMULAS:
        company.person(full_name=name)
    answer = export(admin, format="xlsx")
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    heading, *rows = sheet_of(answer)
    told = [dict(zip(heading, row, strict=True)) for row in rows]
    expected = rows_of(export(admin))
    assert [row["email"] for row in told] == [row["email"] for row in expected]
    assert {row["full_name"] for row in told} >= set(FORMULAS)
    assert "+74951234567;ext=12" in {row["phone"] for row in told}
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    kinds = {cell.data_type for row in book["people"].iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s"}


def test_no_cell_of_csv_is_a_formula(company: Company, admin: Person) -> None:
    for name in FORMULAS:
        company.person(full_name=name, position=name, department=name)
    for row in csv.reader(io.StringIO(export(admin).text.removeprefix("\ufeff"), newline="")):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]


def test_an_import_of_an_export_changes_nothing(company: Company, admin: Person, database: psycopg.Connection) -> None:
    make_people(company)
    for name in FORMULAS:
        company.person(full_name=name, position=name, department=name, phone="8 (495) old form")
    accepted(admin.post("/departments", {"name": "=1+1"}), 201)
    query = "SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM users u WHERE organization_id = %s"
    before = database.execute(query, [company.organization.id]).fetchone()
    content = export(admin).content
    report = imported(admin, content)
    assert {line["outcome"] for line in report["lines"]} == {"unchanged"}
    assert (report["unchanged"], report["ignored_columns"]) == (4 + len(FORMULAS), ["id", "created_at"])
    assert database.execute(query, [company.organization.id]).fetchone() == before
    # As a spreadsheet in Russian saves it again.
    semicolons = io.StringIO()
    csv.writer(semicolons, delimiter=";").writerows(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    report = imported(admin, semicolons.getvalue())
    assert {line["outcome"] for line in report["lines"]} == {"unchanged"}


def test_the_filters_are_those_of_the_list(company: Company, admin: Person) -> None:
    boss, anna = make_people(company)
    department = accepted(admin.get(f"/users/{anna.id}"))["department_id"]
    assert names(admin) == ["Gone", "Анна\nКим", "Борис"]
    assert names(admin, is_active=False) == ["Gone"]
    assert names(admin, role="it") == ["Борис"]
    assert names(admin, manager_id=boss.id) == ["Анна\nКим"]
    assert names(admin, department_id=department) == ["Анна\nКим"]
    assert names(admin, position='"Lead", senior') == ["Анна\nКим"]
    assert names(admin, q="boris") == ["Борис"]
    assert names(admin, q="nobody at all") == []
    assert len(sheet_of(export(admin, q="nobody at all", format="xlsx"))) == 1
    assert admin.get("/users/export", format="pdf").status_code == 422


def test_a_table_has_a_largest(company: Company, admin: Person) -> None:
    company.person()
    with settings(EXPORT_MAX_ROWS=1):
        refused(admin.get("/users/export"), 422, "export_too_large")
        assert len(rows_of(export(admin, role="admin"))) == 1


def test_another_company_is_in_no_export(company: Company, admin: Person, stranger_company: Company) -> None:
    boss, anna = make_people(company)
    theirs = stranger_company.admin
    assert [row["email"] for row in rows_of(export(theirs))] == [theirs.email]
    department = accepted(admin.get(f"/users/{anna.id}"))["department_id"]
    for filters in (
        {"manager_id": boss.id},
        {"department_id": department},
        {"department_id": department, "branch": True},
    ):
        assert rows_of(export(theirs, **filters)) == []


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.IT])
def test_only_administrators_of_a_company_export(client: TestClient, company: Company, role: Role) -> None:
    refused(company.person(role=role).get("/users/export"), 403, "admin_only")
    refused(sign_in(client, None, role=Role.ADMIN).get("/users/export"), 403, "company_required")
    refused(client.get("/users/export"), 401, "not_authenticated")
