"""Invitations: who sends them, what they are good for, and how they end."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from fastapi.testclient import TestClient

from app.core.ids import new_id
from app.models import Role
from tests.support.api_process import at_once
from tests.support.mail import token_for, written_to
from tests.support.people import PASSWORD, Company, Person, sign_in
from tests.support.planning import MISSING_ID, accepted, all_pages, refused, settings


@pytest.fixture
def boss(client: TestClient) -> Person:
    return sign_in(client, None, role=Role.ADMIN)


def path_of(company: Company) -> str:
    return f"/organizations/{company.organization.id}/invitations"


def somebody() -> str:
    """The e-mail of somebody without an account."""
    return f"somebody-{new_id().hex}@elsewhere.example"


def invite(company: Company, email: str | None = None, **values: Any) -> dict[str, Any]:
    return accepted(company.admin.post(path_of(company), {"email": email or somebody(), **values}), 201)


def register(client: TestClient, email: str, token: str | None, **values: Any) -> Any:
    body = {"email": email, "password": PASSWORD, "invitation_token": token, **values}
    return client.post("/auth/register", json=body)


def look(client: TestClient, token: str) -> Any:
    return client.get("/auth/invitation", params={"token": token})


def department(company: Company, database: psycopg.Connection, name: str = "Sales") -> str:
    row = database.execute(
        "INSERT INTO departments (organization_id, id, name) VALUES (%s, %s, %s) RETURNING id::text",
        [company.organization.id, new_id(), name],
    ).fetchone()
    assert row is not None
    return str(row[0])


# What an invitation does


def test_an_invited_person_gets_company_role_and_department(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email, sales = somebody(), department(company, database)
    created = invite(company, email.upper(), full_name="Олег Петров", role="it", department_id=sales)
    assert (
        created.items()
        >= {
            "email": email,
            "role": "it",
            "department_id": sales,
            "state": "open",
            "invited_by": company.admin.id,
            "accepted_at": None,
            "revoked_at": None,
            "version": 1,
        }.items()
    )
    expires = datetime.fromisoformat(created["expires_at"])
    assert timedelta(days=6, hours=23) < expires - datetime.now(UTC) < timedelta(days=7, hours=1)

    token = token_for(database, email)
    assert accepted(look(client, token)) == {
        "organization_name": "Company",
        "email": email,
        "full_name": "Олег Петров",
        "expires_at": created["expires_at"],
    }
    user = accepted(register(client, email, token), 201)
    assert (
        user.items()
        >= {
            "email": email,
            "full_name": "Олег Петров",
            "role": "it",
            "department_id": sales,
            "department": "Sales",
            "organization_id": str(company.organization.id),
            "is_active": True,
        }.items()
    )
    tokens = accepted(client.post("/auth/login", json={"email": email, "password": PASSWORD}))
    me = client.get("/calendars", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert len(accepted(me)["items"]) == 1
    (item,) = accepted(company.admin.get(path_of(company)))["items"]
    assert (item["state"], item["version"]) == ("accepted", 2)
    assert item["accepted_at"] is not None


def test_what_the_person_sends_wins_over_the_name_in_the_invitation(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    invite(company, email, full_name="Oleg")
    user = accepted(register(client, email, token_for(database, email), full_name="Олег", time_zone="Asia/Almaty"), 201)
    assert (user["full_name"], user["time_zone"], user["role"]) == ("Олег", "Asia/Almaty", "employee")


def test_the_token_is_in_the_mail_and_nowhere_else(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    answer = company.admin.post(path_of(company), {"email": email})
    token = token_for(database, email)
    row = database.execute("SELECT token_hash FROM invitations WHERE email = %s", [email]).fetchone()
    assert row is not None
    secret = base64.urlsafe_b64decode(token + "==")[32:]
    for text in (answer.text, company.admin.get(path_of(company)).text):
        assert token not in text
        assert row[0] not in text
        assert "token" not in text
    assert token not in row[0]
    assert secret.hex() != row[0]
    log = database.execute(
        "SELECT string_agg(before::text || after::text, ' ') FROM audit_log WHERE organization_id = %s",
        [company.organization.id],
    ).fetchone()
    assert row[0] not in str(log)
    assert token not in str(log)


def test_an_invitation_is_for_one_address_and_works_once(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    invite(company, email)
    token = token_for(database, email)
    assert refused(register(client, somebody(), token), 422, "invitation_other_email")["field"] == "email"
    accepted(register(client, email, token), 201)
    refused(register(client, email, token), 403, "invitation_invalid")
    refused(register(client, somebody(), token), 403, "invitation_invalid")
    refused(look(client, token), 403, "invitation_invalid")


def test_of_two_registrations_with_one_token_at_once_one_succeeds(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    for _ in range(3):
        email = somebody()
        invite(company, email)
        token = token_for(database, email)
        answers = at_once(*[lambda email=email, token=token: register(client, email, token)] * 3)
        assert sorted(answer.status_code for answer in answers) == [201, 403, 403]


def test_an_invitation_expires(client: TestClient, company: Company, database: psycopg.Connection) -> None:
    email = somebody()
    with settings(INVITATION_EXPIRE_DAYS=2):
        invite(company, email)
    token = token_for(database, email)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2, minutes=1)):
        refused(look(client, token), 403, "invitation_expired")
        refused(register(client, email, token), 403, "invitation_expired")
    accepted(look(client, token))


@pytest.mark.parametrize("case", ["other secret", "other invitation", "other company", "cut", "longer", "abc"])
def test_a_token_that_was_tampered_with_is_not_valid(
    case: str, client: TestClient, company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    invite(company, email)
    token = token_for(database, email)
    parts = base64.urlsafe_b64decode(token + "==")
    tampered = {
        "other secret": parts[:-1] + bytes([parts[-1] ^ 1]),
        "other invitation": parts[:16] + new_id().bytes + parts[32:],
        "other company": stranger_company.organization.id.bytes + parts[16:],
        "cut": parts[:-1],
        "longer": parts + b"x",
    }
    text = base64.urlsafe_b64encode(tampered[case]).decode().rstrip("=") if case in tampered else case
    refused(look(client, text), 403, "invitation_invalid")
    refused(register(client, email, text), 403, "invitation_invalid")
    accepted(register(client, email, token), 201)


# Sending again, revoking


def test_a_second_invitation_renews_the_first(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    first = invite(company, email)
    old = token_for(database, email)
    second = invite(company, email, role="it")
    assert (second["id"], second["role"], second["version"]) == (first["id"], "it", 2)
    assert len(written_to(database, email)) == 1, "the mail with the dead link still waits"
    refused(register(client, email, old), 403, "invitation_invalid")
    assert accepted(register(client, email, token_for(database, email)), 201)["role"] == "it"


def test_an_invitation_is_sent_again_with_a_new_link_even_when_expired(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    created = invite(company, email)
    path = f"{path_of(company)}/{created['id']}"
    old = token_for(database, email)
    database.execute("UPDATE invitations SET expires_at = now() - interval '1 day' WHERE id = %s", [created["id"]])
    assert [item["state"] for item in accepted(company.admin.get(path_of(company)))["items"]] == ["expired"]
    again = accepted(company.admin.post(f"{path}/resend"))
    assert (again["state"], again["version"]) == ("open", 2)
    refused(look(client, old), 403, "invitation_invalid")
    accepted(register(client, email, token_for(database, email)), 201)
    refused(company.admin.post(f"{path}/resend"), 409, "invitation_not_open")
    refused(company.admin.delete(path), 409, "invitation_not_open")


def test_a_revoked_invitation_is_worth_nothing_and_its_mail_is_not_sent(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    path = f"{path_of(company)}/{invite(company, email)['id']}"
    token = token_for(database, email)
    refused(company.admin.delete(path, headers={"If-Match": '"9"'}), 412, "version_mismatch")
    assert company.admin.delete(path).status_code == 204
    assert written_to(database, email) == []
    refused(look(client, token), 403, "invitation_invalid")
    refused(register(client, email, token), 403, "invitation_invalid")
    refused(company.admin.delete(path), 409, "invitation_not_open")
    refused(company.admin.post(f"{path}/resend"), 409, "invitation_not_open")
    assert invite(company, email)["id"] not in path


def test_whoever_has_an_account_anywhere_is_not_invited(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    for email in (company.person().email, stranger_company.person().email):
        refused(company.admin.post(path_of(company), {"email": email}), 409, "email_taken")
        assert written_to(database, email) == []
    email = somebody()
    path = f"{path_of(company)}/{invite(company, email)['id']}"
    stranger_company.person(email=email)
    refused(company.admin.post(f"{path}/resend"), 409, "email_taken")


def test_a_department_of_another_company_is_not_known(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    for wrong in (department(stranger_company, database), MISSING_ID):
        answer = company.admin.post(path_of(company), {"email": somebody(), "department_id": wrong})
        assert refused(answer, 422, "department_not_found")["field"] == "department_id"
    assert accepted(company.admin.get(path_of(company)))["items"] == []


def test_open_invitations_are_bounded(company: Company) -> None:
    with settings(INVITATIONS_OPEN_MAX=2):
        first, _ = invite(company), invite(company)
        refused(company.admin.post(path_of(company), {"email": somebody()}), 409, "too_many_invitations")
        invite(company, first["email"])
        assert company.admin.delete(f"{path_of(company)}/{first['id']}").status_code == 204
        invite(company)


def test_two_invitations_to_one_address_at_once_are_one(company: Company) -> None:
    for _ in range(5):
        email = somebody()
        answers = at_once(*[lambda email=email: company.admin.post(path_of(company), {"email": email})] * 3)
        assert [answer.status_code for answer in answers] == [201] * 3
        assert len({answer.json()["id"] for answer in answers}) == 1


# Who may


def test_only_those_who_keep_the_company_have_to_do_with_its_invitations(
    company: Company, stranger_company: Company, boss: Person
) -> None:
    path = path_of(company)
    created = invite(company)
    one = f"{path}/{created['id']}"
    for person in (company.person(), company.person(Role.IT)):
        for answer in (
            person.get(path),
            person.post(path, {"email": somebody()}),
            person.post(f"{one}/resend"),
            person.delete(one),
        ):
            refused(answer, 403, "admin_only")
    for person in (stranger_company.admin, stranger_company.person()):
        for answer in (
            person.get(path),
            person.post(path, {"email": somebody()}),
            person.post(f"{one}/resend"),
            person.delete(one),
        ):
            refused(answer, 404, "organization_not_found")
    theirs = path_of(stranger_company)
    refused(stranger_company.admin.delete(f"{theirs}/{created['id']}"), 404, "invitation_not_found")
    refused(stranger_company.admin.post(f"{theirs}/{created['id']}/resend"), 404, "invitation_not_found")
    assert accepted(stranger_company.admin.get(theirs))["items"] == []
    (item,) = accepted(boss.get(path))["items"]
    assert item == created
    sent = accepted(boss.post(path, {"email": somebody(), "role": "admin"}), 201)
    assert (sent["invited_by"], sent["role"]) == (None, "admin")
    accepted(boss.post(f"{one}/resend"))
    assert boss.delete(one).status_code == 204


def test_whoever_is_not_signed_in_neither_sees_nor_sends_invitations(client: TestClient, company: Company) -> None:
    path = path_of(company)
    for answer in (
        client.get(path),
        client.post(path, json={"email": somebody()}),
        client.post(f"{path}/{MISSING_ID}/resend"),
        client.delete(f"{path}/{MISSING_ID}"),
    ):
        refused(answer, 401, "not_authenticated")


def test_the_list_is_filtered_sorted_and_paged(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    emails = [f"{letter}-{somebody()}" for letter in "cab"]
    accepted_one, revoked, opened = (invite(company, email) for email in emails)
    expired = invite(company, role="admin")
    accepted(register(client, emails[0], token_for(database, emails[0])), 201)
    company.admin.delete(f"{path_of(company)}/{revoked['id']}")
    database.execute("UPDATE invitations SET expires_at = now() WHERE id = %s", [expired["id"]])

    def ids(**params: Any) -> list[str]:
        return [item["id"] for page in all_pages(company.admin, path_of(company), **params) for item in page]

    everyone = [row["id"] for row in (accepted_one, revoked, opened, expired)]
    for state, row in zip(("accepted", "revoked", "open", "expired"), everyone, strict=True):
        assert ids(state=state) == [row]
    assert ids(limit=1) == everyone[::-1]
    assert ids(sort="created_at", limit=3) == everyone
    assert ids(sort="email", email=emails[2]) == [opened["id"]]
    assert ids(sort="email", role="employee") == [revoked["id"], opened["id"], accepted_one["id"]]
    assert ids(role="admin") == [expired["id"]]


# The first administrator of a new company


def test_the_first_admin_of_a_new_company_is_invited(
    boss: Person, client: TestClient, database: psycopg.Connection
) -> None:
    email = somebody()
    body = {"name": "New", "time_zone": "UTC", "admin": {"email": email, "full_name": "Анна"}}
    organization = accepted(boss.post("/organizations", body), 201)
    user = accepted(register(client, email, token_for(database, email)), 201)
    assert (user["role"], user["organization_id"], user["full_name"]) == ("admin", organization["id"], "Анна")


def test_a_company_whose_admin_cannot_be_invited_is_not_made(boss: Person, company: Company) -> None:
    name = f"Never {new_id().hex}"
    body = {"name": name, "time_zone": "UTC", "admin": {"email": company.admin.email}}
    refused(boss.post("/organizations", body), 409, "email_taken")
    with settings(REGISTRATION="closed"):
        refused(boss.post("/organizations", {**body, "admin": {"email": somebody()}}), 409, "invitations_closed")
    assert accepted(boss.get("/organizations", q=name))["items"] == []


def test_a_deleted_company_lets_nobody_in(
    boss: Person, client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    invite(company, email)
    token = token_for(database, email)
    path = f"/organizations/{company.organization.id}"
    assert boss.delete(path, params={"confirm": "Company"}).status_code == 204
    refused(look(client, token), 403, "invitation_invalid")
    refused(register(client, email, token), 403, "invitation_invalid")


def test_the_new_person_is_who_registered_in_the_record(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    email = somebody()
    invite(company, email)
    user = accepted(register(client, email, token_for(database, email)), 201)
    rows = database.execute(
        "SELECT object_type, action FROM audit_log WHERE organization_id = %s AND actor_id = %s ORDER BY id",
        [company.organization.id, user["id"]],
    ).fetchall()
    assert ("invitations", "changed") in rows
    assert ("users", "created") in rows
