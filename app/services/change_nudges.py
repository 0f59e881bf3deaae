"""Having those told who follow the change feed, whenever a session has written what the feed is about.

Only so that they need not wait: what a statement of its own changed, their next round finds.
"""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import UOWTransaction
from sqlmodel import Session

from app.core.live import publisher
from app.models.calendar import Calendar
from app.models.event import Event
from app.models.participant import EventParticipant
from app.models.sharing import CalendarShare, CalendarSubscription
from app.services.nudges import CHANGES, after_commit, nudge

FOLLOWED = (Event, EventParticipant, Calendar, CalendarShare, CalendarSubscription)
_COMPANIES = "companies_changed"


def channel_of(company: UUID) -> str:
    """The name under which it is told that something in a company changed."""
    return f"changes:{company}"


def listen() -> None:
    """Begin to listen to all sessions of this process."""
    if not event.contains(Session, "after_flush", _note):
        event.listen(Session, "after_flush", _note)


def _note(session: Session, _context: UOWTransaction) -> None:
    written: list[Any] = [row for row in (*session.new, *session.dirty, *session.deleted) if isinstance(row, FOLLOWED)]
    if not written:
        return
    nudge(session, CHANGES)
    told: set[UUID] = session.info.setdefault(_COMPANIES, set())
    for company in {row.organization_id for row in written} - told:
        told.add(company)
        after_commit(session, partial(_publish, session, company))


def _publish(session: Session, company: UUID) -> None:
    session.info.pop(_COMPANIES, None)
    publisher.publish({channel_of(company)})
