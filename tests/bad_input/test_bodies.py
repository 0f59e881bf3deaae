"""Bodies that are too large, too deep, of the wrong kind, or hold more than they should."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bad_input.routes import GOOD_BODIES, WriteRoute, variants, write_routes
from tests.bad_input.world import World, case, check_problem
from tests.support.people import event
from tests.support.planning import accepted

ROUTES = write_routes()
JSON = {"Content-Type": "application/json"}
TEN_MEGABYTES = 10 * 1024 * 1024


def name_of(value: Any) -> str:
    return value.name if isinstance(value, WriteRoute) else str(value)[:30]


# Bodies are read in one place for all routes but the login's, which also takes a form.
KINDS = [route for route in ROUTES if route.name in ("POST /auth/login", "POST /events", "PATCH /rooms/{room_id}")]
every_route = pytest.mark.parametrize("route", ROUTES, ids=name_of)
every_kind_of_route = pytest.mark.parametrize("route", KINDS, ids=name_of)


def test_every_route_with_a_body_has_one_here() -> None:
    assert {route.name for route in ROUTES} == GOOD_BODIES.keys()


@every_kind_of_route
@pytest.mark.parametrize("field", ["unknown", "__class__", "поле 🪴" * 1000])
def test_unknown_fields_are_refused(world: World, route: WriteRoute, field: str) -> None:
    problem = world.refuses(422, "invalid_request", route.method, route.path, json=route.body(**{field: "x"}))
    assert [error["type"] for error in problem["errors"]] == ["extra_forbidden"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/events"), ("PUT", "/events/<event>")])
def test_unknown_fields_of_participants_are_refused(world: World, method: str, path: str) -> None:
    participant = {"user_id": "<employee>", "response": "accepted"}
    problem = world.refuses(422, "invalid_request", method, path, json=event(participants=[participant]))
    assert problem["errors"][0]["loc"] == ["body", "participants", 0, "response"]


NO_OBJECTS = {
    "nothing": b"",
    "spaces": b"  \n ",
    "null": b"null",
    "number": b"1",
    "text": b'"name"',
    "list": b"[]",
    "list of objects": b'[{"name": "Mine"}]',
    "cut off": b'{"name": "Mi',
    "trailing comma": b'{"name": "Mine",}',
    "single quotes": b"{'name': 'Mine'}",
    "two objects": b'{"name": "Mine"}{"name": "Yours"}',
    "not utf-8": b'{"name": "\xff\xfe"}',
    "latin-1": '{"name": "Zoë"}'.encode("latin-1"),
    "overlong nul": b'{"name": "\xc0\x80"}',
    "surrogate in utf-8": b'{"name": "\xed\xa0\x80"}',
    "bare control character": b'{"name": "a\x01b"}',
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep and closed": b'{"name":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "binary": bytes(range(256)),
    "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "form": b"name=Mine&email=a@example.com",
}


@every_kind_of_route
def test_a_body_is_one_json_object_in_utf_8(world: World, route: WriteRoute) -> None:
    with world.untouched():
        for name, content in NO_OBJECTS.items():
            with case(name):
                answer = world.refuses_body(route.method, route.path, content)
                check_problem(answer, 422, answer.json()["code"])
                assert answer.json()["code"] in ("invalid_request", "bad_request")


@every_kind_of_route
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "multipart/form-data", "image/png", "*/*", "application/x-yaml", "{", "\x7f"],
)
def test_a_body_of_another_kind_is_refused(world: World, route: WriteRoute, kind: str) -> None:
    answer = world.refuses_body(route.method, route.path, b"name: Mine", **{"Content-Type": kind})
    check_problem(answer, 422, "invalid_request")


@every_route
def test_every_route_needs_a_json_object(world: World, route: WriteRoute) -> None:
    with world.untouched():
        for content in (b"", b"null", b"[]", b"{", b'{"name": "\xff"}'):
            with case(content):
                answer = world.refuses_body(route.method, route.path, content)
                check_problem(answer, 422, answer.json()["code"])


@every_kind_of_route
@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", "9" * 5000, "01"])
def test_numbers_that_are_none_stand_nowhere(world: World, route: WriteRoute, number: str) -> None:
    for field, schema in route.fields.items():
        body = json.dumps(world.named(route.body(**{field: 0}))).replace(f'"{field}": 0', f'"{field}": {number}')
        if any(option.get("type") in ("integer", "string", "boolean", "array") for option in variants(schema)):
            answer = world.refuses_body(route.method, route.path, body.encode())
            check_problem(answer, 422, answer.json()["code"])


@pytest.mark.parametrize(
    "capacity", [0, -1, 100_001, 2**31, 2**63, 10**400, 1.5, "many", "", None, True, [], {}], ids=lambda v: str(v)[:20]
)
def test_a_room_is_for_a_sensible_number_of_people(world: World, capacity: Any) -> None:
    content = json.dumps({"name": "Blue", "capacity": capacity})
    world.refuses(422, "invalid_request", "POST", "/rooms", content=content, headers=JSON)
    world.refuses(
        422,
        "invalid_request",
        "PATCH",
        "/rooms/<room>",
        content=f'{{"capacity": {json.dumps(capacity)}}}',
        headers=JSON,
    )


def in_pieces() -> Iterator[bytes]:
    """Ten megabytes whose length nobody announces."""
    yield b'{"name": "'
    for _ in range(TEN_MEGABYTES // 65536):
        yield b"x" * 65536
    yield b'"}'


@every_route
def test_ten_megabytes_are_too_large(world: World, route: WriteRoute) -> None:
    for content in (b'{"name": "' + b"x" * TEN_MEGABYTES + b'"}', in_pieces()):
        answer = world.refuses_body(route.method, route.path, content)
        check_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("field", ["participants", "exdates"])
def test_long_lists_are_refused(world: World, field: str) -> None:
    item: Any = {"user_id": "<employee>"} if field == "participants" else "2027-03-23T09:00:00"
    body = event(recurrence_rule="FREQ=DAILY;COUNT=3", **{field: [item] * 5001})
    world.refuses(422, "invalid_request", "POST", "/events", json=body)


def test_a_request_with_many_faults_names_a_bounded_number_of_them(world: World) -> None:
    body = event(**{f"unknown_{number}": number for number in range(10_000)})
    problem = world.refuses(422, "invalid_request", "POST", "/events", json=body)
    assert len(problem["errors"]) <= 50
    assert len(problem["detail"]) < 2000


def test_of_a_field_that_is_sent_twice_the_last_counts(world: World) -> None:
    admin = world.theirs.company.admin
    answer = admin.call("POST", "/calendars", content=b'{"name": "First", "name": "Second"}', headers=JSON)
    created = accepted(answer, 201)
    assert created["name"] == "Second"
    assert admin.delete(f"/calendars/{created['id']}").status_code == 204


def test_a_wrong_second_value_is_not_hidden_by_a_good_first_one(world: World) -> None:
    content = b'{"name": "Good", "name": "\\u0000"}'
    world.refuses(422, "invalid_request", "POST", "/calendars", content=content, headers=JSON)
