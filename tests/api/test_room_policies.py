"""The rules of rooms: set for the company, a building or a room, inherited, and read with where they come from."""

from typing import Any

import pytest

from app.models import Role
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, refused, settings

HOURS = [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "20:00"}]


@pytest.fixture
def house(company: Company) -> dict[str, Any]:
    body = {"name": "House", "time_zone": "Asia/Yekaterinburg"}
    return accepted(company.admin.post("/buildings", body), 201)


def paths(company: Company, house: dict[str, Any]) -> dict[str, str]:
    room = company.admin.create_room(building_id=house["id"])
    return {
        "room": f"/rooms/{room['id']}/policy",
        "building": f"/buildings/{house['id']}/policy",
        "company": "/rooms/policy",
    }


def told(person: Person, path: str, rule: str) -> tuple[Any, str]:
    effective = accepted(person.get(path))["effective"][rule]
    return effective["value"], effective["source"]


def test_where_nothing_is_set_the_settings_and_defaults_hold(company: Company, house: dict[str, Any]) -> None:
    with settings(ROOM_BOOKING_WINDOW_DAYS=180):
        for path in paths(company, house).values():
            read = accepted(company.person().get(path))
            assert (read["version"], read["updated_at"], read["max_minutes"], read["bookers"]) == (0, None, None, [])
            assert read["effective"]["booking_window_days"] == {"value": 180, "source": "default"}
            assert read["effective"]["out_of_policy"] == {"value": "refuse", "source": "default"}
            assert read["effective"]["opening_hours"] == {"value": None, "source": "default"}


def test_a_rule_is_inherited_from_the_building_and_from_the_company(company: Company, house: dict[str, Any]) -> None:
    admin, where = company.admin, paths(company, house)
    for level, minutes in (("company", 300), ("building", 200), ("room", 100)):
        accepted(admin.patch(where[level], {"max_minutes": minutes}))
        assert told(admin, where["room"], "max_minutes") == (minutes, level)
    assert told(admin, where["building"], "max_minutes") == (200, "building")
    assert told(admin, where["company"], "max_minutes") == (300, "company")
    accepted(admin.patch(where["room"], {"max_minutes": None}))
    assert told(admin, where["room"], "max_minutes") == (200, "building")
    accepted(admin.patch(where["company"], {"check_in_minutes": 10}))
    accepted(admin.patch(where["building"], {"check_in_minutes": 0}))
    assert told(admin, where["room"], "check_in_minutes") == (0, "building")


def test_a_list_goes_with_the_level_that_sets_its_switch(company: Company, house: dict[str, Any]) -> None:
    admin, where = company.admin, paths(company, house)
    anna, boris = company.person(), company.person()
    accepted(admin.patch(where["company"], {"bookable_by": "listed", "bookers": [{"user_id": anna.id}]}))
    accepted(admin.patch(where["building"], {"bookers": [{"user_id": boris.id}]}))
    assert told(admin, where["room"], "bookers") == ([{"user_id": anna.id, "department_id": None}], "company")
    accepted(admin.patch(where["building"], {"bookable_by": "listed"}))
    assert told(admin, where["room"], "bookers") == ([{"user_id": boris.id, "department_id": None}], "building")
    accepted(admin.patch(where["company"], {"approvers": [{"user_id": anna.id}]}))
    assert told(admin, where["room"], "approvers") == ([{"user_id": anna.id, "department_id": None}], "company")


def test_put_replaces_and_patch_changes_what_is_sent(company: Company) -> None:
    admin = company.admin
    body = {"opening_hours": HOURS, "min_minutes": 15, "max_minutes": 240, "exempt": [{"user_id": admin.id}]}
    written = accepted(admin.put("/rooms/policy", body))
    assert written["opening_hours"] == HOURS
    assert written["version"] == 1
    patched = accepted(admin.patch("/rooms/policy", {"max_minutes": 60}))
    assert (patched["min_minutes"], patched["max_minutes"], patched["version"]) == (15, 60, 2)
    assert patched["exempt"] == [{"user_id": admin.id, "department_id": None}]
    assert accepted(admin.patch("/rooms/policy", {"max_minutes": 60}))["version"] == 2
    emptied = accepted(admin.put("/rooms/policy", {}))
    assert (emptied["opening_hours"], emptied["exempt"], emptied["min_minutes"]) == (None, [], None)


def test_versions_are_checked_from_the_first_write_on(company: Company) -> None:
    path = f"/rooms/{company.admin.create_room()['id']}/policy"
    first = company.admin.patch(path, {"max_minutes": 60}, headers={"If-Match": '"0"'})
    assert first.headers["etag"] == '"1"'
    refused(company.admin.patch(path, {"max_minutes": 90}, headers={"If-Match": '"0"'}), 412, "version_mismatch")
    refused(
        company.admin.patch("/rooms/policy", {"max_minutes": 9}, headers={"If-Match": '"5"'}), 412, "version_mismatch"
    )
    assert accepted(company.admin.get("/rooms/policy"))["version"] == 0


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ([], []),
        (
            [{"weekdays": [7], "start": "22:00", "end": "06:00"}],
            [{"weekdays": [1], "start": "00:00", "end": "06:00"}, {"weekdays": [7], "start": "22:00", "end": "24:00"}],
        ),
        (
            [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}],
            [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}],
        ),
        (
            [{"weekdays": [2], "start": "08:00", "end": "12:00"}, {"weekdays": [2], "start": "12:00", "end": "13:00"}],
            [{"weekdays": [2], "start": "08:00", "end": "13:00"}],
        ),
    ],
)
def test_opening_hours_are_read_as_they_hold(company: Company, sent: Any, read: Any) -> None:
    assert accepted(company.admin.put("/rooms/policy", {"opening_hours": sent}))["opening_hours"] == read


@pytest.mark.parametrize(
    "body",
    [
        {"max_minutes": 0},
        {"max_minutes": "60"},
        {"booking_window_days": 10_000},
        {"buffer_after_minutes": -1},
        {"capacity_rule": "strict"},
        {"opening_hours": [{"weekdays": [0], "start": "08:00", "end": "09:00"}]},
        {"opening_hours": [{"weekdays": [], "start": "08:00", "end": "09:00"}]},
        {"opening_hours": [{"weekdays": [1], "start": "8:00", "end": "09:00"}]},
        {"opening_hours": [{"weekdays": [1], "start": "08:00", "end": "25:00"}]},
        {"opening_hours": [{"weekdays": [1], "start": "08:00", "end": "08:00"}]},
        {"bookers": [{}]},
        {"bookers": [{"user_id": MISSING_ID, "department_id": MISSING_ID}]},
        {"bookers": None},
        {"unknown": 1},
    ],
)
def test_what_makes_no_sense_is_refused(company: Company, body: dict[str, Any]) -> None:
    refused(company.admin.patch("/rooms/policy", body), 422, "invalid_request")


def test_the_shortest_booking_is_not_longer_than_the_longest(company: Company) -> None:
    refused(company.admin.put("/rooms/policy", {"min_minutes": 61, "max_minutes": 60}), 422, "min_above_max")
    accepted(company.admin.put("/rooms/policy", {"min_minutes": 60, "max_minutes": 60}))


def test_only_ones_own_people_are_listed_and_only_so_many(company: Company, stranger_company: Company) -> None:
    admin = company.admin
    for person in (stranger_company.admin.id, MISSING_ID):
        refused(admin.patch("/rooms/policy", {"approvers": [{"user_id": person}]}), 422, "user_not_found")
    refused(admin.patch("/rooms/policy", {"exempt": [{"department_id": MISSING_ID}]}), 422, "department_not_found")
    people = [{"user_id": company.person().id} for _ in range(3)]
    with settings(ROOM_POLICY_PEOPLE_MAX=2):
        refused(admin.patch("/rooms/policy", {"bookers": people}), 422, "too_many_listed")
        accepted(admin.patch("/rooms/policy", {"bookers": [*people[:2], people[0]]}))


def test_administrators_and_the_it_desk_set_rules_and_everybody_reads_them(
    company: Company, stranger_company: Company, house: dict[str, Any]
) -> None:
    desk, anna = company.person(role=Role.IT), company.person()
    for path in paths(company, house).values():
        accepted(desk.patch(path, {"max_minutes": 60}))
        accepted(anna.get(path))
        refused(anna.patch(path, {"max_minutes": 60}), 403, "admin_or_it_only")
    where = paths(company, house)
    refused(stranger_company.admin.get(where["room"]), 404, "room_not_found")
    refused(stranger_company.admin.put(where["building"], {}), 404, "building_not_found")
