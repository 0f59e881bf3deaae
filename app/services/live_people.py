"""Telling the streams of people that there is something new for them, or that a sign-in of theirs has ended."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import Session

from app.core.live import publisher
from app.services.nudges import after_commit


def channel_of(user_id: UUID) -> str:
    """The name under which somebody's notifications are told."""
    return f"person:{user_id}"


def sessions_channel_of(user_id: UUID) -> str:
    """The name under which it is told that a sign-in session of somebody is over."""
    return f"sessions:{user_id}"


def people_change(session: Session, people: Iterable[UUID]) -> None:
    """Once the session's transaction is committed, wake the streams of these people's notifications."""
    _publish(session, frozenset(map(channel_of, people)))


def sessions_end(session: Session, people: Iterable[UUID]) -> None:
    """Once the session's transaction is committed, let all streams of these people look whether they may go on."""
    _publish(session, frozenset(map(sessions_channel_of, people)))


def _publish(session: Session, names: frozenset[str]) -> None:
    if names:
        after_commit(session, lambda: publisher.publish(names))
