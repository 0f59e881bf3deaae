"""Rooms for occurrences. PostgreSQL refuses what overlaps; here the refusal gets its explanation."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.models.event import Event
from app.models.organization import Organization
from app.models.room import BLOCKING_SQL, BLOCKING_STATES, Room, RoomBooking
from app.services.windows import check_bookable

OVERLAP_CONSTRAINT = "ex_room_bookings_no_overlap"
CLASHES_SHOWN = 50
FREE_ROOMS_SHOWN = 10
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)

# An all-day event takes the room for its dates as the company's own zone counts them.
_WANTED = """
    SELECT o.original_start,
           CASE WHEN :zone ::text IS NULL THEN tstzrange(o.starts_at, o.ends_at)
                ELSE tstzrange((o.starts_at AT TIME ZONE 'UTC') AT TIME ZONE :zone,
                               (o.ends_at AT TIME ZONE 'UTC') AT TIME ZONE :zone)
           END AS during
    FROM event_occurrences o
    WHERE o.organization_id = :organization_id AND o.series_id = :series_id AND o.original_start >= :since
"""
_BOOK = f"""
    INSERT INTO room_bookings (organization_id, id, room_id, series_id, original_start, during, state, created_at)
    SELECT :organization_id, gen_random_uuid(), :room_id, :series_id, w.original_start, w.during, :state, now()
    FROM ({_WANTED}) w
"""
_BOOK_ALL = text(_BOOK)
_BOOK_FREE = text(f"{_BOOK} ON CONFLICT DO NOTHING")
# OFFSET 0 keeps "one index scan for each occurrence", also in tables that PostgreSQL has no statistics of yet: there it
# took the bookings for few, and compared each with each.
_CLASHES = text(f"""
    WITH clash AS MATERIALIZED (
        SELECT w.during AS wanted, b.during AS booked, b.series_id, b.original_start
        FROM ({_WANTED}) w
        CROSS JOIN LATERAL (
            SELECT b.during, b.series_id, b.original_start FROM room_bookings b
            WHERE b.organization_id = :organization_id AND b.room_id = :room_id AND b.during && w.during
              AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
            OFFSET 0
        ) b
        ORDER BY lower(w.during), lower(b.during)
        LIMIT {CLASHES_SHOWN}
    )
    SELECT lower(clash.wanted) AS start_time, upper(clash.wanted) AS end_time,
           lower(clash.booked) AS booked_from, upper(clash.booked) AS booked_to,
           e.id AS event_id, e.title AS title,
           (c.owner_id = :user_id OR c.is_public OR EXISTS (
               SELECT FROM event_participants p
               WHERE p.organization_id = e.organization_id AND p.event_id = e.id AND p.user_id = :user_id
           )) AS is_visible
    FROM clash
    JOIN event_occurrences o
      ON (o.organization_id, o.series_id, o.original_start)
       = (:organization_id, clash.series_id, clash.original_start)
    JOIN events e ON (e.organization_id, e.id) = (o.organization_id, o.event_id)
    JOIN calendars c ON (c.organization_id, c.id) = (e.organization_id, e.calendar_id)
    ORDER BY lower(clash.wanted), lower(clash.booked)
""")
_COUNTS = text(f"""
    SELECT count(*) AS total, count(*) FILTER (WHERE EXISTS (
        SELECT FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.room_id = :room_id AND b.during && w.during
          AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
    )) AS clashing
    FROM ({_WANTED}) w
""")
_FREE_ROOMS = text(f"""
    SELECT r.id, r.name, r.capacity, r.location
    FROM rooms r
    WHERE r.organization_id = :organization_id AND r.is_active AND r.id <> :room_id
      AND NOT EXISTS (
          SELECT FROM room_bookings b
          WHERE b.organization_id = r.organization_id AND b.room_id = r.id
            AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
            AND b.during && (SELECT range_agg(w.during) FROM ({_WANTED}) w)
          OFFSET 0
      )
    ORDER BY (r.capacity < :capacity), abs(r.capacity - :capacity), r.name, r.id
    LIMIT {FREE_ROOMS_SHOWN}
""")


def lock_rooms(session: Session, organization_id: UUID, room_ids: set[UUID]) -> dict[UUID, Room]:
    """Lock the rooms that a change touches, always in the same order, so that two changes never deadlock.

    Call it before the first booking of either room is removed. Rooms that the company does not have are left out.
    """
    query = (
        select(Room)
        .where(col(Room.organization_id) == organization_id, col(Room.id).in_(room_ids))
        .order_by(col(Room.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {room.id: room for room in session.execute(query).scalars()}


def book(session: Session, actor: Actor, event: Event, room: Room | None) -> None:
    """Book a locked room for every occurrence of the event that has a row, or for none.

    Raises:
        NotFound: the company has no such room.
        Conflict: it is not in use, or it is taken; then the error carries the clashing occurrences and the rooms
            that are free for all of them.
        Invalid: the event has no duration, overlaps itself, or lies beyond what can be booked ahead.
    """
    if room is None:
        raise NotFound("room_not_found")
    if not room.is_active:
        raise Conflict("room_inactive", room=room.name)
    if event.start_time == event.end_time:
        raise Invalid("room_needs_duration", field="end_time")
    check_bookable(event.start_time, "start_time")
    parameters = _parameters(event, actor.organization_time_zone)
    try:
        with session.begin_nested():
            session.execute(_BOOK_ALL, parameters)
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", "") != OVERLAP_CONSTRAINT:
            raise
        raise _taken(session, actor, room, parameters) from error


def release(session: Session, event: Event) -> None:
    """Give back every booking of an event."""
    session.execute(
        delete(RoomBooking).where(
            col(RoomBooking.organization_id) == event.organization_id, col(RoomBooking.series_id) == event.id
        )
    )


def extend(session: Session, event: Event, since: datetime) -> None:
    """Book the room for the occurrences from `since` on; where it is taken, record the booking as declined."""
    organization = session.get_one(Organization, event.organization_id)
    parameters = {**_parameters(event, organization.time_zone), "since": since}
    session.execute(_BOOK_FREE, parameters)
    session.execute(_BOOK_FREE, {**parameters, "state": "declined"})


def count_ahead(session: Session, room: Room) -> int:
    """How many bookings of the room end in the future."""
    query = select(func.count()).where(
        col(RoomBooking.organization_id) == room.organization_id,
        col(RoomBooking.room_id) == room.id,
        col(RoomBooking.state).in_(BLOCKING_STATES),
        col(RoomBooking.during).op("&&")(func.tstzrange(func.now(), None)),
    )
    count: int = session.execute(query).scalar_one()
    return count


def _parameters(event: Event, company_zone: str) -> dict[str, Any]:
    return {
        "organization_id": event.organization_id,
        "series_id": event.id,
        "room_id": event.room_id,
        "state": "confirmed",
        "zone": company_zone if event.is_all_day else None,
        "since": EARLIEST,
    }


def _taken(session: Session, actor: Actor, room: Room, parameters: dict[str, Any]) -> Conflict | Invalid:
    """The 409 of a taken room. The room is locked, so what is found now is what was in the way."""
    asked = {**parameters, "user_id": actor.user_id, "capacity": room.capacity}
    counts = session.execute(_COUNTS, asked).one()
    if counts.clashing == 0:
        return Invalid("series_overlaps_itself", field="recurrence_rule")
    clashes = [
        {
            "start_time": _iso(row.start_time),
            "end_time": _iso(row.end_time),
            "booked_from": _iso(row.booked_from),
            "booked_to": _iso(row.booked_to),
            "event_id": str(row.event_id) if row.is_visible else None,
            "title": row.title if row.is_visible else None,
        }
        for row in session.execute(_CLASHES, asked)
    ]
    free = [
        {"id": str(row.id), "name": row.name, "capacity": row.capacity, "location": row.location}
        for row in session.execute(_FREE_ROOMS, asked)
    ]
    return Conflict(
        "room_taken",
        room=room.name,
        count=counts.clashing,
        total=counts.total,
        extra={"clashes": clashes, "free_rooms": free},
    )


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
