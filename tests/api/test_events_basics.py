"""Creating, reading, changing and deleting events: who may, versions, and what PUT and PATCH mean."""

from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.people import Company, Person, event, sign_in
from tests.support.planning import (
    MISSING_ID,
    accepted,
    company_counts,
    refused,
    stored_rows,
    titles,
)

WEEK = ("2027-03-22", "2027-03-29")


def public_calendar(person: Person) -> str:
    return str(accepted(person.post("/calendars", {"name": "Public", "is_public": True}), 201)["id"])


def changes(person: Person, event_id: str, calendar_id: str | None = None) -> list[Any]:
    """Every way to change the event, as this person."""
    path = f"/events/{event_id}"
    return [
        person.put(path, event(title="Mine", calendar_id=calendar_id)),
        person.patch(path, {"title": "Mine"}),
        person.post(f"{path}/participants", {"user_id": person.id}),
        person.delete(path),
    ]


def test_an_event_is_created_read_and_listed(company: Company) -> None:
    anna = company.person()
    created = anna.create_event(title="Планёрка 🚀")
    assert anna.get(f"/events/{created['id']}").json() == created
    assert [item["title"] for item in anna.occurrences("2027-03-22", "2027-03-23")] == ["Планёрка 🚀"]


def test_a_new_event_tells_where_it_lies_and_which_version_it_is(company: Company) -> None:
    anna = company.person()
    answer = anna.post("/events", event(title="  Trimmed  ", description="Line 1\nLine 2 — ё 🎉", location="Berlin"))
    created = accepted(answer, 201)
    assert answer.headers["location"] == f"/api/v1/events/{created['id']}"
    assert answer.headers["etag"] == '"1"'
    assert created["title"] == "Trimmed"
    assert created["description"] == "Line 1\nLine 2 — ё 🎉"
    assert (created["organizer_id"], created["calendar_id"]) == (anna.id, anna.calendar_id)
    assert (created["status"], created["is_recurring"], created["is_all_day"]) == ("confirmed", False, False)
    assert (created["participants"], created["exdates"], created["room_id"]) == ([], [], None)
    read = anna.get(f"/events/{created['id']}")
    assert read.headers["etag"] == '"1"'


def test_put_replaces_all_but_participants_and_calendar_that_are_not_sent(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    calendar_id = accepted(anna.post("/calendars", {"name": "Second"}), 201)["id"]
    made = anna.create_event(
        description="Text",
        location="Here",
        calendar_id=calendar_id,
        recurrence_rule="FREQ=WEEKLY;COUNT=3",
        participants=[{"user_id": boris.id, "role": "optional"}],
    )
    replaced = accepted(anna.put(f"/events/{made['id']}", event(title="New")))
    assert (replaced["title"], replaced["description"], replaced["location"]) == ("New", None, None)
    assert (replaced["recurrence_rule"], replaced["is_recurring"]) == (None, False)
    assert replaced["participants"] == made["participants"]
    assert (replaced["calendar_id"], replaced["uid"], replaced["version"]) == (calendar_id, made["uid"], 2)
    assert len(stored_rows(database, made["id"])) == 1
    emptied = accepted(anna.put(f"/events/{made['id']}", event(title="New", participants=[])))
    assert (emptied["participants"], emptied["version"]) == ([], 3)


def test_patch_changes_what_is_sent_and_null_clears_only_what_may_be_empty(company: Company) -> None:
    made = company.admin.create_event(description="Text", location="Here")
    path = f"/events/{made['id']}"
    cleared = accepted(company.admin.patch(path, {"description": None, "location": None}))
    assert (cleared["description"], cleared["location"], cleared["title"]) == (None, None, "Meeting")
    for field in ("title", "start_time", "is_all_day", "status", "exdates"):
        refused(company.admin.patch(path, {field: None}), 422, "invalid_request")
    refused(company.admin.patch(path, {"end_time": None}), 422, "end_required")
    kept = accepted(company.admin.patch(path, {"calendar_id": None, "participants": None}))
    assert kept == cleared
    assert accepted(company.admin.patch(path, {})) == cleared


def test_patch_and_put_refuse_fields_that_there_are_not(company: Company) -> None:
    made = company.admin.create_event()
    path = f"/events/{made['id']}"
    for extra in ({"organizer_id": MISSING_ID}, {"version": 9}, {"id": MISSING_ID}, {"sequence": 5}, {"": 1}):
        refused(company.admin.patch(path, extra), 422, "invalid_request")
        refused(company.admin.put(path, event(**extra)), 422, "invalid_request")
    assert accepted(company.admin.get(path)) == made


def test_a_stale_version_of_an_event_is_refused(company: Company) -> None:
    anna = company.person()
    made = anna.create_event()
    path = f"/events/{made['id']}"
    first = anna.patch(path, {"title": "First"}, headers={"If-Match": '"1"'})
    assert first.headers["etag"] == '"2"'
    for answer in (
        anna.patch(path, {"title": "Second"}, headers={"If-Match": '"1"'}),
        anna.put(path, event(title="Second"), headers={"If-Match": '"1"'}),
        anna.delete(path, headers={"If-Match": '"1"'}),
    ):
        refused(answer, 412, "version_mismatch")
    assert accepted(anna.get(path))["title"] == "First"
    assert anna.delete(path, headers={"If-Match": '"2"'}).status_code == 204


def test_deleting_an_event_deletes_everything_of_it(company: Company, database: psycopg.Connection) -> None:
    made = company.admin.create_event(
        recurrence_rule="FREQ=WEEKLY;COUNT=5",
        room_id=company.admin.create_room()["id"],
        participants=[{"user_id": company.person().id}],
    )
    assert company_counts(database, company.organization.id) == (1, 5, 1, 5)
    assert company.admin.delete(f"/events/{made['id']}").status_code == 204
    assert company_counts(database, company.organization.id) == (0, 0, 0, 0)
    refused(company.admin.delete(f"/events/{made['id']}"), 404, "event_not_found")


def test_rule_20_an_event_in_a_private_calendar_does_not_exist_for_colleagues(company: Company) -> None:
    anna = company.person()
    made = anna.create_event(title="Private")
    for other in (company.person(), company.person(Role.IT), company.admin):
        refused(other.get(f"/events/{made['id']}"), 404, "event_not_found")
        for answer in changes(other, made["id"]):
            refused(answer, 404, "event_not_found")
        assert other.occurrences(*WEEK) == []
        assert other.occurrences(*WEEK, calendar_id=anna.calendar_id) == []
    assert accepted(anna.get(f"/events/{made['id']}")) == made


def test_rule_20_colleagues_see_an_event_in_a_public_calendar_and_may_not_change_it(company: Company) -> None:
    anna, boris = company.person(), company.person()
    calendar_id = public_calendar(anna)
    made = anna.create_event(title="All hands", calendar_id=calendar_id)
    assert accepted(boris.get(f"/events/{made['id']}")) == made
    assert titles(boris.occurrences(*WEEK)) == ["All hands"]
    for answer in changes(boris, made["id"], calendar_id):
        refused(answer, 403, "not_organizer")
    accepted(company.admin.patch(f"/events/{made['id']}", {"title": "By the administrator"}))


def test_rule_20_participants_see_an_event_of_a_private_calendar_and_may_not_change_it(company: Company) -> None:
    anna, boris = company.person(), company.person()
    made = anna.create_event(title="Interview", participants=[{"user_id": boris.id}])
    assert accepted(boris.get(f"/events/{made['id']}")) == made
    assert titles(boris.occurrences(*WEEK)) == ["Interview"]
    for answer in changes(boris, made["id"]):
        assert answer.status_code == 403
        assert answer.json()["code"] in ("not_organizer", "guests_cannot_invite")
    accepted(anna.patch(f"/events/{made['id']}", {"participants": []}))
    refused(boris.get(f"/events/{made['id']}"), 404, "event_not_found")
    assert boris.occurrences(*WEEK) == []


def test_strangers_find_no_event_on_any_route(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    admin, stranger = company.admin, stranger_company.admin
    calendar_id = public_calendar(admin)
    made = admin.create_event(calendar_id=calendar_id, participants=[{"user_id": company.person().id}])
    refused(stranger.get(f"/events/{made['id']}"), 404, "event_not_found")
    for answer in changes(stranger, made["id"]):
        refused(answer, 404, "event_not_found")
    guest = made["participants"][0]["user_id"]
    refused(stranger.delete(f"/events/{made['id']}/participants/{guest}"), 404, "event_not_found")
    assert stranger.occurrences(*WEEK) == []
    assert stranger.occurrences(*WEEK, calendar_id=calendar_id) == []
    refused(stranger.post("/events", event(calendar_id=calendar_id)), 404, "calendar_not_found")
    assert company_counts(database, stranger_company.organization.id) == (0, 0, 0, 0)
    assert accepted(admin.get(f"/events/{made['id']}")) == made


def test_nobody_writes_into_somebody_elses_calendar(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(), company.person()
    public = public_calendar(anna)
    mine = boris.create_event()
    refused(boris.post("/events", event(calendar_id=anna.calendar_id)), 404, "calendar_not_found")
    refused(boris.post("/events", event(calendar_id=public)), 403, "not_calendar_owner")
    refused(boris.patch(f"/events/{mine['id']}", {"calendar_id": anna.calendar_id}), 404, "calendar_not_found")
    refused(boris.patch(f"/events/{mine['id']}", {"calendar_id": public}), 403, "not_calendar_owner")
    refused(boris.post("/events", event(calendar_id=MISSING_ID)), 404, "calendar_not_found")
    assert accepted(boris.get(f"/events/{mine['id']}")) == mine
    assert company_counts(database, company.organization.id)[0] == 1


def test_an_unknown_event_and_a_word_for_an_id_are_clear_errors(company: Company) -> None:
    for answer in changes(company.admin, MISSING_ID):
        refused(answer, 404, "event_not_found")
    refused(company.admin.get("/events/first"), 422, "invalid_request")
    refused(company.admin.patch("/events/first", {"title": "x"}), 422, "invalid_request")


@pytest.mark.parametrize("body", [None, [], "event", 7, {}, {"title": "x"}])
def test_a_body_that_is_no_event_is_refused(company: Company, body: Any) -> None:
    refused(company.admin.post("/events", body), 422, "invalid_request")


def test_an_administrator_of_the_installation_has_no_events(company: Company) -> None:
    nobody = sign_in(company.client, None, role=Role.ADMIN)
    refused(nobody.post("/events", event()), 403, "company_required")
    refused(nobody.get("/events", from_=WEEK[0], to=WEEK[1]), 403, "company_required")
    refused(nobody.get("/rooms"), 403, "company_required")
    refused(nobody.get("/calendars"), 403, "company_required")


def test_whoever_is_not_signed_in_gets_a_401_everywhere(company: Company) -> None:
    for method, path in (
        ("GET", "/events?from=2027-03-22&to=2027-03-23"),
        ("GET", "/events/upcoming"),
        ("POST", "/events"),
        ("GET", f"/events/{MISSING_ID}"),
        ("PATCH", f"/events/{MISSING_ID}"),
        ("DELETE", f"/events/{MISSING_ID}"),
        ("POST", f"/events/{MISSING_ID}/participants"),
        ("GET", "/calendars"),
        ("GET", "/rooms"),
        ("GET", "/rooms/available?from=2027-03-22&to=2027-03-23"),
    ):
        body = event() if method == "POST" and path == "/events" else {"user_id": MISSING_ID}
        answer = company.client.request(method, path, json=body if method == "POST" else None)
        refused(answer, 401, "not_authenticated")
