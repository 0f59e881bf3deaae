"""What the database refuses by itself, whoever writes to it: plain SQL, no application in between."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import (
    CheckViolation,
    ExclusionViolation,
    ForeignKeyViolation,
    NotNullViolation,
    UniqueViolation,
)

from tests.support.people import Company
from tests.support.planning import enter, overlapping_pairs, stored_bookings, stored_event, stored_occurrences

BLOCKING = ("held", "pending", "confirmed")


def insert(database: psycopg.Connection, table: str, **values: Any) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() * len(values)),
    )
    database.execute(statement, list(values.values()))


def update(database: psycopg.Connection, table: str, row_id: str, **values: Any) -> None:
    changes = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values)
    statement = sql.SQL("UPDATE {} SET {} WHERE id = %s").format(sql.Identifier(table), changes)
    changed = database.execute(statement, [*values.values(), row_id]).rowcount
    assert changed == 1


def book(
    database: psycopg.Connection, company: Company, room_id: str, event_id: str, during: str, state: str = "confirmed"
) -> None:
    """A booking for the first occurrence of an event, at any time; what is held is for no event."""
    values: dict[str, Any] = {
        "series_id": event_id,
        "original_start": stored_occurrences(database, event_id)[0][0],
        "source": "event",
        "reason": "taken" if state in ("declined", "released") else None,
    }
    if state == "held":
        holder = {"held_by_id": company.admin.id, "expires_at": datetime(2027, 1, 1)}
        values.update(series_id=None, original_start=None, source="hold", **holder)
    insert(
        database,
        "room_bookings",
        organization_id=company.organization.id,
        id=uuid4(),
        room_id=room_id,
        starts_at="2027-03-22 10:00+00",
        ends_at="2027-03-22 11:00+00",
        during=during,
        state=state,
        created_at=datetime(2027, 1, 1),
        **values,
    )


def two_events(company: Company) -> tuple[str, str]:
    return company.admin.create_event()["id"], company.admin.create_event()["id"]


TEN_TO_ELEVEN = "[2027-03-22 10:00+00,2027-03-22 11:00+00)"


@pytest.mark.parametrize("first", BLOCKING)
@pytest.mark.parametrize("second", BLOCKING)
def test_an_overlap_of_two_bookings_that_block_is_refused(
    company: Company, database: psycopg.Connection, first: str, second: str
) -> None:
    room_id = company.admin.create_room()["id"]
    one, other = two_events(company)
    book(database, company, room_id, one, TEN_TO_ELEVEN, first)
    for during in (
        TEN_TO_ELEVEN,
        "[2027-03-22 10:59:59+00,2027-03-22 12:00+00)",
        "[2027-03-22 09:00+00,2027-03-22 10:00:01+00)",
        "[2027-03-22 10:20+00,2027-03-22 10:30+00)",
        "[2027-01-01 00:00+00,)",
    ):
        with pytest.raises(ExclusionViolation, match="ex_room_bookings_no_overlap"):
            book(database, company, room_id, other, during, second)
    assert stored_bookings(database, other) == []


@pytest.mark.parametrize(("first", "second"), [("declined", "confirmed"), ("held", "declined"), ("declined",) * 2])
def test_a_declined_booking_is_in_nobodys_way(
    company: Company, database: psycopg.Connection, first: str, second: str
) -> None:
    room_id = company.admin.create_room()["id"]
    one, other = two_events(company)
    book(database, company, room_id, one, TEN_TO_ELEVEN, first)
    book(database, company, room_id, other, TEN_TO_ELEVEN, second)
    assert overlapping_pairs(database) == 0


def test_a_declined_booking_cannot_come_back_into_a_room_that_was_taken(
    company: Company, database: psycopg.Connection
) -> None:
    room_id = company.admin.create_room()["id"]
    one, other = two_events(company)
    book(database, company, room_id, one, TEN_TO_ELEVEN, "declined")
    book(database, company, room_id, other, TEN_TO_ELEVEN)
    with pytest.raises(ExclusionViolation):
        database.execute("UPDATE room_bookings SET state = 'confirmed', reason = NULL WHERE series_id = %s", [one])


def test_bookings_side_by_side_and_in_other_rooms_are_accepted(company: Company, database: psycopg.Connection) -> None:
    room_id, second = (company.admin.create_room()["id"] for _ in range(2))
    events = [company.admin.create_event()["id"] for _ in range(4)]
    book(database, company, room_id, events[0], TEN_TO_ELEVEN)
    book(database, company, room_id, events[1], "[2027-03-22 11:00+00,2027-03-22 12:00+00)")
    book(database, company, room_id, events[2], "[2027-03-22 09:00+00,2027-03-22 10:00+00)")
    book(database, company, second, events[3], TEN_TO_ELEVEN)


def test_an_occurrence_has_one_booking_and_a_booking_an_occurrence(
    company: Company, database: psycopg.Connection
) -> None:
    room_id, second = (company.admin.create_room()["id"] for _ in range(2))
    one, other = two_events(company)
    book(database, company, room_id, one, TEN_TO_ELEVEN)
    with pytest.raises(UniqueViolation):
        book(database, company, second, one, TEN_TO_ELEVEN)
    database.execute("DELETE FROM event_occurrences WHERE series_id = %s", [one])
    assert stored_bookings(database, one) == []
    with pytest.raises(ForeignKeyViolation):
        book_without_occurrence(database, company, room_id, other)
    for state, during in (("maybe", TEN_TO_ELEVEN), ("held", "empty")):
        with pytest.raises(CheckViolation):
            book(database, company, room_id, other, during, state)


def book_without_occurrence(database: psycopg.Connection, company: Company, room_id: str, event_id: str) -> None:
    insert(
        database,
        "room_bookings",
        organization_id=company.organization.id,
        id=uuid4(),
        room_id=room_id,
        series_id=event_id,
        original_start="2031-01-01 00:00+00",
        starts_at="2027-03-22 10:00+00",
        ends_at="2027-03-22 11:00+00",
        during=TEN_TO_ELEVEN,
        state="confirmed",
        created_at=datetime(2027, 1, 1),
    )


@pytest.mark.parametrize(
    ("table", "column", "foreign"),
    [
        ("calendars", "owner_id", "user"),
        ("events", "calendar_id", "calendar"),
        ("events", "organizer_id", "user"),
        ("events", "room_id", "room"),
        ("event_participants", "user_id", "user"),
        ("event_participants", "event_id", "event"),
        ("room_bookings", "room_id", "room"),
        ("room_bookings", "series_id", "event"),
        ("users", "manager_id", "user"),
        ("users", "department_id", "department"),
        ("departments", "head_id", "user"),
        ("departments", "parent_id", "department"),
    ],
)
def test_rows_of_two_companies_never_mix(
    company: Company, stranger_company: Company, database: psycopg.Connection, table: str, column: str, foreign: str
) -> None:
    def everything_of(owner: Company) -> dict[str, Any]:
        department_id = uuid4()
        insert(database, "departments", organization_id=owner.organization.id, id=department_id, name="Sales")
        room_id = owner.admin.create_room()["id"]
        event_id = owner.admin.create_event(room_id=room_id, participants=[{"user_id": owner.admin.id}])["id"]
        ids = {"user": owner.admin.id, "calendar": owner.admin.calendar_id, "room": room_id, "event": event_id}
        return {**ids, "department": str(department_id)}

    own, strange = everything_of(company), everything_of(stranger_company)
    rows = {
        "calendars": own["calendar"],
        "events": own["event"],
        "users": own["user"],
        "departments": own["department"],
    }
    if table not in rows:
        key = "event_id" if table == "event_participants" else "series_id"
        found = database.execute(f"SELECT id FROM {table} WHERE {key} = %s", [own["event"]]).fetchone()
        assert found is not None
        rows[table] = found[0]
    with pytest.raises(ForeignKeyViolation):
        update(database, table, rows[table], **{column: strange[foreign]})


def test_an_occurrence_lies_in_its_series_calendar_and_company(
    company: Company, stranger_company: Company, database: psycopg.Connection
) -> None:
    event_id = company.admin.create_event()["id"]
    other = company.person().calendar_id
    strange = stranger_company.admin.create_event()["id"]
    for column, value in (
        ("calendar_id", other),
        ("event_id", strange),
        ("organization_id", stranger_company.organization.id),
    ):
        with pytest.raises(ForeignKeyViolation):
            database.execute(f"UPDATE event_occurrences SET {column} = %s WHERE series_id = %s", [value, event_id])


def test_the_span_of_participants_follows_their_event(company: Company, database: psycopg.Connection) -> None:
    people = [{"user_id": company.person().id} for _ in range(3)]
    event_id = company.admin.create_event(participants=people)["id"]
    enter(database, company)
    update(database, "events", event_id, span="[2030-01-01 00:00+00,2030-02-01 00:00+00)")
    spans = database.execute(
        "SELECT DISTINCT p.span = e.span, lower(p.span)::date::text FROM event_participants p"
        " JOIN events e ON e.id = p.event_id WHERE e.id = %s",
        [event_id],
    ).fetchall()
    assert spans == [(True, "2030-01-01")]
    with pytest.raises(ForeignKeyViolation):
        database.execute("UPDATE event_participants SET span = '[2029-01-01,)' WHERE event_id = %s", [event_id])
    with pytest.raises(CheckViolation):
        update(database, "events", event_id, span="empty")


def test_occurrences_and_overrides_follow_their_series_into_another_calendar(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    response = anna.post("/calendars", {"name": "Second"})
    event_id = anna.create_event(recurrence_rule="FREQ=DAILY;COUNT=4")["id"]
    override = make_override(database, event_id)
    enter(database, company)
    update(database, "events", event_id, calendar_id=response.json()["id"])
    for table, key in (("event_occurrences", "series_id"), ("events", "series_id")):
        rows = database.execute(
            f"SELECT DISTINCT calendar_id::text FROM {table} WHERE {key} = %s", [event_id]
        ).fetchall()
        assert rows == [(response.json()["id"],)]
    with pytest.raises(ForeignKeyViolation):
        update(database, "events", override, calendar_id=anna.calendar_id)
    database.execute("DELETE FROM events WHERE id = %s", [event_id])
    assert database.execute("SELECT count(*) FROM events WHERE id = %s", [override]).fetchone() == (0,)


def make_override(database: psycopg.Connection, series_id: str, **changes: Any) -> str:
    """A row that describes the series' first instance, written by hand; its id."""
    columns = "title, start_time, end_time, start_wall, end_wall, time_zone, tzdata_version, calendar_id, organizer_id"
    kept = f"organization_id, {columns}, is_all_day, status, uid, sequence, span, created_at, updated_at"
    override = str(uuid4())
    database.execute(
        f"INSERT INTO events (id, series_id, original_start, recurrence_rule, {kept})"
        f" SELECT %s, id, start_time, %s, {kept} FROM events WHERE id = %s",
        [override, changes.get("recurrence_rule"), series_id],
    )
    return override


def test_an_instance_has_one_override_that_does_not_recur_itself(
    company: Company, database: psycopg.Connection
) -> None:
    event_id = company.admin.create_event(recurrence_rule="FREQ=DAILY;COUNT=4")["id"]
    with pytest.raises(CheckViolation, match="override_does_not_recur"):
        make_override(database, event_id, recurrence_rule="FREQ=DAILY")
    override = make_override(database, event_id)
    with pytest.raises(UniqueViolation):
        make_override(database, event_id)
    with pytest.raises(CheckViolation, match="override_names_its_instance"):
        update(database, "events", override, original_start=None)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"end_time": "2027-03-22 07:00+00"}, "end_not_before_start"),
        ({"status": "maybe"}, "status"),
        ({"time_zone": None}, "zone_unless_all_day"),
        ({"is_all_day": True}, "zone_unless_all_day"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(
    company: Company, database: psycopg.Connection, values: dict[str, Any], constraint: str
) -> None:
    event_id = company.admin.create_event()["id"]
    with pytest.raises(CheckViolation, match=f"ck_events_{constraint}"):
        update(database, "events", event_id, **values)


def test_is_recurring_is_what_the_rule_says_and_nobody_else(company: Company, database: psycopg.Connection) -> None:
    event_id = company.admin.create_event()["id"]
    assert stored_event(database, event_id, "is_recurring") == (False,)
    update(database, "events", event_id, recurrence_rule="FREQ=DAILY")
    assert stored_event(database, event_id, "is_recurring") == (True,)
    with pytest.raises(psycopg.errors.GeneratedAlways):
        update(database, "events", event_id, is_recurring=False)


def test_a_uid_is_in_a_calendar_once(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    one, other = anna.create_event(), anna.create_event()
    elsewhere = company.admin.create_event()
    with pytest.raises(UniqueViolation, match="uq_events_uid"):
        update(database, "events", other["id"], uid=one["uid"])
    update(database, "events", elsewhere["id"], uid=one["uid"])


@pytest.mark.parametrize(
    "values",
    [{"capacity": 0}, {"accessibility": ["lift"]}],
)
def test_a_room_that_makes_no_sense_is_refused(
    company: Company, database: psycopg.Connection, values: dict[str, Any]
) -> None:
    room_id = company.admin.create_room()["id"]
    with pytest.raises(CheckViolation):
        update(database, "rooms", room_id, **values)


def test_somebody_takes_part_once_with_a_known_role_and_answer(company: Company, database: psycopg.Connection) -> None:
    event_id = company.admin.create_event(participants=[{"user_id": company.admin.id}])["id"]
    again = (
        "INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)"
        " SELECT organization_id, %s, event_id, user_id, role, response, span, now()"
        " FROM event_participants WHERE event_id = %s"
    )
    with pytest.raises(UniqueViolation):
        database.execute(again, [uuid4(), event_id])
    for column in ("role", "response"):
        with pytest.raises(CheckViolation):
            database.execute(f"UPDATE event_participants SET {column} = 'king' WHERE event_id = %s", [event_id])


def test_users_and_calendars_of_no_company_are_refused(company: Company, database: psycopg.Connection) -> None:
    anna = company.person()
    with pytest.raises(CheckViolation, match="email_is_lower_case"):
        update(database, "users", anna.id, email="Anna@Example.com")
    with pytest.raises(CheckViolation, match="not_own_manager"):
        update(database, "users", anna.id, manager_id=anna.id)
    with pytest.raises((CheckViolation, ForeignKeyViolation)):
        update(database, "users", anna.id, organization_id=None)
    with pytest.raises(NotNullViolation):
        update(database, "calendars", anna.calendar_id, organization_id=None)


def test_history_keeps_people_and_rooms_from_being_deleted(company: Company, database: psycopg.Connection) -> None:
    room_id = company.admin.create_room()["id"]
    company.admin.create_event(room_id=room_id)
    for table, row_id in (("rooms", room_id), ("users", company.admin.id)):
        with pytest.raises(ForeignKeyViolation):
            database.execute(f"DELETE FROM {table} WHERE id = %s", [row_id])
