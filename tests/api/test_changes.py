"""The change feed: what a program that keeps a copy is told, and what it is not told."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import LiteralString

import psycopg
import pytest

from app.core import tenancy
from app.core.ids import new_id
from app.db import SessionLocal
from app.models.base import now
from app.services import change_queries, change_watching, occurrence_service
from app.tasks.cleanup_tasks import cleanup_changes
from tests.api.change_replica import Replica, settled
from tests.api.change_writers import Writer
from tests.support.people import Company, Person
from tests.support.planning import accepted, refused, settings

Told = list[tuple[str, str, bool]]


@pytest.fixture
def replica(company: Company) -> Replica:
    """A colleague's copy, up to date."""
    replica = Replica(company.person())
    replica.catch_up()
    return replica


def told(replica: Replica) -> Told:
    """(type, id, deleted) of what is new for the replica, which takes it in."""
    settled()
    answer = accepted(replica.person.get("/changes", cursor=replica.cursor))
    assert not answer["has_more"]
    replica.page()
    return [(item["type"], item["id"], item["deleted"]) for item in answer["items"]]


def create_calendar(person: Person, *, is_public: bool = False) -> str:
    return str(accepted(person.post("/calendars", {"name": "Team", "is_public": is_public}), 201)["id"])


def share(database: psycopg.Connection, calendar: str, person: Person, level: str = "read") -> None:
    database.execute(
        "INSERT INTO calendar_shares (organization_id, id, calendar_id, user_id, level) VALUES (%s, %s, %s, %s, %s)",
        [person.user.organization_id, new_id(), calendar, person.id, level],
    )


def unshare(database: psycopg.Connection, calendar: str) -> None:
    database.execute("DELETE FROM calendar_shares WHERE calendar_id = %s", [calendar])


def test_without_a_cursor_everything_is_told_page_by_page_then_nothing(company: Company) -> None:
    person = company.person()
    public = create_calendar(company.admin, is_public=True)
    expected = {
        ("calendar", person.calendar_id),
        ("calendar", public),
        *(("event", person.create_event()["id"]) for _ in range(3)),
        ("event", company.admin.create_event(calendar_id=public)["id"]),
        ("event", company.admin.create_event(participants=[{"user_id": person.id}])["id"]),
    }
    company.admin.create_event(title="Not for this person")
    seen, cursor = [], {}
    for _ in range(len(expected) + 2):
        page = accepted(person.get("/changes", limit=1, **cursor))
        seen += [(item["type"], item["id"]) for item in page["items"]]
        cursor = {"cursor": page["cursor"]}
        if not page["has_more"]:
            break
        assert len(page["items"]) == 1
    assert sorted(seen) == sorted(expected)
    assert accepted(person.get("/changes", **cursor))["items"] == []


def test_an_item_is_what_the_route_of_the_object_answers(company: Company) -> None:
    made = company.admin.create_event(participants=[{"user_id": company.person().id}])
    calendar, item = accepted(company.admin.get("/changes"))["items"]
    assert item["event"] == accepted(company.admin.get(f"/events/{made['id']}"))
    assert calendar["calendar"] == accepted(company.admin.get(f"/calendars/{made['calendar_id']}"))
    assert (item["version"], item["calendar_id"]) == (made["version"], made["calendar_id"])
    assert item["changed_at"] == made["updated_at"]


def test_what_is_made_changed_and_deleted_is_told(replica: Replica) -> None:
    person = replica.person
    made = person.create_event()
    assert told(replica) == [("event", made["id"], False)]
    accepted(person.patch(f"/events/{made['id']}", {"title": "Renamed"}))
    assert told(replica) == [("event", made["id"], False)]
    assert replica.events[made["id"]]["title"] == "Renamed"
    assert person.delete(f"/events/{made['id']}").status_code == 204
    assert told(replica) == [("event", made["id"], True)]
    assert told(replica) == []


def test_rule_23_added_and_then_removed_reads_as_removed(replica: Replica) -> None:
    made = replica.person.create_event()
    replica.person.delete(f"/events/{made['id']}")
    assert told(replica) == [("event", made["id"], True)]


def test_rule_23_removed_and_made_again_reads_as_changed(company: Company, replica: Replica) -> None:
    path = f"/events/{company.admin.create_event(participants=[{'user_id': replica.person.id}])['id']}/participants"
    assert [deleted for _, _, deleted in told(replica)] == [False]
    assert company.admin.delete(f"{path}/{replica.person.id}").status_code == 204
    accepted(company.admin.post(path, {"user_id": replica.person.id}), 201)
    assert [deleted for _, _, deleted in told(replica)] == [False]


def test_many_changes_of_one_event_are_told_once(replica: Replica) -> None:
    made = replica.person.create_event()
    for number in range(5):
        accepted(replica.person.patch(f"/events/{made['id']}", {"title": f"Title {number}"}))
    assert told(replica) == [("event", made["id"], False)]


def test_an_event_that_changes_while_somebody_pages_is_told_again(replica: Replica) -> None:
    first, second = (replica.person.create_event()["id"] for _ in range(2))
    settled()
    assert replica.page(limit=1)
    accepted(replica.person.patch(f"/events/{first}", {"title": "While paging"}))
    settled()
    replica.follow(limit=1)
    assert replica.events[first]["title"] == "While paging"
    assert replica.events.keys() == {first, second}


def test_rule_23_the_cursor_of_a_page_resumes(company: Company) -> None:
    for _ in range(5):
        company.admin.create_event()
    start = accepted(company.admin.get("/changes", limit=2))
    again = [accepted(company.admin.get("/changes", limit=2, cursor=start["cursor"])) for _ in range(2)]
    assert again[0]["items"] == again[1]["items"]
    assert {item["id"] for item in start["items"]}.isdisjoint(item["id"] for item in again[0]["items"])


def test_whoever_is_taken_out_is_told_so_unless_they_see_the_event_otherwise(
    company: Company, replica: Replica
) -> None:
    guests = [{"user_id": replica.person.id}]
    public = create_calendar(company.admin, is_public=True)
    hidden = company.admin.create_event(participants=guests)["id"]
    open_ = company.admin.create_event(participants=guests, calendar_id=public)["id"]
    replica.catch_up()
    for each in (hidden, open_):
        assert company.admin.delete(f"/events/{each}/participants/{replica.person.id}").status_code == 204
    assert sorted(told(replica)) == sorted([("event", hidden, True), ("event", open_, False)])


def test_a_calendar_that_becomes_public_brings_its_events_and_takes_them_along(
    company: Company, replica: Replica
) -> None:
    calendar = create_calendar(company.admin)
    inside = [company.admin.create_event(calendar_id=calendar)["id"] for _ in range(5)]
    shared = company.admin.create_event(calendar_id=calendar, participants=[{"user_id": replica.person.id}])["id"]
    replica.catch_up()
    assert replica.events.keys() == {shared}
    accepted(company.admin.patch(f"/calendars/{calendar}", {"is_public": True}))
    replica.catch_up(limit=2)
    assert replica.events.keys() == {*inside, shared}
    accepted(company.admin.patch(f"/calendars/{calendar}", {"is_public": False}))
    assert told(replica) == [("calendar", calendar, True), ("event", shared, False)]
    assert replica.events.keys() == {shared}
    assert calendar not in replica.calendars


def test_a_share_says_how_much_of_the_events_is_told(
    company: Company, replica: Replica, database: psycopg.Connection
) -> None:
    calendar = create_calendar(company.admin)
    made = company.admin.create_event(title="Secret", description="Secret", location="Secret", calendar_id=calendar)
    share(database, calendar, replica.person, "free_busy")
    settled()
    items = accepted(replica.person.get("/changes", cursor=replica.cursor))["items"]
    assert [item["type"] for item in items[-2:]] == ["calendar", "event"]
    assert items[-1]["is_details_hidden"]
    assert "Secret" not in json.dumps(items)
    assert items[-1]["event"]["start_time"] == made["start_time"]
    replica.catch_up()
    database.execute("UPDATE calendar_shares SET level = 'read' WHERE calendar_id = %s", [calendar])
    replica.catch_up()
    assert replica.events[made["id"]]["title"] == "Secret"
    unshare(database, calendar)
    assert told(replica) == [("calendar", calendar, True)]


def test_an_event_that_moves_to_a_closed_calendar_is_gone(company: Company, replica: Replica) -> None:
    public, closed = create_calendar(company.admin, is_public=True), create_calendar(company.admin)
    made = company.admin.create_event(calendar_id=public)["id"]
    replica.catch_up()
    accepted(company.admin.patch(f"/events/{made}", {"calendar_id": closed}))
    assert told(replica) == [("event", made, True)]
    accepted(company.admin.patch(f"/events/{made}", {"calendar_id": public}))
    assert told(replica) == [("event", made, False)]


def test_a_deleted_calendar_is_gone_with_its_events(company: Company, replica: Replica) -> None:
    public = create_calendar(company.admin, is_public=True)
    company.admin.create_event(calendar_id=public)
    replica.catch_up()
    assert company.admin.delete(f"/calendars/{public}").status_code == 204
    assert told(replica) == [("calendar", public, True)]
    assert replica.events == {}


def test_a_department_brings_what_it_sees_and_takes_it_along(
    company: Company, replica: Replica, database: psycopg.Connection
) -> None:
    above = company.admin.post("/departments", {"name": "Above"}).json()["id"]
    below = company.admin.post("/departments", {"name": "Below", "parent_id": above}).json()["id"]
    calendar = create_calendar(company.admin)
    made = company.admin.create_event(calendar_id=calendar)["id"]
    database.execute(
        "INSERT INTO calendar_shares (organization_id, id, calendar_id, department_id, level)"
        " VALUES (%s, %s, %s, %s, 'read')",
        [company.organization.id, new_id(), calendar, above],
    )
    assert told(replica) == []
    accepted(company.admin.patch(f"/users/{replica.person.id}", {"department_id": below}))
    assert told(replica) == [("calendar", calendar, False), ("event", made, False)]
    # What a department lost just before its people left it, they have lost too.
    unshare(database, calendar)
    accepted(company.admin.patch(f"/users/{replica.person.id}", {"department_id": None}))
    assert told(replica) == [("calendar", calendar, True)]
    assert told(replica) == []


def test_other_companies_hear_nothing(company: Company, stranger_company: Company) -> None:
    stranger = Replica(stranger_company.admin)
    stranger.catch_up()
    calendar = create_calendar(company.admin, is_public=True)
    company.admin.create_event(calendar_id=calendar)
    assert told(stranger) == []


def test_storing_further_occurrences_is_no_change(company: Company, replica: Replica) -> None:
    with settings(OCCURRENCE_HORIZON_DAYS=60):
        start = (now() + timedelta(days=1)).replace(microsecond=0)
        times = {"start_time": start.isoformat(), "end_time": (start + timedelta(hours=1)).isoformat()}
        replica.person.create_event(**times, recurrence_rule="FREQ=DAILY")
    replica.catch_up()
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        assert occurrence_service.extend_next(session, company.organization.id)
    assert told(replica) == []


# --- Writers that commit out of order ---

RENAME: LiteralString = (
    "UPDATE events SET title = %(title)s, version = version + 1 WHERE organization_id = %(company)s AND id = %(event)s"
)


@pytest.fixture
def two_writers(company: Company) -> Iterator[list[Writer]]:
    made = [Writer.connect(company, [], Random(0)) for _ in range(2)]
    for writer in made:
        values = [company.organization.id]
        writer.connection.execute("SELECT enter_company(%s, false, NULL, 'test', NULL, true)", values)
        # From here on the transaction has its number.
        writer.connection.execute("SELECT pg_current_xact_id()")
    yield made
    for writer in made:
        writer.connection.close()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_rule_23_nothing_is_missed_when_the_later_transaction_commits_first(
    replica: Replica, two_writers: list[Writer], order: tuple[int, int]
) -> None:
    made = [replica.person.create_event()["id"] for _ in two_writers]
    replica.follow()
    first, second = order
    two_writers[first].do(RENAME, event=made[first], title="First")
    two_writers[second].do(RENAME, event=made[second], title="Second")
    two_writers[second].end()
    replica.follow()
    two_writers[first].end()
    replica.catch_up()
    assert replica.events[made[first]]["title"] == "First"
    assert replica.events[made[second]]["title"] == "Second"


def test_rule_23_a_transaction_that_is_older_than_the_cursor_is_not_missed(
    replica: Replica, two_writers: list[Writer]
) -> None:
    """It began before the cursor was given out, and writes only afterwards."""
    made = replica.person.create_event()["id"]
    replica.follow()
    other = replica.person.create_event()["id"]
    replica.follow()
    two_writers[0].do(RENAME, event=made, title="Old transaction")
    two_writers[1].do(RENAME, event=other, title="Younger transaction")
    two_writers[1].end()
    replica.follow()
    two_writers[0].end()
    replica.catch_up()
    assert {each["title"] for each in replica.events.values()} == {"Old transaction", "Younger transaction"}


def test_what_is_rolled_back_is_never_told(replica: Replica, two_writers: list[Writer]) -> None:
    made = replica.person.create_event()["id"]
    two_writers[0].do(RENAME, event=made, title="Never")
    two_writers[0].end(commit=False)
    two_writers[1].end()
    assert told(replica) == [("event", made, False)]
    assert replica.events[made]["title"] == "Meeting"


# --- Cursors that are not good any more ---


def test_an_old_cursor_says_how_to_start_again(company: Company) -> None:
    cursor = accepted(company.admin.get("/changes"))["cursor"]
    values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))

    def aged(days: float) -> str:
        old = [values[0], values[1] - int(days * 24 * 3600), *values[2:]]
        return base64.urlsafe_b64encode(json.dumps(old).encode()).decode().rstrip("=")

    accepted(company.admin.get("/changes", cursor=aged(29.9)))
    problem = refused(company.admin.get("/changes", cursor=aged(30.1)), 410, "cursor_expired")
    assert "without a cursor" in problem["detail"]


def test_a_cursor_is_good_for_its_reader_only(company: Company, stranger_company: Company) -> None:
    cursor = accepted(company.admin.get("/changes"))["cursor"]
    for other in (company.person(), stranger_company.admin):
        refused(other.get("/changes", cursor=cursor), 410, "cursor_expired")


def test_after_a_restore_every_cursor_is_over(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions are counted anew then, so that a place in the old count says nothing."""
    cursor = accepted(company.admin.get("/changes"))["cursor"]
    moment = change_queries._MOMENT
    restored = replace(moment, sql=moment.sql.replace("cluster_life()", "cluster_life() || ' restored'"))
    monkeypatch.setattr(change_queries, "_MOMENT", restored)
    refused(company.admin.get("/changes", cursor=cursor), 410, "cursor_expired")


def test_a_cursor_is_looked_through(company: Company) -> None:
    cursor = accepted(company.admin.get("/changes"))["cursor"]
    values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place, bad in ((1, -1), (1, True), (2, 2**63), (2, "1"), (3, "x"), (4, ["x"]), (4, 5), (5, [["x"]]), (5, [1])):
        changed = [*values[:place], bad, *values[place + 1 :]]
        sent = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
        refused(company.admin.get("/changes", cursor=sent), 422, "bad_cursor")
    refused(company.admin.get("/changes", cursor="x" * 8001), 422, "invalid_request")
    refused(company.admin.get("/changes", limit=0), 422, "invalid_request")


def test_changes_are_forgotten_when_no_good_cursor_is_older(company: Company, database: psycopg.Connection) -> None:
    made = [company.admin.create_event()["id"] for _ in range(2)]
    for id_, days in zip(made, (30.5, 31.5), strict=True):
        database.execute("UPDATE changes SET at = %s WHERE object_id = %s", [now() - timedelta(days=days), id_])
    assert cleanup_changes() >= 1
    rows = database.execute("SELECT object_id::text FROM changes WHERE object_id = ANY(%s)", [made]).fetchall()
    assert rows == [(made[0],)]
    # Whoever starts again still gets all that is there.
    replica = Replica(company.admin)
    replica.catch_up()
    assert replica.events.keys() == set(made)


def test_what_is_asked_is_found_by_indexes_under_row_level_security(company: Company) -> None:
    """Of each stream the feed reads what lies after the cursor, as the role that the application has."""
    writer = Writer.connect(company, [], Random(0))
    with writer.connection as connection:
        connection.execute(
            "SELECT enter_company(%s, false, NULL, 'test', NULL, true), set_config('enable_seqscan', 'off', true)",
            [company.organization.id],
        )
        values = {
            "company": company.organization.id,
            "person": company.admin.user.id,
            "departments": [],
            "limit": 100,
            "after_xid": 1,
            "after_object": new_id(),
            "xmin": 2**40,
        }
        cursor = psycopg.RawCursor(connection)
        statement = change_queries._CHANGED
        plan = "\n".join(row[0] for row in cursor.execute("EXPLAIN " + statement.sql, statement.values(values)))
        assert "ix_changes_organization_id_stream_id_xid_object_id on changes" in plan
        condition = plan.partition("ix_changes_organization_id_stream_id_xid_object_id on changes")[2]
        following = change_watching._LOOK
        asked = following.values({"company": company.organization.id, "since": 1})
        watched = "\n".join(row[0] for row in cursor.execute("EXPLAIN " + following.sql, asked))
        assert "ix_changes_followed on changes" in watched
        assert "ROW(xid, object_id) > ROW(" in condition.partition("Index Cond")[2].partition("\n")[0]
