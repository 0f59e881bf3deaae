"""Who may register: everybody, by e-mail domain, by invitation, or nobody."""

from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.ids import new_id
from tests.support.api_process import at_once
from tests.support.mail import token_for, written_to
from tests.support.people import PASSWORD, Company
from tests.support.planning import accepted, refused, settings

MODES = ("open", "domain", "invitation", "closed")


@pytest.fixture
def domain(company: Company) -> str:
    """A domain of the company."""
    name = f"firm-{new_id().hex}.example"
    path = f"/organizations/{company.organization.id}"
    accepted(company.admin.patch(path, {"email_domains": [name], "locale": "en"}))
    return name


def register(client: TestClient, email: str, **values: Any) -> Any:
    return client.post("/auth/register", json={"email": email, "password": PASSWORD, **values})


def somebody() -> str:
    return f"somebody-{new_id().hex}@elsewhere.example"


def invited(company: Company, database: psycopg.Connection) -> tuple[str, str]:
    """An address and the token that it was sent."""
    email = somebody()
    accepted(company.admin.post(f"/organizations/{company.organization.id}/invitations", {"email": email}), 201)
    return email, token_for(database, email)


@pytest.mark.parametrize("mode", MODES)
def test_without_an_invitation_and_a_domain_only_open_lets_in(client: TestClient, mode: str) -> None:
    with settings(REGISTRATION=mode):
        answer = register(client, somebody())
        if mode == "open":
            assert accepted(answer, 201)["role"] == "employee"
        else:
            code = "registration_closed" if mode == "closed" else f"registration_by_{mode}"
            refused(answer, 403, code)


@pytest.mark.parametrize("mode", MODES)
def test_an_invitation_lets_in_unless_registration_is_closed(
    client: TestClient, company: Company, database: psycopg.Connection, mode: str
) -> None:
    email, token = invited(company, database)
    with settings(REGISTRATION=mode):
        answer = register(client, email, invitation_token=token)
        if mode == "closed":
            refused(answer, 403, "registration_closed")
            refused(client.get("/auth/invitation", params={"token": token}), 403, "registration_closed")
        else:
            assert accepted(answer, 201)["organization_id"] == str(company.organization.id)


def test_no_invitations_are_sent_while_registration_is_closed(company: Company) -> None:
    path = f"/organizations/{company.organization.id}/invitations"
    created = accepted(company.admin.post(path, {"email": somebody()}), 201)
    with settings(REGISTRATION="closed"):
        refused(company.admin.post(path, {"email": somebody()}), 409, "invitations_closed")
        refused(company.admin.post(f"{path}/{created['id']}/resend"), 409, "invitations_closed")
        assert company.admin.delete(f"{path}/{created['id']}").status_code == 204


@pytest.mark.parametrize("mode", ["open", "domain"])
def test_an_address_of_a_companys_domain_proves_itself_by_mail(
    client: TestClient, company: Company, domain: str, database: psycopg.Connection, mode: str
) -> None:
    email = f"Anna@{domain.upper()}"
    with settings(REGISTRATION=mode):
        answer = register(client, email, full_name="Anna")
        assert answer.json() == {"detail": "A letter is on its way to this address. Follow the link in it to register."}
        assert answer.status_code == 202
        email = email.lower()
        refused(client.post("/auth/login", json={"email": email, "password": PASSWORD}), 401, "invalid_credentials")
        (mail,) = written_to(database, email)
        assert (mail.template, mail.language) == ("registration", "en")
        assert mail.values["company"] == "Company"
        user = accepted(register(client, email, invitation_token=mail.token, full_name="Anna"), 201)
    assert (
        user.items()
        >= {
            "email": email,
            "role": "employee",
            "organization_id": str(company.organization.id),
        }.items()
    )


@pytest.mark.parametrize("mode", ["invitation", "closed"])
def test_a_companys_domain_opens_nothing_in_the_other_modes(
    client: TestClient, domain: str, database: psycopg.Connection, mode: str
) -> None:
    with settings(REGISTRATION=mode):
        code = {"invitation": "registration_by_invitation", "closed": "registration_closed"}[mode]
        refused(register(client, f"anna@{domain}"), 403, code)
    assert written_to(database, f"anna@{domain}") == []


def test_a_subdomain_and_a_longer_name_are_other_domains(client: TestClient, domain: str) -> None:
    with settings(REGISTRATION="domain"):
        for other in (f"mail.{domain}", f"x{domain}", f"{domain}.evil.example"):
            refused(register(client, f"anna@{other}"), 403, "registration_by_domain")


def test_nobody_learns_whether_an_address_has_an_account(
    client: TestClient, company: Company, stranger_company: Company, domain: str, database: psycopg.Connection
) -> None:
    company.person(email=f"here@{domain}")
    stranger_company.person(email=f"there@{domain}")
    with settings(REGISTRATION="domain"):
        answers = {name: register(client, f"{name}@{domain}") for name in ("here", "there", "nobody")}
    told = {(answer.status_code, answer.text) for answer in answers.values()}
    assert len(told) == 1
    assert answers["nobody"].status_code == 202
    templates = {name: [mail.template for mail in written_to(database, f"{name}@{domain}")] for name in answers}
    assert templates == {"here": ["account_exists"], "there": ["account_exists"], "nobody": ["registration"]}


def test_the_answer_is_in_the_readers_language(client: TestClient, domain: str) -> None:
    answer = client.post(
        "/auth/register",
        json={"email": f"anna@{domain}", "password": PASSWORD},
        headers={"Accept-Language": "ru"},
    )
    assert "отправлено письмо" in accepted(answer, 202)["detail"]


def test_who_asks_again_at_once_is_not_written_again(
    client: TestClient, domain: str, database: psycopg.Connection
) -> None:
    email = f"anna@{domain}"
    answers = at_once(*[lambda: register(client, email)] * 3)
    assert [answer.status_code for answer in answers] == [202] * 3
    (mail,) = written_to(database, email)
    with settings(REGISTRATION_MAIL_PAUSE_MINUTES=0):
        accepted(register(client, email), 202)
    token = token_for(database, email)
    assert token != mail.token
    refused(register(client, email, invitation_token=mail.token), 403, "invitation_invalid")
    accepted(register(client, email, invitation_token=token), 201)


def test_asking_keeps_what_an_administrator_invited_to(
    client: TestClient, company: Company, domain: str, database: psycopg.Connection
) -> None:
    email = f"anna@{domain}"
    path = f"/organizations/{company.organization.id}/invitations"
    accepted(company.admin.post(path, {"email": email, "role": "it"}), 201)
    with settings(REGISTRATION_MAIL_PAUSE_MINUTES=0):
        accepted(register(client, email), 202)
    assert accepted(register(client, email, invitation_token=token_for(database, email)), 201)["role"] == "it"


def test_what_strangers_cause_is_bounded_and_keeps_no_administrator_from_inviting(
    client: TestClient, company: Company, domain: str, database: psycopg.Connection
) -> None:
    path = f"/organizations/{company.organization.id}/invitations"
    with settings(INVITATIONS_OPEN_MAX=2):
        for name in ("a", "b", "c"):
            accepted(register(client, f"{name}@{domain}"), 202)
        assert written_to(database, f"c@{domain}") == []
        accepted(company.admin.post(path, {"email": somebody()}), 201)
    assert len(accepted(company.admin.get(path))["items"]) == 3


def test_a_deleted_companys_domain_is_nobodys(
    client: TestClient, company: Company, domain: str, database: psycopg.Connection
) -> None:
    database.execute("UPDATE organizations SET deleted_at = now() WHERE id = %s", [company.organization.id])
    with settings(REGISTRATION="domain"):
        refused(register(client, f"anna@{domain}"), 403, "registration_by_domain")
    assert written_to(database, f"anna@{domain}") == []


@pytest.mark.parametrize("token", ["", "x" * 201, "not base64", "я", "a\0b", 5])
def test_a_token_that_can_be_none_is_refused_as_a_value(client: TestClient, token: Any) -> None:
    refused(register(client, somebody(), invitation_token=token), 422, "invalid_request")
