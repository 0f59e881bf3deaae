"""Blockings: kept by administrators and the IT desk, of a room, a building or all rooms, once or again and again."""

from datetime import timedelta
from typing import Any

import pytest

from app.models import Role
from tests.support.people import Company
from tests.support.planning import MISSING_ID, accepted, at, refused, settings, today

DAY = today() + timedelta(days=10)
EVENING = {"start": f"{DAY}T19:00:00", "end": f"{DAY}T20:00:00", "kind": "cleaning", "title": "Cleaning"}


def blocked(company: Company, room: str, days: int = 7) -> list[str]:
    window = {"from_": str(DAY), "to": str(DAY + timedelta(days=days)), "time_zone": "UTC"}
    items = accepted(company.person().get(f"/rooms/{room}/blocked", **window))["items"]
    return [item["start_time"] for item in items]


def test_a_blocking_is_made_read_changed_and_removed(company: Company) -> None:
    desk, anna, room = company.person(role=Role.IT), company.person(), company.admin.create_room()["id"]
    made = accepted(desk.post("/room-blockings", {**EVENING, "room_id": room}), 201)
    assert (made["start"], made["end"], made["bookings_touched"]) == (EVENING["start"], EVENING["end"], 0)
    path = f"/room-blockings/{made['id']}"
    assert accepted(anna.get(path)) == {**made, "bookings_touched": None}
    changed = accepted(desk.patch(path, {"recurrence_rule": "FREQ=DAILY;COUNT=3"}, headers={"If-Match": '"1"'}))
    assert (changed["version"], changed["recurrence_rule"]) == (2, "FREQ=DAILY;COUNT=3")
    refused(desk.put(path, EVENING, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    replaced = accepted(desk.put(path, {"start": str(DAY), "end": str(DAY + timedelta(days=1))}))
    assert (replaced["room_id"], replaced["title"], replaced["kind"]) == (None, None, "other")
    assert replaced["start"] == f"{DAY}T00:00:00"
    for call in (anna.put(path, EVENING), anna.delete(path), anna.post("/room-blockings", EVENING)):
        refused(call, 403, "admin_or_it_only")
    assert desk.delete(path).status_code == 204
    refused(anna.get(path), 404, "blocking_not_found")


def test_the_times_of_a_room_are_those_of_its_building_and_company_on_its_own_clock(company: Company) -> None:
    admin = company.admin
    house = accepted(admin.post("/buildings", {"name": "House", "time_zone": "Asia/Yekaterinburg"}), 201)["id"]
    inside, outside = admin.create_room(building_id=house)["id"], admin.create_room()["id"]
    accepted(admin.post("/room-blockings", {**EVENING, "building_id": house}), 201)
    accepted(admin.post("/room-blockings", {**EVENING, "recurrence_rule": "FREQ=DAILY;COUNT=2"}), 201)
    next_day = DAY + timedelta(days=1)
    # 19:00 in Yekaterinburg is 14:00 UTC; in the company's own zone, Berlin or Moscow, another hour.
    assert blocked(company, inside) == [f"{DAY}T14:00:00Z", f"{DAY}T14:00:00Z", f"{next_day}T14:00:00Z"]
    assert len(blocked(company, outside)) == 2
    assert blocked(company, inside, days=1) == [f"{DAY}T14:00:00Z"] * 2


def test_lists_show_what_blocks_a_room_or_a_building(company: Company) -> None:
    admin = company.admin
    house = accepted(admin.post("/buildings", {"name": "House"}), 201)["id"]
    room, other = admin.create_room(building_id=house)["id"], admin.create_room()["id"]
    past = {"start": "2020-05-01", "end": "2020-05-02"}
    places: dict[str, dict[str, Any]] = {"room": {"room_id": room}, "building": {"building_id": house}, "all": {}}
    for title, place in places.items():
        accepted(admin.post("/room-blockings", {**EVENING, "title": title, **place}), 201)
    accepted(admin.post("/room-blockings", {**past, "title": "past", "room_id": other}), 201)

    def titles(**params: Any) -> list[str]:
        return sorted(item["title"] for item in accepted(admin.get("/room-blockings", **params))["items"])

    assert titles() == ["all", "building", "past", "room"]
    assert titles(room_id=room) == ["all", "building", "room"]
    assert titles(room_id=other) == ["all", "past"]
    assert titles(building_id=house) == ["all", "building"]
    assert titles(is_over=True) == ["past"]
    assert titles(room_id=other, is_over=False) == ["all"]


def test_what_is_booked_already_is_counted_and_keeps_its_room(company: Company) -> None:
    room = company.admin.create_room()["id"]
    anna = company.person()
    event = anna.create_event(**at(DAY), room_id=room)
    whole_day = {"start": str(DAY), "end": str(DAY + timedelta(days=1)), "room_id": room, "kind": "holiday"}
    assert accepted(company.admin.post("/room-blockings", whole_day), 201)["bookings_touched"] == 1
    assert accepted(anna.get(f"/events/{event['id']}"))["room_state"] == "confirmed"
    refused(anna.post("/events", {"title": "New", **at(DAY, 14), "room_id": room}), 409, "room_blocked")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"end": EVENING["start"]}, "end_before_start"),
        ({"start": "2027-05-01T09:00:00Z"}, "invalid_request"),
        ({"start": "today"}, "invalid_request"),
        ({"recurrence_rule": "FREQ=HOURLY"}, "rule_freq_not_supported"),
        ({"recurrence_rule": "FREQ=DAILY;INTERVAL=0"}, None),
        ({"recurrence_rule": "nonsense"}, None),
        ({"room_id": MISSING_ID, "building_id": MISSING_ID}, "invalid_request"),
        ({"kind": "party"}, "invalid_request"),
    ],
)
def test_what_makes_no_sense_is_refused(company: Company, values: dict[str, Any], code: str | None) -> None:
    answer = company.admin.post("/room-blockings", {**EVENING, **values})
    assert answer.status_code == 422, answer.text
    assert code is None or code.startswith("rule_") or answer.json()["code"] == code


def test_a_blocking_moves_to_another_place_but_not_to_two(company: Company) -> None:
    admin = company.admin
    house = accepted(admin.post("/buildings", {"name": "House"}), 201)["id"]
    room = admin.create_room()["id"]
    path = f"/room-blockings/{accepted(admin.post('/room-blockings', {**EVENING, 'room_id': room}), 201)['id']}"
    moved = accepted(admin.patch(path, {"building_id": house}))
    assert (moved["room_id"], moved["building_id"]) == (None, house)
    refused(admin.patch(path, {"building_id": house, "room_id": room}), 422, "one_place")


def test_a_company_has_so_many_blockings_at_most(company: Company) -> None:
    with settings(ROOM_BLOCKINGS_MAX=1):
        accepted(company.admin.post("/room-blockings", EVENING), 201)
        refused(company.admin.post("/room-blockings", EVENING), 409, "too_many_blockings")


def test_strangers_see_no_blockings(company: Company, stranger_company: Company) -> None:
    made = accepted(company.admin.post("/room-blockings", EVENING), 201)
    refused(stranger_company.admin.get(f"/room-blockings/{made['id']}"), 404, "blocking_not_found")
    assert accepted(stranger_company.admin.get("/room-blockings"))["items"] == []
