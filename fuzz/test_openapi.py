"""Everything that the OpenAPI document allows, and much that it forbids, is sent to the API (Schemathesis).

Stateful: what one request creates, later ones read, change and delete. No answer may be a server error, and every
answer must be one that the document tells of.
"""

import time
from typing import Any

import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.main import app
from app.models import Role
from tests.support.people import Company, Person

CASES = 2000
ROUND = 40
STEPS = 12
# A run that has not sent its cases by then is broken, not slow.
SECONDS = 420
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# These end the session that sends them.
LAST_WORDS = {"/api/v1/auth/logout", "/api/v1/auth/change-password"}


class Sender:
    """Signs every request in, most of them as an administrator, some as an employee, and counts the answers."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.employee = company.person()
        self.answers: dict[int, int] = {}
        self.paths: set[tuple[str, str]] = set()

    def token_for(self, path: str) -> str:
        if path in LAST_WORDS:
            return self.company.person(Role.EMPLOYEE).token
        sender: Person = self.employee if self.count % 5 == 4 else self.company.admin
        return sender.token

    @property
    def count(self) -> int:
        return sum(self.answers.values())

    def note(self, method: str, path: str, status: int) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1
        self.paths.add((method, path))


def test_no_request_that_the_document_allows_or_forbids_breaks_the_api(client: TestClient) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    sender = Sender(Company.create(client))
    machine = schema.as_state_machine()

    class Signed(machine):  # type: ignore[misc,valid-type]
        def before_call(self, case: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {sender.token_for(case.path)}"}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            sender.note(case.method, case.path, response.status_code)
            case.validate_response(response, checks=CHECKS)

    rounds = settings(
        max_examples=ROUND,
        stateful_step_count=STEPS,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    started = time.monotonic()
    while sender.count < CASES and time.monotonic() - started < SECONDS:
        run_state_machine_as_test(Signed, settings=rounds)

    operations = {(result.ok().method.upper(), result.ok().path) for result in schema.get_all_operations()}
    assert sender.count >= CASES, f"only {sender.count} cases in {SECONDS} s"
    assert {status for status in sender.answers if status >= 500} == set()
    assert sender.answers.get(200, 0) + sender.answers.get(201, 0) > CASES // 20, sender.answers
    assert operations - sender.paths == set()
