"""Text that no database can hold, and text that only looks dangerous."""

import itertools
import json
from typing import Any

import pytest

from tests.bad_input.routes import PREFIX, WriteRoute, document, good_body, path_of, text_fields, write_routes
from tests.bad_input.world import World, case
from tests.support.planning import accepted

NO_TEXT = {
    "nul": "a\0b",
    "escape": "a\x1bb",
    "half a character": "a\ud83d",
}
ROUTES = [route for route in write_routes() if text_fields(route)]
# What is only compared with what is stored may be any text; it is then simply wrong.
COMPARED = {
    "POST /auth/login password": (401, "invalid_credentials"),
    "POST /auth/refresh refresh_token": (401, "invalid_token"),
    "POST /auth/change-password current_password": (403, "wrong_password"),
}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_control_characters_and_halves_of_characters_are_refused(world: World, route: WriteRoute) -> None:
    with world.untouched():
        for field, (name, text) in itertools.product(text_fields(route), NO_TEXT.items()):
            status, code = 422, "invalid_request"
            if not any("\ud800" <= letter < "\ue000" for letter in text):
                status, code = COMPARED.get(f"{route.name} {field}", (status, code))
                if field == "recurrence_rule":
                    code = "rule_syntax"
            # Escaped, as json.dumps writes it: half a character cannot be written as UTF-8.
            content = json.dumps(world.named(route.body(**{field: text})))
            with case((field, name)):
                world.refuses(status, code, route.method, route.path, content=content, headers=JSON)


@pytest.mark.parametrize("text", NO_TEXT.values(), ids=NO_TEXT.keys())
def test_equipment_is_text_too(world: World, text: str) -> None:
    content = json.dumps({"name": "Blue", "capacity": 8, "equipment": [text]})
    world.refuses(422, "invalid_request", "POST", "/rooms", content=content, headers=JSON)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_text_has_a_longest(world: World, route: WriteRoute) -> None:
    with world.untouched():
        for field in text_fields(route):
            content = json.dumps(world.named(route.body(**{field: "я" * 100_000})))
            with case(field):
                world.refuses(422, "invalid_request", route.method, route.path, content=content, headers=JSON)


@pytest.mark.parametrize("name", ["x\0", "\0", "\ud83d"], ids=ascii)
def test_names_of_fields_are_text_too(world: World, name: str) -> None:
    content = json.dumps({"name": "Mine", name: 1})
    world.refuses(422, "invalid_request", "POST", "/calendars", content=content, headers=JSON)


QUERIES = [
    (
        method,
        path.removeprefix(PREFIX),
        parameter["name"],
        [other for other in operation["parameters"] if other["required"] and other["in"] == "query"],
    )
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
    for parameter in operation.get("parameters", [])
    if parameter["in"] == "query"
]
# Text that is only compared: words to search for find what they find, a token or a name that is another is refused.
TEXT_QUERIES = {
    "q": 200,
    "equipment": 200,
    "zone": 200,
    "position": 200,
    "object_type": 200,
    # Of a panel, of which there then is none, or of an invitation.
    "token": (403, 404),
    "confirm": 403,
    "ticket": 401,
    "name": 201,
    # Why an appointment is cancelled; it is, once.
    "reason": (204, 409),
}
GOOD_QUERY = {
    "from": "2027-03-22",
    "to": "2027-03-29",
    "q": "a",
    "email": "guest@firm.example",
    **dict.fromkeys(("queue_id", "kind"), "01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90"),
    "day": "2027-07-05",
}


@pytest.mark.parametrize(
    ("method", "path", "name", "required"), QUERIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_text_in_an_address_breaks_a_request(
    world: World, method: str, path: str, name: str, required: list[dict[str, Any]]
) -> None:
    sent = good_body(f"{method.upper()} {path}")
    if "json" in sent:
        sent = world.named(sent)
    sent.pop("params", None)
    path = world.named(path_of(path))
    query = [f"{other['name']}={GOOD_QUERY[other['name']]}" for other in required if other["name"] != name]
    for text in ("%00", "a%00b", "%ED%A0%80", "%FF%FE", "%", "%zz", "%1B", "%0D%0ASet-Cookie:a=b", "'"):
        answer = world.admin.call(method, f"{path}?{'&'.join([*query, f'{name}={text}'])}", **sent)
        good = TEXT_QUERIES.get(name, 422)
        assert answer.status_code in (422, *(good if isinstance(good, tuple) else (good,))), answer.text
        assert "set-cookie" not in answer.headers


KEPT = {
    "emoji": "Планёрка 🪴 👩‍👩‍👧‍👦 🏳️‍🌈 ✈️",
    "right to left": "שלום עולם — مرحبا",
    "combining": "Zoë e\u0301 \u1e9b\u0323",
    "outside the first plane": "𠮷野家 𝒜",
    "quotes": "Robert'); DROP TABLE users; --",
    "markup": "<script>alert(1)</script> &amp; {{7*7}} ${7*7} %s %(id)s :id",
    "escapes": 'back\\slash "quotes" \\u0000 \\n',
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT.keys())
def test_any_other_text_is_kept_as_it_is(world: World, text: str) -> None:
    admin = world.theirs.company.admin
    created = [
        ("/calendars", ["name", "description"], {}),
        ("/rooms", ["name", "description", "location", "zone"], {"capacity": 4}),
        ("/buildings", ["name", "address"], {}),
        ("/room-blockings", ["title"], {"start": "2027-05-01", "end": "2027-05-02"}),
        (
            "/events",
            ["title", "description", "location"],
            {"start_time": "2027-03-22T09:00:00Z", "end_time": "2027-03-22T10:00:00Z"},
        ),
    ]
    for path, fields, others in created:
        row = accepted(admin.post(path, {**dict.fromkeys(fields, text), **others}), 201)
        read = accepted(admin.get(f"{path}/{row['id']}"))
        assert {field: read[field] for field in fields} == dict.fromkeys(fields, text)
        assert admin.delete(f"{path}/{row['id']}").status_code == 204
    profile = dict.fromkeys(["full_name", "position", "department"], text)
    assert accepted(admin.patch(f"/users/{admin.id}", profile)).items() >= profile.items()
    found = accepted(admin.get("/users/search", q=text.split()[0]))["items"]
    assert [user["id"] for user in found] == [admin.id]
