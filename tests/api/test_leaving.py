"""Leaving: what somebody leaves behind, and how a successor takes it over."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from app.models import Role
from tests.support.chart import circles, department, put_into, under
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, all_pages, at, refused, settings, stored_bookings, today, utc

SOON = today() + timedelta(days=3)
LONG_AGO = today() - timedelta(days=10)


def preview(company: Company, person: Person) -> dict[str, Any]:
    return accepted(company.admin.get(f"/users/{person.id}/leaving"))


def leave(company: Company, person: Person, successor: Person | None, **values: Any) -> dict[str, Any]:
    body = {"successor_id": successor.id if successor else None, **values}
    return accepted(company.admin.post(f"/users/{person.id}/leaving", body))


def read_user(company: Company, person: Person) -> dict[str, Any]:
    return accepted(company.admin.get(f"/users/{person.id}"))


def stored(database: psycopg.Connection, company: Company) -> list[Any]:
    """All that a leaving may touch, as it lies in the database."""
    id_ = company.organization.id
    return [
        database.execute(f"SELECT r::text FROM {table} r WHERE organization_id = %s ORDER BY id", [id_]).fetchall()
        for table in ("users", "calendars", "events", "departments", "handovers", "handover_items", "audit_log")
    ]


def test_the_preview_counts_what_is_left_and_names_the_first(company: Company, database: psycopg.Connection) -> None:
    anna = company.person(full_name="Anna")
    boris, clara = under(company, anna, full_name="Boris"), under(company, anna, full_name="Clara")
    gone = under(company, anna)
    assert company.admin.delete(f"/users/{gone.id}").status_code == 204
    team = accepted(anna.post("/calendars", {"name": "Team", "is_public": True}), 201)
    blue, green = company.admin.create_room(name="Blue"), company.admin.create_room(name="Green")
    past = anna.create_event(**at(LONG_AGO), title="Past")
    single = anna.create_event(**at(SOON), title="Single", calendar_id=team["id"], room_id=blue["id"])
    series = anna.create_event(
        **at(LONG_AGO, 12), title="Series", recurrence_rule="FREQ=DAILY;COUNT=15", room_id=green["id"]
    )
    anna.create_event(**at(LONG_AGO, 15), title="Over", recurrence_rule="FREQ=DAILY;COUNT=3")
    anna.create_event(**at(SOON, 18), title="Off", status="cancelled")
    boris.create_event(**at(SOON, 20), participants=[{"user_id": anna.id}])
    sales = department(company, "Sales", head_id=anna.id)
    for number, expires in enumerate(("now() + interval '1 day'", "now() - interval '1 day'")):
        database.execute(
            "INSERT INTO invitations (organization_id, id, email, role, invited_by, token_hash, expires_at)"
            f" VALUES (%s, gen_random_uuid(), %s, 'employee', %s, 'x', {expires})",
            [company.organization.id, f"new-{number}@example.com", anna.id],
        )

    told = preview(company, anna)
    assert (told["user_id"], told["is_active"], told["needs_successor"]) == (anna.id, True, True)
    assert (told["calendars"]["count"], told["calendars"]["public"]) == (2, 1)
    # An administrator does not learn the names of what is private.
    assert [(item["name"], item["is_public"]) for item in told["calendars"]["items"]] == [(None, False), ("Team", True)]
    assert (told["meetings"]["count"], told["meetings"]["series"]) == (2, 1)
    first, second = told["meetings"]["items"]
    assert first["id"] == series["id"] != past["id"]
    assert (first["title"], first["is_recurring"], first["room_id"]) == (None, True, green["id"])
    assert first["next_start"][:10] in (f"{today()}", f"{today() + timedelta(days=1)}")
    assert (second["id"], second["title"], second["next_start"]) == (single["id"], "Single", single["start_time"])
    assert told["rooms"]["count"] == 2
    by_name = {item["name"]: item["bookings"] for item in told["rooms"]["items"]}
    assert by_name["Blue"] == 1
    assert by_name["Green"] in (4, 5)
    assert told["rooms"]["bookings"] == sum(by_name.values())
    assert told["departments"] == {"count": 1, "items": [{"id": sales["id"], "name": "Sales"}]}
    assert [item["full_name"] for item in told["reports"]["items"]] == ["Boris", "Clara"]
    assert [item["email"] for item in told["invitations"]["items"]] == ["new-0@example.com"]
    with settings(HANDOVER_ITEMS_SHOWN=1):
        short = preview(company, anna)
    assert (short["reports"]["count"], len(short["reports"]["items"])) == (2, 1)
    assert (short["meetings"]["count"], len(short["meetings"]["items"])) == (2, 1)
    assert clara.id not in str(short["reports"])


def test_who_leaves_nothing_needs_no_successor(company: Company) -> None:
    anna = company.person()
    told = preview(company, anna)
    assert (told["needs_successor"], told["meetings"]["count"], told["calendars"]["count"]) == (False, 0, 1)
    done = leave(company, anna, None)
    assert (done["successor_id"], done["calendars"], done["dry_run"]) == (None, 0, False)
    assert preview(company, anna)["is_active"] is False
    refused(anna.get("/auth/me"), 401, "session_ended")


@pytest.mark.parametrize("what", ["meeting", "department", "report", "public calendar"])
def test_whatever_others_depend_on_needs_a_successor(company: Company, database: psycopg.Connection, what: str) -> None:
    anna = company.person()
    match what:
        case "meeting":
            anna.create_event(**at(SOON))
        case "department":
            department(company, "Sales", head_id=anna.id)
        case "report":
            under(company, anna)
        case _:
            accepted(anna.post("/calendars", {"name": "Team", "is_public": True}), 201)
    before = stored(database, company)
    refused(company.admin.post(f"/users/{anna.id}/leaving", {"successor_id": None}), 409, "leaving_needs_successor")
    assert stored(database, company) == before
    assert accepted(anna.get("/auth/me"))["is_active"] is True


def test_a_successor_takes_everything_over_and_the_leaver_is_out(
    company: Company, database: psycopg.Connection
) -> None:
    boss = company.person()
    anna, boris = under(company, boss), company.person()
    clara, gone = under(company, anna), under(company, anna)
    assert company.admin.delete(f"/users/{gone.id}").status_code == 204
    private = anna.calendar_id
    blue = company.admin.create_room()
    past = anna.create_event(**at(LONG_AGO))
    single = anna.create_event(**at(SOON), room_id=blue["id"], participants=[{"user_id": anna.id}])
    series = anna.create_event(**at(LONG_AGO, 12), recurrence_rule="FREQ=DAILY")
    foreign = clara.create_event(**at(SOON, 15), participants=[{"user_id": anna.id}])
    sales = department(company, "Sales", head_id=anna.id)
    bookings = stored_bookings(database, single["id"])

    done = leave(company, anna, boris)
    assert (done["user_id"], done["successor_id"], done["made_by"]) == (anna.id, boris.id, company.admin.id)
    assert (done["calendars"], done["meetings"], done["departments"], done["reports"]) == (1, 2, 1, 1)
    assert (done["undone_at"], done["dry_run"]) == (None, False)

    refused(anna.get("/auth/me"), 401, "session_ended")
    left = read_user(company, anna)
    assert (left["is_active"], left["manager_id"]) == (False, boss.id)
    taken = accepted(boris.get(f"/events/{single['id']}"))
    assert (taken["organizer_id"], taken["version"]) == (boris.id, single["version"] + 1)
    assert [row["user_id"] for row in taken["participants"]] == [anna.id]
    assert stored_bookings(database, single["id"]) == bookings
    assert accepted(boris.get(f"/events/{series['id']}"))["organizer_id"] == boris.id
    # What is over stays the leaver's, in a calendar that the successor now owns.
    assert accepted(boris.get(f"/events/{past['id']}"))["organizer_id"] == anna.id
    assert accepted(clara.get(f"/events/{foreign['id']}"))["organizer_id"] == clara.id
    calendar = accepted(boris.get(f"/calendars/{private}"))
    assert (calendar["owner_id"], calendar["version"]) == (boris.id, 2)
    assert accepted(boris.get(f"/departments/{sales['id']}"))["head_id"] == boris.id
    assert read_user(company, clara)["manager_id"] == boris.id
    assert read_user(company, gone)["manager_id"] == anna.id
    accepted(boris.patch(f"/events/{single['id']}", {"title": "Mine now"}))


def change_occurrence(person: Person, series: dict[str, Any], day: date, hour: int, **values: Any) -> dict[str, Any]:
    params = {"occurrence": utc(day, hour)}
    return accepted(person.call("PATCH", f"/events/{series['id']}", json=values, params=params))


def organizers(database: psycopg.Connection, series: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(organizer, version) of a series and its overrides, by original start."""
    return database.execute(
        "SELECT organizer_id::text, version FROM events WHERE %(id)s IN (id, series_id)"
        " ORDER BY original_start NULLS FIRST",
        series,
    ).fetchall()


def test_a_series_with_overrides_is_one_meeting_and_they_move_with_it(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    series = anna.create_event(**at(LONG_AGO), recurrence_rule="FREQ=DAILY;COUNT=30")
    change_occurrence(anna, series, LONG_AGO, 9, title="Over")
    change_occurrence(anna, series, SOON, 9, title="Ahead")
    change_occurrence(anna, series, SOON + timedelta(days=1), 9, status="cancelled")
    before = organizers(database, series)
    assert len(before) == 4

    told = preview(company, anna)["meetings"]
    assert (told["count"], told["series"], [item["id"] for item in told["items"]]) == (1, 1, [series["id"]])
    tried, done = leave(company, anna, boris, dry_run=True), leave(company, anna, boris)
    assert (tried["meetings"], done["meetings"]) == (1, 1)
    assert organizers(database, series) == [(boris.id, version + 1) for _, version in before]
    (listed,) = accepted(company.admin.get(f"/users/{anna.id}/leaving/history"))["items"]
    assert listed["meetings"] == 1
    assert preview(company, anna)["meetings"]["count"] == 0


def test_the_next_start_of_a_series_is_where_its_next_occurrence_was_moved(company: Company) -> None:
    anna = company.person()
    series = anna.create_event(**at(SOON), recurrence_rule="FREQ=WEEKLY;COUNT=3")
    change_occurrence(anna, series, SOON, 9, **at(SOON, 15))
    (item,) = preview(company, anna)["meetings"]["items"]
    assert item["next_start"] == utc(SOON, 15)
    change_occurrence(anna, series, SOON, 9, status="cancelled")
    (item,) = preview(company, anna)["meetings"]["items"]
    assert item["next_start"] == utc(SOON + timedelta(days=7))


def test_a_series_that_is_over_but_for_one_moved_occurrence_is_handed_over(
    company: Company, database: psycopg.Connection
) -> None:
    anna, boris = company.person(), company.person()
    room = company.admin.create_room()
    series = anna.create_event(**at(LONG_AGO), recurrence_rule="FREQ=DAILY;COUNT=3", room_id=room["id"])
    change_occurrence(anna, series, LONG_AGO + timedelta(days=1), 9, **at(SOON))
    told = preview(company, anna)
    assert (told["meetings"]["count"], told["needs_successor"]) == (1, True)
    (item,) = told["meetings"]["items"]
    assert (item["id"], item["next_start"]) == (series["id"], utc(SOON))
    assert told["rooms"]["bookings"] == 1
    assert leave(company, anna, boris)["meetings"] == 1
    assert {organizer for organizer, _ in organizers(database, series)} == {boris.id}


def test_overrides_of_what_is_not_handed_over_stay(company: Company, database: psycopg.Connection) -> None:
    anna, boris, clara = (company.person() for _ in range(3))
    over = anna.create_event(**at(LONG_AGO), recurrence_rule="FREQ=DAILY;COUNT=3")
    change_occurrence(anna, over, LONG_AGO, 9, title="Over")
    foreign = clara.create_event(**at(SOON), recurrence_rule="FREQ=DAILY;COUNT=3", participants=[{"user_id": anna.id}])
    change_occurrence(clara, foreign, SOON, 9, title="Clara's")
    anna.create_event(**at(SOON))
    assert leave(company, anna, boris)["meetings"] == 1
    assert {organizer for organizer, _ in organizers(database, over)} == {anna.id}
    assert {organizer for organizer, _ in organizers(database, foreign)} == {clara.id}


def test_a_report_as_successor_takes_the_leavers_place(company: Company, database: psycopg.Connection) -> None:
    boss = company.person()
    anna = under(company, boss)
    boris, clara = under(company, anna), under(company, anna)
    leave(company, anna, boris)
    assert read_user(company, boris)["manager_id"] == boss.id
    assert read_user(company, clara)["manager_id"] == boris.id
    assert circles(database, "users", "manager_id") == 0


def test_somebody_from_far_below_as_successor_closes_no_circle(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    boris = under(company, anna)
    clara = under(company, boris)
    dmitri = under(company, clara)
    done = leave(company, anna, dmitri)
    assert done["reports"] == 2
    managers = [read_user(company, person)["manager_id"] for person in (dmitri, boris, clara)]
    assert managers == [None, dmitri.id, boris.id]
    assert circles(database, "users", "manager_id") == 0


def test_the_leavers_manager_as_successor(company: Company) -> None:
    boss = company.person()
    anna = under(company, boss)
    boris = under(company, anna)
    leave(company, anna, boss)
    assert read_user(company, boris)["manager_id"] == boss.id
    assert read_user(company, boss)["manager_id"] is None


def test_a_dry_run_answers_the_same_and_changes_nothing(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(), company.person()
    under(company, anna)
    anna.create_event(**at(SOON))
    before = stored(database, company)
    tried = leave(company, anna, boris, dry_run=True)
    assert stored(database, company) == before
    assert accepted(anna.get("/auth/me"))["is_active"] is True
    done = leave(company, anna, boris)
    assert (tried["dry_run"], tried["id"]) == (True, None)
    same = ("user_id", "successor_id", "made_by", "calendars", "meetings", "departments", "reports")
    assert [tried[name] for name in same] == [done[name] for name in same]


def test_somebody_who_left_before_can_still_hand_over(company: Company) -> None:
    anna, boris = company.person(), company.person()
    event = anna.create_event(**at(SOON))
    assert company.admin.delete(f"/users/{anna.id}").status_code == 204
    assert preview(company, anna)["needs_successor"] is True
    assert leave(company, anna, boris)["meetings"] == 1
    assert accepted(boris.get(f"/events/{event['id']}"))["organizer_id"] == boris.id


def test_a_successor_is_another_active_colleague(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    anna, gone = company.person(), company.person()
    anna.create_event(**at(SOON))
    assert company.admin.delete(f"/users/{gone.id}").status_code == 204
    before = stored(database, company)
    for successor_id in (anna.id, gone.id, stranger_company.admin.id, MISSING_ID):
        answer = company.admin.post(f"/users/{anna.id}/leaving", {"successor_id": successor_id})
        assert refused(answer, 422, "user_not_found")["field"] == "successor_id"
    for body in ({}, {"successor_id": "boss"}, {"successor_id": None, "dry_run": "yes"}, {"successor": None}):
        refused(company.admin.post(f"/users/{anna.id}/leaving", body), 422, "invalid_request")
    assert stored(database, company) == before


def test_only_administrators_of_the_company_let_people_leave(company: Company, stranger_company: Company) -> None:
    anna = company.person()
    for person in (anna, company.person(Role.IT)):
        for answer in _every_route(person, anna):
            refused(answer, 403, "admin_only")
    for answer in _every_route(stranger_company.admin, anna):
        refused(answer, 404, "user_not_found")
    assert read_user(company, anna)["is_active"] is True


def _every_route(person: Person, leaver: Person) -> list[Any]:
    path = f"/users/{leaver.id}/leaving"
    return [
        person.get(path),
        person.post(path, {"successor_id": None}),
        person.post(f"{path}/undo"),
        person.get(f"{path}/history"),
    ]


def test_the_last_administrator_stays(company: Company, database: psycopg.Connection) -> None:
    boris = company.person()
    before = stored(database, company)
    for dry_run in (True, False):
        body = {"successor_id": boris.id, "dry_run": dry_run}
        refused(company.admin.post(f"/users/{company.admin.id}/leaving", body), 409, "last_admin")
    assert stored(database, company) == before


def test_a_handover_has_a_largest_size(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(), company.person()
    for hour in (9, 11):
        anna.create_event(**at(SOON, hour))
    before = stored(database, company)
    with settings(HANDOVER_MAX_ITEMS=2):
        answer = company.admin.post(f"/users/{anna.id}/leaving", {"successor_id": boris.id})
        assert "3" in refused(answer, 409, "handover_too_large")["detail"]
    assert stored(database, company) == before
    with settings(HANDOVER_MAX_ITEMS=3):
        leave(company, anna, boris)


def test_overrides_count_for_the_largest_size_of_a_handover(company: Company) -> None:
    anna, boris = company.person(), company.person()
    series = anna.create_event(**at(SOON), recurrence_rule="FREQ=DAILY;COUNT=5")
    for days in range(2):
        change_occurrence(anna, series, SOON + timedelta(days=days), 9, title="Another")
    with settings(HANDOVER_MAX_ITEMS=3):
        answer = company.admin.post(f"/users/{anna.id}/leaving", {"successor_id": boris.id})
        assert "4" in refused(answer, 409, "handover_too_large")["detail"]
    with settings(HANDOVER_MAX_ITEMS=4):
        leave(company, anna, boris)


def test_who_handed_their_calendars_over_and_comes_back_gets_a_new_one(company: Company) -> None:
    anna, boris = company.person(full_name="Anna"), company.person()
    anna.create_event(**at(SOON))
    leave(company, anna, boris)
    accepted(company.admin.patch(f"/users/{anna.id}", {"is_active": True}))
    back = accepted(company.client.post("/auth/login", json={"email": anna.email, "password": "correct horse battery"}))
    anna = Person(anna.client, anna.user, back["access_token"], back["refresh_token"])
    anna.create_event(**at(SOON, 12))
    (calendar,) = accepted(anna.get("/calendars", owner_id=anna.id))["items"]
    assert calendar["name"] == "Anna"


def test_history_tells_of_every_leaving_newest_first(company: Company) -> None:
    anna, boris = company.person(), company.person()
    anna.create_event(**at(SOON))
    path = f"/users/{anna.id}/leaving"
    made = [leave(company, anna, boris)]
    for _ in range(2):
        accepted(company.admin.post(f"{path}/undo"))
        made.append(leave(company, anna, boris))
    pages = all_pages(company.admin, f"{path}/history", limit=2)
    assert [len(page) for page in pages] == [2, 1]
    listed = [item for page in pages for item in page]
    assert [item["id"] for item in listed] == [item["id"] for item in reversed(made)]
    assert [item["undone_at"] is None for item in listed] == [True, False, False]
    assert {item["meetings"] for item in listed} == {1}
    assert accepted(company.admin.get(f"/users/{boris.id}/leaving/history"))["items"] == []


def test_every_change_of_a_leaving_is_on_record(company: Company, database: psycopg.Connection) -> None:
    anna, boris = company.person(), company.person()
    event = anna.create_event(**at(SOON))
    put_into(company, department(company, "Sales", head_id=anna.id), anna)
    done = leave(company, anna, boris)
    rows = database.execute(
        "SELECT object_type, object_id::text, action, actor_id::text, after FROM audit_log"
        " WHERE organization_id = %s ORDER BY id",
        [company.organization.id],
    ).fetchall()
    record = {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}
    assert record[("handovers", done["id"], "created")][0] == company.admin.id
    assert record[("events", event["id"], "changed")] == (company.admin.id, {"organizer_id": boris.id})
    assert record[("users", anna.id, "changed")][1]["is_active"] is False
