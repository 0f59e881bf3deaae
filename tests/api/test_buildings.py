"""Buildings: who keeps them, their time zone, and what keeps them from being deleted."""

from collections import Counter
from typing import Any

import psycopg
import pytest

from app.core.config import get_settings
from app.models import Role
from tests.support.api_process import ApiProcess, at_once
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, refused


def create(person: Person, name: str = "Tower", **values: Any) -> dict[str, Any]:
    return accepted(person.post("/buildings", {"name": name, **values}), 201)


def names(person: Person, **params: Any) -> list[str]:
    return [item["name"] for item in accepted(person.get("/buildings", **params))["items"]]


def test_a_building_is_created_read_changed_and_deleted(company: Company) -> None:
    admin, anna = company.admin, company.person()
    body = {"name": "Башня 🏢", "address": "Набережная, 4", "time_zone": "Asia/Almaty"}
    answer = admin.post("/buildings", body)
    created = accepted(answer, 201)
    path = f"/buildings/{created['id']}"
    assert created.items() >= {**body, "version": 1, "organization_id": str(company.organization.id)}.items()
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/api/v1{path}", '"1"')
    assert accepted(anna.get(path)) == created
    assert names(anna) == ["Башня 🏢"]

    changed = accepted(admin.patch(path, {"address": None}))
    assert (changed["name"], changed["address"], changed["time_zone"]) == ("Башня 🏢", None, "Asia/Almaty")
    assert changed["version"] == 2
    replaced = accepted(admin.put(path, {"name": "Second"}))
    assert (replaced["name"], replaced["time_zone"], replaced["version"]) == ("Second", "Europe/Berlin", 3)
    # What changes nothing is no change.
    assert accepted(admin.patch(path, {"name": "Second"}))["version"] == 3

    assert admin.delete(path).status_code == 204
    refused(anna.get(path), 404, "building_not_found")
    assert names(anna) == []


def test_a_building_without_a_zone_of_its_own_has_the_companys(company: Company) -> None:
    building = create(company.person(Role.IT, time_zone="Asia/Tokyo"))
    assert building["time_zone"] == "Europe/Berlin"
    path = f"/buildings/{building['id']}"
    assert accepted(company.admin.patch(path, {"time_zone": "Asia/Tokyo"}))["time_zone"] == "Asia/Tokyo"
    assert accepted(company.admin.patch(path, {"time_zone": None}))["time_zone"] == "Europe/Berlin"


def test_administrators_and_the_it_desk_keep_buildings_and_nobody_else(company: Company) -> None:
    building = create(company.person(Role.IT))
    path = f"/buildings/{building['id']}"
    anna = company.person()
    for answer in (
        anna.post("/buildings", {"name": "Mine"}),
        anna.put(path, {"name": "Mine"}),
        anna.patch(path, {"name": "Mine"}),
        anna.delete(path),
    ):
        refused(answer, 403, "admin_or_it_only")
    assert accepted(anna.get(path)) == building


def test_strangers_find_no_building(company: Company, stranger_company: Company) -> None:
    building = create(company.admin, "Ours")
    path, stranger = f"/buildings/{building['id']}", stranger_company.admin
    for answer in (
        stranger.get(path),
        stranger.put(path, {"name": "Mine"}),
        stranger.patch(path, {"name": "Mine"}),
        stranger.delete(path),
        stranger.post("/rooms", {"name": "Room", "capacity": 2, "building_id": building["id"]}),
    ):
        refused(answer, 404, "building_not_found")
    assert names(stranger) == []
    assert accepted(stranger.get("/rooms", building_id=building["id"]))["items"] == []
    assert accepted(company.admin.get(path)) == building
    assert create(stranger, "Ours")["name"] == "Ours"


def test_the_name_of_a_building_is_taken_once_in_a_company(company: Company) -> None:
    admin = company.admin
    create(admin, "North")
    south = create(admin, "South")
    refused(admin.post("/buildings", {"name": " North "}), 409, "building_name_taken")
    refused(admin.patch(f"/buildings/{south['id']}", {"name": "North"}), 409, "building_name_taken")
    refused(admin.put(f"/buildings/{south['id']}", {"name": "North"}), 409, "building_name_taken")
    assert accepted(admin.get(f"/buildings/{south['id']}")) == south


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"name": None},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"address": ""},
        {"address": "x" * 501},
        {"time_zone": ""},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "+03:00"},
        {"floors": 3},
    ],
)
def test_a_building_that_makes_no_sense_is_refused(company: Company, values: Any) -> None:
    admin = company.admin
    refused(admin.post("/buildings", {"name": "Tower", **values}), 422, "invalid_request")
    assert names(admin) == []
    building = create(admin)
    refused(admin.patch(f"/buildings/{building['id']}", values), 422, "invalid_request")
    assert accepted(admin.get(f"/buildings/{building['id']}")) == building


def test_a_stale_version_of_a_building_is_refused(company: Company) -> None:
    admin = company.admin
    path = f"/buildings/{create(admin)['id']}"
    stale = {"If-Match": '"1"'}
    accepted(admin.patch(path, {"name": "First"}, headers=stale))
    for answer in (
        admin.patch(path, {"name": "Late"}, headers=stale),
        admin.put(path, {"name": "Late"}, headers=stale),
        admin.delete(path, headers=stale),
    ):
        refused(answer, 412, "version_mismatch")
    read = admin.get(path)
    assert (read.headers["etag"], read.json()["name"]) == ('"2"', "First")


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_pages_of_buildings_repeat_none_and_lose_none(company: Company, sort: str) -> None:
    made = [create(company.admin, name)["name"] for name in ("D", "A", "C", "E", "B")]
    pages = all_pages(company.person(), "/buildings", sort=sort, limit=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [item["name"] for page in pages for item in page] == sorted(made, reverse=sort == "-name")


def test_a_building_with_rooms_is_not_deleted(company: Company) -> None:
    admin = company.admin
    building, other = create(admin, "Old"), create(admin, "New")
    path = f"/buildings/{building['id']}"
    rooms = [admin.create_room(building_id=building["id"], is_active=is_active) for is_active in (True, False)]
    problem = refused(admin.delete(path), 409, "building_has_rooms")
    assert "2" in problem["detail"]
    assert "Old" in problem["detail"]
    # Out of use, or elsewhere: only the second helps.
    assert admin.delete(f"/rooms/{rooms[0]['id']}").status_code == 204
    refused(admin.delete(path), 409, "building_has_rooms")
    for room in rooms:
        moved = accepted(admin.patch(f"/rooms/{room['id']}", {"building_id": other["id"]}))
        assert moved["building_id"] == other["id"]
    assert admin.delete(path).status_code == 204
    assert accepted(admin.get("/rooms", building_id=building["id"], is_active=False))["items"] == []


def test_the_rules_of_a_building_go_with_it(company: Company, database: psycopg.Connection) -> None:
    building = create(company.admin)
    for table, columns, values in (
        ("booking_policies", "max_minutes", "60"),
        ("room_blockings", "kind, start_wall, end_wall", "'holiday', '2027-01-01', '2027-01-02'"),
    ):
        database.execute(
            f"INSERT INTO {table} (organization_id, id, building_id, {columns})"
            f" VALUES (%s, gen_random_uuid(), %s, {values})",
            [company.organization.id, building["id"]],
        )
    assert company.admin.delete(f"/buildings/{building['id']}").status_code == 204
    for table in ("booking_policies", "room_blockings"):
        left = database.execute(f"SELECT count(*) FROM {table} WHERE building_id = %s", [building["id"]]).fetchone()
        assert left == (0,)


def test_the_number_of_buildings_is_bounded(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "BUILDINGS_MAX", 2)
    first = create(company.admin, "A")
    create(company.admin, "B")
    problem = refused(company.admin.post("/buildings", {"name": "C"}), 409, "too_many_buildings")
    assert "2" in problem["detail"]
    assert company.admin.delete(f"/buildings/{first['id']}").status_code == 204
    create(company.admin, "C")


def test_a_repeated_request_creates_one_building(company: Company) -> None:
    headers = {"Idempotency-Key": "one"}
    first = accepted(company.admin.post("/buildings", {"name": "Tower"}, headers=headers), 201)
    assert accepted(company.admin.post("/buildings", {"name": "Tower"}, headers=headers), 201) == first
    assert names(company.admin) == ["Tower"]


def test_writes_of_buildings_are_in_the_record(company: Company) -> None:
    building = create(company.admin)
    path = f"/buildings/{building['id']}"
    accepted(company.admin.patch(path, {"address": "Quay 4"}))
    assert company.admin.delete(path).status_code == 204
    entries = accepted(company.admin.get("/audit", object_id=building["id"]))["items"]
    assert [(entry["object_type"], entry["action"], entry["actor_id"]) for entry in entries] == [
        ("buildings", action, company.admin.id) for action in ("deleted", "changed", "created")
    ]


def test_an_unknown_building_is_not_found(company: Company) -> None:
    refused(company.admin.get(f"/buildings/{MISSING_ID}"), 404, "building_not_found")
    refused(company.admin.get("/buildings/tower"), 422, "invalid_request")


def test_a_room_never_comes_into_a_building_that_is_being_deleted(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin, other = server.seen_by(company.admin), server.seen_by(company.person("admin"))  # type: ignore[arg-type]
    outcomes: Counter[tuple[int, int]] = Counter()
    for number in range(30):
        building = create(company.admin, f"House {number}")
        body = {"name": f"Room {number}", "capacity": 2, "building_id": building["id"]}
        deleted, made = at_once(
            lambda building=building: admin.delete(f"/buildings/{building['id']}"),
            lambda body=body: other.post("/rooms", body),
        )
        outcomes[deleted.status_code, made.status_code] += 1
    assert outcomes.keys() <= {(204, 404), (409, 201)}
    lost = database.execute(
        "SELECT count(*) FROM rooms r WHERE r.organization_id = %s AND NOT EXISTS"
        " (SELECT FROM buildings b WHERE b.id = r.building_id)",
        [company.organization.id],
    ).fetchone()
    assert lost == (0,)


def test_many_at_once_do_not_pass_the_bound(company: Company) -> None:
    with ApiProcess(BUILDINGS_MAX="3") as server:
        admin = server.seen_by(company.admin)
        answers = at_once(*[lambda name=name: admin.post("/buildings", {"name": name}) for name in "ABCDEFGH"])
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    assert len(names(company.admin)) == 3
