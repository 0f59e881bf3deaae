"""Cursors, limits, headers, methods and addresses that make no sense."""

import base64
import json
from typing import Any

import pytest

from tests.bad_input.routes import PREFIX, document, good_body, path_of
from tests.bad_input.world import World, case, check_problem
from tests.support.planning import accepted

WINDOW = {"from": "2027-03-22", "to": "2027-03-29"}


def required_by(path: str) -> dict[str, str]:
    """What a list cannot be asked for without."""
    if path.endswith(("/events", "/available")):
        return WINDOW
    return {"q": "plan"} if path.endswith("/events/search") else {}


LISTS = {
    path_of(path.removeprefix(PREFIX)): required_by(path)
    for path, operations in document()["paths"].items()
    for parameter in operations.get("get", {}).get("parameters", [])
    # A stream is no page.
    if parameter["name"] == "cursor" and not path.endswith("/stream")
}
every_list = pytest.mark.parametrize("path", LISTS)


def cursor_of(value: Any) -> str:
    """A cursor that holds `value` in the way that true ones do."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


ID = "00000000-0000-7000-8000-000000000000"
BAD_CURSORS = {
    "word": "next",
    "signs": "!!!!",
    "one letter": "a",
    "not utf-8": "____",
    "letters": "ёжик",
    "nul": "\0",
    "json": '["a"]',
    "null": cursor_of(None),
    "number": cursor_of(1),
    "object": cursor_of({"a": 1}),
    "empty": cursor_of([]),
    "too short": cursor_of(["a"]),
    "too long": cursor_of(["a", ID, "a", ID]),
    "no id": cursor_of(["a", "b"]),
    "numbers": cursor_of([1, 2]),
    "lists": cursor_of([["a"], [ID]]),
    "not a number": cursor_of(f'[NaN, "{ID}"]'),
    "infinite": cursor_of(f'[Infinity, "{ID}", 1e999]'),
    "huge": cursor_of([10**300, ID]),
    "nul inside": cursor_of(["a\0", ID]),
    "half a character": cursor_of(f'["\\ud83d", "{ID}"]'),
    "year 1": cursor_of(["0001-01-01T00:00:00+14:00", ID, "0001-01-01T00:00:00+14:00"]),
    "year 9999": cursor_of(["9999-12-31T23:59:59-14:00", ID, "9999-12-31T23:59:59-14:00"]),
    "naive": cursor_of(["2027-03-22T09:00:00", ID, "2027-03-22T09:00:00"]),
    "deep": cursor_of("[" * 300),
    "sql": cursor_of(["' OR 1=1 --", "' OR 1=1 --"]),
}


@every_list
def test_a_cursor_that_no_list_gave_is_refused(world: World, path: str) -> None:
    with world.untouched():
        for name, cursor in BAD_CURSORS.items():
            with case(name):
                world.refuses(422, "bad_cursor", "GET", path, params={**LISTS[path], "cursor": cursor})


@every_list
def test_a_cursor_has_a_longest(world: World, path: str) -> None:
    world.refuses(422, "invalid_request", "GET", path, params={**LISTS[path], "cursor": "a" * 8001})


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    admin = world.admin
    of_users = accepted(admin.get("/users", limit=1))["next_cursor"]
    of_events = accepted(admin.get("/events", **{**WINDOW, "to": "2027-04-19"}, limit=1))["next_cursor"]
    for path in ("/events", "/rooms/available"):
        world.refuses(422, "bad_cursor", "GET", path, params={**WINDOW, "cursor": of_users})
    for path in ("/users", "/rooms", "/calendars"):
        world.refuses(422, "bad_cursor", "GET", path, params={"cursor": of_events})
    world.refuses(422, "bad_cursor", "GET", "/users", params={"sort": "created_at", "cursor": of_users})
    world.refuses(422, "bad_cursor", "GET", "/rooms", params={"sort": "capacity", "cursor": of_users})


NUMBERS = ["0", "-1", "-999999999999999999999", "1.5", "many", "", "NaN", "1e3", "9" * 5000]
NUMBER_PARAMETERS = [
    (path_of(path.removeprefix(PREFIX)), parameter["name"])
    for path, operations in document()["paths"].items()
    for parameter in operations.get("get", {}).get("parameters", [])
    if parameter["name"] in ("limit", "capacity", "days", "depth")
]
REQUIRED = {"/users/search": {"q": "a"}, "/events": WINDOW, "/rooms/available": WINDOW}


@pytest.mark.parametrize(("path", "name"), NUMBER_PARAMETERS)
def test_limits_are_positive_numbers(world: World, path: str, name: str) -> None:
    with world.untouched():
        for number in NUMBERS:
            with case(number):
                world.refuses(422, "invalid_request", "GET", path, params={**REQUIRED.get(path, {}), name: number})


@every_list
def test_a_huge_limit_is_the_longest_page(world: World, path: str) -> None:
    accepted(world.admin.call("GET", world.named(path), params={**LISTS[path], "limit": 10**30}))


@pytest.mark.parametrize("value", ["name; DROP TABLE users", "hashed_password", "", "-", "--name", "name,id", "%00"])
@pytest.mark.parametrize("path", ["/users", "/calendars", "/rooms", "/buildings", "/room-blockings", "/departments"])
def test_a_list_knows_only_its_sorts(world: World, path: str, value: str) -> None:
    world.refuses(422, "invalid_request", "GET", path, params={"sort": value})


# The administrator of a company may not; test_organizations.py asks as one of the installation.
FOR_THE_INSTALLATION = ("delete", f"{PREFIX}/organizations/{{organization_id}}")
VERSIONED = [
    (method.upper(), path.removeprefix(PREFIX))
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
    if method != "put" and any(parameter["name"] == "if-match" for parameter in operation.get("parameters", []))
    if (method, path) != FOR_THE_INSTALLATION
]


TAGS = {
    "": "bad_if_match",
    "1": "bad_if_match",
    '"': "bad_if_match",
    '""': "bad_if_match",
    '"1", 2': "bad_if_match",
    ",": "bad_if_match",
    "W/": "bad_if_match",
    "'1'": "bad_if_match",
    "*, 1": "bad_if_match",
    '"' + "9" * 2000 + '"': "invalid_request",
    '"' + "9" * 900 + '"': "version_mismatch",
    '"-1"': "version_mismatch",
    '"one"': "version_mismatch",
    '"1.0"': "version_mismatch",
    '"\xb9"': "version_mismatch",
    '"999999", "999998"': "version_mismatch",
}


@pytest.mark.parametrize(("method", "template"), VERSIONED)
def test_if_match_names_versions(world: World, method: str, template: str) -> None:
    with world.untouched():
        for tag, code in TAGS.items():
            sent = good_body(f"{method} {template}")
            headers = {**sent.pop("headers", {}), "If-Match": tag.encode("latin-1")}
            status = 412 if code == "version_mismatch" else 422
            with case(tag):
                world.refuses(status, code, method, path_of(template), headers=headers, **sent)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a b",
        "Bearer a.b.c",
        "Bearer " + "a" * 100_000,
        b"Bearer \xff\xfe",
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_wrong_authorization_signs_nobody_in(world: World, header: Any) -> None:
    answer = world.admin.client.get("/auth/me", headers={"Authorization": header})
    problem = check_problem(answer, 401, answer.json()["code"])
    assert problem["code"] in ("not_authenticated", "invalid_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["", ";", "ru;q=", "ru;q=NaN", "ru;q=Infinity", "*", "ru," * 10_000, "zz-ZZ", "../ru", b"\xff\xfe", "en;q=1e999"],
    ids=lambda value: str(value)[:20],
)
def test_a_wrong_accept_language_still_gets_an_answer(world: World, header: Any) -> None:
    answer = world.admin.call("GET", f"/rooms/{ID}", headers={"Accept-Language": header})
    check_problem(answer, 404, "room_not_found")


@pytest.mark.parametrize(("accept_language", "word"), [("ru", "комнаты"), ("ru-RU,en;q=0.8", "комнаты"), ("", "room")])
@pytest.mark.parametrize("accept", ["application/xml", "text/html", "image/png;q=0", ""])
def test_errors_are_problem_documents_in_the_readers_language(
    world: World, accept: str, accept_language: str, word: str
) -> None:
    headers = {"Accept": accept, "Accept-Language": accept_language}
    answer = world.admin.call("GET", f"/rooms/{ID}", headers=headers)
    assert word in check_problem(answer, 404, "room_not_found")["detail"]


def is_word_among_ids(path: str) -> bool:
    """Whether a word ends the path where another has an id: to the routes of single objects it is a wrong id."""
    folder, _, last = path.rpartition("/")
    others = (other for other in document()["paths"] if other.count("/") == path.count("/"))
    return not (last.startswith("{") and last.endswith("}")) and any(
        other.startswith(f"{folder}/{{") for other in others
    )


METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
WRONG_METHODS = [
    (method, path.removeprefix(PREFIX))
    for path, operations in document()["paths"].items()
    for method in sorted(METHODS - {name.upper() for name in operations})
    if not is_word_among_ids(path)
]


def test_a_method_that_an_address_does_not_know_is_a_405(world: World) -> None:
    with world.untouched():
        for method, path in WRONG_METHODS:
            with case(f"{method} {path}"):
                world.refuses(405, "method_not_allowed", method, path_of(path))


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "GETX", "get", "X" * 5000])
def test_an_unknown_method_is_a_405(world: World, method: str) -> None:
    answer = world.admin.call(method, "/calendars")
    assert answer.status_code == (200 if method == "get" else 405)


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/users/%2e%2e/rooms/x", "/calendars/" + "x/" * 500, "/%00", "/%FF", "/events/a/b/c/d"],
)
def test_an_address_without_a_route_is_a_404(world: World, path: str) -> None:
    world.refuses(404, "not_found", "GET", path)
