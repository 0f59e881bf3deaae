"""Offers of rooms to those who wait for them.

The database makes them, at the commit that frees a room (`offer_freed()` of migration 0011). It leaves a room alone
that somebody else has locked at that moment; what is left so, the workers offer, who are woken after the commit
(`offer_rounds`), or whoever joins the queue before they do.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.models.booking import RoomWaiting, WaitingState
from app.services.live_rooms import rooms_change
from app.services.nudges import OFFERS, nudge

_OFFER_FIRST = text("SELECT offer_freed(:organization_id, :room_id, tstzrange(:start, :end))")


def offer_first(session: Session, company: UUID, room_id: UUID, start: datetime, end: datetime) -> None:
    """Offer what is free of a locked room in [start, end), UTC, to those who wait for it already.

    What the session's own transaction has freed counts as free: a change that may book it again must not call this.
    """
    values = {"organization_id": company, "room_id": room_id, "start": start, "end": end}
    if session.execute(_OFFER_FIRST, values).scalar_one():
        nudge(session, OFFERS)


def note_freed(session: Session, company: UUID, rooms: Collection[UUID]) -> None:
    """Tell the panels of rooms that the session's transaction frees something, and whoever is offered it."""
    if not rooms:
        return
    rooms_change(session, company, rooms)
    waits = select(col(RoomWaiting.id)).where(
        col(RoomWaiting.organization_id) == company,
        col(RoomWaiting.room_id).in_(rooms),
        col(RoomWaiting.state) == WaitingState.WAITING,
    )
    if session.execute(waits.limit(1)).first() is not None:
        nudge(session, OFFERS)
