"""Events: who sees them, who may change them, and what a change does to occurrences, rooms and participants."""

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models.calendar import Calendar
from app.models.event import Event, EventStatus
from app.schemas.event import EventRead, EventWrite, ParticipantRead
from app.services import booking_service, calendar_service, occurrence_service
from app.services.event_access import get_changeable
from app.services.event_times import checked_series, resolve_times
from app.services.participant_service import participants_of, set_participants
from app.services.rows import apply_changes, check_version, flush

# The columns that say when occurrences take place: a change of any makes their rows anew.
SCHEDULE_COLUMNS = frozenset(
    {
        "start_time",
        "end_time",
        "start_wall",
        "end_wall",
        "time_zone",
        "is_all_day",
        "recurrence_rule",
        "exdates",
        "tzdata_version",
    }
)


def read_event(session: Session, event: Event) -> EventRead:
    """The event as clients see it, participants included."""
    participants = participants_of(session, event)
    values = {name: getattr(event, name) for name in EventRead.model_fields if name != "participants"}
    if event.is_all_day:
        values["start_time"], values["end_time"] = event.start_wall.date(), event.end_wall.date()
        values["exdates"] = [exdate.date() for exdate in event.exdates]
    else:
        zone = get_zone(event.time_zone or "UTC")
        values["exdates"] = [wall_to_utc(exdate, zone) for exdate in event.exdates]
    values["is_recurring"] = event.recurrence_rule is not None
    values["participants"] = [ParticipantRead.model_validate(row) for row in participants]
    return EventRead.model_validate(values)


def create_event(session: Session, actor: Actor, data: EventWrite) -> Event:
    """A new event of the actor, with its occurrences, participants and room, or nothing of it.

    Raises:
        NotFound: the calendar or the room is not there for the actor.
        Forbidden: the calendar is somebody else's.
        Invalid: times, rule or participants are not acceptable.
        Conflict: the room is taken.
    """
    calendar = _target_calendar(session, actor, data)
    times = resolve_times(data, actor.time_zone)
    series = checked_series(times)
    event = Event(
        **asdict(times),
        **_content(data),
        organization_id=actor.company,
        calendar_id=calendar.id,
        organizer_id=actor.user_id,
        room_id=data.room_id,
        uid=str(uuid4()),
        span=None,
    )
    occurrences = occurrence_service.plan(event, series)
    rooms = _lock_rooms(session, actor, {data.room_id})
    session.add(event)
    flush(session)
    occurrence_service.store(session, event, occurrences)
    if data.participants:
        set_participants(session, event, data.participants)
    if event.room_id is not None and event.status != EventStatus.CANCELLED:
        booking_service.book(session, actor, event, rooms.get(event.room_id))
    return event


def replace_event(
    session: Session, actor: Actor, event_id: UUID, data: EventWrite, if_match: frozenset[int] | None
) -> Event:
    """PUT: the whole event, all its occurrences. Participants and calendar stay when they are not sent."""
    event = get_changeable(session, actor, event_id)
    check_version(event, if_match)
    return _change(session, actor, event, data)


def patch_event(
    session: Session, actor: Actor, event_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Event:
    """PATCH: what was sent is laid over what is stored, and the result is treated as a PUT."""
    event = get_changeable(session, actor, event_id)
    check_version(event, if_match)
    written = _as_written(event)
    if "time_zone" in values and not event.is_all_day:
        # Who corrects the zone means the same time on the clock, not the same instant.
        written.update(start_time=event.start_wall, end_time=event.end_wall)
    if values.get("recurrence_rule", ...) is None:
        # A series made a single event has nothing left to exclude from.
        written["exdates"] = []
    data = EventWrite.model_validate({**written, **values})
    return _change(session, actor, event, data, moves_exdates="exdates" not in values)


def delete_event(session: Session, actor: Actor, event_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete an event with all its occurrences; its room becomes free."""
    event = get_changeable(session, actor, event_id)
    check_version(event, if_match)
    session.delete(event)
    flush(session)


def _change(session: Session, actor: Actor, event: Event, data: EventWrite, *, moves_exdates: bool = False) -> Event:
    times = resolve_times(data, event.time_zone or actor.time_zone)
    if moves_exdates and times.is_all_day == event.is_all_day:
        # What was taken out of a series stays out when the series moves to another time.
        moved_by = times.start_wall - event.start_wall
        times = replace(times, exdates=[exdate + moved_by for exdate in times.exdates])
    values = {**asdict(times), **_content(data), "room_id": data.room_id}
    if data.calendar_id is not None and data.calendar_id != event.calendar_id:
        values["calendar_id"] = _target_calendar(session, actor, data).id
    changed = {name for name, value in values.items() if getattr(event, name) != value}
    rescheduled = bool(changed & SCHEDULE_COLUMNS)
    rebooked = rescheduled or "room_id" in changed or _takes_place(event) != (data.status != EventStatus.CANCELLED)
    rooms = _lock_rooms(session, actor, {event.room_id, data.room_id}) if rebooked else {}
    apply_changes(event, values)
    if rescheduled or "status" in changed:
        event.sequence += 1
    occurrences = occurrence_service.plan(event, checked_series(times)) if rescheduled else []
    flush(session)
    if rebooked:
        booking_service.release(session, event)
    if rescheduled:
        occurrence_service.replace(session, event, occurrences)
    if data.participants is not None and set_participants(session, event, data.participants) and not changed:
        event.version += 1
        flush(session)
    if rebooked and event.room_id is not None and _takes_place(event):
        booking_service.book(session, actor, event, rooms.get(event.room_id))
    return event


def _takes_place(event: Event) -> bool:
    return event.status != EventStatus.CANCELLED


def _content(data: EventWrite) -> dict[str, Any]:
    return data.model_dump(include={"title", "description", "location", "status"})


def _as_written(event: Event) -> dict[str, Any]:
    """The stored event as a PUT would send it. Times carry their offset, so the second of two equal ones stays."""
    written = {
        "title": event.title,
        "description": event.description,
        "location": event.location,
        "status": event.status,
        "calendar_id": event.calendar_id,
        "room_id": event.room_id,
        "is_all_day": event.is_all_day,
        "time_zone": event.time_zone,
        "recurrence_rule": event.recurrence_rule,
    }
    if event.is_all_day:
        days = {"start_time": event.start_wall.date(), "end_time": event.end_wall.date()}
        return {**written, **days, "exdates": [exdate.date() for exdate in event.exdates]}
    instants = {"start_time": event.start_time, "end_time": event.end_time}
    return {**written, **instants, "exdates": event.exdates}


def _target_calendar(session: Session, actor: Actor, data: EventWrite) -> Calendar:
    if data.calendar_id is None:
        return calendar_service.default_calendar(session, actor)
    return calendar_service.get_own_calendar(session, actor, data.calendar_id)


def _lock_rooms(session: Session, actor: Actor, room_ids: set[UUID | None]) -> dict[UUID, Any]:
    """The rooms, locked.

    Raises:
        NotFound: the company does not have one of them.
    """
    named = {room_id for room_id in room_ids if room_id is not None}
    rooms = booking_service.lock_rooms(session, actor.company, named) if named else {}
    if len(rooms) < len(named):
        raise NotFound("room_not_found")
    return rooms
