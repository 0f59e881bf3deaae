"""Every route, asked by everybody, about what is theirs, a colleague's and another company's.

docs/access.md is the law: whoever adds a route, adds a row.
"""

import re

import pytest
from fastapi.testclient import TestClient

from tests.bad_input.routes import PREFIX, document
from tests.isolation.access import ANONYMOUS, FOREIGN, INSIDE, NONE, OUTSIDE, OWN, Row, Scene, table

ROWS = table()
ROUTES = {
    f"{method.upper()} {path.removeprefix(PREFIX)}"
    for path, operations in document()["paths"].items()
    for method in operations
}
# What anybody may ask who is not signed in.
OPEN = {
    *("POST /auth/register", "POST /auth/login", "POST /auth/refresh", "GET /auth/invitation"),
    *("GET /health", "GET /livez", "GET /readyz"),
    # The secret in the address says who asks.
    "GET /feeds/{token}.ics",
    # The key in the link or address of an invitation does; mail servers have a secret of the installation.
    *("GET /rsvp/{token}", "POST /rsvp/{token}", "POST /mail/inbound"),
    # The signed link in a mail does.
    *("GET /rooms/check-in", "POST /rooms/check-in"),
    # The page of what somebody offers is for everybody; an appointment has a signed link.
    *("GET /book/{token}", "POST /book/{token}", "GET /appointments/{token}", "POST /appointments/{token}"),
    "GET /appointments/{token}/calendar.ics",
    *("GET /rooms/{room_id}/panel", "GET /rooms/{room_id}/panel/page", "GET /rooms/{room_id}/panel/stream"),
    *(f"POST /rooms/{{room_id}}/panel/{button}" for button in ("book", "check-in", "end", "extend")),
}
# The administrator of the installation keeps companies and people; everything else of a company is not theirs.
KEPT_BY_THE_INSTALLATION = re.compile(r"\w+ /(auth|users|organizations|audit|health|livez|readyz|push/key)\b")


# What these change is only what is made for the request.
BY_THEMSELVES = (
    *("/tickets", "/absences", "/availability", "/slots", "/events", "/calendars", "/feeds", "/buildings"),
    *("/webhooks", "/push"),
)


def test_every_route_is_in_the_table_and_the_table_has_no_other() -> None:
    assert {row.route for row in ROWS} == ROUTES


def test_every_route_of_the_application_is_in_its_document(client: TestClient) -> None:
    known = {path.removeprefix(PREFIX) for path in document()["paths"]}
    hidden = [
        route.path
        for route in client.app.routes  # type: ignore[attr-defined]
        if getattr(route, "path", "").startswith(PREFIX) and route.path.removeprefix(PREFIX) not in known
    ]
    assert hidden == []


def test_a_route_with_an_object_tells_of_foreign_ones_and_of_ones_inside() -> None:
    for route in ROUTES:
        objects = {row.object for row in ROWS if row.route == route}
        if "{" in route:
            assert FOREIGN in objects, route
            assert objects - {FOREIGN}, route
        else:
            assert objects == {NONE}, route


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.route} {row.object}".strip())
def test_the_table_itself_keeps_companies_apart(row: Row) -> None:
    if row.route not in OPEN:
        assert row.statuses[ANONYMOUS] == 401
    if "{" in row.route:
        assert {row.statuses[actor] for actor in OUTSIDE} == {404}
    if row.object == FOREIGN:
        assert {row.statuses[actor] for actor in INSIDE} == {404}
    if row.object != OWN and not KEPT_BY_THE_INSTALLATION.match(row.route):
        assert row.statuses["installation"] in (403, 404)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.route} {row.object}".strip())
def test_everybody_gets_the_answer_of_the_table(scene: Scene, row: Row) -> None:
    answered = {}
    # What changes something does so on a stage of its own, each time to another object.
    changing = {actor for actor, status in row.statuses.items() if row.method != "GET" and (status or 400) < 400}
    stage = Scene.create(scene.client) if changing and not row.template.startswith(BY_THEMSELVES) else scene
    # The installation's administrator, who can end a company, comes last.
    for actor, expected in sorted(row.statuses.items(), key=lambda cell: cell[0] == "installation"):
        if expected is not None:
            answer = stage.ask(row, actor, anew=actor in changing)
            answered[actor] = answer.status_code
            if expected >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
                assert "Secret" not in answer.text, answer.text
    assert answered == {actor: status for actor, status in row.statuses.items() if status is not None}
