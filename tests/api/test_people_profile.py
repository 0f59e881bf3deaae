"""Profiles: one form of phone numbers, the department's name, managers without circles, birthdays without years."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.models import Role
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import PASSWORD, Company, Person, sign_in
from tests.support.planning import accepted, refused


def add_department(database: psycopg.Connection, company: Company, name: str = "Продажи") -> str:
    department_id = str(uuid4())
    database.execute(
        "INSERT INTO departments (id, organization_id, name) VALUES (%s, %s, %s)",
        [department_id, company.organization.id, name],
    )
    return department_id


def change(company: Company, person: Person, **values: Any) -> dict[str, Any]:
    """The person as the company's administrator has changed them."""
    return accepted(company.admin.patch(f"/users/{person.id}", values))


# Phones


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("+7 (495) 123-45-67", "+74951234567"),
        ("8 495 123-45-67", "+74951234567"),
        ("84951234567", "+74951234567"),
        ("495 123 45 67", "+74951234567"),
        ("8-800-555-35-35", "+78005553535"),
        ("8 (495) 123-45-67 доб. 12", "+74951234567;ext=12"),
        ("+7 495 123-45-67 ext 012", "+74951234567;ext=012"),
        ("+74951234567;ext=12", "+74951234567;ext=12"),
        ("+49 30 1234567", "+49301234567"),
        ("1234", "1234"),
        ("12-34", "1234"),
        ("02", "02"),
    ],
)
def test_a_phone_is_stored_in_one_form(company: Company, sent: str, stored: str) -> None:
    anna = company.person()
    assert accepted(anna.patch(f"/users/{anna.id}", {"phone": sent}))["phone"] == stored
    answer = accepted(anna.patch(f"/users/{anna.id}", {"phone": stored}))
    assert (answer["phone"], answer["version"]) == (stored, 2)
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "phone": sent}
    assert accepted(company.admin.post("/users", body), 201)["phone"] == stored
    assert accepted(company.admin.put(f"/users/{anna.id}", {"email": anna.email, "phone": sent}))["phone"] == stored


@pytest.mark.parametrize("phone", ["+999 1234567", "+7 495 123 45 67 8", "1234567", "+7", "+1 234", "++", "доб"])
def test_a_number_that_no_phone_has_is_refused(company: Company, phone: str) -> None:
    anna = company.person()
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "phone": phone}
    for answer in (
        anna.patch(f"/users/{anna.id}", {"phone": phone}),
        anna.put(f"/users/{anna.id}", {"email": anna.email, "phone": phone}),
        company.admin.post("/users", body),
    ):
        assert refused(answer, 422, "phone_invalid")["field"] == "phone"
    assert anna.get("/auth/me").json()["version"] == 1


@pytest.mark.parametrize(
    ("country", "locale", "stored"),
    [("DE", "ru", "+493012345678"), (None, "ru", "+73012345678"), (None, "en", "+73012345678"), ("KZ", "en", None)],
)
def test_national_numbers_are_read_in_the_country_of_the_company(
    company: Company, database: psycopg.Connection, country: str | None, locale: str, stored: str | None
) -> None:
    database.execute(
        "UPDATE organizations SET holiday_country = %s, locale = %s WHERE id = %s",
        [country, locale, company.organization.id],
    )
    sent = {"DE": "030 12345678"}.get(country or "", "8 301 234-56-78")
    answer = company.admin.patch(f"/users/{company.admin.id}", {"phone": sent})
    assert accepted(answer)["phone"] == (stored or "+73012345678")


def test_an_old_phone_may_be_sent_back_as_it_was_read(company: Company) -> None:
    anna = company.person(phone="call 12")
    anna_before = accepted(anna.get("/auth/me"))
    boris = company.person(phone="+1 234")
    assert anna_before["phone"] == "call 12"
    assert accepted(boris.put(f"/users/{boris.id}", {"email": boris.email, "phone": "+1 234"}))["phone"] == "+1 234"
    refused(boris.patch(f"/users/{boris.id}", {"phone": "+1 235"}), 422, "phone_invalid")


# The department


def test_the_department_as_text_is_the_name_of_the_department(company: Company, database: psycopg.Connection) -> None:
    sales, desk = add_department(database, company), add_department(database, company, "ИТ")
    anna = company.person(department="Somewhere")
    assert change(company, anna, department="Elsewhere")["department"] == "Elsewhere"
    assert change(company, anna, department_id=sales)["department"] == "Продажи"
    assert change(company, anna, department="Elsewhere")["department"] == "Продажи"
    assert change(company, anna, department_id=desk, department="Elsewhere")["department"] == "ИТ"
    left = change(company, anna, department_id=None)
    assert (left["department_id"], left["department"]) == (None, None)
    change(company, anna, department_id=desk)
    assert change(company, anna, department_id=None, department="Alone")["department"] == "Alone"
    change(company, anna, department_id=desk)
    put = accepted(company.admin.put(f"/users/{anna.id}", {"email": anna.email}))
    assert (put["department_id"], put["department"]) == (None, None)
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "department": "R&D", "department_id": sales}
    assert accepted(company.admin.post("/users", body), 201)["department"] == "Продажи"


def test_who_puts_their_own_profile_stays_in_their_department(company: Company, database: psycopg.Connection) -> None:
    sales = add_department(database, company)
    anna = company.person()
    change(company, anna, department_id=sales)
    for body in ({}, {"department_id": sales}, {"department": "Продажи"}):
        put = accepted(anna.put(f"/users/{anna.id}", {"email": anna.email, **body}))
        assert (put["department_id"], put["department"]) == (sales, "Продажи")


# Managers


def test_managers_never_form_a_circle(company: Company) -> None:
    anna, boris, clara = company.person(), company.person(), company.person()
    change(company, boris, manager_id=anna.id)
    change(company, clara, manager_id=boris.id)
    for manager in (boris, clara):
        refused(company.admin.patch(f"/users/{anna.id}", {"manager_id": manager.id}), 409, "manager_circle")
        body = {"email": anna.email, "manager_id": manager.id}
        refused(company.admin.put(f"/users/{anna.id}", body), 409, "manager_circle")
    assert accepted(anna.get("/auth/me"))["manager_id"] is None
    change(company, clara, manager_id=None)
    assert change(company, anna, manager_id=clara.id)["manager_id"] == clara.id


def test_two_changes_at_once_do_not_close_a_circle_between_them(company: Company, server: ApiProcess) -> None:
    admin = server.seen_by(company.admin)
    anna, boris = company.person(), company.person()
    for _ in range(5):
        answers = at_once(
            lambda: admin.patch(f"/users/{anna.id}", {"manager_id": boris.id}),
            lambda: admin.patch(f"/users/{boris.id}", {"manager_id": anna.id}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        for person in (anna, boris):
            accepted(admin.patch(f"/users/{person.id}", {"manager_id": None}))


# Coming and going


def test_it_is_known_since_when_somebody_is_gone(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()

    def gone() -> bool:
        row = database.execute("SELECT deactivated_at, now() FROM users WHERE id = %s", [anna.id]).fetchone()
        assert row is not None
        assert row[0] is None or row[0] <= row[1]
        return row[0] is not None

    assert not gone()
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": False}))
    assert gone()
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": True}))
    assert not gone()
    assert company.admin.delete(f"/users/{anna.id}").status_code == 204
    assert gone()


def test_an_admin_of_the_installation_writes_in_the_company_of_whom_they_change(
    client: TestClient, company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    root = sign_in(client, None, role="admin")
    sales, foreign = add_department(database, company), add_department(database, stranger_company)
    anna = company.person()
    answer = accepted(
        root.patch(
            f"/users/{anna.id}", {"department_id": sales, "manager_id": company.admin.id, "phone": "8 495 123 45 67"}
        )
    )
    assert (answer["department"], answer["phone"]) == ("Продажи", "+74951234567")
    refused(root.patch(f"/users/{anna.id}", {"department_id": foreign}), 422, "department_not_found")
    refused(root.patch(f"/users/{anna.id}", {"manager_id": stranger_company.admin.id}), 422, "user_not_found")
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "department_id": sales}
    made = accepted(root.post("/users", {**body, "organization_id": str(company.organization.id)}), 201)
    assert (made["department"], made["organization_id"]) == ("Продажи", str(company.organization.id))
    calendars = database.execute("SELECT organization_id::text FROM calendars WHERE owner_id = %s", [made["id"]])
    assert calendars.fetchall() == [(str(company.organization.id),)]


# The year of birth


def test_the_year_of_birth_is_for_the_person_and_for_administrators(client: TestClient, company: Company) -> None:
    anna = company.person(full_name="Анна Каренина", birthday="1990-02-28")
    full, day_only = ("1990-02-28", "02-28"), (None, "02-28")
    root = sign_in(client, None, role="admin")

    def seen(actor: Person) -> set[tuple[str | None, str]]:
        answers = [
            accepted(actor.get(f"/users/{anna.id}")),
            *(row for row in accepted(actor.get("/users", limit=500))["items"] if row["id"] == anna.id),
            *accepted(actor.get("/users/search", q="каренина"))["items"],
        ]
        return {(row["birthday"], row["birthday_day"]) for row in answers if row["id"] == anna.id}

    for actor in (company.admin, root, anna):
        assert seen(actor) == {full}
    for actor in (company.person(), company.person(role=Role.IT)):
        assert seen(actor) == {day_only}
        answer = actor.get("/users", limit=500)
        assert "1990" not in answer.text
    me = accepted(anna.get("/auth/me"))
    assert (me["birthday"], me["birthday_day"]) == full
    changed = accepted(anna.patch(f"/users/{anna.id}", {"birthday": "1991-03-01"}))
    assert (changed["birthday"], changed["birthday_day"]) == ("1991-03-01", "03-01")
    assert change(company, anna, birthday="1992-03-01")["birthday"] == "1992-03-01"


def test_who_has_no_birthday_has_no_day_of_it(company: Company) -> None:
    row = accepted(company.admin.get(f"/users/{company.admin.id}"))
    assert (row["birthday"], row["birthday_day"]) == (None, None)
