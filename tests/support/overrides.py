"""An occurrence that differs from its series, with guests of its own."""

from datetime import datetime

from psycopg import Connection

from app.core.ids import new_id
from tests.support.people import Person


def differing_occurrence(database: Connection, series_id: str, original_start: datetime, guests: list[Person]) -> str:
    """Let an occurrence be described by a row of its own, with these guests and no others; the row's id."""
    override = new_id()
    length = "end_time - start_time"
    row = database.execute(
        f"""
        INSERT INTO events (organization_id, id, title, start_time, end_time, start_wall, end_wall, time_zone,
            tzdata_version, calendar_id, organizer_id, is_all_day, status, uid, sequence, span, series_id,
            original_start)
        SELECT organization_id, %(id)s, 'Differs', %(start)s, %(start)s + ({length}),
            %(start)s AT TIME ZONE coalesce(time_zone, 'UTC'),
            (%(start)s + ({length})) AT TIME ZONE coalesce(time_zone, 'UTC'), time_zone,
            tzdata_version, calendar_id, organizer_id, is_all_day, status, uid, sequence,
            tstzrange(%(start)s, %(start)s + ({length})), id, %(start)s
        FROM events WHERE id = %(series)s
        RETURNING organization_id
        """,
        {"id": override, "start": original_start, "series": series_id},
    ).fetchone()
    assert row is not None
    database.execute(
        "UPDATE event_occurrences SET event_id = %s WHERE series_id = %s AND original_start = %s",
        [override, series_id, original_start],
    )
    for guest in guests:
        database.execute(
            "INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)"
            " SELECT organization_id, %s, id, %s, 'required', 'needs_action', span, now() FROM events WHERE id = %s",
            [new_id(), guest.id, override],
        )
    return str(override)
