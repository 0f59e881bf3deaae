"""People who were stored without a password, as an import does: how they get in."""

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.ids import new_id
from app.core.security import NO_PASSWORD
from tests.support.mail import token_for, written_to
from tests.support.people import PASSWORD, Company, Person, sign_in
from tests.support.planning import accepted, refused, settings


@pytest.fixture
def waiting(company: Company) -> Person:
    """Somebody in the company who has no password."""
    return company.person(
        email=f"waiting-{new_id().hex}@firm.example", hashed_password=NO_PASSWORD, role="it", position="Engineer"
    )


def log_in(client: TestClient, email: str) -> int:
    return client.post("/auth/login", json={"email": email, "password": PASSWORD}).status_code


def invite(actor: Person, company: Company, email: str) -> object:
    return actor.post(f"/organizations/{company.organization.id}/invitations", {"email": email})


def register(client: TestClient, email: str, token: str, **values: str) -> object:
    return client.post(
        "/auth/register", json={"email": email, "password": PASSWORD, "invitation_token": token, **values}
    )


def test_nobody_signs_in_without_a_password(client: TestClient, waiting: Person) -> None:
    for password in (NO_PASSWORD, PASSWORD):
        answer = client.post("/auth/login", json={"email": waiting.email, "password": password})
        refused(answer, 401, "invalid_credentials")


@pytest.mark.parametrize("who", ["company", "installation"])
def test_an_invitation_lets_them_choose_one_and_keeps_what_is_stored(
    client: TestClient, company: Company, waiting: Person, database: psycopg.Connection, who: str
) -> None:
    actor = company.admin if who == "company" else sign_in(client, None, role="admin")
    accepted(invite(actor, company, waiting.email), 201)
    token = token_for(database, waiting.email)
    before = accepted(company.admin.get(f"/users/{waiting.id}"))
    user = accepted(register(client, waiting.email, token, full_name="Анна"), 201)
    told = {"id": waiting.id, "full_name": "Анна", "version": before["version"] + 1}
    assert user == {**before, **told}
    assert log_in(client, waiting.email) == 200
    # They have one now, so a second invitation is for nobody.
    refused(register(client, waiting.email, token), 403, "invitation_invalid")
    refused(invite(actor, company, waiting.email), 409, "email_taken")


def test_only_the_own_company_invites_them(
    client: TestClient, company: Company, stranger_company: Company, waiting: Person
) -> None:
    refused(invite(stranger_company.admin, stranger_company, waiting.email), 409, "email_taken")
    assert company.admin.delete(f"/users/{waiting.id}").status_code == 204
    refused(invite(company.admin, company, waiting.email), 409, "email_taken")


def test_whoever_left_meanwhile_does_not_get_in(
    client: TestClient, company: Company, waiting: Person, database: psycopg.Connection
) -> None:
    accepted(invite(company.admin, company, waiting.email), 201)
    assert company.admin.delete(f"/users/{waiting.id}").status_code == 204
    refused(register(client, waiting.email, token_for(database, waiting.email)), 409, "email_taken")
    assert log_in(client, waiting.email) == 401


def test_where_the_domain_is_the_companys_they_write_to_themselves(
    client: TestClient, company: Company, database: psycopg.Connection
) -> None:
    domain = f"{new_id().hex}.example"
    accepted(company.admin.patch(f"/organizations/{company.organization.id}", {"email_domains": [domain]}))
    waiting = company.person(email=f"anna@{domain}", hashed_password=NO_PASSWORD, full_name="Anna")
    with settings(REGISTRATION="domain"):
        answer = client.post("/auth/register", json={"email": waiting.email, "password": "another one"})
        assert answer.status_code == 202
        (mail,) = written_to(database, waiting.email)
        assert mail.template == "registration"
        user = accepted(register(client, waiting.email, mail.token, full_name="Another"), 201)
    assert (user["id"], user["full_name"]) == (waiting.id, "Anna")
    assert log_in(client, waiting.email) == 200
