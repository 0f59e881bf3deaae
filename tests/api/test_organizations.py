"""Companies: who sees and keeps them, their settings, their e-mail domains, and deleting one."""

from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.ids import new_id
from app.models import Role
from tests.support.api_process import at_once
from tests.support.people import PASSWORD, Company, Person, sign_in
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings

SETTINGS = {
    "name": "ООО «Ромашка»",
    "time_zone": "Asia/Yekaterinburg",
    "locale": "en",
    "working_days": [7, 1, 2, 3, 1],
    "workday_start": "08:30",
    "workday_end": "17:15",
    "holiday_country": "ru",
}


@pytest.fixture
def boss(client: TestClient) -> Person:
    """An administrator of the installation, who is in no company."""
    return sign_in(client, None, role=Role.ADMIN)


def path_of(company: Company) -> str:
    return f"/organizations/{company.organization.id}"


def own_domain() -> str:
    """A domain that no other test claims."""
    return f"firm-{new_id().hex}.example"


def names(person: Person, **params: Any) -> list[str]:
    return [item["name"] for page in all_pages(person, "/organizations", **params) for item in page]


# Who sees and keeps them


def test_an_installation_admin_creates_reads_changes_and_lists_companies(boss: Person) -> None:
    domain = own_domain()
    answer = boss.post("/organizations", {**SETTINGS, "email_domains": [f"@{domain.upper()}", domain]})
    created = accepted(answer, 201)
    path = f"/organizations/{created['id']}"
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/api/v1{path}", '"1"')
    assert (
        created.items()
        >= {
            **SETTINGS,
            "working_days": [1, 2, 3, 7],
            "holiday_country": "RU",
            "email_domains": [domain],
            "version": 1,
        }.items()
    )
    assert accepted(boss.get(path)) == created
    changed = accepted(boss.patch(path, {"name": "Ромашка"}))
    assert (changed["name"], changed["version"], changed["email_domains"]) == ("Ромашка", 2, [domain])
    replaced = accepted(boss.put(path, {"name": "Ромашка", "time_zone": "Europe/Moscow"}))
    defaults = {"locale": "ru", "working_days": [1, 2, 3, 4, 5], "workday_start": "09:00", "workday_end": "18:00"}
    assert replaced.items() >= {**defaults, "holiday_country": None, "email_domains": [], "version": 3}.items()


def test_members_see_their_own_company_and_no_other(company: Company, stranger_company: Company) -> None:
    for person in (company.person(), company.person(Role.IT), company.admin):
        (page,) = all_pages(person, "/organizations")
        assert [item["id"] for item in page] == [str(company.organization.id)]
        assert accepted(person.get(path_of(company))) == page[0]
        for answer in (
            person.get(path_of(stranger_company)),
            person.patch(path_of(stranger_company), {"name": "Taken"}),
            person.put(path_of(stranger_company), {"name": "Taken", "time_zone": "UTC"}),
            person.delete(path_of(stranger_company), params={"confirm": "Strangers"}),
            person.get(f"/organizations/{MISSING_ID}"),
        ):
            refused(answer, 404, "organization_not_found")
    assert accepted(stranger_company.admin.get(path_of(stranger_company)))["name"] == "Strangers"


def test_a_company_admin_keeps_the_settings_and_colleagues_do_not(company: Company) -> None:
    changed = accepted(company.admin.patch(path_of(company), {"locale": "en", "workday_end": "20:00"}))
    assert (changed["locale"], changed["workday_end"], changed["version"]) == ("en", "20:00", 2)
    for person in (company.person(), company.person(Role.IT)):
        refused(person.patch(path_of(company), {"locale": "ru"}), 403, "admin_only")
        refused(person.put(path_of(company), {"name": "Mine", "time_zone": "UTC"}), 403, "admin_only")
    for person in (company.person(), company.person(Role.IT), company.admin):
        refused(person.post("/organizations", {"name": "Mine", "time_zone": "UTC"}), 403, "installation_admin_only")
        refused(person.delete(path_of(company), params={"confirm": "Company"}), 403, "installation_admin_only")
    assert accepted(company.admin.get(path_of(company))) == changed


def test_whoever_is_not_signed_in_sees_no_company(client: TestClient, company: Company) -> None:
    refused(client.get("/organizations"), 401, "not_authenticated")
    refused(client.get(path_of(company)), 401, "not_authenticated")


def test_companies_are_found_by_a_part_of_the_name_sorted_and_paged(boss: Person, client: TestClient) -> None:
    mark = new_id().hex
    for name in ("Бета 100%", "альфа", "Гамма_1"):
        Company.create(client, f"{mark} {name}")
    wanted = [f"{mark} {name}" for name in ("Бета 100%", "Гамма_1", "альфа")]
    assert sorted(names(boss, q=mark)) == sorted(wanted)
    by_name = names(boss, q=mark, sort="name", limit=1)
    assert by_name == sorted(wanted)
    assert names(boss, q=mark, sort="-name", limit=2) == sorted(wanted, reverse=True)
    newest = names(boss, q=mark, sort="-created_at", limit=2)
    assert newest == [f"{mark} Гамма_1", f"{mark} альфа", f"{mark} Бета 100%"]
    assert names(boss, q=f"{mark.upper()} БЕТА") == [f"{mark} Бета 100%"]
    assert names(boss, q=f"{mark} Бета 100%") == [f"{mark} Бета 100%"]
    assert names(boss, q=f"{mark}%1") == []
    assert names(boss, q=f"{mark} Гамма_") == [f"{mark} Гамма_1"]
    refused(boss.get("/organizations", cursor="bm9uZQ"), 422, "bad_cursor")


def test_a_list_of_companies_tells_each_ones_domains(boss: Person, client: TestClient) -> None:
    mark = new_id().hex
    domains = {}
    for name in ("A", "B"):
        company = Company.create(client, f"{mark} {name}")
        domains[f"{mark} {name}"] = [own_domain()]
        accepted(boss.patch(path_of(company), {"email_domains": domains[f"{mark} {name}"]}))
    items = accepted(boss.get("/organizations", q=mark))["items"]
    assert {item["name"]: item["email_domains"] for item in items} == domains


# Values


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("time_zone", "Mars/Base"),
        ("time_zone", None),
        ("locale", "de"),
        ("working_days", []),
        ("working_days", [0]),
        ("working_days", [8]),
        ("working_days", ["1"]),
        ("working_days", [1, 2, 3, 4, 5, 6, 7, 1]),
        ("workday_start", "9:00"),
        ("workday_start", "24:00"),
        ("workday_start", "T0900"),
        ("workday_start", "0900a"),
        ("workday_start", "09:00:00"),
        ("workday_start", 9),
        ("workday_start", None),
        ("holiday_country", "XX"),
        ("holiday_country", "RUS"),
        ("email_domains", ["not a domain"]),
        ("email_domains", ["a@b.example"]),
        ("email_domains", [""]),
        ("email_domains", ["[127.0.0.1]"]),
        ("email_domains", ["x" * 64 + ".example"]),
        ("email_domains", None),
        ("deleted_at", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_value_that_cannot_be_is_refused(company: Company, field: str, value: Any) -> None:
    problem = refused(company.admin.patch(path_of(company), {field: value}), 422, "invalid_request")
    assert problem["errors"][0]["loc"][:2] == ["body", field]
    russian = company.admin.patch(path_of(company), {field: value}, headers={"Accept-Language": "ru"}).json()
    assert any("а" <= letter <= "я" for letter in russian["errors"][0]["message"])


def test_the_working_day_starts_before_it_ends_whichever_is_sent(company: Company) -> None:
    path = path_of(company)
    for values in (
        {"workday_start": "18:00"},
        {"workday_end": "09:00"},
        {"workday_start": "10:00", "workday_end": "09:59"},
    ):
        assert refused(company.admin.patch(path, values), 422, "workday_order")["field"] == "workday_end"
    body = {"name": "Company", "time_zone": "UTC", "workday_start": "20:00"}
    refused(company.admin.put(path, body), 422, "workday_order")
    assert accepted(company.admin.get(path))["version"] == 1
    accepted(company.admin.patch(path, {"workday_start": "18:00", "workday_end": "23:59"}))


def test_an_old_version_is_refused_and_an_equal_value_makes_no_new_one(company: Company) -> None:
    path, admin = path_of(company), company.admin
    domain = own_domain()
    changed = accepted(admin.patch(path, {"locale": "en", "email_domains": [domain]}, headers={"If-Match": '"1"'}))
    assert changed["version"] == 2
    refused(admin.patch(path, {"locale": "ru"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert accepted(admin.patch(path, {"locale": "en", "email_domains": [domain]})) == changed
    assert accepted(admin.patch(path, {"email_domains": []}))["version"] == 3


# E-mail domains


def test_a_domain_belongs_to_one_company_and_nobody_learns_to_which(
    company: Company, stranger_company: Company
) -> None:
    domain = own_domain()
    accepted(company.admin.patch(path_of(company), {"email_domains": [domain]}))
    answer = stranger_company.admin.patch(
        path_of(stranger_company), {"name": "Renamed", "email_domains": [own_domain(), domain.upper()]}
    )
    assert domain in refused(answer, 409, "domain_taken")["detail"]
    assert str(company.organization.id) not in answer.text
    untouched = accepted(stranger_company.admin.get(path_of(stranger_company)))
    assert (untouched["name"], untouched["email_domains"], untouched["version"]) == ("Strangers", [], 1)
    accepted(company.admin.patch(path_of(company), {"email_domains": []}))
    accepted(stranger_company.admin.patch(path_of(stranger_company), {"email_domains": [domain]}))


def test_a_domain_is_the_same_in_unicode_and_in_ascii(company: Company, stranger_company: Company) -> None:
    label = f"фирма-{new_id().hex[-12:]}"
    punycode = f"{label}.рф".encode("idna").decode()
    changed = accepted(company.admin.patch(path_of(company), {"email_domains": [punycode]}))
    assert changed["email_domains"] == [f"{label}.рф"]
    answer = stranger_company.admin.patch(path_of(stranger_company), {"email_domains": [f"{label.upper()}.РФ"]})
    refused(answer, 409, "domain_taken")


def test_a_company_does_not_claim_everybodys_mail_but_the_installation_may(company: Company, boss: Person) -> None:
    path = path_of(company)
    for domain in ("gmail.com", "Mail.RU", "yandex.ru"):
        assert refused(company.admin.patch(path, {"email_domains": [domain]}), 422, "domain_public")["field"] == (
            "email_domains"
        )
    accepted(boss.patch(path, {"email_domains": ["disroot.org"]}))
    # What it has already, the company's administrator may send back.
    kept = accepted(company.admin.patch(path, {"email_domains": ["disroot.org", own_domain()]}))
    assert "disroot.org" in kept["email_domains"]
    accepted(company.admin.patch(path, {"email_domains": []}))


def test_the_number_of_domains_is_bounded(company: Company) -> None:
    with settings(ORGANIZATION_DOMAINS_MAX=2):
        domains = [own_domain() for _ in range(3)]
        problem = refused(company.admin.patch(path_of(company), {"email_domains": domains}), 422, "too_many_domains")
        assert "2" in problem["detail"]
        accepted(company.admin.patch(path_of(company), {"email_domains": domains[:2]}))


def test_two_companies_that_claim_a_domain_at_once_do_not_both_get_it(client: TestClient) -> None:
    for _ in range(5):
        companies = [Company.create(client), Company.create(client)]
        domains = [own_domain(), own_domain()]
        orders = [domains, domains[::-1]]
        answers = at_once(
            *(
                lambda company=company, order=order: company.admin.patch(path_of(company), {"email_domains": order})
                for company, order in zip(companies, orders, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]


# Deleting


def test_a_company_is_deleted_only_with_its_exact_name(boss: Person, company: Company) -> None:
    path = path_of(company)
    for params in ({}, {"confirm": ""}, {"confirm": "company"}, {"confirm": "Company "}):
        refused(boss.delete(path, params=params), 409, "organization_delete_unconfirmed")
    refused(boss.delete(path, params={"confirm": "Company"}, headers={"If-Match": '"7"'}), 412, "version_mismatch")
    assert accepted(company.admin.get(path))["version"] == 1
    assert boss.delete(path, params={"confirm": "Company"}).status_code == 204


def test_a_deleted_company_is_gone_at_once_for_everybody(boss: Person, client: TestClient, company: Company) -> None:
    path, domain, admin = path_of(company), own_domain(), company.admin
    anna = company.person()
    accepted(admin.patch(path, {"email_domains": [domain]}))
    assert boss.delete(path, params={"confirm": "Company"}).status_code == 204
    for person in (admin, anna):
        refused(person.get("/auth/me"), 401, "session_ended")
        refused(
            client.post("/auth/login", json={"email": person.email, "password": PASSWORD}), 401, "invalid_credentials"
        )
        refused(client.post("/auth/refresh", json={"refresh_token": person.refresh_token}), 401, "session_ended")
    for answer in (
        boss.get(path),
        boss.patch(path, {"name": "Back"}),
        boss.delete(path, params={"confirm": "Company"}),
    ):
        refused(answer, 404, "organization_not_found")
    assert str(company.organization.id) not in str(all_pages(boss, "/organizations", limit=500))
    other = Company.create(client)
    accepted(other.admin.patch(path_of(other), {"email_domains": [domain]}))


def test_what_an_installation_admin_changes_is_recorded_with_who_and_where(
    boss: Person, company: Company, database: psycopg.Connection
) -> None:
    domain = own_domain()
    accepted(boss.patch(path_of(company), {"locale": "en", "email_domains": [domain]}, headers={"X-Request-ID": "r-1"}))
    rows = database.execute(
        "SELECT object_type, actor_id::text, request_id, origin IS NOT NULL FROM audit_log"
        " WHERE organization_id = %s AND actor_id = %s ORDER BY object_type",
        [company.organization.id, boss.id],
    ).fetchall()
    assert rows == [("organization_domains", boss.id, "r-1", True), ("organizations", boss.id, "r-1", True)]
