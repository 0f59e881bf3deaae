"""Registering, signing in, and what an access token is worth."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from fastapi.testclient import TestClient
from pwdlib.hashers.bcrypt import BcryptHasher

from app.core.config import get_settings
from app.services import user_service
from tests.support.people import PASSWORD, Company, Person
from tests.support.tokens import claims_of, forge, unsigned


def new_email() -> str:
    return f"new-{uuid4().hex}@example.com"


def register(client: TestClient, **values: Any) -> Any:
    return client.post("/auth/register", json={"email": new_email(), "password": PASSWORD, **values})


def me(client: TestClient, token: str) -> Any:
    return client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})


# Registering


def test_a_newcomer_registers_signs_in_and_has_a_calendar(client: TestClient) -> None:
    email = new_email()
    answer = register(client, email=email, full_name="Анна Ёлкина", time_zone="Asia/Almaty")
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    user = answer.json()
    assert (user["email"], user["full_name"], user["role"], user["is_active"]) == (
        email,
        "Анна Ёлкина",
        "employee",
        True,
    )
    assert user["organization_id"] is not None
    token = client.post("/auth/login", json={"email": email, "password": PASSWORD}).json()["access_token"]
    assert me(client, token).json() == user
    calendars = client.get("/calendars", headers={"Authorization": f"Bearer {token}"}, params={"owner_id": user["id"]})
    assert [(item["name"], item["is_public"]) for item in calendars.json()["items"]] == [("Анна Ёлкина", False)]


def test_no_answer_tells_the_password_or_its_hash(client: TestClient) -> None:
    answer = register(client)
    assert "password" not in answer.text
    assert PASSWORD not in answer.text
    assert "$argon2" not in answer.text


def test_a_registered_email_is_refused_in_any_spelling_and_leaves_nothing_behind(
    client: TestClient, database: psycopg.Connection
) -> None:
    email = new_email()
    assert register(client, email=email).status_code == 201
    answer = register(client, email=f"  {email.upper()} ")
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    found = database.execute(
        "SELECT count(*), count(c.id) FROM users u LEFT JOIN calendars c ON c.owner_id = u.id WHERE u.email = %s",
        [email],
    )
    assert found.fetchone() == (1, 1)


@pytest.mark.parametrize(
    "field", ["role", "is_active", "organization_id", "id", "hashed_password", "access_tickets", "is_superuser"]
)
def test_registering_accepts_no_rights_and_no_unknown_fields(client: TestClient, field: str) -> None:
    answer = register(client, **{field: "admin"})
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", field]]


@pytest.mark.parametrize(
    "email",
    ["", "anna", "anna@", "@example.com", "a b@example.com", "anna@example..com", "anna@exa\x00mple.com",
     "a" * 250 + "@example.com", "anna@example.com\nBcc: x@example.com", None, 5, ["anna@example.com"]],
)  # fmt: skip
def test_registering_needs_a_well_formed_email(client: TestClient, email: Any) -> None:
    answer = register(client, email=email)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "email"]


def test_an_email_of_an_internal_domain_is_good(client: TestClient) -> None:
    assert register(client, email=f"{uuid4().hex}@firm.local").status_code == 201


@pytest.mark.parametrize(
    ("password", "status"), [("1234567", 422), ("12345678", 201), ("п" * 128, 201), ("x" * 129, 422)]
)
def test_passwords_have_8_to_128_characters(client: TestClient, password: str, status: int) -> None:
    email = new_email()
    assert register(client, email=email, password=password).status_code == status
    signed_in = client.post("/auth/login", json={"email": email, "password": password})
    assert (signed_in.status_code == 200) == (status == 201)


def test_spaces_belong_to_the_password(client: TestClient) -> None:
    email = new_email()
    assert register(client, email=email, password="  spaces around  ").status_code == 201
    for password, status in (("spaces around", 401), ("  spaces around  ", 200)):
        assert client.post("/auth/login", json={"email": email, "password": password}).status_code == status


def test_registering_needs_a_known_time_zone(client: TestClient) -> None:
    assert register(client, time_zone="Mars/Base").json()["errors"][0]["type"] == "unknown_zone"


def test_where_registration_is_closed_nobody_registers(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "REGISTRATION", "closed")
    answer = register(client)
    assert (answer.status_code, answer.json()["code"]) == (403, "registration_closed")


# Signing in


def test_signing_in_gives_a_pair_of_tokens(company: Company) -> None:
    answer = company.client.post("/auth/login", json={"email": company.admin.email, "password": PASSWORD})
    assert answer.status_code == 200
    tokens = answer.json()
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 30 * 60)
    assert answer.headers["Cache-Control"] == "no-store"
    assert me(company.client, tokens["access_token"]).json()["id"] == company.admin.id


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"]
)
def test_the_oauth2_form_signs_in_as_swaggers_authorize_sends_it(company: Company, content_type: str) -> None:
    form = {"grant_type": "password", "username": company.admin.email.upper(), "password": PASSWORD, "scope": ""}
    answer = company.client.post("/auth/login", data=form, headers={"Content-Type": content_type})
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert me(company.client, answer.json()["access_token"]).status_code == 200


def test_swagger_knows_where_and_how_to_sign_in(client: TestClient) -> None:
    document = client.get("http://testserver/openapi.json").json()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme["flows"]["password"]["tokenUrl"] == "/api/v1/auth/login"
    body = document["paths"]["/api/v1/auth/login"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "application/x-www-form-urlencoded"}


def test_wrong_password_unknown_email_and_inactive_user_look_the_same(company: Company) -> None:
    gone = company.person(is_active=False)
    attempts = [(company.admin.email, "wrong password"), (new_email(), PASSWORD), (gone.email, PASSWORD)]
    answers = [
        company.client.post(
            "/auth/login", json={"email": email, "password": password}, headers={"X-Request-ID": "same"}
        )
        for email, password in attempts
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_credentials"


def test_an_unknown_email_costs_one_password_check_like_a_wrong_password(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def verify(password: str, hashed: str) -> bool:
        checked.append(hashed)
        return real(password, hashed)

    real: Callable[[str, str], bool] = user_service.verify_password
    monkeypatch.setattr(user_service, "verify_password", verify)
    gone = company.person(is_active=False)
    for email in (company.admin.email, new_email(), gone.email):
        company.client.post("/auth/login", json={"email": email, "password": "wrong password"})
    assert len(checked) == 3
    # $argon2id$v=19$m=…,t=…,p=…$salt$hash: the same algorithm at the same cost.
    assert len({tuple(hashed.split("$")[:4]) for hashed in checked}) == 1


def test_a_password_imported_as_bcrypt_signs_in(company: Company, database: psycopg.Connection) -> None:
    hashed = BcryptHasher(rounds=4).hash("imported password")
    database.execute("UPDATE users SET hashed_password = %s WHERE id = %s", [hashed, company.admin.id])
    for password, status in (("imported password", 200), ("another password", 401), ("imported\x00password", 401)):
        answer = company.client.post("/auth/login", json={"email": company.admin.email, "password": password})
        assert answer.status_code == status


def test_an_unreadable_stored_hash_signs_nobody_in(company: Company, database: psycopg.Connection) -> None:
    database.execute("UPDATE users SET hashed_password = '!' WHERE id = %s", [company.admin.id])
    answer = company.client.post("/auth/login", json={"email": company.admin.email, "password": PASSWORD})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"[" * 100_000, b'{"email": "a@example.com"}', b"\xff\xfe", b"{}",
     b'{"email": "a@example.com", "password": ""}', b'{"email": "a@example.com", "password": 5}',
     b'{"email": "a@example.com", "password": "\\ud800"}', b'{"email": "\\ud800@example.com", "password": "x"}',
     b'{"email": "a\\u0000@example.com", "password": "x"}',
     b'{"email": "a@example.com", "password": "x", "role": "admin"}'],
    ids=lambda body: body[:40].decode("latin-1"),
)  # fmt: skip
def test_a_login_that_makes_no_sense_is_a_422(client: TestClient, body: bytes) -> None:
    answer = client.post("/auth/login", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"


@pytest.mark.parametrize(
    "body", [b"", b"username=", b"password=x", b"username=%00&password=%00", b"username=%ff&password=%ff", b"&&&="]
)
def test_a_login_form_that_makes_no_sense_is_a_422(client: TestClient, body: bytes) -> None:
    answer = client.post("/auth/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422


def test_a_session_remembers_address_and_browser(company: Company, database: psycopg.Connection) -> None:
    answer = company.client.post(
        "/auth/login",
        json={"email": company.admin.email, "password": PASSWORD},
        headers={"User-Agent": "Firefox " + "x" * 500},
    )
    session_id = claims_of(answer.json()["access_token"])["sid"]
    row = database.execute("SELECT address, user_agent FROM auth_sessions WHERE id = %s", [session_id]).fetchone()
    assert row == ("testclient", ("Firefox " + "x" * 500)[:200])


# The access token


def test_an_access_token_carries_the_claims_of_the_document(company: Company) -> None:
    claims = claims_of(company.admin.token)
    assert claims["sub"] == company.admin.id
    assert claims["type"] == "access"
    assert isinstance(claims["exp"], int)


def test_an_access_token_ends_after_30_minutes(company: Company) -> None:
    with time_machine.travel(time.time() + 29 * 60 + 50):
        assert company.admin.get("/auth/me").status_code == 200
    with time_machine.travel(time.time() + 30 * 60 + 10):
        answer = company.admin.get("/auth/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token abc"])
def test_without_a_bearer_token_nobody_is_signed_in(client: TestClient, header: str | None) -> None:
    answer = client.get("/auth/me", headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


Forgery = Callable[[Person, dict[str, Any]], str]
FORGERIES: dict[str, Forgery] = {
    "algorithm none": lambda _, claims: unsigned(claims),
    "algorithm None in capitals": lambda _, claims: unsigned(claims, "NONE"),
    "algorithm none with the old signature": lambda person, claims: unsigned(claims) + person.token.split(".")[2],
    "signature taken off": lambda person, _: person.token.rsplit(".", 1)[0] + ".",
    "another key": lambda _, claims: forge(claims, key="another key that is also long enough"),
    "another algorithm": lambda _, claims: forge(claims, algorithm="HS512", digest="sha512"),
    "refresh token": lambda person, _: person.refresh_token,
    "another type": lambda _, claims: forge({**claims, "type": "invitation"}),
    "no type": lambda _, claims: forge({name: claims[name] for name in claims if name != "type"}),
    "expired": lambda _, claims: forge({**claims, "exp": int(time.time()) - 1}),
    "no expiry": lambda _, claims: forge({name: claims[name] for name in claims if name != "exp"}),
    "expiry as text": lambda _, claims: forge({**claims, "exp": str(claims["exp"])}),
    "another issuer": lambda _, claims: forge({**claims, "iss": "somebody"}),
    "no subject": lambda _, claims: forge({name: claims[name] for name in claims if name != "sub"}),
    "subject that is no id": lambda _, claims: forge({**claims, "sub": "admin"}),
    "subject that is a number": lambda _, claims: forge({**claims, "sub": 1}),
    "no session": lambda _, claims: forge({name: claims[name] for name in claims if name != "sid"}),
    "session of nobody": lambda _, claims: forge({**claims, "sid": str(uuid4())}),
    "subject of nobody": lambda _, claims: forge({**claims, "sub": str(uuid4())}),
    "claims that are a list": lambda _, claims: forge([claims]),
    "claims that are no JSON": lambda _, __: forge(b"\xff\xfe"),
    "huge": lambda _, claims: forge({**claims, "padding": "x" * 50_000}),
    "not a token": lambda _, __: "a.b.c",
    "many dots": lambda _, __: "." * 2000,
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_is_not_ours_signs_nobody_in(company: Company, forgery: Forgery) -> None:
    token = forgery(company.admin, claims_of(company.admin.token))
    assert me(company.client, company.admin.token).status_code == 200
    answer = me(company.client, token)
    assert answer.status_code == 401
    assert answer.json()["code"] in ("invalid_token", "session_ended")


def test_the_forger_of_these_tests_can_make_a_good_token(company: Company) -> None:
    assert me(company.client, forge(claims_of(company.admin.token))).status_code == 200


def test_a_token_of_one_user_with_the_session_of_another_is_refused(company: Company) -> None:
    anna, boris = company.person(), company.person()
    mixed = {**claims_of(anna.token), "sid": claims_of(boris.token)["sid"]}
    assert me(company.client, forge(mixed)).json()["code"] == "session_ended"


def test_bytes_that_are_no_text_in_the_token_are_refused(client: TestClient) -> None:
    answer = client.get("/auth/me", headers={"Authorization": b"Bearer \xd0\xbf\xff"})
    assert answer.status_code == 401
