"""Telling the streams of people that there is something new for them, or that somebody's sign-in has ended."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session

from app.core.live import publisher
from app.services.nudges import after_commit


def channel_of(user_id: UUID) -> str:
    """The name under which somebody's notifications are told, and that a session of theirs is over."""
    return f"person:{user_id}"


def people_change(session: Session, people: Iterable[UUID]) -> None:
    """Once the session's transaction is committed, wake the streams of these people."""
    names = frozenset(map(channel_of, people))
    if names:
        after_commit(session, lambda: publisher.publish(names))
