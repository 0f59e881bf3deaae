"""An event as clients read it, and as they would write it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from app.calendaring.series import Occurrence
from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.models.booking import RoomBooking
from app.models.event import Event
from app.schemas.event import EventRead
from app.services.event_times import as_instant
from app.services.participant_reading import Participants, read_participants

# What is_recurring says is known without asking PostgreSQL, who computes the column.
_COLUMNS = EventRead.model_fields.keys() - {
    *("participants", "participants_count", "is_recurring", "room_state", "room_report")
}


def read_event(session: Session, actor: Actor, event: Event, occurrence: Occurrence | None = None) -> EventRead:
    """The event with those participants whom the actor sees; with `occurrence`, that one of the series `event`."""
    whole = read_events(session, actor, [event])[event.id]
    if occurrence is None:
        return whole
    original = as_instant(occurrence.original_start)
    states = {} if event.room_id is None else _room_states(session, event.organization_id, [(event.id, original)])
    return EventRead.model_validate(
        {
            **dict(whole),
            "room_state": states.get((event.id, original)),
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
    places = {event.id: place for event in events if (place := _place(event)) is not None}
    states = _room_states(session, actor.company, list(places.values())) if places else {}
    return {event.id: _read(event, participants[event.id], states.get(places.get(event.id))) for event in events}


def _read(event: Event, participants: Participants, room_state: str | None) -> EventRead:
    values = {name: getattr(event, name) for name in _COLUMNS}
    values["room_state"] = room_state
    values.update(shown_times(event), participants=participants.items, participants_count=participants.count)
    return EventRead.model_validate(values)


def _place(event: Event) -> tuple[UUID, datetime] | None:
    """The series and original start of what a row describes, where it is one occurrence that asks for a room."""
    if event.room_id is None or event.recurrence_rule is not None or event.rdates:
        return None
    return event.series_id or event.id, event.original_start or event.start_time


def _room_states(
    session: Session, company: UUID, places: Sequence[tuple[UUID, datetime]]
) -> dict[tuple[UUID, datetime] | None, str]:
    """What became of the rooms of these occurrences, by series and original start."""
    query = select(col(RoomBooking.series_id), col(RoomBooking.original_start), col(RoomBooking.state)).where(
        col(RoomBooking.organization_id) == company,
        tuple_(col(RoomBooking.series_id), col(RoomBooking.original_start)).in_(places),
    )
    return {(series, original): state for series, original, state in session.execute(query)}


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
