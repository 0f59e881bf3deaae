"""What the workers do about check-in every minute: ask for it, and release rooms in which nobody has checked in.

A room needs check-in where its rules say after how many minutes it is released. Meetings that last all day are left
alone, and so is what was booked at the door, by somebody who stands there. Nobody loses a room who was not asked.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.models.base import now
from app.models.booking import BLOCKING_SQL, UNUSED_SQL
from app.models.event import Event
from app.schemas.event_preview import Why
from app.services import notice_service, room_notice_service
from app.services.booking_service import lock_rooms
from app.services.check_in_link_service import link_for
from app.services.check_in_service import opens_until
from app.services.room_notice_service import RoomNotice, RoomWhy
from app.services.room_rules_sql import RULES_FROM, rule

# How many bookings one transaction asks about, and how many one round looks at in a company.
ASKED_AT_ONCE = 200
RELEASED_A_ROUND = 1000

# What describes the occurrences of bookings `b`, for a FROM.
_EVENTS = """
    JOIN event_occurrences o
      ON (o.organization_id, o.series_id, o.original_start) = (b.organization_id, b.series_id, b.original_start)
    JOIN events e ON e.organization_id = b.organization_id AND e.id = o.event_id
"""
# Room by room, in what is taken around now: of that there is little, however much there was before.
_TO_ASK = text(f"""
    SELECT b.id, b.starts_at, coalesce(b.used_until, b.ends_at) AS until, b.checked_in_at, r.name, e.title,
           e.organizer_id
    FROM {RULES_FROM}
    CROSS JOIN LATERAL (
        SELECT * FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.room_id = r.id
          AND b.{BLOCKING_SQL} AND b.during && tstzrange(:moment, :opening, '[]')
          AND b.state = 'confirmed' AND b.source = 'event' AND b.check_in_asked_at IS NULL
          AND b.starts_at <= :opening AND coalesce(b.used_until, b.ends_at) > :moment
        OFFSET 0
    ) b
    {_EVENTS}
    WHERE r.organization_id = :organization_id AND {rule("check_in_minutes")} > 0 AND NOT e.is_all_day
    LIMIT {ASKED_AT_ONCE}
""")
# Of two workers one asks.
_ASK = text("""
    UPDATE room_bookings SET check_in_asked_at = :moment
    WHERE organization_id = :organization_id AND id IN (
        SELECT b.id FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.id = ANY(:bookings ::uuid[])
          AND b.state = 'confirmed' AND b.check_in_asked_at IS NULL
        FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING id
""")
# A change of the rules counts from when it was made: a shorter time does not release what has just begun.
_UNUSED = f"""
    SELECT b.id, b.series_id, b.room_id, b.starts_at, r.name, o.event_id
    FROM room_bookings b
    JOIN ({RULES_FROM}) ON r.organization_id = b.organization_id AND r.id = b.room_id
    {_EVENTS}
    WHERE b.organization_id = :organization_id AND {UNUSED_SQL}
      AND b.starts_at <= :moment AND coalesce(b.used_until, b.ends_at) > :moment AND NOT e.is_all_day
      AND {rule("check_in_minutes")} > 0
      AND greatest(b.starts_at, b.check_in_asked_at, of_room.updated_at, of_building.updated_at, of_company.updated_at)
          + make_interval(mins => {rule("check_in_minutes")}) <= :moment
"""
_ALL_UNUSED = text(f"{_UNUSED} ORDER BY b.starts_at, b.id LIMIT {RELEASED_A_ROUND}")
_ONE_UNUSED = text(f"{_UNUSED} AND b.id = :booking_id FOR NO KEY UPDATE OF b SKIP LOCKED")
_RELEASE = text("""
    UPDATE room_bookings SET state = 'released', reason = 'no_show'
    WHERE organization_id = :organization_id AND id = :booking_id
""")
# For the change feed and for ETags: the row that describes the occurrence, and its series.
_RAISE_VERSIONS = text("""
    UPDATE events SET version = version + 1, updated_at = now()
    WHERE organization_id = :organization_id AND id IN (:series_id, :event_id)
""")


def companies(session: Session) -> list[UUID]:
    """The companies in which some room needs check-in, or something else is due in rooms."""
    return list(session.execute(text("SELECT companies_with_rooms_due()")).scalars())


def ask_next(session: Session, company: UUID) -> int:
    """Ask the organizers of meetings that begin soon to check in; how many bookings were marked as asked about."""
    moment = now()
    values: dict[str, Any] = {"organization_id": company, "moment": moment, "opening": opens_until(moment)}
    due = session.execute(_TO_ASK, values).all()
    if not due:
        return 0
    asked = set(session.execute(_ASK, {**values, "bookings": [row.id for row in due]}).scalars())
    room_notice_service.tell(
        session,
        company,
        [
            RoomNotice(
                RoomWhy.CHECK_IN,
                [row.organizer_id],
                row.name,
                row.starts_at,
                title=row.title,
                url=link_for(company, row.id, row.organizer_id, row.until),
            )
            for row in due
            if row.id in asked and row.checked_in_at is None
        ],
    )
    return len(asked)


@dataclass(frozen=True, slots=True)
class Unused:
    """A booking to whose meeting nobody has come."""

    booking_id: UUID
    series_id: UUID
    room_id: UUID


def unused(session: Session, company: UUID) -> list[Unused]:
    """The bookings that are to be released: what began first comes first."""
    rows = session.execute(_ALL_UNUSED, {"organization_id": company, "moment": now()})
    return [Unused(row.id, row.series_id, row.room_id) for row in rows]


def release(session: Session, company: UUID, booking: Unused) -> bool:
    """Release the room of a meeting to which nobody came, and tell everybody in it; whether that was done.

    Locks as every change of an event does: the event, the room, the booking. What somebody else is changing at this
    moment is left for the next round.
    """
    locked = select(col(Event.id)).where(col(Event.organization_id) == company, col(Event.id) == booking.series_id)
    if session.execute(locked.with_for_update(key_share=True, skip_locked=True)).first() is None:
        return False
    values: dict[str, Any] = {"organization_id": company, "booking_id": booking.booking_id, "moment": now()}
    lock_rooms(session, company, {booking.room_id})
    row = session.execute(_ONE_UNUSED, values).one_or_none()
    if row is None:
        return False
    session.execute(_RELEASE, values)
    session.execute(_RAISE_VERSIONS, {**values, "series_id": row.series_id, "event_id": row.event_id})
    event = session.get_one(Event, (company, row.event_id))
    everybody = [
        person.user_id
        for notice in notice_service.note_everybody(session, Why.CHANGED, event)
        for person in notice.recipients
        if person.user_id is not None
    ]
    notice = RoomNotice(RoomWhy.RELEASED, everybody, row.name, row.starts_at, title=event.title)
    room_notice_service.tell(session, company, [notice])
    return True
