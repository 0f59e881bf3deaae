"""Meetings that take place in rooms now, and rules about checking in to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from app.core.ids import new_id
from tests.support.people import Company, Person


def soon(minutes: float) -> str:
    """A moment so many minutes from now, as clients send it; in whole seconds."""
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    return moment.isoformat().replace("+00:00", "Z")


def meeting(organizer: Person, room: dict[str, Any], start: float = -10, end: float = 50, **values: Any) -> str:
    """A meeting in a room, from and until so many minutes from now; its id."""
    times = {"start_time": soon(start), "end_time": soon(end), "time_zone": "UTC"}
    return str(organizer.create_event(**times, room_id=room["id"], **values)["id"])


def set_policy(database: Connection, company: Company, room: dict[str, Any] | None = None, **columns: Any) -> None:
    """Rules of a room, or of the whole company, that have held for a day."""
    names = ["organization_id", "id", "room_id", "created_at", "updated_at", *columns]
    day_ago = datetime.now(UTC) - timedelta(days=1)
    values = [company.organization.id, new_id(), room and room["id"], day_ago, day_ago, *columns.values()]
    database.execute(
        f"INSERT INTO booking_policies ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})", values
    )


def booking_of(database: Connection, event_id: str, columns: str) -> tuple[Any, ...]:
    """Columns of the only booking of an event."""
    (row,) = database.execute(f"SELECT {columns} FROM room_bookings WHERE series_id = %s", [event_id]).fetchall()
    return row


def ask_earlier(database: Connection, event_id: str, minutes: float = 60) -> None:
    """Let the organizer have been asked to check in so many minutes ago."""
    database.execute(
        "UPDATE room_bookings SET check_in_asked_at = now() - make_interval(mins => %s) WHERE series_id = %s",
        [minutes, event_id],
    )


def walk_up(database: Connection, company: Company, room: dict[str, Any], by: Person | None = None) -> None:
    """Somebody at the door has taken the room ten minutes ago, for an hour."""
    database.execute(
        """
        INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source,
                                   checked_in_at, checked_in_by_id, created_at)
        SELECT %s, %s, %s, s, s + h, tstzrange(s, s + h), 'confirmed', 'walk_up', s, %s, s
        FROM (SELECT now() - interval '10 minutes' AS s, interval '1 hour' AS h) t
        """,
        [company.organization.id, new_id(), room["id"], by and by.id],
    )
