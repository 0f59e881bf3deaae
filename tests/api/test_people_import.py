"""Import of people from CSV: what each line does, what is refused, and that a dry run writes nothing."""

from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.security import NO_PASSWORD
from app.models import Role
from tests.support.people import PASSWORD, Company, Person, sign_in
from tests.support.planning import accepted, refused, settings


def address() -> str:
    return f"{uuid4().hex}@example.com"


def send(actor: Person, content: str | bytes, kind: str = "text/csv", **options: Any) -> httpx.Response:
    headers = {"Content-Type": kind, **options.pop("headers", {})}
    body = content.encode() if isinstance(content, str) else content
    return actor.call("POST", "/users/import", content=body, headers=headers, params=options)


def imported(actor: Person, content: str | bytes, kind: str = "text/csv", **options: Any) -> dict[str, Any]:
    return accepted(send(actor, content, kind, **options))


def outcomes(report: dict[str, Any]) -> list[str]:
    return [line["outcome"] for line in report["lines"]]


def problems(actor: Person, content: str | bytes, **options: Any) -> list[tuple[int, str | None, str]]:
    """(line, column, code) of what an import refuses: the same that a dry run tells."""
    tried = imported(actor, content, dry_run=True, **options)
    problem = refused(send(actor, content, **options), 422, "import_has_errors")
    assert problem["lines"] == [line for line in tried["lines"] if line["problems"]]
    assert len(problem["lines"]) == tried["errors"]
    assert all(line["outcome"] == "error" for line in problem["lines"])
    return [(line["line"], item["column"], item["code"]) for line in problem["lines"] for item in line["problems"]]


def user(actor: Person, email: str) -> dict[str, Any]:
    found = [row for row in accepted(actor.get("/users", limit=500))["items"] if row["email"] == email]
    assert len(found) == 1
    return dict(found[0])


def contents(database: psycopg.Connection, company: Company) -> list[Any]:
    """A fingerprint of what an import could write."""
    return [
        database.execute(
            f"SELECT count(*), md5(string_agg(r::text, ',' ORDER BY r::text)) FROM {table} r"
            " WHERE organization_id = %s",
            [company.organization.id],
        ).fetchone()
        for table in ("users", "calendars", "departments", "person_words", "audit_log", "auth_sessions")
    ]


@pytest.fixture
def admin(company: Company) -> Person:
    return company.admin


# What a line does


def test_people_come_with_all_that_a_line_says_and_a_calendar(admin: Person, database: psycopg.Connection) -> None:
    sales = accepted(admin.post("/departments", {"name": "Sales"}), 201)
    anna = address()
    report = imported(
        admin,
        "email,full_name,phone,position,department,manager_email,birthday,role,time_zone,access_tickets\n"
        f"{anna.upper()},Анна Ким,+7 (495) 123-45-67 доб. 12,Инженер,sales,{admin.email},17.05.1990,ИТ,"
        "Asia/Almaty,нет\n",
    )
    assert (report["created"], report["updated"], report["unchanged"], report["errors"]) == (1, 0, 0, 0)
    assert report["lines"] == [{"line": 2, "email": anna, "outcome": "created", "changes": [], "problems": []}]
    person = user(admin, anna)
    assert (
        person.items()
        >= {
            "full_name": "Анна Ким",
            "phone": "+74951234567;ext=12",
            "position": "Инженер",
            "department": "Sales",
            "department_id": sales["id"],
            "manager_id": admin.id,
            "birthday": "1990-05-17",
            "role": "it",
            "time_zone": "Asia/Almaty",
            "is_active": True,
            "access_tickets": False,
            "access_org_structure": True,
            "version": 1,
        }.items()
    )
    found = accepted(admin.get("/users/search", q="kim"))["items"]
    assert [row["id"] for row in found] == [person["id"]]
    rows = database.execute(
        "SELECT name, color, is_public FROM calendars WHERE owner_id = %s", [person["id"]]
    ).fetchall()
    assert rows == [("Анна Ким", "#3788d8", False)]


def test_nobody_signs_in_as_somebody_who_has_no_password(admin: Person, database: psycopg.Connection) -> None:
    anna = address()
    imported(admin, f"email\n{anna}\n")
    stored = database.execute("SELECT hashed_password FROM users WHERE email = %s", [anna]).fetchone()
    assert stored == (NO_PASSWORD,)
    for password in (PASSWORD, NO_PASSWORD, "!!!!!!!!"):
        answer = admin.client.post("/auth/login", data={"username": anna, "password": password})
        assert answer.status_code in (401, 422)


def test_only_what_differs_changes(company: Company, admin: Person) -> None:
    anna = company.person(full_name="Anna", position="Engineer", phone="+4930123456", birthday="1990-05-17")
    boris = company.person(full_name="Boris")
    report = imported(
        admin, f"email,full_name,position\n{anna.email},Anna Kim,Engineer\n{boris.email},Boris,\n{address()},Carla,\n"
    )
    assert outcomes(report) == ["updated", "unchanged", "created"]
    assert [line["changes"] for line in report["lines"]] == [["full_name"], [], []]
    after = user(admin, anna.email)
    assert (after["full_name"], after["position"], after["phone"]) == ("Anna Kim", "Engineer", "+4930123456")
    assert (after["birthday"], after["version"]) == ("1990-05-17", 2)
    assert user(admin, boris.email)["version"] == 1


def test_an_empty_cell_clears_but_takes_no_right_away(company: Company, admin: Person) -> None:
    boss = company.person()
    anna = company.person(
        role=Role.IT, full_name="Anna", phone="+4930123456", birthday="1990-05-17", time_zone="UTC", position="Boss",
        manager_id=boss.user.id, department="Board", access_tickets=False, show_local_time=False,
    )  # fmt: skip
    cleared = "full_name,phone,position,department,manager_email,birthday,time_zone"
    report = imported(
        admin, f"email,{cleared},role,is_active,access_tickets,show_local_time\n{anna.email},,,,,,,,,,,\n"
    )
    names = ["full_name", "phone", "position", "department", "birthday", "time_zone"]
    assert report["lines"][0]["changes"] == [*names[:4], "manager_email", *names[4:]]
    after = user(admin, anna.email)
    assert [after[name] for name in (*names, "manager_id")] == [None] * 7
    assert (after["role"], after["is_active"], after["access_tickets"], after["show_local_time"]) == (
        "it", True, False, False,
    )  # fmt: skip


def test_managers_are_named_in_any_order(company: Company, admin: Person) -> None:
    old = company.person()
    emails = [address() for _ in range(4)]
    chain = "".join(f"{below},{above}\n" for below, above in pairwise(emails))
    report = imported(admin, f"email,manager_email\n{old.email},{emails[0]}\n{chain}{emails[-1]},{admin.email}\n")
    assert outcomes(report) == ["updated", *["created"] * 4]
    ids = [user(admin, email)["id"] for email in (old.email, *emails, admin.email)]
    assert [user(admin, email)["manager_id"] for email in (old.email, *emails)] == ids[1:]


def test_two_people_change_places(company: Company, admin: Person) -> None:
    above = company.person()
    below = company.person(manager_id=above.user.id)
    imported(admin, f"email,manager_email\n{above.email},{below.email}\n{below.email},\n")
    assert (user(admin, above.email)["manager_id"], user(admin, below.email)["manager_id"]) == (below.id, None)


def test_whoever_is_dismissed_is_signed_out_and_comes_back(company: Company, admin: Person) -> None:
    anna = company.person()
    report = imported(admin, f"email,активен\n{anna.email},нет\n")
    assert report["lines"][0]["changes"] == ["is_active"]
    refused(anna.get("/auth/me"), 401, "session_ended")
    assert user(admin, anna.email)["is_active"] is False
    assert outcomes(imported(admin, f"email,is_active\n{anna.email},FALSE\n")) == ["unchanged"]
    assert outcomes(imported(admin, f"email,is_active\n{anna.email},ИСТИНА\n")) == ["updated"]
    assert user(admin, anna.email)["is_active"] is True


def test_deactivated_at_follows(company: Company, admin: Person, database: psycopg.Connection) -> None:
    anna, boris = company.person(), address()
    imported(admin, f"email,is_active\n{anna.email},no\n{boris},no\n")
    query = "SELECT deactivated_at IS NOT NULL FROM users WHERE email = %s"
    assert [database.execute(query, [email]).fetchone() for email in (anna.email, boris)] == [(True,), (True,)]
    imported(admin, f"email,is_active\n{anna.email},yes\n{boris},yes\n")
    assert [database.execute(query, [email]).fetchone() for email in (anna.email, boris)] == [(False,), (False,)]


def test_a_line_about_oneself_is_one_like_any_other(admin: Person) -> None:
    imported(admin, f"email,full_name,manager_email\n{admin.email},Boss,\n")
    assert user(admin, admin.email)["full_name"] == "Boss"


def test_every_write_is_recorded(company: Company, admin: Person) -> None:
    anna, boris = company.person(full_name="Anna"), address()
    content = f"email,full_name\n{anna.email},Anna Kim\n{boris},Boris\n{admin.email},\n"
    imported(admin, content, headers={"X-Request-ID": "import-1"}, dry_run=True)
    imported(admin, content, headers={"X-Request-ID": "import-2"})
    entries = accepted(admin.get("/audit", limit=500))["items"]
    assert [entry for entry in entries if entry["request_id"] == "import-1"] == []
    left = [entry for entry in entries if entry["request_id"] == "import-2"]
    assert sorted((entry["object_type"], entry["action"]) for entry in left) == [
        ("calendars", "created"), ("users", "changed"), ("users", "created"),
    ]  # fmt: skip
    assert {entry["actor_id"] for entry in left} == {admin.id}
    assert {(entry["after"] or {}).get("hashed_password", "***") for entry in left} == {"***"}


# Departments


def test_a_department_is_named_by_path_or_by_a_name_that_only_one_has(company: Company, admin: Person) -> None:
    def create(name: str, parent: str | None = None) -> str:
        return str(accepted(admin.post("/departments", {"name": name, "parent_id": parent}), 201)["id"])

    north, south = create("North"), create("South")
    of_north, of_south, odd = create("Sales", north), create("Sales", south), create("R / D")
    lab = create("Lab", of_south)
    emails = [address() for _ in range(6)]
    names = ["north / SALES", "South  /  Sales", "Lab", "south", "R / D", ""]
    lines = "".join(f"{email},{name}\n" for email, name in zip(emails, names, strict=True))
    imported(admin, f"email,department\n{lines}")
    people = [user(admin, email) for email in emails]
    assert [row["department_id"] for row in people] == [of_north, of_south, lab, south, odd, None]
    assert [row["department"] for row in people] == ["Sales", "Sales", "Lab", "South", "R / D", None]
    assert problems(admin, f"email,department\n{emails[0]},Sales\n{emails[1]},North / Lab\n") == [
        (2, "department", "department_ambiguous"),
        (3, "department", "department_unknown"),
    ]


def test_missing_departments_are_made_when_asked_for(
    company: Company, admin: Person, database: psycopg.Connection
) -> None:
    accepted(admin.post("/departments", {"name": "Head office"}), 201)
    emails = [address() for _ in range(3)]
    names = ["head office / Sales / North", "Head Office / sales", "Lab"]
    content = "email,department\n" + "".join(f"{email},{name}\n" for email, name in zip(emails, names, strict=True))
    paths = ["Head office / Sales", "Head office / Sales / North", "Lab"]
    before = contents(database, company)
    assert imported(admin, content, create_departments=True, dry_run=True)["created_departments"] == paths
    assert contents(database, company) == before
    assert imported(admin, content, create_departments=True)["created_departments"] == paths
    assert imported(admin, content, create_departments=True)["created_departments"] == []
    assert [user(admin, email)["department"] for email in emails] == ["North", "Sales", "Lab"]
    tree = accepted(admin.get("/departments", limit=100))["items"]
    assert sorted(row["name"] for row in tree) == ["Head office", "Lab", "North", "Sales"]


def test_departments_that_are_made_have_bounds(admin: Person) -> None:
    def tried(name: str) -> list[str]:
        found = problems(admin, f"email,department\n{address()},{name}\n", create_departments=True)
        return [code for _, _, code in found]

    assert tried("a" * 201) == ["text_invalid"]
    assert tried("a / b\x07") == ["text_invalid"]
    with settings(DEPARTMENT_MAX_DEPTH=2):
        assert tried("a / b / c") == ["department_too_deep"]
    with settings(DEPARTMENTS_PER_COMPANY=1):
        assert tried("a / b") == ["too_many_departments"]


def test_whoever_does_not_see_the_structure_makes_no_departments(company: Company) -> None:
    admin = company.person(role=Role.ADMIN, access_org_structure=False)
    content = f"email,department\n{address()},New\n"
    refused(send(admin, content, create_departments=True), 403, "org_structure_off")


def test_a_text_that_is_no_department_stays_where_it_is(company: Company, admin: Person) -> None:
    anna = company.person(department="Board")
    assert outcomes(imported(admin, f"email,department\n{anna.email},Board\n")) == ["unchanged"]
    assert problems(admin, f"email,department\n{anna.email},Bord\n") == [(2, "department", "department_unknown")]


# Errors on lines


BAD_CELLS = [
    ("full_name", "x" * 201, "text_invalid"),
    ("position", "a\x07b", "text_invalid"),
    ("phone", "12345678901234567890", "phone_invalid"),
    ("phone", "call me", "phone_invalid"),
    ("birthday", "31.02.1990", "birthday_invalid"),
    ("birthday", "05/17/1990", "birthday_invalid"),
    ("birthday", "1990", "birthday_invalid"),
    ("birthday", "1800-01-01", "birthday_invalid"),
    ("role", "boss", "role_invalid"),
    ("time_zone", "Moscow", "unknown_zone"),
    ("is_active", "maybe", "flag_invalid"),
    ("manager_email", "nobody", "email_invalid"),
    ("manager_email", "nobody@example.com", "manager_unknown"),
]


@pytest.mark.parametrize(("column", "cell", "code"), BAD_CELLS)
def test_a_bad_cell_is_an_error_on_its_line(
    company: Company, admin: Person, database: psycopg.Connection, column: str, cell: str, code: str
) -> None:
    before = contents(database, company)
    content = f"email,{column}\n{address()},\n{address()},{cell}\n"
    assert problems(admin, content) == [(3, column, code)]
    assert contents(database, company) == before


def test_all_that_is_wrong_is_told_at_once_in_the_readers_language(admin: Person) -> None:
    first = address()
    lines = [
        f"{first};boss;maybe",
        "",
        ";;",
        "no address;it;",
        f"{first};;",
        f"{address()};it",
        f"{address()};it;yes;x",
    ]
    content = "\n".join(["email;role;is_active", *lines])
    assert problems(admin, content) == [
        (2, "role", "role_invalid"),
        (2, "is_active", "flag_invalid"),
        (5, "email", "email_invalid"),
        (6, "email", "import_repeated_email"),
        (7, None, "import_cells"),
        (8, None, "import_cells"),
    ]
    russian = imported(admin, content, dry_run=True, headers={"Accept-Language": "ru"})
    assert russian["lines"][0]["problems"][0]["detail"] == "Роли «boss» нет. Возможны: admin, it, employee."
    assert russian["lines"][2]["problems"][0]["detail"] == "Об этом же человеке — строка 2."


def test_lines_are_counted_as_in_the_file(admin: Person) -> None:
    first, second = address(), address()
    content = f'email,position,role\r\n{first},"Head\r\nof",it\r\n\r\n{second},"one\r\ntwo",boss\r\n'
    assert problems(admin, content) == [(5, "role", "role_invalid")]
    imported(admin, content.replace("boss", "it"))
    assert user(admin, first)["position"] == "Head\r\nof"


def test_a_circle_is_an_error_on_each_of_its_lines(company: Company, admin: Person) -> None:
    above = company.person()
    below = company.person(manager_id=above.user.id)
    a, b, c, outside, alone = (address() for _ in range(5))
    content = (
        f"email,manager_email\n{outside},{a}\n{a},{b}\n{b},{c}\n{c},{a}\n{alone},{alone}\n{above.email},{below.email}\n"
    )
    assert problems(admin, content) == [(line, "manager_email", "manager_circle") for line in (3, 4, 5, 6, 7)]


def test_a_circle_may_be_closed_by_what_is_stored(company: Company, admin: Person) -> None:
    top = company.person()
    middle = company.person(manager_id=top.user.id)
    bottom = company.person(manager_id=middle.user.id)
    new = address()
    content = f"email,manager_email\n{top.email},{new}\n{new},{bottom.email}\n"
    assert problems(admin, content) == [(2, "manager_email", "manager_circle"), (3, "manager_email", "manager_circle")]


def test_a_chain_of_managers_has_a_longest(admin: Person) -> None:
    emails = [address() for _ in range(6)]
    lines = "".join(f"{below},{above}\n" for below, above in pairwise(emails))
    content = f"email,manager_email\n{lines}{emails[-1]},\n"
    with settings(ORG_CHART_MAX_DEPTH=4):
        assert problems(admin, content) == [(2, "manager_email", "manager_chain_too_long")]
    with settings(ORG_CHART_MAX_DEPTH=5):
        imported(admin, content)


def test_a_company_keeps_an_administrator_who_can_sign_in(company: Company, admin: Person) -> None:
    other, new = company.person(), address()
    refusals = [
        f"email,role\n{admin.email},employee\n",
        f"email,is_active\n{admin.email},no\n",
        # Nobody can sign in as somebody new.
        f"email,role\n{admin.email},it\n{new},admin\n",
    ]
    for content in refusals:
        assert problems(admin, content) == [(2, "role", "last_admin")]
    imported(admin, f"email,role\n{new},admin\n")
    assert problems(admin, refusals[0]) == [(2, "role", "last_admin")]
    refused(admin.patch(f"/users/{admin.id}", {"role": "it"}), 409, "last_admin")
    imported(admin, f"email,role\n{admin.email},employee\n{other.email},admin\n")
    assert user(other, admin.email)["role"] == "employee"


def test_an_email_of_another_company_is_taken_and_whose_it_is_stays_untold(
    company: Company, admin: Person, stranger_company: Company, database: psycopg.Connection
) -> None:
    stranger = stranger_company.person(full_name="Secret")
    before = contents(database, company), contents(database, stranger_company)
    content = f"email,full_name\n{address()},New\n{stranger.email},Taken over\n"
    assert problems(admin, content) == [(3, "email", "email_taken")]
    assert "Secret" not in send(admin, content, dry_run=True).text
    assert problems(admin, f"email,manager_email\n{address()},{stranger.email}\n") == [
        (2, "manager_email", "manager_unknown")
    ]
    assert (contents(database, company), contents(database, stranger_company)) == before


def test_an_email_of_a_company_that_is_being_deleted_is_still_taken(
    client: TestClient, company: Company, admin: Person, stranger_company: Company, database: psycopg.Connection
) -> None:
    stranger, organization = stranger_company.person(), stranger_company.organization
    installation = sign_in(client, None, role=Role.ADMIN)
    answer = installation.delete(f"/organizations/{organization.id}", params={"confirm": organization.name})
    assert answer.status_code == 204
    before = contents(database, company)
    new = address()
    content = f"email,manager_email\n{new},{stranger.email}\n{stranger.email},\n{address()},{new}\n"
    assert problems(admin, content) == [(3, "email", "email_taken")]
    assert contents(database, company) == before


@pytest.mark.parametrize(
    "email",
    [
        *("a@b.cd", "A.B-c_d+e@Firm-1.Example.COM", "1@2.org", "a@xn--d1acufc.xn--p1ai", "a@firm.local", "a@localhost"),
        *("анна@пример.рф", "a..b@c.de", ".a@c.de", "a.@c.de", "a@-b.de", "a@b-.de", "a@b--c.de", "a@b.c1", "a@b.c"),
        *("a" * 55 + "@bc.de", "a" * 65 + "@b.cd", "a@" + "b" * 64 + ".de", "a@b.test"),
        *("a@b@c.de", "o'neil@b.ie", "a b@c.de"),
    ],
)  # fmt: skip
def test_an_email_is_good_for_an_import_if_it_is_good_for_a_user(admin: Person, email: str) -> None:
    name = uuid4().hex[:8]
    email = email.replace("a", name, 1).replace("A", name, 1)
    answer = admin.post("/users", {"email": email, "password": PASSWORD})
    line = imported(admin, f"email\n{email}\n", dry_run=True)["lines"][0]
    if answer.status_code == 201:
        assert (line["outcome"], line["email"]) == ("unchanged", answer.json()["email"])
    else:
        assert [item["code"] for item in line["problems"]] == ["email_invalid"]


# A dry run


def test_a_dry_run_tells_the_same_and_writes_nothing(
    company: Company, admin: Person, database: psycopg.Connection
) -> None:
    anna, boris = company.person(full_name="Anna"), company.person(full_name="Boris")
    content = (
        "email,full_name,manager_email,is_active,department\n"
        f"{anna.email},Anna Kim,{boris.email},no,Sales\n{boris.email},Boris,,,\n{address()},Carla,{anna.email},,Sales\n"
    )
    before = contents(database, company)
    tried = imported(admin, content, dry_run=True, create_departments=True)
    assert contents(database, company) == before
    accepted(anna.get("/auth/me"))
    done = imported(admin, content, create_departments=True)
    assert {**tried, "dry_run": False} == done
    assert outcomes(done) == ["updated", "unchanged", "created"]
    assert outcomes(imported(admin, content)) == ["unchanged"] * 3


# Files


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_files_of_spreadsheets_are_read(admin: Person, delimiter: str, encoding: str) -> None:
    anna = address()
    rows = [["E-Mail", "ФИО", "Должность"], [anna, "Анна Ким", f"a{delimiter}b"]]
    content = "\r\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    report = imported(admin, content.encode(encoding))
    assert (report["delimiter"], report["encoding"]) == (delimiter, encoding.removesuffix("-sig"))
    person = user(admin, anna)
    assert (person["full_name"], person["position"]) == ("Анна Ким", f"a{delimiter}b")


def test_the_client_may_name_the_encoding(company: Company, admin: Person) -> None:
    anna, zoe, jiri = address(), address(), address()
    imported(admin, f"email,name\n{anna},Анна".encode("koi8-r"), "text/csv; charset=KOI8-R")
    imported(admin, f"email,name\n{zoe},Zoë".encode("cp1252"), 'Text/CSV; header=present; charset="windows-1252"')
    assert (user(admin, anna)["full_name"], user(admin, zoe)["full_name"]) == ("Анна", "Zoë")
    refused(send(admin, b"email,name\n\xff", "text/csv; charset=utf-8"), 422, "import_encoding")
    accepted(admin.patch(f"/organizations/{company.organization.id}", {"locale": "en"}))
    imported(admin, f"email,name\n{jiri},Jürgen".encode("cp1252"))
    assert user(admin, jiri)["full_name"] == "Jürgen"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import_no_email"),
        (b"\n\n", "import_no_email"),
        (b"full_name\nAnna\n", "import_no_email"),
        (b'{"email": "a@example.com"}', "import_no_email"),
        (b"email,salary\na@example.com,1\n", "import_unknown_column"),
        (b"email,hashed_password\na@example.com,1\n", "import_unknown_column"),
        (b"email,organization_id\na@example.com,1\n", "import_unknown_column"),
        (b"email,,role\na@example.com,,it\n", "import_unknown_column"),
        (b"email,E-mail\na@example.com,b@example.com\n", "import_repeated_column"),
        (b'email,full_name\na@example.com,"Anna\n', "import_unreadable"),
        (b'email,full_name\na@example.com,"Anna"Kim\n', "import_unreadable"),
        (b'"email\n', "import_unreadable"),
        (b"email,full_name\na@example.com," + b"x" * 200_000, "import_unreadable"),
        (b"\xff\xfeemail", "import_encoding"),
        (b"email\n\x98\xff\n", "import_encoding"),
        (b"PK\x03\x04\x98 a workbook", "import_encoding"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_file_that_makes_no_sense_is_refused(
    company: Company, admin: Person, database: psycopg.Connection, content: bytes, code: str
) -> None:
    before = contents(database, company)
    for dry_run in (True, False):
        refused(send(admin, content, dry_run=dry_run), 422, code)
    assert contents(database, company) == before


def test_control_characters_reach_no_row(company: Company, admin: Person, database: psycopg.Connection) -> None:
    before = contents(database, company)
    content = b"email,full_name,phone,department,manager_email,birthday,role,time_zone,is_active\n" + b",".join(
        [b"a\0b"] * 9
    )
    assert [code for _, _, code in problems(admin, content)] == [
        *("email_invalid", "text_invalid", "email_invalid", "birthday_invalid", "role_invalid", "unknown_zone"),
        *("flag_invalid", "phone_invalid", "department_unknown"),
    ]
    assert contents(database, company) == before


@pytest.mark.parametrize(
    "kind", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", "text/csv; charset=utf-7", "{"]
)
def test_a_body_of_another_kind_is_a_415(admin: Person, kind: str) -> None:
    refused(send(admin, f"email\n{address()}\n", kind), 415, "unsupported_media_type")


def test_a_file_has_bounds(admin: Person) -> None:
    with settings(IMPORT_MAX_ROWS=2):
        content = f"email\n{address()}\n{address()}\n\n"
        imported(admin, content, dry_run=True)
        refused(send(admin, f"{content}{address()}\n", dry_run=True), 422, "import_too_many_rows")
    refused(send(admin, b"email\n" + b"x" * 4 * 1024 * 1024), 413, "body_too_large")
    refused(send(admin, b"email\n" + b"\n" * 2 * 1024 * 1024 + b"x\n"), 422, "import_has_errors")


# Who may


@pytest.mark.parametrize("role", [Role.EMPLOYEE, Role.IT])
def test_only_administrators_of_a_company_import(client: TestClient, company: Company, role: Role) -> None:
    content = f"email\n{address()}\n"
    refused(send(company.person(role=role), content), 403, "admin_only")
    refused(send(sign_in(client, None, role=Role.ADMIN), content), 403, "company_required")
    answer = client.post("/users/import", content=content.encode(), headers={"Content-Type": "text/csv"})
    refused(answer, 401, "not_authenticated")


def test_a_stale_column_of_an_export_is_passed_by(company: Company, admin: Person) -> None:
    anna = company.person(full_name="Anna")
    report = imported(admin, f"id,email,created_at\n{uuid4()},{anna.email},yesterday\n")
    assert (report["ignored_columns"], outcomes(report)) == (["id", "created_at"], ["unchanged"])


def test_a_whole_company_is_imported(company: Company, admin: Person, database: psycopg.Connection) -> None:
    emails = [address() for _ in range(1000)]
    lines = "".join(
        f"{email},Имя {number},+7495{number:07},Отдел {number % 20},{emails[(number - 1) // 5] if number else ''}\n"
        for number, email in enumerate(emails)
    )
    content = f"email,full_name,phone,department,manager_email\n{lines}"
    assert imported(admin, content, create_departments=True)["created"] == 1000
    assert imported(admin, content)["unchanged"] == 1000
    count = database.execute(
        "SELECT count(*), count(manager_id), count(department_id) FROM users WHERE organization_id = %s",
        [company.organization.id],
    ).fetchone()
    assert count == (1001, 999, 1000)
