"""The people of a company: reading, creating, listing, searching."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.config import get_settings
from tests.support.people import PASSWORD, Company, Person, sign_in


def new_user(**values: Any) -> dict[str, Any]:
    return {"email": f"new-{uuid4().hex}@example.com", "password": PASSWORD, **values}


def add_department(database: psycopg.Connection, company: Company) -> str:
    department_id = str(uuid4())
    database.execute(
        "INSERT INTO departments (id, organization_id, name) VALUES (%s, %s, 'Sales')",
        [department_id, company.organization.id],
    )
    return department_id


def walk(person: Person, **params: Any) -> list[dict[str, Any]]:
    """All rows of the list, page by page."""
    rows, cursor = [], None
    while True:
        page = person.get("/users", **params, **({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        rows += page.json()["items"]
        assert len(rows) < 1000, "the list never ends"
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return rows


# Creating and reading


def test_an_admin_creates_a_user_who_has_a_calendar_and_can_sign_in(
    company: Company, database: psycopg.Connection
) -> None:
    sent = new_user(
        full_name="Пётр Иванов", phone="+74951234567", position="Engineer", birthday="1990-02-28",
        department="Sales", department_id=add_department(database, company), manager_id=company.admin.id,
        time_zone="Asia/Tokyo", role="it", access_tickets=False, access_availability_slots=True, show_moscow_time=False,
    )  # fmt: skip
    answer = company.admin.post("/users", sent)
    assert answer.status_code == 201
    created = answer.json()
    password = sent.pop("password")
    assert {name: created[name] for name in sent} == sent
    assert created["organization_id"] == str(company.organization.id)
    assert answer.headers["Location"] == f"/api/v1/users/{created['id']}"
    assert answer.headers["ETag"] == '"1"'
    read = company.admin.get(f"/users/{created['id']}")
    assert (read.json(), read.headers["ETag"]) == (created, '"1"')
    assert company.client.post("/auth/login", json={"email": sent["email"], "password": password}).status_code == 200
    calendar = database.execute("SELECT name, is_public FROM calendars WHERE owner_id = %s", [created["id"]])
    assert calendar.fetchall() == [("Пётр Иванов", False)]


def test_a_user_without_a_name_has_a_calendar_named_after_the_email(
    company: Company, database: psycopg.Connection
) -> None:
    created = company.admin.post("/users", new_user()).json()
    calendar = database.execute("SELECT name FROM calendars WHERE owner_id = %s", [created["id"]])
    assert calendar.fetchall() == [(created["email"].split("@")[0],)]


def test_two_users_cannot_share_an_email_even_across_companies(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    sent = new_user()
    assert company.admin.post("/users", sent).status_code == 201
    for admin in (company.admin, stranger_company.admin):
        answer = admin.post("/users", {**sent, "email": sent["email"].upper()})
        assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    anna = company.person()
    assert company.admin.patch(f"/users/{anna.id}", {"email": sent["email"]}).json()["code"] == "email_taken"
    assert database.execute("SELECT count(*) FROM users WHERE email = %s", [sent["email"]]).fetchone() == (1,)


def test_what_everybody_may_know_of_a_colleague_holds_no_secret(company: Company) -> None:
    anna = company.person()
    answer = anna.get(f"/users/{company.admin.id}")
    assert answer.status_code == 200
    assert not {name for name in answer.json() if "password" in name or "hash" in name}
    assert "argon2" not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("email", None), ("full_name", ""), ("full_name", "x" * 201), ("full_name", "a\x00b"),
     ("phone", "call me"), ("birthday", "0001-01-01"), ("birthday", "9999-12-31"), ("birthday", 19900228),
     ("birthday", "1990-02-30"), ("birthday", "1990-02-28T10:00:00"), ("time_zone", "Mars/Base"),
     ("time_zone", "../../etc/passwd"), ("role", "root"), ("role", None), ("is_active", None), ("is_active", "maybe"),
     ("department_id", "1"), ("manager_id", 7), ("unknown", 1), ("hashed_password", "x"), ("version", 5),
     ("created_at", "2020-01-01T00:00:00Z"), ("id", "0193a5c0-0000-7000-8000-000000000000")],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_values_that_cannot_be_and_unknown_fields_are_refused(
    company: Company, method: str, field: str, value: Any
) -> None:
    anna = company.person()
    before = company.admin.get(f"/users/{anna.id}").json()
    body = {"POST": new_user(), "PUT": {"email": anna.email}, "PATCH": {}}[method]
    path = "/users" if method == "POST" else f"/users/{anna.id}"
    answer = company.admin.call(method, path, json={**body, field: value})
    assert answer.status_code == 422
    assert field in {part for error in answer.json()["errors"] for part in error["loc"]}
    assert company.admin.get(f"/users/{anna.id}").json() == before
    assert len(walk(company.admin)) == 2


def test_emoji_and_long_scripts_are_names_like_others(company: Company) -> None:
    name = "Zoë 🚀 李小龍 Ёж"
    created = company.admin.post("/users", new_user(full_name=name)).json()
    assert company.admin.get(f"/users/{created['id']}").json()["full_name"] == name


def test_department_and_manager_must_be_of_the_company(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    foreign = add_department(database, stranger_company)
    anna = company.person()
    cases = [
        ({"department_id": foreign}, "department_not_found"),
        ({"department_id": str(uuid4())}, "department_not_found"),
        ({"manager_id": stranger_company.admin.id}, "user_not_found"),
        ({"manager_id": str(uuid4())}, "user_not_found"),
        ({"manager_id": anna.id}, "user_not_found"),
    ]
    for values, code in cases:
        answer = company.admin.patch(f"/users/{anna.id}", values)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["field"] == next(iter(values))
        if values != {"manager_id": anna.id}:
            assert company.admin.post("/users", new_user(**values)).json()["code"] == code
    assert company.admin.get(f"/users/{anna.id}").json()["version"] == 1


@pytest.mark.parametrize("user_id", ["1", "me", "0", "%00", "x" * 300, "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_is_a_422(company: Company, user_id: str) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = company.admin.call(method, f"/users/{user_id}", json={"email": "a@example.com"})
        assert answer.status_code == 422


# Lists


@pytest.mark.parametrize("sort", ["full_name", "-full_name", "email", "-email", "created_at", "-created_at"])
def test_each_sort_shows_everybody_once_in_order_page_by_page(company: Company, sort: str) -> None:
    for name in ("Anna", "Boris", None, "Анна", "Boris", None, "Ёлка", "boris"):
        company.person(full_name=name)
    for limit in (1, 2, 4, 9, 100):
        rows = walk(company.admin, sort=sort, limit=limit)
        assert len(rows) == 9
        assert len({row["id"] for row in rows}) == 9
        assert rows == walk(company.admin, sort=sort)
    keys = [row[sort.removeprefix("-")] for row in rows]
    if sort.endswith("full_name"):
        assert [key for key in keys if key is None] == (keys[-3:] if sort.startswith("-") else keys[:3])
    else:
        assert keys == sorted(keys, reverse=sort.startswith("-"))


@pytest.mark.parametrize("sort", ["email", "-email"])
def test_rows_added_while_paging_neither_repeat_nor_hide_others(company: Company, sort: str) -> None:
    present = {person.id for person in [company.admin, *(company.person() for _ in range(7))]}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = company.admin.get("/users", sort=sort, limit=2, **cursor).json()
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        for letter in ("a", "z"):
            assert company.person(email=f"{letter}-{uuid4().hex}@example.com")
        if len(seen) > 100:
            pytest.fail("the list never ends")
    assert len(seen) == len(set(seen))
    assert present <= set(seen)


def test_a_list_knows_only_its_sorts(company: Company) -> None:
    for sort in ("hashed_password", "full_name,email", "", "FULL_NAME", "+email"):
        answer = company.admin.get("/users", sort=sort)
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (422, ["query", "sort"])


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5", ""])
def test_a_page_has_a_sensible_length(company: Company, limit: str) -> None:
    assert company.admin.get("/users", limit=limit).status_code == 422


def test_a_page_is_never_longer_than_the_installation_allows(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "PAGE_LIMIT_MAX", 2)
    for _ in range(2):
        company.person()
    for params in ({}, {"limit": 10**9}, {"limit": 10**30}):
        page = company.admin.get("/users", **params).json()
        assert len(page["items"]) == 2
        assert page["next_cursor"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!", "", "W10", "e30", "bnVsbA", "WyJhIl0", "é", "a" * 501, "WyJhIiwgImIiXQ", "WzEsIDJd",
     # ["\ud800", <an id>]: JSON that is no text
     "WyJcdWQ4MDAiLCAiMDE5M2E1YzAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwIl0",
     # ["a\u0000", <an id>]
     "WyJhXHUwMDAwIiwgIjAxOTNhNWMwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"],
)  # fmt: skip
def test_a_cursor_that_no_list_gave_is_a_422(company: Company, cursor: str) -> None:
    answer = company.admin.get("/users", cursor=cursor)
    assert answer.status_code == 422


def test_a_cursor_of_another_sort_is_a_422_or_a_page_but_never_an_error(company: Company) -> None:
    company.person()
    cursor = company.admin.get("/users", sort="email", limit=1).json()["next_cursor"]
    assert company.admin.get("/users", sort="created_at", cursor=cursor).json()["code"] == "bad_cursor"
    assert company.admin.get("/users", sort="full_name", cursor=cursor).status_code == 200


def test_a_list_is_filtered_by_role_department_and_activity(company: Company, database: psycopg.Connection) -> None:
    department = add_department(database, company)
    desk = company.person(role="it", department_id=department)
    gone = company.person(is_active=False)

    def ids(**params: Any) -> set[str]:
        return {row["id"] for row in walk(company.admin, **params)}

    assert ids(role="it") == {desk.id}
    assert ids(role="admin") == {company.admin.id}
    assert ids(department_id=department) == {desk.id}
    assert ids(is_active=False) == {gone.id}
    assert ids(is_active=True) == {desk.id, company.admin.id}
    assert ids(is_active=True, role="employee") == set()
    assert company.admin.get("/users", role="root").status_code == 422


# Strangers


def test_people_of_another_company_do_not_exist(company: Company, stranger_company: Company) -> None:
    stranger = stranger_company.person(full_name="Hidden Stranger")
    for asking in (company.admin, company.person(role="it"), company.person()):
        assert stranger.id not in {row["id"] for row in walk(asking)}
        assert asking.get("/users/search", q="hidden").json()["items"] == []
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = {"email": stranger.email, "full_name": "Taken over"}
            answer = asking.call(method, f"/users/{stranger.id}", json=body)
            missing = asking.call(method, f"/users/{uuid4()}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "user_not_found")
            assert missing.json()["detail"] == answer.json()["detail"]
    assert stranger.get("/auth/me").json()["full_name"] == "Hidden Stranger"


def test_whoever_is_not_signed_in_sees_nobody(company: Company) -> None:
    for path in ("/users", "/users/search?q=a", f"/users/{company.admin.id}"):
        assert company.client.get(path).status_code == 401
    assert company.client.post("/users", json=new_user()).status_code == 401
    assert company.client.delete(f"/users/{company.admin.id}").status_code == 401


def test_an_admin_of_the_installation_sees_and_makes_people_of_every_company(
    client: TestClient, company: Company, stranger_company: Company
) -> None:
    root = sign_in(client, None, role="admin")
    for person in (company.admin, stranger_company.admin, root):
        assert root.get(f"/users/{person.id}").status_code == 200
    created = root.post("/users", new_user(organization_id=str(company.organization.id)))
    assert created.json()["organization_id"] == str(company.organization.id)
    assert root.post("/users", new_user()).json()["code"] == "company_required_for_user"
    assert root.post("/users", new_user(organization_id=str(uuid4()))).json()["code"] == "organization_not_found"
    assert root.post("/users", new_user(role="admin")).json()["organization_id"] is None
    refused = company.admin.post("/users", new_user(organization_id=str(stranger_company.organization.id)))
    assert (refused.status_code, refused.json()["code"]) == (403, "organization_not_yours")
