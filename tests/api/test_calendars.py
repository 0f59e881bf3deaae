"""Calendars: private and public, colours, owners, and what goes with a calendar."""

from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.people import Company, Person
from tests.support.planning import (
    MISSING_ID,
    accepted,
    all_pages,
    company_counts,
    refused,
    settings,
    stored_bookings,
    stored_event,
)


def create_calendar(person: Person, **values: Any) -> dict[str, Any]:
    return accepted(person.post("/calendars", {"name": "Work", **values}), 201)


def test_everybody_has_a_private_calendar_from_the_first_day(company: Company) -> None:
    anna = company.person()
    (calendar,) = accepted(anna.get("/calendars"))["items"]
    assert calendar["owner_id"] == anna.id
    assert calendar["is_public"] is False
    assert calendar["organization_id"] == str(company.organization.id)
    assert calendar["version"] == 1


def test_a_calendar_is_created_read_changed_and_deleted(company: Company) -> None:
    anna = company.person()
    answer = anna.post("/calendars", {"name": "Отпуска 🏖", "description": "Кто когда", "color": "#00Ff7f"})
    created = accepted(answer, 201)
    assert answer.headers["location"] == f"/api/v1/calendars/{created['id']}"
    assert answer.headers["etag"] == '"1"'
    path = f"/calendars/{created['id']}"
    assert accepted(anna.get(path)) == created

    renamed = accepted(anna.patch(path, {"name": "Holidays"}))
    assert (renamed["name"], renamed["description"], renamed["version"]) == ("Holidays", "Кто когда", 2)

    replaced = anna.put(path, {"name": "All", "is_public": True})
    assert accepted(replaced)["description"] is None
    assert accepted(replaced)["color"] == "#3788d8"
    assert replaced.headers["etag"] == '"3"'

    assert anna.delete(path).status_code == 204
    refused(anna.get(path), 404, "calendar_not_found")


@pytest.mark.parametrize("color", ["#fff", "#3788D8", "#3788d880"])
def test_a_colour_of_three_six_or_eight_hex_digits_is_accepted(company: Company, color: str) -> None:
    assert create_calendar(company.admin, color=color)["color"] == color


@pytest.mark.parametrize("color", ["red", "3788d8", "#37", "#3788d", "#gggggg", "#3788d8;x", "", None, 7])
def test_anything_else_is_no_colour(company: Company, color: Any) -> None:
    refused(company.admin.post("/calendars", {"name": "Work", "color": color}), 422, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": None},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"name": "Work", "owner_id": MISSING_ID},
        {"name": "Work", "organization_id": MISSING_ID},
        {"name": "Work", "is_public": None},
        {"name": "Work", "description": "x" * 5001},
        [],
        None,
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(company: Company, body: Any) -> None:
    anna = company.person()
    refused(anna.post("/calendars", body), 422, "invalid_request")
    assert len(accepted(anna.get("/calendars"))["items"]) == 1


def test_patch_clears_what_may_be_empty_and_nothing_else(company: Company) -> None:
    anna = company.person()
    path = f"/calendars/{create_calendar(anna, description='Text')['id']}"
    assert accepted(anna.patch(path, {"description": None}))["description"] is None
    for field in ("name", "color", "is_public"):
        refused(anna.patch(path, {field: None}), 422, "invalid_request")
    assert accepted(anna.get(path))["version"] == 2


def test_a_change_that_changes_nothing_keeps_the_version(company: Company) -> None:
    anna = company.person()
    calendar = create_calendar(anna)
    assert accepted(anna.patch(f"/calendars/{calendar['id']}", {"name": "Work"})) == calendar
    assert accepted(anna.patch(f"/calendars/{calendar['id']}", {})) == calendar


def test_a_private_calendar_does_not_exist_for_colleagues(company: Company) -> None:
    anna = company.person()
    path = f"/calendars/{create_calendar(anna)['id']}"
    for other in (company.person(), company.person(Role.IT), company.admin):
        refused(other.get(path), 404, "calendar_not_found")
        refused(other.put(path, {"name": "Mine"}), 404, "calendar_not_found")
        refused(other.patch(path, {"name": "Mine"}), 404, "calendar_not_found")
        refused(other.delete(path), 404, "calendar_not_found")
        assert anna.id not in {item["owner_id"] for item in accepted(other.get("/calendars"))["items"]}
    assert accepted(anna.get(path))["name"] == "Work"


def test_colleagues_see_a_public_calendar_and_may_not_change_it(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar = create_calendar(anna, is_public=True)
    path = f"/calendars/{calendar['id']}"
    seen = {**calendar, "access": "read"}
    assert accepted(boris.get(path)) == seen
    assert seen in accepted(boris.get("/calendars"))["items"]
    for answer in (boris.put(path, {"name": "Mine"}), boris.patch(path, {"name": "Mine"}), boris.delete(path)):
        refused(answer, 403, "not_calendar_owner")
    assert accepted(anna.get(path)) == calendar


def test_an_administrator_keeps_public_calendars_in_order(company: Company) -> None:
    anna = company.person()
    calendar = create_calendar(anna, is_public=True)
    changed = accepted(company.admin.patch(f"/calendars/{calendar['id']}", {"color": "#000"}))
    assert (changed["color"], changed["owner_id"]) == ("#000", anna.id)


def test_a_calendar_made_private_again_vanishes_for_colleagues(company: Company) -> None:
    anna, boris = company.person(), company.person()
    path = f"/calendars/{create_calendar(anna, is_public=True)['id']}"
    accepted(boris.get(path))
    accepted(anna.patch(path, {"is_public": False}))
    refused(boris.get(path), 404, "calendar_not_found")


def test_strangers_find_no_calendar_on_any_route(company: Company, stranger_company: Company) -> None:
    calendar = create_calendar(company.admin, is_public=True)
    path = f"/calendars/{calendar['id']}"
    stranger = stranger_company.admin
    for answer in (
        stranger.get(path),
        stranger.put(path, {"name": "Mine"}),
        stranger.patch(path, {"name": "Mine"}),
        stranger.delete(path),
    ):
        refused(answer, 404, "calendar_not_found")
    assert calendar["id"] not in {item["id"] for item in accepted(stranger.get("/calendars"))["items"]}
    assert accepted(stranger.get("/calendars", owner_id=company.admin.id))["items"] == []
    assert accepted(company.admin.get(path)) == calendar


def test_an_unknown_calendar_and_a_word_for_an_id_are_clear_errors(company: Company) -> None:
    refused(company.admin.get(f"/calendars/{MISSING_ID}"), 404, "calendar_not_found")
    refused(company.admin.get("/calendars/first"), 422, "invalid_request")


def test_a_stale_version_is_refused_and_a_fresh_one_accepted(company: Company) -> None:
    anna = company.person()
    path = f"/calendars/{create_calendar(anna)['id']}"
    accepted(anna.patch(path, {"name": "Second"}, headers={"If-Match": '"1"'}))
    for answer in (
        anna.patch(path, {"name": "Third"}, headers={"If-Match": '"1"'}),
        anna.put(path, {"name": "Third"}, headers={"If-Match": '"1"'}),
        anna.delete(path, headers={"If-Match": '"1"'}),
        anna.patch(path, {"name": "Third"}, headers={"If-Match": '"abc"'}),
    ):
        refused(answer, 412, "version_mismatch")
    refused(anna.patch(path, {"name": "Third"}, headers={"If-Match": "2"}), 422, "bad_if_match")
    assert accepted(anna.get(path))["name"] == "Second"
    accepted(anna.patch(path, {"name": "Third"}, headers={"If-Match": '"1", W/"2"'}))
    accepted(anna.patch(path, {"name": "Fourth"}, headers={"If-Match": "*"}))


def test_the_last_calendar_cannot_be_deleted(company: Company) -> None:
    anna = company.person()
    first = anna.calendar_id
    refused(anna.delete(f"/calendars/{first}"), 409, "calendar_is_last")
    second = create_calendar(anna)["id"]
    assert anna.delete(f"/calendars/{first}").status_code == 204
    refused(anna.delete(f"/calendars/{second}"), 409, "calendar_is_last")
    assert anna.create_event()["calendar_id"] == second


def test_deleting_a_calendar_deletes_its_events_and_frees_their_rooms(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    room = company.admin.create_room()
    calendar = create_calendar(anna)
    series = anna.create_event(
        calendar_id=calendar["id"],
        room_id=room["id"],
        recurrence_rule="FREQ=WEEKLY;COUNT=5",
        participants=[{"user_id": company.admin.id}],
    )
    assert len(stored_bookings(database, series["id"])) == 5

    assert anna.delete(f"/calendars/{calendar['id']}").status_code == 204

    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
    refused(anna.get(f"/events/{series['id']}"), 404, "event_not_found")
    company.admin.create_event(room_id=room["id"])


def test_an_event_without_a_calendar_lies_in_the_first_one(company: Company) -> None:
    anna = company.person()
    first = anna.calendar_id
    create_calendar(anna, name="AAA")
    assert anna.create_event()["calendar_id"] == first


def test_an_event_without_a_calendar_never_lies_in_one_that_takes_none(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person(full_name="Anna")
    first, second = anna.calendar_id, create_calendar(anna)["id"]
    database.execute("UPDATE calendars SET is_outside = true WHERE id = %s", [first])
    assert anna.create_event()["calendar_id"] == second
    database.execute("UPDATE calendars SET is_outside = true WHERE id = %s", [second])
    third = anna.create_event()["calendar_id"]
    assert third not in (first, second)
    made = accepted(anna.get(f"/calendars/{third}"))
    assert (made["name"], made["owner_id"], made["is_outside"]) == ("Anna", anna.id, False)
    assert anna.create_event()["calendar_id"] == third


def test_there_is_a_limit_to_the_calendars_of_one_person(company: Company) -> None:
    anna = company.person()
    with settings(CALENDARS_PER_USER=3):
        create_calendar(anna)
        create_calendar(anna)
        refused(anna.post("/calendars", {"name": "Fourth"}), 409, "too_many_calendars")
        create_calendar(company.person())
    assert len(accepted(anna.get("/calendars"))["items"]) == 3


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
def test_pages_of_calendars_follow_the_sort_and_lose_none(company: Company, sort: str) -> None:
    anna = company.person()
    made = [anna.calendar_id] + [create_calendar(anna, name=name)["id"] for name in ("b", "a", "c", "b", "Б", "б")]
    pages = all_pages(anna, "/calendars", sort=sort, limit=2, owner_id=anna.id)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    listed = [item for page in pages for item in page]
    assert sorted(item["id"] for item in listed) == sorted(made)
    if sort.endswith("created_at"):
        assert [item["id"] for item in listed] == (made if sort == "created_at" else made[::-1])
    else:
        whole = accepted(anna.get("/calendars", sort=sort))["items"]
        assert [item["id"] for item in listed] == [item["id"] for item in whole]


@pytest.mark.parametrize("params", [{"sort": "color"}, {"cursor": "abc"}, {"limit": 0}, {"owner_id": "me"}])
def test_a_list_that_cannot_be_is_refused(company: Company, params: dict[str, Any]) -> None:
    assert company.admin.get("/calendars", **params).status_code == 422


def test_an_event_moved_to_another_calendar_takes_its_occurrences_along(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    public = create_calendar(anna, is_public=True)
    series = anna.create_event(recurrence_rule="FREQ=DAILY;COUNT=3")
    assert boris.occurrences("2027-03-22", "2027-03-29") == []
    moved = accepted(anna.patch(f"/events/{series['id']}", {"calendar_id": public["id"]}))
    assert moved["calendar_id"] == public["id"]
    assert len(boris.occurrences("2027-03-22", "2027-03-29")) == 3
    rows = database.execute(
        "SELECT DISTINCT calendar_id::text FROM event_occurrences WHERE series_id = %s", [series["id"]]
    ).fetchall()
    assert rows == [(public["id"],)]
    assert stored_event(database, series["id"], "sequence") == (0,)
