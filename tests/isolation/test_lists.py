"""Every list and search, asked by another company: none shows a row of ours."""

from datetime import timedelta
from typing import Any

import pytest

from tests.bad_input.routes import PREFIX, document, resolved
from tests.isolation.companies import Isolation
from tests.support.people import event
from tests.support.planning import accepted, at, refused, today

SPRING = {"from": "2027-03-01", "to": "2027-04-30"}
# What each list is asked for, so that it shows as much as it can. A new list fails until it is here.
LISTS: dict[str, dict[str, Any]] = {
    "/users": {"limit": 500},
    "/users/search": {"q": "person", "limit": 50},
    "/calendars": {"limit": 500},
    "/delegations": {"limit": 500},
    "/events": {**SPRING, "limit": 500, "status": ["confirmed", "tentative", "cancelled"]},
    "/events/search": {"q": "meeting", "limit": 500},
    "/events/upcoming": {"days": 366, "limit": 100},
    "/rooms": {"limit": 500},
    "/buildings": {"limit": 500},
    "/room-blockings": {"limit": 500},
    "/rooms/waiting": {"limit": 500},
    "/users/birthdays": {"days": 92},
    "/departments": {"limit": 500},
    "/organizations": {"limit": 500},
    "/audit": {"limit": 500},
    "/statistics/meetings": {**SPRING, "by": "person"},
    "/statistics/rooms": SPRING,
    "/statistics/busiest": SPRING,
    "/feeds": {},
    "/notifications": {"limit": 500},
    "/outbox/dead-letters": {"limit": 500},
    "/webhooks": {"limit": 500},
    "/changes": {"limit": 500},
    "/calendars/subscriptions": {},
    "/rooms/requests": {},
    "/rooms/holds": {},
    "/rooms/nearest": {"within_minutes": 1440, "limit": 50},
    "/rooms/available": {"from": "2027-06-01", "to": "2027-06-02", "limit": 500},
    "/tickets": {"limit": 500},
    "/tickets/queues": {"limit": 500},
    "/tickets/categories": {"limit": 500},
    "/tickets/views": {"limit": 500},
    "/tickets/report": {"by": "queue"},
    "/absences": {"limit": 500},
    "/absences/kinds": {"limit": 500},
    "/availability/hours": {"limit": 500},
    "/slots/kinds": {"limit": 500},
    "/slots/bookings": {"limit": 500},
    "/holidays": {"from": "2027-01-01", "to": "2028-01-01"},
    "/rooms/no-shows": {"from": f"{today() - timedelta(days=7)}", "to": f"{today() + timedelta(days=7)}"},
}
# Filters that name an object, with one of ours.
FILTERS = {
    "owner_id": "<employee>",
    "organizer_id": "<employee>",
    "participant_id": "<employee>",
    "calendar_id": "<calendar>",
    "room_id": "<room>",
    "building_id": "<building>",
    "department_id": "<department>",
    "parent_id": "<department>",
    "head_id": "<admin>",
    "manager_id": "<admin>",
    "user_id": "<employee>",
    "principal_id": "<admin>",
    "delegate_id": "<employee>",
    "actor_id": "<admin>",
    "object_id": "<room>",
    "near_room_id": "<room>",
    "queue_id": "<queue>",
    "category_id": "<category>",
    "view_id": "<view>",
    "requester_id": "<employee>",
    "assignee_id": "<employee>",
    "watcher_id": "<employee>",
    "kind_id": "<appointment kind>",
}
# Lists that know no window of time.
UNDATED = ("/rooms/nearest", "/room-blockings")
# Who asks for what is theirs: the record of writes is for administrators.
ASKERS = {
    **dict.fromkeys(("/feeds", "/calendars/subscriptions", "/audit", "/users/export"), "admin"),
    **dict.fromkeys(("/rooms/requests", "/rooms/holds", "/rooms/waiting", "/notifications"), "admin"),
    **dict.fromkeys(("/outbox/dead-letters", "/webhooks"), "admin"),
    **dict.fromkeys(("/tickets/report", "/tickets/views"), "admin"),
}
OF_THE_INSTALLATION = {"/users", "/users/search", "/organizations", "/audit"}
# Figures without a name in them.
NAMELESS = {"/statistics/busiest", "/holidays"}
# Filters that refuse what is not there.
REFUSED = {
    **{(path, "view_id"): "ticket_view_not_found" for path in ("/tickets", "/tickets/export")},
    **{("/tickets/board", name): "ticket_queue_not_found" for name in ("queue_id", "assignee_id")},
    ("/tickets/report", "queue_id"): "ticket_queue_not_found",
}
PARAMETERS = [
    (path.removeprefix(PREFIX), parameter["name"])
    for path, operations in document()["paths"].items()
    for parameter in operations.get("get", {}).get("parameters", [])
    if parameter["in"] == "query" and parameter["name"].endswith("_id")
]
# Exports are files; so many lines have they when they are empty.
EXPORTS = {"/users/export": 1, "/tickets/export": 1, "/absences/calendar.ics": 7}


def found(world: Isolation, actor: Any, path: str, **params: Any) -> str:
    answer = actor.call("GET", path, params=world.named({**LISTS[path], **params}))
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def ours_in(world: Isolation, text: str) -> list[str]:
    return [name for name, row_id in world.ours.ids.items() if row_id in text]


def test_every_list_is_here() -> None:
    lists = set()
    for path, operations in document()["paths"].items():
        content = operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        schema = resolved(content.get("application/json", {}).get("schema", {}))
        # What lies below an object is not found together with it: docs/access.md.
        if "items" in schema.get("properties", {}) and "{" not in path:
            lists.add(path.removeprefix(PREFIX))
    assert lists == LISTS.keys()
    assert {name for _, name in PARAMETERS} <= FILTERS.keys()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_shows_the_own_company_and_no_other(world: Isolation, path: str) -> None:
    admin_only = path in ASKERS
    asker = world.company.admin if admin_only or path.startswith("/statistics") else world.ours.employee
    shown = found(world, asker, path)
    assert path in NAMELESS or ours_in(world, shown), "the question finds nothing at all"
    for stranger in (world.theirs.company.admin, *([] if admin_only else [world.theirs.employee])):
        assert ours_in(world, found(world, stranger, path)) == []


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_a_filter_for_an_object_of_another_company_finds_nothing(world: Isolation, path: str, name: str) -> None:
    for stranger in (world.theirs.company.admin, *([] if path in ASKERS else [world.theirs.employee])):
        if path.startswith(("/statistics", "/rooms/no-shows", "/rooms/nearest", "/room-blockings")):
            query = world.named({**(SPRING if path not in UNDATED else {}), name: FILTERS[name]})
            code = f"{name.removeprefix('near_').removesuffix('_id')}_not_found"
            refused(stranger.call("GET", path, params=query), 404, code)
        elif (path, name) in REFUSED:
            query = world.named(
                {"queue_id": "<queue>", name: FILTERS[name]} if path == "/tickets/board" else {name: FILTERS[name]}
            )
            refused(stranger.call("GET", path, params=query), 404, REFUSED[path, name])
        elif path in EXPORTS:
            answer = stranger.call("GET", path, params=world.named({name: FILTERS[name]}))
            assert (answer.status_code, len(answer.text.splitlines())) == (200, EXPORTS[path])
        else:
            text = found(world, stranger, path, **{name: FILTERS[name]})
            assert '"items":[]' in text.replace(" ", "")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_needs_somebody_who_is_signed_in(world: Isolation, path: str) -> None:
    answer = world.admin.client.get(path, params=LISTS[path])
    refused(answer, 401, "not_authenticated")


@pytest.mark.parametrize("path", [path for path in LISTS if path not in OF_THE_INSTALLATION])
def test_the_installations_administrator_has_no_lists_of_companies(world: Isolation, path: str) -> None:
    answer = world.installation_admin.call("GET", path, params=LISTS[path])
    refused(answer, 403, "company_required")


def test_a_private_event_of_a_colleague_is_in_nobody_elses_list(world: Isolation) -> None:
    for actor, sees in (
        (world.ours.employee, True),
        (world.invited, True),
        (world.colleague, False),
        (world.it_desk, False),
        (world.company.admin, False),
    ):
        text = found(world, actor, "/events")
        assert (world.ours.ids["private event"] in text, "Secret" in text) == (sees, sees)
        assert (world.ours.ids["private calendar"] in found(world, actor, "/calendars")) == (
            actor is world.ours.employee
        )


def test_a_clash_with_a_private_event_tells_only_when_the_room_is_taken(world: Isolation) -> None:
    day = today().replace(month=6, day=15)
    day = day.replace(year=day.year + 1)
    private = world.ours.employee.create_event(title="Secret", room_id=world.ours.ids["room"], **at(day))
    body = event(room_id=world.ours.ids["room"], **at(day))
    problem = refused(world.colleague.post("/events", body), 409, "room_taken")
    assert problem["clashes"]
    assert "Secret" not in str(problem)
    assert private["id"] not in str(problem)
    assert accepted(world.ours.employee.get(f"/events/{private['id']}"))["title"] == "Secret"


def test_the_free_rooms_of_a_clash_are_of_the_own_company(world: Isolation) -> None:
    theirs = world.theirs.company.admin.create_room(name="Elsewhere")
    own = world.company.admin.create_room(name="Next door")
    body = event(room_id=world.ours.ids["room"])
    problem = refused(world.company.admin.post("/events", body), 409, "room_taken")
    names = [room["name"] for room in problem["free_rooms"]]
    assert own["name"] in names
    assert theirs["id"] not in str(problem)
