"""Telling the panels at the doors that their rooms changed."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session

from app.core.live import publisher
from app.services.nudges import after_commit


def channel_of(company: UUID, room_id: UUID) -> str:
    """The name under which changes of a room are told."""
    return f"room:{company}:{room_id}"


def rooms_change(session: Session, company: UUID, rooms: Iterable[UUID]) -> None:
    """Once the session's transaction is committed, tell whoever shows these rooms."""
    names = frozenset(channel_of(company, room) for room in rooms)
    if names:
        after_commit(session, lambda: publisher.publish(names))
