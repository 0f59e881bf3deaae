"""An event as clients read it, and as they would write it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.calendaring.series import Occurrence
from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.models.event import Event
from app.schemas.event import EventRead
from app.services.event_times import as_instant
from app.services.participant_reading import Participants, read_participants

# What is_recurring says is known without asking PostgreSQL, who computes the column.
_COLUMNS = EventRead.model_fields.keys() - {"participants", "participants_count", "is_recurring", "room_report"}


def read_event(session: Session, actor: Actor, event: Event, occurrence: Occurrence | None = None) -> EventRead:
    """The event with those participants whom the actor sees; with `occurrence`, that one of the series `event`."""
    whole = read_events(session, actor, [event])[event.id]
    if occurrence is None:
        return whole
    return EventRead.model_validate(
        {
            **dict(whole),
            "series_id": event.id,
            "original_start": occurrence.original_start,
            "start_time": occurrence.start,
            "end_time": occurrence.end,
            "recurrence_rule": None,
            "exdates": [],
            "rdates": [],
        }
    )


def read_events(session: Session, actor: Actor, events: Sequence[Event]) -> dict[UUID, EventRead]:
    """The same of several events, by id, in as many statements as of one."""
    participants = read_participants(session, actor, events)
    return {event.id: _read(event, participants[event.id]) for event in events}


def _read(event: Event, participants: Participants) -> EventRead:
    values = {name: getattr(event, name) for name in _COLUMNS}
    values.update(shown_times(event), participants=participants.items, participants_count=participants.count)
    return EventRead.model_validate(values)


def shown_times(event: Event) -> dict[str, Any]:
    """What is told of an event's times: UTC instants, or dates when it is all-day."""
    times: dict[str, Any] = {
        "start_time": shown(event, event.start_time),
        "end_time": shown(event, event.end_time),
        "original_start": None if event.original_start is None else shown(event, event.original_start),
        "is_recurring": event.series_id is not None or event.recurrence_rule is not None or bool(event.rdates),
    }
    for name in ("exdates", "rdates"):
        times[name] = [_of_wall(event, wall) for wall in getattr(event, name)]
    return times


def shown(event: Event, instant: datetime) -> date:
    """An instant of this event as it is told: itself, or of an all-day event its date."""
    return instant.date() if event.is_all_day else instant


def as_written(event: Event, occurrence: Occurrence | None = None) -> dict[str, Any]:
    """The stored event as a PUT would send it; with `occurrence`, with the times of that one.

    Times carry their offset, so the second of two equal ones stays.
    """
    content = ("title", "description", "location", "status", "calendar_id", "room_id", "is_all_day", "time_zone")
    more = ("recurrence_rule", "visibility", "transparency", *GUEST_RIGHTS)
    written = {name: getattr(event, name) for name in (*content, *more)}
    start, end = (event.start_time, event.end_time) if occurrence is None else (occurrence.start, occurrence.end)
    if event.is_all_day:
        written.update(start_time=as_instant(start).date(), end_time=as_instant(end).date())
        walls: Any = datetime.date
        return {**written, "exdates": list(map(walls, event.exdates)), "rdates": list(map(walls, event.rdates))}
    return {**written, "start_time": start, "end_time": end, "exdates": event.exdates, "rdates": event.rdates}


GUEST_RIGHTS = ("guests_can_see_guests", "guests_can_invite", "guests_can_change")


def _of_wall(event: Event, wall: datetime) -> date:
    return wall.date() if event.time_zone is None else wall_to_utc(wall, get_zone(event.time_zone))
