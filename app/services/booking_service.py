"""Rooms for occurrences. PostgreSQL refuses what overlaps; here the refusal gets its explanation."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.models.event import Event
from app.models.organization import Organization
from app.models.room import BLOCKING_SQL, BLOCKING_STATES, Room, RoomBooking
from app.services.event_access import DETAILS_FROM_SQL as _DETAILS_FROM
from app.services.windows import check_bookable

DETAILS_FROM_SQL = _DETAILS_FROM.format(visibility="e.visibility")
OVERLAP_CONSTRAINT = "ex_room_bookings_no_overlap"
CLASHES_SHOWN = 50
FREE_ROOMS_SHOWN = 10
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)

# The bookings that a series' occurrences ask for: each by the row that describes it, the series or an override. What
# has a row beyond the stored part of the series, because it is an override, is booked when the series gets there. An
# all-day event takes the room for its dates as the company's own zone counts them.
_WANTED = """
    SELECT o.original_start, e.room_id,
           CASE WHEN e.is_all_day
                THEN tstzrange((o.starts_at AT TIME ZONE 'UTC') AT TIME ZONE :zone,
                               (o.ends_at AT TIME ZONE 'UTC') AT TIME ZONE :zone)
                ELSE tstzrange(o.starts_at, o.ends_at)
           END AS during
    FROM event_occurrences o
    JOIN events e ON e.organization_id = :organization_id AND e.id = o.event_id
    WHERE o.organization_id = :organization_id AND o.series_id = :series_id AND o.original_start >= :since
      AND o.original_start < :until AND e.room_id IS NOT NULL AND e.status <> 'cancelled'
      AND (:original ::timestamptz IS NULL OR o.original_start = :original)
"""
_MISSING = f"""
    SELECT w.original_start, w.room_id, w.during FROM ({_WANTED}) w
    WHERE NOT EXISTS (
        SELECT FROM room_bookings b
        WHERE (b.organization_id, b.series_id, b.original_start) = (:organization_id, :series_id, w.original_start)
    )
"""
_RELEASE = text(f"""
    DELETE FROM room_bookings b
    WHERE b.organization_id = :organization_id AND b.series_id = :series_id
      AND (:original ::timestamptz IS NULL OR b.original_start = :original)
      AND NOT EXISTS (
          SELECT FROM ({_WANTED}) w
          WHERE w.original_start = b.original_start AND w.room_id = b.room_id AND w.during = b.during
      )
""")
_BOOK = f"""
    INSERT INTO room_bookings (organization_id, id, room_id, series_id, original_start, during, state, created_at)
    SELECT :organization_id, gen_random_uuid(), w.room_id, :series_id, w.original_start, w.during, :state, now()
    FROM ({_MISSING}) w
"""
_BOOK_ALL = text(_BOOK)
_BOOK_FREE = text(f"{_BOOK} ON CONFLICT DO NOTHING")
_ROOMS = text(f"""
    SELECT room_id, bool_or(is_new) AS is_new, bool_or(NOT is_new) AS is_held, bool_or(is_empty) AS is_empty FROM (
        SELECT w.room_id, true AS is_new, isempty(w.during) AS is_empty FROM ({_WANTED}) w
        WHERE NOT EXISTS (
            SELECT FROM room_bookings b
            WHERE (b.organization_id, b.series_id, b.original_start) = (:organization_id, :series_id, w.original_start)
              AND b.room_id = w.room_id AND b.during = w.during
        )
        UNION ALL
        SELECT b.room_id, false, false FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.series_id = :series_id
          AND (:original ::timestamptz IS NULL OR b.original_start = :original)
    ) touched
    GROUP BY room_id
""")
# OFFSET 0 keeps "one index scan for each occurrence", also in tables that PostgreSQL has no statistics of yet: there it
# took the bookings for few, and compared each with each.
_CLASHES = text(f"""
    WITH clash AS MATERIALIZED (
        SELECT w.room_id, w.during AS wanted, b.during AS booked, b.series_id, b.original_start
        FROM ({_MISSING}) w
        CROSS JOIN LATERAL (
            SELECT b.during, b.series_id, b.original_start FROM room_bookings b
            WHERE b.organization_id = :organization_id AND b.room_id = w.room_id AND b.during && w.during
              AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
            OFFSET 0
        ) b
        ORDER BY lower(w.during), lower(b.during)
        LIMIT {CLASHES_SHOWN}
    )
    SELECT clash.room_id, lower(clash.wanted) AS start_time, upper(clash.wanted) AS end_time,
           lower(clash.booked) AS booked_from, upper(clash.booked) AS booked_to,
           e.id AS event_id, e.title AS title,
           (:sees_private OR e.visibility NOT IN ('private', 'confidential')) AND (
               e.organizer_id = :user_id OR takes_part(:organization_id, :user_id, e.id)
               OR calendar_level(:organization_id, :user_id, e.calendar_id) >= {DETAILS_FROM_SQL}
           ) AS is_visible
    FROM clash
    JOIN event_occurrences o
      ON (o.organization_id, o.series_id, o.original_start)
       = (:organization_id, clash.series_id, clash.original_start)
    JOIN events e ON (e.organization_id, e.id) = (o.organization_id, o.event_id)
    ORDER BY lower(clash.wanted), lower(clash.booked)
""")
_COUNTS = text(f"""
    SELECT w.room_id, count(*) AS total, count(*) FILTER (WHERE EXISTS (
        SELECT FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.room_id = w.room_id AND b.during && w.during
          AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
    )) AS clashing
    FROM ({_MISSING}) w
    GROUP BY w.room_id
    ORDER BY clashing DESC, w.room_id
""")
_FREE_ROOMS = text(f"""
    SELECT r.id, r.name, r.capacity, r.location
    FROM rooms r
    WHERE r.organization_id = :organization_id AND r.is_active AND r.id <> :room_id
      AND NOT EXISTS (
          SELECT FROM room_bookings b
          WHERE b.organization_id = r.organization_id AND b.room_id = r.id
            AND b.{BLOCKING_SQL} AND b.series_id <> :series_id
            AND b.during && (SELECT range_agg(w.during) FROM ({_MISSING}) w)
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


def require_room(session: Session, actor: Actor, room_id: UUID) -> None:
    """Raises NotFound unless the actor's company has this room."""
    query = select(col(Room.id)).where(col(Room.organization_id) == actor.company, col(Room.id) == room_id)
    if session.execute(query).first() is None:
        raise NotFound("room_not_found")


def sync(
    session: Session,
    actor: Actor,
    series: Event,
    original: datetime | None = None,
) -> None:
    """Make a series' bookings those that its occurrences ask for; all of it, or nothing.

    What is booked already and still asked for stays untouched, whatever its state.

    Args:
        original: look at this one occurrence only.

    Raises:
        NotFound: the company has no such room.
        Conflict: a room is not in use, or it is taken; then the error carries the clashing occurrences and the rooms
            that are free for all of them.
        Invalid: an occurrence has no duration, the series overlaps itself, or lies beyond what can be booked ahead.
    """
    parameters = _parameters(series, actor.organization_time_zone, original)
    touched = {row.room_id: row for row in session.execute(_ROOMS, parameters)}
    is_new = any(row.is_new for row in touched.values())
    if original is None and series.room_id is not None and (is_new or not touched):
        check_bookable(series.start_time, "start_time")
    if not touched:
        return
    rooms = lock_rooms(session, series.organization_id, set(touched))
    for row in touched.values():
        if row.is_new:
            _check_room(rooms.get(row.room_id))
        if row.is_empty:
            raise Invalid("room_needs_duration", field="end_time")
    if any(row.is_held for row in touched.values()):
        session.execute(_RELEASE, parameters)
    try:
        with session.begin_nested():
            session.execute(_BOOK_ALL, parameters)
    except IntegrityError as error:
        if getattr(getattr(error.orig, "diag", None), "constraint_name", "") != OVERLAP_CONSTRAINT:
            raise
        raise _taken(session, actor, rooms, parameters) from error


def _check_room(room: Room | None) -> None:
    if room is None:
        raise NotFound("room_not_found")
    if not room.is_active:
        raise Conflict("room_inactive", room=room.name)


def extend(session: Session, series: Event, since: datetime) -> None:
    """Book rooms for the occurrences from `since` on; where one is taken, record the booking as declined."""
    organization = session.get_one(Organization, series.organization_id)
    _book_what_is_free(session, {**_parameters(series, organization.time_zone), "since": since})


def follow(session: Session, series: Event) -> None:
    """Let bookings follow occurrences that were moved by no person; where a room is taken, the booking is declined.

    The series' rooms are locked here.
    """
    organization = session.get_one(Organization, series.organization_id)
    parameters = _parameters(series, organization.time_zone)
    touched = {row.room_id for row in session.execute(_ROOMS, parameters)}
    if touched:
        lock_rooms(session, series.organization_id, touched)
        session.execute(_RELEASE, parameters)
        _book_what_is_free(session, parameters)


def _book_what_is_free(session: Session, parameters: dict[str, Any]) -> None:
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


def _parameters(series: Event, company_zone: str, original: datetime | None = None) -> dict[str, Any]:
    return {
        "organization_id": series.organization_id,
        "series_id": series.id,
        "state": "confirmed",
        "zone": company_zone,
        "since": EARLIEST,
        "until": series.expanded_until or LATEST,
        "original": original,
    }


def _taken(session: Session, actor: Actor, rooms: dict[UUID, Room], parameters: dict[str, Any]) -> Conflict | Invalid:
    """The 409 of a taken room. The rooms are locked, so what is found now is what was in the way."""
    asked = {**parameters, "user_id": actor.user_id, "sees_private": actor.sees_private}
    worst = session.execute(_COUNTS, asked).first()
    if worst is None or worst.clashing == 0:
        return Invalid("series_overlaps_itself", field="recurrence_rule")
    room = rooms[worst.room_id]
    clashes = [
        {
            "room_id": str(row.room_id),
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
        for row in session.execute(_FREE_ROOMS, {**asked, "room_id": room.id, "capacity": room.capacity})
    ]
    return Conflict(
        "room_taken",
        room=room.name,
        count=worst.clashing,
        total=worst.total,
        extra={"clashes": clashes, "free_rooms": free},
    )


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
