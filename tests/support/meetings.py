"""Meetings with what a plain event of the API has not: answers, departments, transparency, shares."""

from typing import Any

from psycopg import Connection

from tests.support.people import Person


def set_event(database: Connection, event_id: str, **values: Any) -> None:
    """Set columns of an event's row as they are."""
    columns = ", ".join(f"{name} = %({name})s" for name in values)
    database.execute(f"UPDATE events SET {columns} WHERE id = %(event)s", {**values, "event": event_id})


def answer(database: Connection, event_id: str, person: Person, response: str, transparency: str | None = None) -> None:
    """Let a participant have answered."""
    database.execute(
        "UPDATE event_participants SET response = %s, transparency = %s WHERE event_id = %s AND user_id = %s",
        [response, transparency, event_id, person.id],
    )


def invite_department(database: Connection, event_id: str, department_id: str) -> None:
    """Invite a whole department."""
    database.execute(
        "INSERT INTO event_participants"
        " (organization_id, id, event_id, department_id, role, response, span, created_at)"
        " SELECT organization_id, gen_random_uuid(), id, %s, 'required', 'needs_action', span, now()"
        " FROM events WHERE id = %s",
        [department_id, event_id],
    )


def invite_guest(database: Connection, event_id: str, email: str, name: str | None = None) -> None:
    """Invite somebody from outside."""
    database.execute(
        "INSERT INTO event_participants"
        " (organization_id, id, event_id, email, name, role, response, span, created_at)"
        " SELECT organization_id, gen_random_uuid(), id, %s, %s, 'required', 'needs_action', span, now()"
        " FROM events WHERE id = %s",
        [email, name, event_id],
    )


def share(database: Connection, calendar_id: str, person: Person, level: str) -> None:
    """Share a calendar with a colleague."""
    database.execute(
        "INSERT INTO calendar_shares (organization_id, id, calendar_id, user_id, level)"
        " SELECT organization_id, gen_random_uuid(), id, %s, %s FROM calendars WHERE id = %s",
        [person.id, level, calendar_id],
    )


def override(database: Connection, series_id: str, original: str, start: str, end: str, **values: Any) -> str:
    """Make one instance a row of its own, with the series' participants, at another time; its id."""
    row = database.execute(
        """
        INSERT INTO events (organization_id, id, title, description, start_time, end_time, start_wall, end_wall,
            time_zone, tzdata_version, location, calendar_id, organizer_id, status, uid, sequence, span,
            series_id, original_start, is_all_day)
        SELECT organization_id, gen_random_uuid(), title, description, %(start)s, %(end)s,
            %(start)s::timestamptz AT TIME ZONE time_zone, %(end)s::timestamptz AT TIME ZONE time_zone,
            time_zone, tzdata_version, location, calendar_id, organizer_id, status, uid, sequence,
            tstzrange(%(start)s, %(end)s, '[]'), id, %(original)s, false
        FROM events WHERE id = %(series)s RETURNING id::text
        """,
        {"series": series_id, "original": original, "start": start, "end": end},
    ).fetchone()
    assert row is not None
    database.execute(
        "UPDATE event_occurrences SET event_id = %s, starts_at = %s, ends_at = %s"
        " WHERE series_id = %s AND original_start = %s",
        [row[0], start, end, series_id, original],
    )
    database.execute(
        "INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)"
        " SELECT p.organization_id, gen_random_uuid(), e.id, p.user_id, p.role, p.response, e.span, now()"
        " FROM event_participants p JOIN events e ON e.id = %s WHERE p.event_id = %s",
        [row[0], series_id],
    )
    if values:
        set_event(database, row[0], **values)
    return str(row[0])
