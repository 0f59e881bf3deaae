"""What happens around every request: headers, ids, origins, hosts, sizes, errors, languages, pages."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from app.core.config import get_settings
from app.services import user_service
from tests.support.applications import application
from tests.support.people import Company

ORIGIN = "https://planner.example.com"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
}


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let GET /auth/me fail."""

    def get_self(*_: Any) -> None:
        raise error

    monkeypatch.setattr(user_service, "get_self", get_self)


# Security headers


@pytest.mark.parametrize(
    "path",
    ["/auth/me", "/health", "/nothing", "http://testserver/", "http://testserver/docs", "http://testserver/uploads/avatars/x",
     "http://testserver/livez"],
)  # fmt: skip
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "Strict-Transport-Security" not in headers


def test_https_is_made_to_stay(client: TestClient) -> None:
    answer = client.get("https://testserver/api/v1/livez")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_https_behind_a_trusted_proxy_counts_and_elsewhere_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    forwarded = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    with application(monkeypatch, address="10.0.0.2", TRUSTED_PROXIES="10.0.0.0/8") as behind_proxy:
        headers = behind_proxy.client.get("/livez", headers=forwarded).headers
        assert "Strict-Transport-Security" in headers
        behind_proxy.peers.address = "192.0.2.9"
        assert "Strict-Transport-Security" not in behind_proxy.client.get("/livez", headers=forwarded).headers


def test_answers_of_the_api_are_not_kept_by_caches(company: Company) -> None:
    assert company.admin.get("/users").headers["Cache-Control"] == "no-store"


# Request ids


@pytest.mark.parametrize("given", ["abc-123", "A" * 64, "0193a5c0-0000-7000-8000-000000000000", "a.b_c"])
def test_a_request_id_is_kept(client: TestClient, given: str) -> None:
    answer = client.get("/auth/me", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"], answer.json()["request_id"]) == (given, given)


@pytest.mark.parametrize("given", [None, "", "A" * 65, "a b", "a;b", "<script>", "п".encode()])
def test_a_request_without_a_usable_id_gets_one(client: TestClient, given: Any) -> None:
    headers = {} if given is None else {"X-Request-ID": given}
    first, second = (client.get("/auth/me", headers=headers).headers["X-Request-ID"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


# Origins


def test_a_listed_origin_may_call_with_every_method_of_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    with application(monkeypatch, BACKEND_CORS_ORIGINS=f"{ORIGIN}/, http://localhost:3000") as app:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            asked = {
                "Origin": ORIGIN,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "If-Match, Authorization",
            }
            preflight = app.client.options("/users", headers=asked)
            assert preflight.status_code == 200
            assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert method in preflight.headers["Access-Control-Allow-Methods"]
            assert "if-match" in preflight.headers["Access-Control-Allow-Headers"].lower()
        answer = app.client.get("/auth/me", headers={"Origin": "http://localhost:3000"})
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert {"etag", "x-request-id", "retry-after"} <= set(
            answer.headers["Access-Control-Expose-Headers"].lower().split(", ")
        )


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", f"{ORIGIN}.evil.com", "http://planner.example.com", "null"]
)
def test_another_origin_may_not(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    with application(monkeypatch, BACKEND_CORS_ORIGINS=ORIGIN) as app:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        assert app.client.options("/users", headers=asked).status_code == 400
        assert "Access-Control-Allow-Origin" not in app.client.get("/auth/me", headers={"Origin": origin}).headers


def test_without_settings_no_origin_may(client: TestClient) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/auth/me", headers={"Origin": ORIGIN}).headers


# Hosts


def test_only_listed_hosts_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    with application(monkeypatch, ALLOWED_HOSTS="planner.example.com,*.firm.local") as app:
        for host, status in (("planner.example.com", 204), ("a.firm.local:8000", 204), ("evil.example.com", 400)):
            answer = app.client.get("/livez", headers={"Host": host})
            assert answer.status_code == status
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Sizes


def test_a_body_above_the_limit_is_a_413_and_one_at_the_limit_is_read(company: Company) -> None:
    limit = get_settings().MAX_BODY_BYTES
    for path in ("/auth/login", "/auth/register", "/events"):
        for content in (b"x" * (limit + 1), b"[" * 10_000_000):
            answer = company.admin.call("POST", path, content=content, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
            assert str(limit) in answer.json()["detail"]
        answer = company.admin.call("POST", path, content=b" " * limit, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422


def test_a_body_sent_in_pieces_is_stopped_at_the_limit(company: Company) -> None:
    sent = []

    def pieces() -> Any:
        for number in range(40):
            sent.append(number)
            yield b" " * 65_536

    answer = company.admin.call("POST", "/events", content=pieces(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


# Errors


def test_an_error_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/auth/me", headers={"X-Request-ID": "id-1"})
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not authenticated",
        "status": 401,
        "code": "not_authenticated",
        "detail": "Sign in first: send the header Authorization: Bearer <access token>.",
        "request_id": "id-1",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("GET", "http://testserver/nothing", 404, "not_found"),
     ("PATCH", "/users", 405, "method_not_allowed"), ("DELETE", "/auth/login", 405, "method_not_allowed"),
     ("POST", "/auth/refresh", 422, "invalid_request"), ("GET", "/users/1", 401, "not_authenticated")],
)  # fmt: skip
def test_errors_of_the_framework_are_problem_documents_too(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_an_invalid_request_names_each_field_without_repeating_what_was_sent(client: TestClient) -> None:
    body = {"email": "nobody", "password": "short", "extra": "PRIVATE"}
    problem = client.post("/auth/register", json=body)
    errors = {tuple(error["loc"]): error["type"] for error in problem.json()["errors"]}
    assert errors == {
        ("body", "email"): "email",
        ("body", "password"): "string_too_short",
        ("body", "extra"): "extra_forbidden",
    }
    assert all(name in problem.json()["detail"] for name in body)
    assert "PRIVATE" not in problem.text
    assert "short" not in problem.json()["detail"].replace("too short", "")


def test_a_bug_of_ours_is_a_500_that_tells_nothing_but_its_id(
    company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_with(monkeypatch, RuntimeError("secret inner detail"))
    with caplog.at_level(logging.ERROR):
        answer = company.admin.get("/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.json()["request_id"] in answer.json()["detail"]
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_browser_can_read_a_500_too(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, RuntimeError("secret inner detail"))
    with application(monkeypatch, BACKEND_CORS_ORIGINS=ORIGIN) as app:
        answer = app.seen_by(company.admin).call("GET", "/auth/me", headers={"Origin": ORIGIN})
        assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (500, ORIGIN)


def test_an_unreachable_database_is_a_503_that_says_when_to_try_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, OperationalError("SELECT secret", {}, Exception("password=secret")))
    answer = company.admin.get("/auth/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text


# Languages


@pytest.mark.parametrize(
    ("accept", "language"),
    [(None, "en"), ("ru", "ru"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("en-GB,ru;q=0.5", "en"), ("de,ru;q=0.3", "ru"),
     ("de", "en"), ("ru;q=0", "en"), ("ru;q=0.2,en;q=0.9", "en"), ("ru;q=abc", "en"), ("*", "en"), (";;,,", "en"),
     ("RU", "ru"), ("x" * 100_000, "en"), ("ru;q=nan", "en")],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_errors_are_told_in_the_readers_language(client: TestClient, accept: str | None, language: str) -> None:
    headers = {} if accept is None else {"Accept-Language": accept}
    detail = client.get("/auth/me", headers=headers).json()["detail"]
    assert detail.startswith("Сначала войдите" if language == "ru" else "Sign in first")


def test_problems_with_fields_are_told_in_russian_too(client: TestClient) -> None:
    body = {"email": "nobody", "password": "x", "extra": 1}
    answer = client.post("/auth/register", json=body, headers={"Accept-Language": "ru"}).json()
    assert answer["detail"].startswith("Запрос не принят: ")
    messages = {error["type"]: error["message"] for error in answer["errors"]}
    assert messages == {
        "email": "это не адрес электронной почты",
        "string_too_short": "не короче 8 символов",
        "extra_forbidden": "такого поля нет",
    }


# Pages


def test_the_documentation_pages_are_there(client: TestClient) -> None:
    for path in ("/docs", "/redoc"):
        page = client.get(f"http://testserver{path}")
        assert page.status_code == 200
        assert "Corporate Calendar API" in page.text
    document = client.get("http://testserver/openapi.json").json()
    assert document["info"]["title"] == "Corporate Calendar API"
    assert document["info"]["version"] == "0.1.0"


def test_every_route_of_the_document_says_what_it_does_and_how_it_fails(client: TestClient) -> None:
    document = client.get("http://testserver/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    assert set(response["content"]) == {"application/problem+json"}, f"{method} {path} {status}"


def test_no_answer_of_the_document_has_to_be_of_two_schemas_at_once(client: TestClient) -> None:
    document = client.get("http://testserver/openapi.json").json()
    schemas = {
        f"{method} {path} {status}": content["schema"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status, response in operation["responses"].items()
        for content in response.get("content", {}).values()
        if "schema" in content
    }
    event_or_preview = [{"$ref": f"#/components/schemas/{name}"} for name in ("EventRead", "ChangesRead")]
    assert schemas["put /api/v1/events/{event_id} 200"]["anyOf"] == event_or_preview
    assert [route for route, schema in schemas.items() if {"$ref", "anyOf"} <= schema.keys()] == []


# Avatars


@pytest.fixture
def avatar() -> Path:
    uploads = get_settings().UPLOADS_DIR
    (uploads / "secret.txt").write_text("private")
    (uploads / "attachments").mkdir(exist_ok=True)
    (uploads / "attachments" / "contract.pdf").write_text("private")
    path = uploads / "avatars" / "anna.png"
    path.write_bytes(b"\x89PNG")
    return path


def test_an_avatar_is_served_to_everybody(client: TestClient, avatar: Path) -> None:
    answer = client.get(f"http://testserver/uploads/avatars/{avatar.name}")
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "image/png", b"\x89PNG")


@pytest.mark.parametrize(
    "path",
    ["/uploads/secret.txt", "/uploads/attachments/contract.pdf", "/uploads/avatars/../secret.txt", "/uploads/",
     "/uploads/avatars/", "/uploads/avatars/%2e%2e/secret.txt", "/uploads/avatars/..%2fsecret.txt",
     "/uploads/avatars/%2e%2e%2fattachments/contract.pdf", "/uploads/avatars//../secret.txt", "/uploads/avatars/%00",
     "/uploads/avatars/" + "x" * 300, "/uploads/avatars/nobody.png", "/uploads/rooms/", "/uploads/rooms/anna.png",
     "/uploads/rooms/..%2favatars/anna.png", "/uploads/rooms/..%2fsecret.txt", "/uploads/rooms/%2e%2e/secret.txt"],
)  # fmt: skip
def test_nothing_but_pictures_is_served(client: TestClient, avatar: Path, path: str) -> None:
    answer = client.get(f"http://testserver{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_avatars_cannot_be_written(client: TestClient, avatar: Path) -> None:
    for method in ("PUT", "POST", "DELETE"):
        assert client.request(method, f"http://testserver/uploads/avatars/{avatar.name}").status_code == 405
    assert avatar.read_bytes() == b"\x89PNG"


def test_a_wrong_method_is_told_all_that_are_possible(company: Company) -> None:
    answer = company.admin.delete("/calendars")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    answer = company.admin.post(f"/events/{company.admin.id}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PATCH, PUT")


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_a_flag_is_true_or_false_and_nothing_like_it(company: Company, value: object) -> None:
    answer = company.admin.post("/calendars", {"name": "Team", "is_public": value})
    assert answer.status_code == 422
