"""Ids that are none, that nobody has, and that belong to another company."""

import re
from typing import Any

import pytest

from tests.bad_input.routes import PREFIX, document, good_body
from tests.bad_input.world import World, case
from tests.support.people import event

NO_UUIDS = {
    "word": "me",
    "number": "1",
    "minus": "-1",
    "too short": "0190a0d8-0000-7000-8000",
    "too long": "0" * 5000,
    "quoted": "'; DROP TABLE users; --",
    "nul": "%00",
    "not utf-8": "%FF%FE",
    "letters": "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz",
    "other digits": "٠" * 32,
}
BY_ID = [
    (method.upper(), path.removeprefix(PREFIX))
    for path, operations in document()["paths"].items()
    if "{" in path and "{token}" not in path
    for method in operations
]
WINDOW = {"from": "2027-05-01", "to": "2027-05-02"}
PARAMETER = re.compile(r"\{\w+\}")
PANEL = re.compile(r"/panel(/|$)")
NOT_FOUND = {
    "users": "user_not_found",
    "calendars": "calendar_not_found",
    "delegations": "delegation_not_found",
    "feeds": "feed_not_found",
    "events": "event_not_found",
    "rooms": "room_not_found",
    "buildings": "building_not_found",
    "room-blockings": "blocking_not_found",
    "tickets": "ticket_not_found",
    "tickets/queues": "ticket_queue_not_found",
    "tickets/categories": "ticket_category_not_found",
    "tickets/views": "ticket_view_not_found",
    "absences": "absence_not_found",
    "absences/kinds": "absence_kind_not_found",
    "availability/hours": "hours_not_found",
    "slots/kinds": "appointment_kind_not_found",
    "slots/bookings": "appointment_not_found",
    "rooms/requests": "room_request_not_found",
    "rooms/holds": "room_hold_not_found",
    "departments": "department_not_found",
    "organizations": "organization_not_found",
    "rooms/waiting": "waiting_not_found",
    "notifications": "notification_not_found",
    "push": "push_subscription_not_found",
    "webhooks": "webhook_not_found",
    "outbox": "dead_letter_not_found",
}


@pytest.mark.parametrize(("method", "template"), BY_ID)
def test_a_path_needs_uuids(world: World, method: str, template: str) -> None:
    with world.untouched():
        for name, value in NO_UUIDS.items():
            path = PARAMETER.sub(lambda _, value=value: value, template)  # type: ignore[misc]
            with case(name):
                problem = world.refuses(422, "invalid_request", method, path, **good_body(f"{method} {template}"))
                # Where the query must say more, that is missing here, too.
                assert {error["loc"][0] for error in problem["errors"]} - {"query"} == {"path"}


@pytest.mark.parametrize(("method", "template"), BY_ID)
def test_an_id_that_nobody_has_is_not_found(world: World, method: str, template: str) -> None:
    path = PARAMETER.sub("<missing>", template)
    first, second = (*template.split("/"), "")[1:3]
    # At a room's door, the secret of the address comes first.
    code = "panel_not_found" if PANEL.search(template) else NOT_FOUND.get(f"{first}/{second}") or NOT_FOUND[first]
    sent = {"params": WINDOW} if template.endswith(("/blocked", "/availability")) else good_body(f"{method} {template}")
    world.refuses(404, code, method, path, **sent)


_DAY = {"start": "2027-05-01", "end": "2027-05-02"}
NAMED_IN_BODIES = [
    ("POST", "/rooms/<room>/waiting", {"event_id": "<{} event>"}, 404, "event_not_found"),
    ("POST", "/rooms/<{} room>/waiting", {"event_id": "<event>"}, 404, "room_not_found"),
    ("GET", "/rooms/waiting/<{} waiting>", None, 404, "waiting_not_found"),
    ("DELETE", "/rooms/waiting/<{} waiting>", None, 404, "waiting_not_found"),
    ("POST", "/rooms/waiting/<{} waiting>/accept", None, 404, "waiting_not_found"),
    ("POST", "/events", event(calendar_id="<{} calendar>"), 404, "calendar_not_found"),
    ("PUT", "/events/<event>", event(calendar_id="<{} calendar>"), 404, "calendar_not_found"),
    ("PATCH", "/events/<event>", {"calendar_id": "<{} calendar>"}, 404, "calendar_not_found"),
    ("POST", "/events", event(room_id="<{} room>"), 404, "room_not_found"),
    ("PUT", "/events/<event>", event(room_id="<{} room>"), 404, "room_not_found"),
    ("PATCH", "/events/<event>", {"room_id": "<{} room>"}, 404, "room_not_found"),
    ("POST", "/rooms", {"name": "New", "capacity": 2, "building_id": "<{} building>"}, 404, "building_not_found"),
    ("PATCH", "/rooms/<room>", {"building_id": "<{} building>"}, 404, "building_not_found"),
    ("PATCH", "/rooms/<room>/equipment/<{} equipment>", {"out_of_order": 1}, 404, "equipment_not_found"),
    ("POST", "/room-blockings", {**_DAY, "room_id": "<{} room>"}, 404, "room_not_found"),
    ("POST", "/room-blockings", {**_DAY, "building_id": "<{} building>"}, 404, "building_not_found"),
    ("PATCH", "/rooms/policy", {"approvers": [{"user_id": "<{} employee>"}]}, 422, "user_not_found"),
    ("PATCH", "/rooms/policy", {"bookers": [{"department_id": "<{} department>"}]}, 422, "department_not_found"),
    ("POST", "/events", event(participants=[{"user_id": "<{} employee>"}]), 422, "user_not_found"),
    ("PUT", "/events/<event>", event(participants=[{"user_id": "<{} employee>"}]), 422, "user_not_found"),
    ("PATCH", "/events/<event>", {"participants": [{"user_id": "<{} employee>"}]}, 422, "user_not_found"),
    ("POST", "/calendars/<calendar>/shares", {"user_id": "<{} employee>", "level": "read"}, 422, "user_not_found"),
    (
        "POST",
        "/calendars/<calendar>/shares",
        {"department_id": "<{} department>", "level": "read"},
        422,
        "department_not_found",
    ),
    ("PATCH", "/calendars/<calendar>/shares/<{} share>", {"level": "read"}, 404, "share_not_found"),
    ("DELETE", "/calendars/<calendar>/shares/<{} share>", None, 404, "share_not_found"),
    ("PUT", "/calendars/<calendar>/owner", {"user_id": "<{} employee>"}, 422, "user_not_found"),
    ("POST", "/delegations", {"delegate_id": "<{} employee>"}, 422, "user_not_found"),
    ("POST", "/events/<event>/participants", {"user_id": "<{} employee>"}, 422, "user_not_found"),
    ("DELETE", "/events/<event>/participants/<{} employee>", None, 404, "participant_not_found"),
    ("POST", "/events/<event>/comments", {"body": "x", "mentions": ["<{} employee>"]}, 422, "mention_not_reader"),
    ("PATCH", "/events/<event>/comments/<{} comment>", {"body": "x"}, 404, "comment_not_found"),
    ("DELETE", "/events/<event>/comments/<{} comment>", None, 404, "comment_not_found"),
    ("GET", "/events/<event>/attachments/<{} attachment>", None, 404, "attachment_not_found"),
    ("GET", "/events/<event>/attachments/<{} attachment>/content", None, 404, "attachment_not_found"),
    ("DELETE", "/events/<event>/attachments/<{} attachment>", None, 404, "attachment_not_found"),
    ("PUT", "/users/<employee>", {"email": "a@example.com", "manager_id": "<{} admin>"}, 422, "user_not_found"),
    ("PATCH", "/users/<employee>", {"manager_id": "<{} admin>"}, 422, "user_not_found"),
    ("PATCH", "/users/<employee>", {"department_id": "<{} department>"}, 422, "department_not_found"),
    ("POST", "/users/<employee>/leaving", {"successor_id": "<{} admin>"}, 422, "user_not_found"),
    ("POST", "/departments", {"name": "New", "parent_id": "<{} department>"}, 422, "department_not_found"),
    ("PATCH", "/departments/<department>", {"parent_id": "<{} department>"}, 422, "department_not_found"),
    ("PUT", "/departments/<department>", {"name": "x", "head_id": "<{} employee>"}, 422, "user_not_found"),
    ("POST", "/departments/<department>/members", {"user_ids": ["<{} employee>"]}, 422, "user_not_found"),
    ("DELETE", "/departments/<department>?move_to=<{} department>", None, 404, "department_not_found"),
    ("GET", "/departments/tree?root=<{} department>", None, 404, "department_not_found"),
    ("PATCH", "/users/<employee>", {"organization_id": "<{} organization>"}, 422, "invalid_request"),
]
NEW_USER = {"email": "somebody-new@example.com", "password": "correct horse"}
NAMED_IN_BODIES += [
    ("POST", "/users", {**NEW_USER, "manager_id": "<{} admin>"}, 422, "user_not_found"),
    ("POST", "/users", {**NEW_USER, "department_id": "<{} department>"}, 422, "department_not_found"),
    ("POST", "/users", {**NEW_USER, "organization_id": "<{} organization>"}, 403, "organization_not_yours"),
]


def filled(value: Any, whose: str) -> Any:
    """`<{} room>` as `<their room>`, or as `<missing>`."""
    if isinstance(value, str):
        return re.sub(r"<\{\} ([\w ]+)>", "<missing>" if whose == "nobody's" else r"<their \1>", value)
    if isinstance(value, dict):
        return {key: filled(item, whose) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, whose) for item in value]
    return value


@pytest.mark.parametrize("whose", ["their", "nobody's"])
@pytest.mark.parametrize(("method", "path", "body", "status", "code"), NAMED_IN_BODIES)
def test_ids_in_a_body_must_be_of_the_same_company(
    world: World, method: str, path: str, body: Any, status: int, code: str, whose: str
) -> None:
    sent = {"json": filled(body, whose)} if body else {}
    world.refuses(status, code, method, filled(path, whose), **sent)


@pytest.mark.parametrize("value", [1, True, [], {}, "me", "", "0190a0d8", "<room> ", float(10**20)], ids=str)
@pytest.mark.parametrize("field", ["calendar_id", "room_id"])
def test_ids_in_a_body_must_be_uuids(world: World, field: str, value: Any) -> None:
    world.refuses(422, "invalid_request", "POST", "/events", json=event(**{field: value}))


def test_nobody_is_their_own_manager(world: World) -> None:
    world.refuses(422, "user_not_found", "PATCH", "/users/<employee>", json={"manager_id": "<employee>"})


def test_a_private_calendar_of_a_colleague_takes_no_events(world: World) -> None:
    private = world.employee.calendar_id
    world.refuses(404, "calendar_not_found", "POST", "/events", json=event(calendar_id=private))
    world.refuses(
        403, "not_calendar_owner", "POST", "/events", json=event(calendar_id="<calendar>"), actor=world.employee
    )


@pytest.mark.parametrize("field", ["department_id", "calendar_id", "room_id", "owner_id", "building_id"])
@pytest.mark.parametrize("value", ["1", "", "%00", "null", "'"])
def test_ids_in_a_query_must_be_uuids(world: World, field: str, value: str) -> None:
    lists = {"department_id": "/users?", "owner_id": "/calendars?", "building_id": "/rooms?"}
    path = lists.get(field, "/events?from=2027-03-22&to=2027-03-29&")
    world.refuses(422, "invalid_request", "GET", f"{path}{field}={value}")
