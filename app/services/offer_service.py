"""Offers of rooms to those who wait for them.

The database makes them, at the commit that frees a room (`offer_freed()` of migration 0011). It leaves a room alone
that somebody else books at that moment. Whoever books next makes up for it here, so that nobody jumps the queue; and so
does the workers' round (`offer_rounds`), where nobody books.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.models.booking import RoomWaiting, WaitingState
from app.services.nudges import OFFERS, nudge
from app.services.room_rules import Wish

_OFFER_FIRST = text("""
    SELECT offer_freed(:organization_id, w.room_id, w.during) AS offers
    FROM (
        SELECT w.room_id, w.during FROM room_waiting w
        WHERE w.organization_id = :organization_id AND w.room_id = ANY(:rooms ::uuid[]) AND w.state = 'waiting'
          AND EXISTS (
              SELECT FROM unnest(:wanted ::uuid[], :starts ::timestamptz[], :ends ::timestamptz[])
                  AS n (room_id, starts_at, ends_at)
              WHERE n.room_id = w.room_id AND w.during && tstzrange(n.starts_at, n.ends_at)
          )
        ORDER BY w.created_at, w.id
    ) w
""")


def offer_first(session: Session, company: UUID, wishes: Sequence[Wish]) -> None:
    """Offer what is free at the times of these wishes to those who already wait for it. The rooms are locked."""
    if not wishes:
        return
    values = {
        "organization_id": company,
        "rooms": list({wish.room_id for wish in wishes}),
        "wanted": [wish.room_id for wish in wishes],
        "starts": [wish.starts_at for wish in wishes],
        "ends": [wish.ends_at for wish in wishes],
    }
    if any(session.execute(_OFFER_FIRST, values).scalars()):
        nudge(session, OFFERS)


def note_freed(session: Session, company: UUID, rooms: Collection[UUID]) -> None:
    """Have those told who are offered what the session's transaction frees of these rooms, if anybody waits."""
    if not rooms:
        return
    waits = select(col(RoomWaiting.id)).where(
        col(RoomWaiting.organization_id) == company,
        col(RoomWaiting.room_id).in_(rooms),
        col(RoomWaiting.state) == WaitingState.WAITING,
    )
    if session.execute(waits.limit(1)).first() is not None:
        nudge(session, OFFERS)
