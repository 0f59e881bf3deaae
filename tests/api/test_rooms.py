"""Rooms: who keeps them, their equipment, and which are free."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import Role
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, at, refused, today, utc


def names(person: Person, path: str, **params: Any) -> list[str]:
    return [item["name"] for item in accepted(person.get(path, **params))["items"]]


def kinds(room: dict[str, Any]) -> list[str]:
    """The names of what stands in a room."""
    return [item["name"] for item in room["equipment"]]


def available(person: Person, **params: Any) -> list[str]:
    """The names of the rooms free on Monday 2027-03-22, 08:00 to 09:00 UTC unless told otherwise."""
    window = {"from_": "2027-03-22T08:00:00Z", "to": "2027-03-22T09:00:00Z"}
    return names(person, "/rooms/available", **{**window, **params})


def test_a_room_is_created_read_changed_and_taken_out_of_use(company: Company) -> None:
    admin, anna = company.admin, company.person()
    answer = admin.post(
        "/rooms", {"name": "Переговорная 🪴", "capacity": 6, "location": "2nd floor", "equipment": ["Projector", "tv"]}
    )
    created = accepted(answer, 201)
    path = f"/rooms/{created['id']}"
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/api/v1{path}", '"1"')
    assert kinds(created) == ["projector", "tv"]
    assert accepted(anna.get(path)) == created

    assert accepted(admin.patch(path, {"capacity": 7}))["version"] == 2
    replaced = accepted(admin.put(path, {"name": "Second", "capacity": 4}))
    assert (kinds(replaced), replaced["location"], replaced["version"]) == ([], None, 3)

    assert admin.delete(path).status_code == 204
    assert accepted(anna.get(path))["is_active"] is False
    assert "Second" not in names(anna, "/rooms")
    assert names(anna, "/rooms", is_active=False) == ["Second"]
    assert "Second" not in available(anna)


def test_administrators_and_the_it_desk_keep_rooms_and_nobody_else(company: Company) -> None:
    room = company.person(Role.IT).create_room()
    path = f"/rooms/{room['id']}"
    anna = company.person()
    for answer in (
        anna.post("/rooms", {"name": "Mine", "capacity": 2}),
        anna.put(path, {"name": "Mine", "capacity": 2}),
        anna.patch(path, {"capacity": 2}),
        anna.delete(path),
    ):
        refused(answer, 403, "admin_or_it_only")
    assert accepted(anna.get(path)) == room


def test_strangers_find_no_room_on_any_route(company: Company, stranger_company: Company) -> None:
    room = company.admin.create_room(name="Ours")
    path = f"/rooms/{room['id']}"
    stranger = stranger_company.admin
    for answer in (
        stranger.get(path),
        stranger.put(path, {"name": "Mine", "capacity": 2}),
        stranger.patch(path, {"capacity": 2}),
        stranger.delete(path),
        stranger.post("/events", {"title": "x", **at(today()), "room_id": room["id"]}),
    ):
        refused(answer, 404, "room_not_found")
    assert names(stranger, "/rooms") == []
    assert names(stranger, "/rooms", is_active=False) == []
    assert available(stranger) == []
    assert accepted(company.admin.get(path)) == room
    assert accepted(stranger.post("/rooms", {"name": "Ours", "capacity": 1}), 201)["name"] == "Ours"


def test_the_name_of_a_room_is_taken_once_in_a_company(company: Company) -> None:
    admin = company.admin
    admin.create_room(name="Blue")
    green = admin.create_room(name="Green")
    refused(admin.post("/rooms", {"name": "Blue", "capacity": 2}), 409, "room_name_taken")
    refused(admin.patch(f"/rooms/{green['id']}", {"name": " Blue "}), 409, "room_name_taken")
    assert accepted(admin.get(f"/rooms/{green['id']}")) == green


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Room"},
        {"capacity": 3},
        {"name": "Room", "capacity": 0},
        {"name": "Room", "capacity": -1},
        {"name": "Room", "capacity": 100_001},
        {"name": "Room", "capacity": 2**40},
        {"name": "Room", "capacity": 2.5},
        {"name": "", "capacity": 3},
        {"name": "Ro\x00om", "capacity": 3},
        {"name": "Room", "capacity": 3, "equipment": "projector"},
        {"name": "Room", "capacity": 3, "equipment": '["projector"]'},
        {"name": "Room", "capacity": 3, "equipment": [""]},
        {"name": "Room", "capacity": 3, "equipment": ["a,b"]},
        {"name": "Room", "capacity": 3, "equipment": ["a\x00b"]},
        {"name": "Room", "capacity": 3, "equipment": [None]},
        {"name": "Room", "capacity": 3, "equipment": {"projector": True}},
        {"name": "Room", "capacity": 3, "equipment": ["x"] * 51},
        {"name": "Room", "capacity": 3, "colour": "red"},
    ],
)
def test_a_room_that_makes_no_sense_is_refused(company: Company, body: Any) -> None:
    refused(company.admin.post("/rooms", body), 422, "invalid_request")
    assert names(company.admin, "/rooms") == []


def test_patch_clears_what_may_be_empty_and_nothing_else(company: Company) -> None:
    room = company.admin.create_room(description="Text", location="Here", equipment=["tv"])
    path = f"/rooms/{room['id']}"
    cleared = accepted(company.admin.patch(path, {"description": None, "location": None, "equipment": []}))
    assert (cleared["description"], cleared["location"], cleared["equipment"]) == (None, None, [])
    for field in ("name", "capacity", "equipment", "is_active"):
        refused(company.admin.patch(path, {field: None}), 422, "invalid_request")


def test_a_stale_version_of_a_room_is_refused(company: Company) -> None:
    admin = company.admin
    path = f"/rooms/{admin.create_room(name='First')['id']}"
    stale = {"If-Match": '"1"'}
    accepted(admin.patch(path, {"capacity": 9}, headers=stale))
    for answer in (
        admin.patch(path, {"capacity": 3}, headers=stale),
        admin.put(path, {"name": "Second", "capacity": 3}, headers=stale),
        admin.delete(path, headers=stale),
    ):
        refused(answer, 412, "version_mismatch")
    read = admin.get(path)
    assert (read.headers["etag"], read.json()["capacity"], read.json()["is_active"]) == ('"2"', 9, True)


def test_equipment_is_counted_and_found_where_it_works(company: Company) -> None:
    admin = company.admin
    first = admin.create_room(name="A", equipment=["Projector", "Whiteboard", "projector"])
    assert kinds(first) == ["projector", "whiteboard"]
    admin.create_room(name="B", equipment=["projector"])
    admin.create_room(name="C", equipment=["видео", "projector screen"])
    broken = {"name": "projector", "quantity": 2, "out_of_order": 2, "note": "Lamps"}
    dark = admin.create_room(name="D", equipment=[broken])
    assert [{**item, "id": None} for item in dark["equipment"]] == [{**broken, "id": None}]
    for find in (lambda **params: names(admin, "/rooms", **params), lambda **params: available(admin, **params)):
        assert find(equipment="projector") == ["A", "B"]
        assert find(equipment="PROJECTOR, whiteboard") == ["A"]
        assert find(equipment=["projector", "whiteboard"]) == ["A"]
        assert find(equipment="Видео") == ["C"]
        assert find(equipment="project") == []
        assert find(equipment='"; DROP TABLE rooms; --') == []
        assert find(equipment=",, ,") == ["A", "B", "C", "D"]


def test_rooms_for_enough_people_are_found_and_the_smallest_free_one_comes_first(company: Company) -> None:
    for name, capacity in (("Hall", 100), ("Cabin", 2), ("Den", 6), ("Attic", 6)):
        company.admin.create_room(name=name, capacity=capacity)
    assert names(company.admin, "/rooms", capacity=6, sort="capacity") == ["Den", "Attic", "Hall"]
    assert names(company.admin, "/rooms", sort="-capacity") == ["Hall", "Den", "Attic", "Cabin"]
    assert names(company.admin, "/rooms", sort="-name") == ["Hall", "Den", "Cabin", "Attic"]
    assert available(company.admin, capacity=6) == ["Den", "Attic", "Hall"]
    assert available(company.admin, capacity=101) == []


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/rooms", {"sort": "name"}),
        ("/rooms", {"sort": "-name"}),
        ("/rooms", {"sort": "capacity"}),
        ("/rooms", {"sort": "-capacity"}),
        ("/rooms/available", {"from_": "2027-03-22", "to": "2027-03-23"}),
    ],
)
def test_pages_of_rooms_repeat_none_and_lose_none(company: Company, path: str, params: dict[str, Any]) -> None:
    made = {company.admin.create_room(capacity=capacity)["id"] for capacity in (3, 1, 3, 2, 3, 3, 1)}
    pages = all_pages(company.admin, path, limit=3, **params)
    assert [len(page) for page in pages] == [3, 3, 1]
    listed = [item["id"] for page in pages for item in page]
    assert len(listed) == len(made)
    assert set(listed) == made


def test_a_booked_room_is_not_available_while_it_is_booked_and_is_right_before_and_after(company: Company) -> None:
    room = company.admin.create_room(name="Blue")
    company.admin.create_event(room_id=room["id"])  # 08:00 to 09:00 UTC
    assert available(company.admin) == []
    assert available(company.admin, from_="2027-03-22T08:59:59Z") == []
    assert available(company.admin, from_="2027-03-22T07:00:00Z", to="2027-03-22T08:00:00Z") == ["Blue"]
    assert available(company.admin, from_="2027-03-22T09:00:00Z", to="2027-03-22T10:00:00Z") == ["Blue"]
    assert available(company.admin, from_="2027-03-22T07:00:00Z", to="2027-03-22T12:00:00Z") == []


def test_wall_times_ask_for_free_rooms_in_the_zone_that_is_named_or_in_ones_own(company: Company) -> None:
    room = company.admin.create_room(name="Blue")
    company.admin.create_event(room_id=room["id"])  # 09:00 to 10:00 in Berlin
    nine_to_ten = {"from_": "2027-03-22T09:00:00", "to": "2027-03-22T10:00:00"}
    assert available(company.admin, **nine_to_ten) == []
    assert available(company.admin, **nine_to_ten, time_zone="UTC") == ["Blue"]
    assert available(company.person(time_zone="Asia/Tokyo"), **nine_to_ten) == ["Blue"]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"from_": "2027-03-22T08:00:00Z"},
        {"from_": "2027-03-22T08:00:00Z", "to": "2027-03-22T08:00:00Z"},
        {"from_": "2027-03-23", "to": "2027-03-22"},
        {"from_": "0001-01-01", "to": "9999-12-31"},
        {"from_": "2027-01-01", "to": "2031-01-01"},
        {"from_": "now", "to": "2027-01-01"},
        {"from_": "2027-03-22", "to": "2027-03-23", "time_zone": "Mars/Olympus"},
        {"from_": "2027-03-22", "to": "2027-03-23", "capacity": 0},
        {"from_": "2027-03-22", "to": "2027-03-23", "cursor": "WyJ4Il0"},
        {"from_": "2027-03-22", "to": "2027-03-23", "equipment": ["x"] * 21},
    ],
)
def test_a_question_for_free_rooms_that_makes_no_sense_is_refused(company: Company, params: dict[str, Any]) -> None:
    answer = company.admin.get("/rooms/available", **params)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


def test_a_room_with_bookings_ahead_cannot_be_taken_out_of_use(company: Company) -> None:
    admin = company.admin
    room = admin.create_room()
    path = f"/rooms/{room['id']}"
    event = admin.create_event(**at(today() + timedelta(days=2)), room_id=room["id"])
    for answer in (
        admin.delete(path),
        admin.patch(path, {"is_active": False}),
        admin.put(path, {"name": "Gone", "capacity": 1, "is_active": False}),
    ):
        refused(answer, 409, "room_has_bookings")
    assert accepted(admin.get(path)) == room
    accepted(admin.patch(f"/events/{event['id']}", {"status": "cancelled"}))
    assert admin.delete(path).status_code == 204


def test_past_bookings_do_not_keep_a_room_and_stay_as_history(company: Company) -> None:
    admin = company.admin
    room = admin.create_room()
    day = today() - timedelta(days=3)
    event = admin.create_event(**at(day), room_id=room["id"])
    assert admin.delete(f"/rooms/{room['id']}").status_code == 204
    (item,) = admin.occurrences(utc(day, 0), utc(day, 23))
    assert (item["room_id"], item["room_state"]) == (room["id"], "confirmed")
    renamed = accepted(admin.patch(f"/events/{event['id']}", {"title": "Minutes"}))
    assert renamed["room_id"] == room["id"]


def test_a_room_out_of_use_is_neither_bookable_nor_offered(company: Company) -> None:
    admin = company.admin
    taken, idle = admin.create_room(), admin.create_room(is_active=False)
    event = admin.create_event(room_id=taken["id"])
    refused(admin.post("/events", {**_body(event), "room_id": idle["id"]}), 409, "room_inactive")
    refused(admin.patch(f"/events/{event['id']}", {"room_id": idle["id"]}), 409, "room_inactive")
    clash = refused(admin.post("/events", _body(event)), 409, "room_taken")
    assert clash["free_rooms"] == []
    accepted(admin.patch(f"/rooms/{idle['id']}", {"is_active": True}))
    accepted(admin.post("/events", {**_body(event), "room_id": idle["id"]}), 201)


def test_an_unknown_room_is_not_found(company: Company) -> None:
    refused(company.admin.get(f"/rooms/{MISSING_ID}"), 404, "room_not_found")
    refused(company.admin.post("/events", {"title": "x", **at(today()), "room_id": MISSING_ID}), 404, "room_not_found")
    refused(company.admin.get("/rooms/blue"), 422, "invalid_request")


def _body(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it was read, ready to be sent again."""
    kept = ("title", "start_time", "end_time", "time_zone", "room_id", "is_all_day", "recurrence_rule")
    return {name: event[name] for name in kept}


def test_rooms_are_not_offered_for_times_that_cannot_be_booked_yet(company: Company) -> None:
    company.admin.create_room()
    answer = company.admin.get("/rooms/available", from_="2190-01-01T09:00:00Z", to="2190-01-01T10:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (422, "room_beyond_horizon")
