"""Where rooms are, whom they suit, and what in them works."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import Role
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, at, refused, today, utc


def names(person: Person, path: str = "/rooms", **params: Any) -> list[str]:
    return [item["name"] for item in accepted(person.get(path, **params))["items"]]


@pytest.fixture
def house(company: Company) -> dict[str, Any]:
    """The building that the rooms of these tests are in, but for one."""
    return accepted(company.admin.post("/buildings", {"name": "House"}), 201)


@pytest.fixture
def rooms(company: Company, house: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Four rooms in different places, by their names."""
    admin, inside = company.admin, {"building_id": house["id"]}
    ramp, loop = ["step_free", "wide_door"], ["step_free", "hearing_loop"]
    made = (
        admin.create_room(name="Attic", **inside, floor=3, zone="north"),
        admin.create_room(name="Bay", **inside, floor=1, accessibility=ramp),
        admin.create_room(name="Cellar", **inside, floor=-1, accessibility=loop),
        admin.create_room(name="Yard", accessibility=["step_free"]),
    )
    return {room["name"]: room for room in made}


def test_a_room_has_a_place(company: Company, house: dict[str, Any], rooms: dict[str, dict[str, Any]]) -> None:
    attic = rooms["Attic"]
    assert (attic["building_id"], attic["floor"], attic["zone"]) == (house["id"], 3, "north")
    assert rooms["Bay"]["accessibility"] == ["step_free", "wide_door"]
    path = f"/rooms/{attic['id']}"
    moved = accepted(company.admin.patch(path, {"floor": 0, "zone": None, "accessibility": ["braille_signs"]}))
    assert (moved["floor"], moved["zone"], moved["accessibility"]) == (0, None, ["braille_signs"])
    assert (moved["building_id"], moved["version"]) == (house["id"], 2)
    replaced = accepted(company.admin.put(path, {"name": "Attic", "capacity": 2}))
    assert (replaced["building_id"], replaced["floor"], replaced["accessibility"]) == (None, None, [])


def test_rooms_are_found_by_their_place(
    company: Company, house: dict[str, Any], rooms: dict[str, dict[str, Any]]
) -> None:
    anna = company.person()
    other = accepted(company.admin.post("/buildings", {"name": "Other"}), 201)
    assert names(anna, building_id=house["id"]) == ["Attic", "Bay", "Cellar"]
    assert names(anna, building_id=other["id"]) == []
    assert names(anna, building_id=MISSING_ID) == []
    assert names(anna, floor=1) == ["Bay"]
    assert names(anna, floor=-1) == ["Cellar"]
    assert names(anna, floor=0) == []
    assert names(anna, building_id=house["id"], floor=3, capacity=8) == ["Attic"]
    assert names(anna, building_id=other["id"], floor=3) == []


def test_rooms_are_found_by_what_makes_them_accessible(company: Company, rooms: dict[str, dict[str, Any]]) -> None:
    anna = company.person()
    assert names(anna, accessibility="step_free") == ["Bay", "Cellar", "Yard"]
    assert names(anna, accessibility=["step_free", "wide_door"]) == ["Bay"]
    assert names(anna, accessibility=["wide_door", "hearing_loop"]) == []
    assert names(anna, accessibility=["step_free", "step_free"]) == ["Bay", "Cellar", "Yard"]


@pytest.mark.parametrize("sort", ["floor", "-floor"])
def test_rooms_are_sorted_by_floor_and_those_without_one_lie_above_all(
    company: Company, rooms: dict[str, dict[str, Any]], sort: str
) -> None:
    pages = all_pages(company.admin, "/rooms", sort=sort, limit=3)
    assert [len(page) for page in pages] == [3, 1]
    listed = [item["name"] for page in pages for item in page]
    upwards = ["Cellar", "Bay", "Attic", "Yard"]
    assert listed == (upwards if sort == "floor" else upwards[::-1])


@pytest.mark.parametrize(
    "values",
    [
        {"building_id": "here"},
        {"floor": 1.5},
        {"floor": "1"},
        {"floor": -21},
        {"floor": 301},
        {"zone": ""},
        {"zone": "x" * 201},
        {"accessibility": ["comfortable"]},
        {"accessibility": "step_free"},
        {"accessibility": None},
        {"accessibility": ["step_free"] * 7},
        {"photo_url": "/uploads/rooms/mine.webp"},
    ],
)
def test_a_place_that_makes_no_sense_is_refused(company: Company, values: dict[str, Any]) -> None:
    room = company.admin.create_room()
    refused(company.admin.post("/rooms", {"name": "New", "capacity": 2, **values}), 422, "invalid_request")
    refused(company.admin.patch(f"/rooms/{room['id']}", values), 422, "invalid_request")
    assert names(company.admin) == [room["name"]]


@pytest.mark.parametrize(
    "params",
    [
        {"building_id": "house"},
        {"floor": "first"},
        {"floor": -21},
        {"floor": 301},
        {"accessibility": "comfortable"},
        {"accessibility": "step_free,wide_door"},
        {"accessibility": ["step_free"] * 7},
        {"sort": "zone"},
    ],
)
def test_a_question_about_places_that_makes_no_sense_is_refused(company: Company, params: dict[str, Any]) -> None:
    refused(company.admin.get("/rooms", **params), 422, "invalid_request")


def test_a_room_is_not_put_into_a_building_that_is_not_there(company: Company) -> None:
    admin, room = company.admin, company.admin.create_room()
    for answer in (
        admin.post("/rooms", {"name": "New", "capacity": 2, "building_id": MISSING_ID}),
        admin.patch(f"/rooms/{room['id']}", {"building_id": MISSING_ID}),
        admin.put(f"/rooms/{room['id']}", {"name": "New", "capacity": 2, "building_id": MISSING_ID}),
    ):
        refused(answer, 404, "building_not_found")
    assert accepted(admin.get(f"/rooms/{room['id']}")) == room


# What works


def thing(room: dict[str, Any], name: str = "projector") -> dict[str, Any]:
    """What stands in a room under this name."""
    found: dict[str, Any] = next(item for item in room["equipment"] if item["name"] == name)
    return found


def path_of(room: dict[str, Any], name: str = "projector") -> str:
    return f"/rooms/{room['id']}/equipment/{thing(room, name)['id']}"


def test_the_it_desk_says_what_is_out_of_order(company: Company) -> None:
    admin, desk = company.admin, company.person(Role.IT)
    room = admin.create_room(equipment=[{"name": "microphone", "quantity": 4}, "projector"])
    answer = desk.patch(path_of(room, "microphone"), {"out_of_order": 1, "note": "No battery"})
    changed = accepted(answer)
    assert thing(changed, "microphone") == {
        **thing(room, "microphone"),
        "out_of_order": 1,
        "note": "No battery",
    }
    assert thing(changed) == thing(room)
    assert (changed["version"], answer.headers["etag"]) == (2, '"2"')
    assert accepted(company.person().get(f"/rooms/{room['id']}")) == changed
    # What changes nothing is no change.
    assert accepted(desk.patch(path_of(room, "microphone"), {"out_of_order": 1}))["version"] == 2
    assert accepted(desk.patch(path_of(room, "microphone"), {}))["version"] == 2
    repaired = accepted(desk.patch(path_of(room, "microphone"), {"out_of_order": 0, "note": None, "quantity": 3}))
    assert thing(repaired, "microphone").items() >= {"quantity": 3, "out_of_order": 0, "note": None}.items()
    assert repaired["version"] == 3


def test_a_room_whose_only_projector_is_broken_is_found_by_it_nowhere(company: Company) -> None:
    admin = company.admin
    room = admin.create_room(name="Dark", equipment=["projector", "tv"])
    hall = admin.create_room(name="Hall", capacity=50, equipment=[{"name": "projector", "quantity": 2}])
    day = today() + timedelta(days=7)

    def found(equipment: str) -> list[list[str]]:
        window = {"from": utc(day, 0), "to": utc(day + timedelta(days=1), 0)}
        wish = {**window, "duration_minutes": 60, "required": [admin.id], "limit": 1}
        body = {**wish, "rooms": {"equipment": [equipment], "count": 1}}
        proposals = accepted(admin.post("/events/find-time", body))["proposals"]
        return [
            names(admin, equipment=equipment),
            names(admin, "/rooms/available", from_=utc(day, 9), to=utc(day, 10), equipment=equipment),
            [found["name"] for proposal in proposals for found in proposal["rooms"]],
        ]

    assert found("projector") == [["Dark", "Hall"], ["Dark", "Hall"], ["Dark"]]
    accepted(admin.patch(path_of(room), {"out_of_order": 1}))
    # One of two in the hall still works.
    accepted(admin.patch(path_of(hall), {"out_of_order": 1}))
    assert found("projector") == [["Hall"], ["Hall"], ["Hall"]]
    assert found("tv") == [["Dark"], ["Dark"], ["Dark"]]
    accepted(admin.patch(path_of(hall), {"out_of_order": 2}))
    assert found("projector") == [[], [], []]
    accepted(admin.patch(path_of(room), {"out_of_order": 0}))
    assert found("projector") == [["Dark"], ["Dark"], ["Dark"]]


def test_bookings_stay_when_something_breaks(company: Company) -> None:
    admin, day = company.admin, today() + timedelta(days=3)
    room = admin.create_room(equipment=["projector"])
    admin.create_event(**at(day), room_id=room["id"])
    accepted(admin.patch(path_of(room), {"out_of_order": 1}))
    (item,) = admin.occurrences(utc(day, 0), utc(day, 23))
    assert (item["room_id"], item["room_state"]) == (room["id"], "confirmed")


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 0},
        {"quantity": 10_001},
        {"quantity": None},
        {"out_of_order": -1},
        {"out_of_order": 1.5},
        {"out_of_order": "1"},
        {"out_of_order": True},
        {"out_of_order": None},
        {"note": ""},
        {"note": "x" * 501},
        {"note": "a\x00b"},
        {"name": "screen"},
        {"room_id": MISSING_ID},
    ],
)
def test_a_state_that_makes_no_sense_is_refused(company: Company, body: dict[str, Any]) -> None:
    room = company.admin.create_room(equipment=["projector"])
    refused(company.admin.patch(path_of(room), body), 422, "invalid_request")
    assert accepted(company.admin.get(f"/rooms/{room['id']}")) == room


def test_no_more_is_out_of_order_than_there_is(company: Company) -> None:
    admin = company.admin
    room = admin.create_room(equipment=[{"name": "projector", "quantity": 3, "out_of_order": 2}])
    for body in ({"out_of_order": 4}, {"quantity": 1}, {"quantity": 5, "out_of_order": 6}):
        problem = refused(admin.patch(path_of(room), body), 422, "equipment_out_of_order")
        assert problem["field"] == "out_of_order"
        assert "projector" in problem["detail"]
    assert accepted(admin.get(f"/rooms/{room['id']}")) == room
    assert thing(accepted(admin.patch(path_of(room), {"quantity": 2})))["quantity"] == 2
    assert thing(accepted(admin.patch(path_of(room), {"quantity": 4, "out_of_order": 4})))["out_of_order"] == 4


def test_a_stale_version_of_the_room_is_refused(company: Company) -> None:
    admin = company.admin
    room = admin.create_room(equipment=["projector"])
    stale = {"If-Match": '"1"'}
    accepted(admin.patch(path_of(room), {"note": "First"}, headers=stale))
    refused(admin.patch(path_of(room), {"note": "Second"}, headers=stale), 412, "version_mismatch")
    refused(admin.patch(f"/rooms/{room['id']}", {"capacity": 2}, headers=stale), 412, "version_mismatch")
    assert thing(accepted(admin.get(f"/rooms/{room['id']}")))["note"] == "First"


def test_only_those_who_keep_rooms_say_what_works(company: Company, stranger_company: Company) -> None:
    admin, anna = company.admin, company.person()
    room, other = (admin.create_room(equipment=["projector"]) for _ in range(2))
    refused(anna.patch(path_of(room), {"out_of_order": 1}), 403, "admin_or_it_only")
    refused(stranger_company.admin.patch(path_of(room), {"out_of_order": 1}), 404, "room_not_found")
    theirs = stranger_company.admin.create_room(equipment=["projector"])
    for elsewhere in (thing(other)["id"], thing(theirs)["id"], MISSING_ID):
        answer = admin.patch(f"/rooms/{room['id']}/equipment/{elsewhere}", {"out_of_order": 1})
        refused(answer, 404, "equipment_not_found")
    assert accepted(admin.get(f"/rooms/{other['id']}")) == other


def test_what_breaks_is_in_the_record(company: Company) -> None:
    room = company.admin.create_room(equipment=["projector"])
    accepted(company.admin.patch(path_of(room), {"out_of_order": 1}))
    entries = accepted(company.admin.get("/audit", object_id=thing(room)["id"], action="changed"))["items"]
    assert [(entry["object_type"], entry["after"]["out_of_order"]) for entry in entries] == [("room_equipment", 1)]
