"""Every route that names an object, asked by everybody who has no right to it.

The routes come from the application: a new one fails here until the tables below know it.
"""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.bad_input.routes import PREFIX, document
from tests.isolation.companies import BODIES, PRIVATE, PUBLIC, Isolation
from tests.support.people import Person

ROUTES = [
    f"{method.upper()} {path.removeprefix(PREFIX)}"
    for path, operations in document()["paths"].items()
    if "{" in path
    for method in operations
]

# What the object's company answers to: an employee, about a private and a public object of a colleague; somebody who
# is invited to the private event; the IT desk, about a public object; an administrator, about a private one.
# 404 for what they may not know of, 403 for what they may only see, None where they have the right.
RIGHTS: dict[str, tuple[int | None, int | None, int | None, int | None, int | None]] = {
    # route                                           private public invited IT   administrator
    "GET /calendars/{calendar_id}": (404, None, 404, None, 404),
    "PUT /calendars/{calendar_id}": (404, 403, 404, 403, 404),
    "PATCH /calendars/{calendar_id}": (404, 403, 404, 403, 404),
    "DELETE /calendars/{calendar_id}": (404, 403, 404, 403, 404),
    "GET /events/{event_id}": (404, None, None, None, 404),
    "PUT /events/{event_id}": (404, 403, 403, 403, 404),
    "PATCH /events/{event_id}": (404, 403, 403, 403, 404),
    "DELETE /events/{event_id}": (404, 403, 403, 403, 404),
    "POST /events/{event_id}/participants": (404, 403, 403, 403, 404),
    "DELETE /events/{event_id}/participants/{user_id}": (404, 403, 403, 403, 404),
    "GET /rooms/{room_id}": (None, None, None, None, None),
    "PUT /rooms/{room_id}": (403, 403, 403, None, None),
    "PATCH /rooms/{room_id}": (403, 403, 403, None, None),
    "DELETE /rooms/{room_id}": (403, 403, 403, None, None),
    "GET /users/{user_id}": (None, None, None, None, None),
    "PUT /users/{user_id}": (403, 403, 403, 403, None),
    "PATCH /users/{user_id}": (403, 403, 403, 403, None),
    "DELETE /users/{user_id}": (403, 403, 403, 403, None),
}
# The administrator of the installation keeps the people of every company, and sees nothing else of them.
KEPT_BY_THE_INSTALLATION = re.compile(r"\w+ /users/\{user_id\}")


def body_of(world: Isolation, route: str) -> dict[str, Any]:
    return {"json": world.named(BODIES[route])} if route in BODIES else {}


def test_every_route_that_names_an_object_is_in_the_table() -> None:
    assert set(ROUTES) == RIGHTS.keys()


def test_every_route_of_the_application_is_in_its_document(client: TestClient) -> None:
    known = {path.removeprefix(PREFIX) for path in document()["paths"]}
    hidden = [
        route.path
        for route in client.app.routes  # type: ignore[attr-defined]
        if getattr(route, "path", "").startswith(PREFIX) and route.path.removeprefix(PREFIX) not in known
    ]
    assert hidden == []


@pytest.mark.parametrize("names", [PRIVATE, PUBLIC], ids=["private", "public"])
@pytest.mark.parametrize("route", ROUTES)
def test_whoever_is_not_signed_in_gets_a_401(world: Isolation, route: str, names: dict[str, str]) -> None:
    before = world.contents()
    method, template = route.split(" ")
    answer = world.admin.client.request(method, world.path(template, names), **body_of(world, route))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert world.contents() == before


@pytest.mark.parametrize("names", [PRIVATE, PUBLIC], ids=["private", "public"])
@pytest.mark.parametrize("route", ROUTES)
def test_another_company_does_not_learn_that_an_object_exists(
    world: Isolation, route: str, names: dict[str, str]
) -> None:
    method, template = route.split(" ")
    for stranger in (world.theirs.company.admin, world.theirs.employee):
        answer = refusal(world, stranger, method, world.path(template, names), body_of(world, route))
        if answer.status_code != 404:
            # A right that they have nowhere is refused before anything is looked up, the same for any id.
            unknown = re.sub(r"\{\w+\}", "00000000-0000-7000-8000-000000000000", template)
            elsewhere = refusal(world, stranger, method, unknown, body_of(world, route))
            assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, answer.json()["code"])
            assert stranger is not world.theirs.company.admin
        assert not leaks(world, answer.text)


@pytest.mark.parametrize("names", [PRIVATE, PUBLIC], ids=["private", "public"])
@pytest.mark.parametrize("route", [route for route in ROUTES if not KEPT_BY_THE_INSTALLATION.fullmatch(route)])
def test_the_installations_administrator_sees_no_calendar_event_or_room(
    world: Isolation, route: str, names: dict[str, str]
) -> None:
    method, template = route.split(" ")
    answer = refusal(world, world.installation_admin, method, world.path(template, names), body_of(world, route))
    assert answer.json()["code"] == "company_required"
    assert not leaks(world, answer.text)


@pytest.mark.parametrize("route", ROUTES)
def test_colleagues_have_the_rights_of_the_table_and_no_others(world: Isolation, route: str) -> None:
    method, template = route.split(" ")
    private, public = world.path(template, PRIVATE), world.path(template, PUBLIC)
    asked = [
        (world.colleague, private),
        (world.colleague, public),
        (world.invited, private),
        (world.it_desk, public),
        (world.company.admin, private),
    ]
    for (actor, path), expected in zip(asked, RIGHTS[route], strict=True):
        if expected is not None:
            answer = refusal(world, actor, method, path, body_of(world, route))
            assert answer.status_code == expected, answer.text
        elif method == "GET":
            assert actor.get(path).status_code == 200


def refusal(world: Isolation, actor: Person, method: str, path: str, sent: dict[str, Any]) -> Any:
    """The answer to a request that must be refused and change nothing."""
    before = world.contents()
    answer = actor.call(method, path, **sent)
    assert answer.status_code in (403, 404), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.contents() == before
    return answer


def leaks(world: Isolation, text: str) -> list[str]:
    """What a text tells of our company."""
    return [secret for secret in ("Secret", "Team", "Room ", *world.ours.ids.values()) if secret in text]
