"""Taking a leaving back: everything as it was, or nothing once something was changed by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.support.api_process import ApiProcess, at_once
from tests.support.chart import circles, department, under
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, at, refused, stored_bookings, today, utc

SOON = today() + timedelta(days=3)
# Everything of a row but what rises with every change.
ROWS = """
    SELECT to_jsonb(r) - '{version,updated_at,search_text}'::text[] FROM %s r
    WHERE organization_id = %%s ORDER BY id
"""


def leave(company: Company, person: Person, successor: Person | None) -> dict[str, Any]:
    body = {"successor_id": successor.id if successor else None}
    return accepted(company.admin.post(f"/users/{person.id}/leaving", body))


def undo(company: Company, person: Person) -> Any:
    return company.admin.post(f"/users/{person.id}/leaving/undo")


def contents(database: psycopg.Connection, company: Company) -> list[Any]:
    tables = ("users", "calendars", "events", "event_participants", "departments", "room_bookings")
    return [database.execute(ROWS % table, [company.organization.id]).fetchall() for table in tables]  # type: ignore[arg-type]


class Estate:
    """Anna, who leaves something of everything to Boris, from below her in the chart."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.boss = company.person()
        self.anna = under(company, self.boss)
        self.clara = under(company, self.anna)
        self.boris = under(company, self.clara)
        self.room = company.admin.create_room()
        self.event = self.anna.create_event(**at(SOON), room_id=self.room["id"])
        self.series = self.anna.create_event(**at(SOON, 12), recurrence_rule="FREQ=WEEKLY")
        self.override = self.change_occurrence(self.anna, 1, title="Another")
        self.sales = department(company, "Sales", head_id=self.anna.id)
        self.calendar_id = self.anna.calendar_id

    def change_occurrence(self, person: Person, number: int, **values: Any) -> dict[str, Any]:
        """Change one occurrence of the series, counted from 0; with no values, it only gets a row of its own."""
        params = {"occurrence": utc(SOON + timedelta(weeks=number), 12)}
        return accepted(person.call("PATCH", f"/events/{self.series['id']}", json=values, params=params))


@pytest.fixture
def estate(company: Company) -> Estate:
    return Estate(company)


def test_undoing_gives_everything_back(company: Company, estate: Estate, database: psycopg.Connection) -> None:
    before = contents(database, company)
    bookings = stored_bookings(database, estate.event["id"])
    done = leave(company, estate.anna, estate.boris)
    assert contents(database, company) != before
    undone = accepted(undo(company, estate.anna))
    assert undone["undone_at"] is not None
    assert {**undone, "undone_at": None} == done
    assert contents(database, company) == before
    assert stored_bookings(database, estate.event["id"]) == bookings
    assert circles(database, "users", "manager_id") == 0
    back = accepted(company.admin.get(f"/users/{estate.anna.id}"))
    assert (back["is_active"], back["manager_id"]) == (True, estate.boss.id)
    # Whoever read something before the leaving notices that it was elsewhere in between.
    assert accepted(company.admin.get(f"/departments/{estate.sales['id']}"))["version"] == 3
    # Signed out is signed out.
    refused(estate.anna.get("/auth/me"), 401, "session_ended")


def test_a_leaving_is_undone_once_and_can_be_repeated(
    company: Company, estate: Estate, database: psycopg.Connection
) -> None:
    refused(undo(company, estate.anna), 404, "handover_not_found")
    before = contents(database, company)
    for _ in range(2):
        leave(company, estate.anna, estate.boris)
        accepted(undo(company, estate.anna))
        refused(undo(company, estate.anna), 404, "handover_not_found")
    assert contents(database, company) == before
    refused(company.admin.post(f"/users/{MISSING_ID}/leaving/undo"), 404, "user_not_found")


def test_a_leaving_without_successor_is_undone_too(company: Company) -> None:
    anna = company.person()
    leave(company, anna, None)
    accepted(undo(company, anna))
    assert accepted(company.admin.get(f"/users/{anna.id}"))["is_active"] is True


def test_who_was_inactive_before_the_handover_stays_so(company: Company, estate: Estate) -> None:
    assert company.admin.delete(f"/users/{estate.anna.id}").status_code == 204
    leave(company, estate.anna, estate.boris)
    accepted(undo(company, estate.anna))
    assert accepted(company.admin.get(f"/users/{estate.anna.id}"))["is_active"] is False
    assert accepted(company.admin.get(f"/departments/{estate.sales['id']}"))["head_id"] == estate.anna.id


Change = Callable[[Estate], Any]
CHANGES: dict[str, tuple[str, Change]] = {
    "meeting edited": ("events", lambda e: e.boris.patch(f"/events/{e.event['id']}", {"title": "Mine"})),
    "meeting deleted": ("events", lambda e: e.boris.delete(f"/events/{e.series['id']}")),
    "calendar renamed": ("calendars", lambda e: e.boris.patch(f"/calendars/{e.calendar_id}", {"name": "Mine"})),
    "another head": (
        "departments",
        lambda e: e.company.admin.patch(f"/departments/{e.sales['id']}", {"head_id": e.clara.id}),
    ),
    "department deleted": ("departments", lambda e: e.company.admin.delete(f"/departments/{e.sales['id']}")),
    "another manager": ("users", lambda e: e.company.admin.patch(f"/users/{e.clara.id}", {"manager_id": e.boss.id})),
    "taken back by hand": ("users", lambda e: e.company.admin.patch(f"/users/{e.anna.id}", {"is_active": True})),
    "leaver renamed": ("users", lambda e: e.company.admin.patch(f"/users/{e.anna.id}", {"full_name": "Anna"})),
}


@pytest.mark.parametrize(("table", "change"), CHANGES.values(), ids=CHANGES.keys())
def test_nothing_is_undone_once_something_was_changed_by_hand(
    company: Company, estate: Estate, database: psycopg.Connection, table: str, change: Change
) -> None:
    leave(company, estate.anna, estate.boris)
    assert change(estate).status_code in (200, 204)
    before = contents(database, company)
    problem = refused(undo(company, estate.anna), 409, "handover_changed")
    (changed,) = problem["changed"]
    assert changed["object_type"] == table
    assert changed.keys() == {"object_type", "object_id", "field", "is_deleted"}
    assert contents(database, company) == before


def test_the_list_of_what_changed_is_bounded_and_the_number_is_not(company: Company, estate: Estate) -> None:
    leave(company, estate.anna, estate.boris)
    for event in (estate.event, estate.series):
        accepted(estate.boris.patch(f"/events/{event['id']}", {"title": "Mine"}))
    assert estate.boris.delete(f"/calendars/{estate.calendar_id}").status_code == 204
    problem = refused(undo(company, estate.anna), 409, "handover_changed")
    assert sorted((item["object_type"], item["is_deleted"]) for item in problem["changed"]) == [
        ("calendars", True),
        ("events", True),
        ("events", True),
    ]
    assert "3" in problem["detail"]


@pytest.mark.parametrize("numbers", [(1,), (2,), (1, 2, 3)], ids=["noted", "made since", "several"])
def test_overrides_changed_since_are_told_as_their_series_once(
    company: Company, estate: Estate, database: psycopg.Connection, numbers: tuple[int, ...]
) -> None:
    leave(company, estate.anna, estate.boris)
    for number in numbers:
        # Participants alone: the version of the series does not rise.
        estate.change_occurrence(estate.boris, number, participants=[{"user_id": estate.clara.id}])
    before = contents(database, company)
    problem = refused(undo(company, estate.anna), 409, "handover_changed")
    series = {"object_type": "events", "object_id": estate.series["id"], "field": "organizer_id", "is_deleted": False}
    assert problem["changed"] == [series]
    assert "1" in problem["detail"]
    assert contents(database, company) == before


def test_an_occurrence_that_was_removed_since_is_told_as_its_series(company: Company, estate: Estate) -> None:
    leave(company, estate.anna, estate.boris)
    assert estate.boris.delete(f"/events/{estate.override['id']}").status_code == 204
    (changed,) = refused(undo(company, estate.anna), 409, "handover_changed")["changed"]
    assert (changed["object_id"], changed["is_deleted"]) == (estate.series["id"], False)


def test_an_override_made_since_by_an_answer_goes_back_with_its_series(
    company: Company, estate: Estate, database: psycopg.Connection
) -> None:
    path = f"/events/{estate.series['id']}"
    accepted(estate.anna.post(f"{path}/participants", {"user_id": estate.clara.id}), 201)
    leave(company, estate.anna, estate.boris)
    params = {"occurrence": utc(SOON + timedelta(weeks=2), 12)}
    accepted(estate.clara.call("PUT", f"{path}/response", json={"response": "declined"}, params=params))
    accepted(undo(company, estate.anna))
    rows = database.execute(
        "SELECT count(*), count(DISTINCT organizer_id), min(organizer_id::text) FROM events"
        " WHERE %(id)s IN (id, series_id)",
        estate.series,
    ).fetchone()
    assert rows == (3, 1, estate.anna.id)


def test_what_the_successor_had_before_stays_with_them(company: Company, estate: Estate) -> None:
    own = estate.boris.create_event(**at(SOON, 15))
    leave(company, estate.anna, estate.boris)
    # A calendar that was taken over does not become the one for new events, however old it is.
    later = estate.boris.create_event(**at(SOON, 18))
    assert later["calendar_id"] == own["calendar_id"] != estate.calendar_id
    accepted(undo(company, estate.anna))
    for event in (own, later):
        assert accepted(estate.boris.get(f"/events/{event['id']}")) == event


def test_two_who_leave_to_each_other_at_once_never_both_go(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    for _ in range(5):
        anna, boris = company.person(), company.person()
        for person in (anna, boris):
            person.create_event(**at(SOON))
        answers = at_once(
            lambda a=anna, b=boris: admin.post(f"/users/{a.id}/leaving", {"successor_id": b.id}),
            lambda a=anna, b=boris: admin.post(f"/users/{b.id}/leaving", {"successor_id": a.id}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422], [answer.text for answer in answers]
    left_behind = database.execute(
        "SELECT count(*) FROM events e JOIN users u ON u.id = e.organizer_id"
        " WHERE e.organization_id = %s AND NOT u.is_active",
        [company.organization.id],
    ).fetchone()
    assert left_behind == (0,)


def test_meetings_that_are_edited_while_their_organizer_leaves_are_handed_over_whole(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    for _ in range(5):
        anna, boris = company.person(), company.person()
        team = accepted(anna.post("/calendars", {"name": "Team", "is_public": True}), 201)
        events = [anna.create_event(**at(SOON, hour), calendar_id=team["id"]) for hour in (9, 11, 13)]

        def editing(event: dict[str, Any]) -> Any:
            return lambda: admin.patch(f"/events/{event['id']}", {"title": "Edited"})

        left, *edited = at_once(
            lambda a=anna, b=boris: admin.post(f"/users/{a.id}/leaving", {"successor_id": b.id}),
            *[editing(event) for event in events],
        )
        assert left.status_code == 200, left.text
        assert {answer.status_code for answer in edited} == {200}
        rows = database.execute(
            "SELECT title, version, organizer_id::text FROM events WHERE calendar_id = %s", [team["id"]]
        ).fetchall()
        assert rows == [("Edited", 3, boris.id)] * 3


def test_a_leaving_and_its_undoing_at_once_leave_one_of_the_two_states(
    company: Company, server: ApiProcess, database: psycopg.Connection
) -> None:
    admin = server.seen_by(company.admin)
    anna, boris = company.person(), company.person()
    event = anna.create_event(**at(SOON))
    for _ in range(5):
        leave(company, anna, boris)
        answers = at_once(*[lambda: admin.post(f"/users/{anna.id}/leaving/undo") for _ in range(3)])
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404]
        row = database.execute("SELECT organizer_id::text FROM events WHERE id = %s", [event["id"]]).fetchone()
        assert row == (anna.id,)
