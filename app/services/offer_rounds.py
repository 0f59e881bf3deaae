"""What the workers do for those who wait for rooms: tell of offers, end what is over, offer what was left."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlmodel import Session, col

from app.core.config import get_settings
from app.models.base import now
from app.models.booking import BLOCKING_SQL, RoomBooking, RoomWaiting, WaitingState
from app.models.event import Event, EventOccurrence
from app.models.room import Room
from app.services.booking_service import lock_rooms
from app.services.event_access import readers_among
from app.services.room_notice_service import RoomNotice, RoomWhy, tell
from app.services.waiting_service import OPEN, address_of

TOLD_AT_ONCE = 100
DELETED_AT_ONCE = 1000
# An offer is over with its hold; any entry, when the meeting has changed so that it needs the room no more.
_IS_OVER = """
    w.organization_id = :organization_id AND w.state IN ('waiting', 'offered') AND (
        NOT waiting_stands(w)
        OR w.state = 'offered' AND NOT EXISTS (
            SELECT FROM room_bookings h
            WHERE h.organization_id = w.organization_id AND h.waiting_id = w.id AND h.expires_at > now()
        )
    )
"""
_IS_FREE = f"""
    w.organization_id = :organization_id AND w.state = 'waiting' AND w.starts_at > now() AND NOT EXISTS (
        SELECT FROM room_bookings b
        WHERE b.organization_id = w.organization_id AND b.room_id = w.room_id AND b.during && w.during
          AND b.{BLOCKING_SQL}
    )
"""
_ROOMS_DUE = text(f"SELECT DISTINCT w.room_id FROM room_waiting w WHERE {_IS_OVER} OR {_IS_FREE} ORDER BY 1")
_OVER = text(f"""
    SELECT w.id FROM room_waiting w WHERE w.room_id = :room_id AND {_IS_OVER} FOR NO KEY UPDATE SKIP LOCKED
""")
_OFFER_LEFT = text(f"""
    SELECT offer_freed(:organization_id, w.room_id, w.during) FROM (
        SELECT w.room_id, w.during FROM room_waiting w WHERE w.room_id = :room_id AND {_IS_FREE}
        ORDER BY w.created_at, w.id
    ) w
""")


def companies_with_waiting(session: Session) -> list[UUID]:
    """The companies in which somebody waits for a room or is offered one."""
    return list(session.execute(text("SELECT companies_with_waiting()")).scalars())


def tell_offers(session: Session, company: UUID) -> int:
    """Write mails to those who were offered a room and not told yet, TOLD_AT_ONCE at most; how many."""
    query = (
        select(RoomWaiting, Room, Event, col(RoomBooking.expires_at))
        .join(Room, (col(Room.organization_id) == company) & (col(Room.id) == col(RoomWaiting.room_id)))
        .join(
            EventOccurrence,
            (col(EventOccurrence.organization_id) == company)
            & (col(EventOccurrence.series_id) == col(RoomWaiting.series_id))
            & (col(EventOccurrence.original_start) == col(RoomWaiting.original_start)),
        )
        .join(Event, (col(Event.organization_id) == company) & (col(Event.id) == col(EventOccurrence.event_id)))
        .join(
            RoomBooking,
            (col(RoomBooking.organization_id) == company) & (col(RoomBooking.waiting_id) == col(RoomWaiting.id)),
        )
        .where(
            col(RoomWaiting.organization_id) == company,
            col(RoomWaiting.state) == WaitingState.OFFERED,
            col(RoomWaiting.told_at).is_(None),
        )
        .order_by(col(RoomWaiting.created_at), col(RoomWaiting.id))
        .limit(TOLD_AT_ONCE)
        .with_for_update(of=RoomWaiting, key_share=True, skip_locked=True)
    )
    notices = []
    for entry, room, event, until in session.execute(query).all():
        entry.told_at = now()
        reads = readers_among(session, event, [entry.user_id])
        notices.append(
            RoomNotice(
                RoomWhy.OFFERED,
                [entry.user_id],
                room.name,
                entry.starts_at,
                title=event.title if reads else None,
                until=until,
                url=address_of(entry.id),
            )
        )
    session.flush()
    if notices:
        tell(session, company, notices)
    return len(notices)


def rooms_due(session: Session, company: UUID) -> list[UUID]:
    """The rooms for which somebody waited in vain, or waits although they are free."""
    return list(session.execute(_ROOMS_DUE, {"organization_id": company}).scalars())


def look_through(session: Session, company: UUID, room_id: UUID) -> int:
    """End what is over of one room, and offer the room to those who come next; how many entries ended.

    One room a transaction: it is locked before its bookings, as everywhere.
    """
    lock_rooms(session, company, {room_id})
    values = {"organization_id": company, "room_id": room_id}
    over = list(session.execute(_OVER, values).scalars())
    if over:
        session.execute(
            update(RoomWaiting)
            .where(col(RoomWaiting.organization_id) == company, col(RoomWaiting.id).in_(over))
            .values(state=WaitingState.EXPIRED)
        )
        session.execute(
            delete(RoomBooking).where(
                col(RoomBooking.organization_id) == company, col(RoomBooking.waiting_id).in_(over)
            )
        )
    session.execute(_OFFER_LEFT, values)
    return len(over)


def delete_old(session: Session, company: UUID) -> int:
    """Forget entries that ended, of meetings more than ROOM_WAITING_KEEP_DAYS ago, DELETED_AT_ONCE at most."""
    old = (
        select(col(RoomWaiting.id))
        .where(
            col(RoomWaiting.organization_id) == company,
            col(RoomWaiting.state).not_in(OPEN),
            col(RoomWaiting.ends_at) < now() - timedelta(days=get_settings().ROOM_WAITING_KEEP_DAYS),
        )
        .limit(DELETED_AT_ONCE)
    )
    deleted = session.execute(
        delete(RoomWaiting)
        .where(col(RoomWaiting.organization_id) == company, col(RoomWaiting.id).in_(old))
        .returning(col(RoomWaiting.id))
    )
    return len(deleted.all())
