"""What the change feed tells of calendars and events: how they are now for the reader, or that they are gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.models.event import Event
from app.schemas.change import BusyEventRead, ChangeRead
from app.schemas.event import EventRead
from app.services import calendar_service, event_access
from app.services.event_reading import read_events


@dataclass(frozen=True, slots=True)
class Told:
    """A calendar or an event that is to be told of, and when it changed, as far as that is known."""

    id: UUID
    is_event: bool
    at: datetime | None = None


def items_of(session: Session, actor: Actor, told: list[Told], at: datetime) -> list[ChangeRead]:
    """What is told, in the same order. `at` is when that becomes known which nobody noted the time of."""
    events = _events(session, actor, {each.id for each in told if each.is_event})
    calendars = _calendars(session, actor, {each.id for each in told if not each.is_event})
    items = []
    for each in told:
        found = (events if each.is_event else calendars).get(each.id)
        name = "event" if each.is_event else "calendar"
        if found is None:
            items.append(ChangeRead(type=name, id=each.id, deleted=True, changed_at=each.at or at))
        else:
            items.append(ChangeRead(type=name, **{**found, "changed_at": each.at or found["changed_at"]}))
    return items


def _calendars(session: Session, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    return {
        calendar.id: {
            "id": calendar.id,
            "deleted": False,
            "calendar_id": calendar.id,
            "version": calendar.version,
            "changed_at": calendar.updated_at,
            "calendar": calendar,
        }
        for calendar in calendar_service.read_calendars(session, actor, ids)
    }


def _events(session: Session, actor: Actor, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    has_time = or_(
        func.calendar_level(actor.company, actor.user_id, col(Event.calendar_id)) > 0,
        col(Event.organizer_id) == actor.user_id,
        func.takes_part(actor.company, actor.user_id, col(Event.id)),
    )
    query = select(Event, event_access.reads_details(actor)).where(
        col(Event.organization_id) == actor.company, col(Event.id).in_(ids), has_time
    )
    rows = session.execute(query).all()
    whole = read_events(session, actor, [row for row, _ in rows])
    return {row.id: _event(row, whole[row.id], reads_details) for row, reads_details in rows}


def _event(row: Event, whole: EventRead, reads_details: bool | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "deleted": False,
        "calendar_id": row.calendar_id,
        "version": row.version if reads_details else None,
        "changed_at": row.updated_at,
        "is_details_hidden": not reads_details,
        "event": whole if reads_details else BusyEventRead.model_validate(whole.model_dump(exclude={"title"})),
    }
