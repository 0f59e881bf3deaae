"""Events: who sees them, who may change them, and what a change does to occurrences, rooms and participants."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, delete, or_, select
from sqlmodel import Session, col

from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.calendar import Calendar
from app.models.event import Event, EventParticipant, EventStatus
from app.models.user import User
from app.schemas.event import EventRead, EventWrite, ParticipantRead, ParticipantWrite
from app.services import booking_service, calendar_service, occurrence_service
from app.services.event_times import checked_series, resolve_times
from app.services.rows import apply_changes, check_version, flush, get_visible

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


def visible_to(actor: Actor) -> Select[Event]:
    """The events of calendars that the actor sees, and those that they take part in."""
    calendars = calendar_service.visible_to(actor).with_only_columns(col(Calendar.id))
    taking_part = select(col(EventParticipant.event_id)).where(
        col(EventParticipant.organization_id) == actor.company, col(EventParticipant.user_id) == actor.user_id
    )
    return select(Event).where(
        col(Event.organization_id) == actor.company,
        or_(col(Event.calendar_id).in_(calendars), col(Event.id).in_(taking_part)),
    )


def get_event(session: Session, actor: Actor, event_id: UUID, *, lock: bool = False) -> Event:
    return get_visible(session, visible_to(actor), event_id, "event_not_found", lock=lock)


def get_own_event(session: Session, actor: Actor, event_id: UUID) -> Event:
    """An event that the actor may change, locked: as its organizer, owner of its calendar, or administrator.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor only sees it.
    """
    event = get_event(session, actor, event_id, lock=True)
    if event.organizer_id == actor.user_id:
        return event
    calendar = session.get_one(Calendar, (event.organization_id, event.calendar_id))
    if calendar.owner_id == actor.user_id or (actor.is_admin and calendar.is_public):
        return event
    raise Forbidden("not_organizer")


def read_event(session: Session, event: Event) -> EventRead:
    """The event as clients see it, participants included."""
    participants = session.execute(
        select(EventParticipant)
        .where(
            col(EventParticipant.organization_id) == event.organization_id, col(EventParticipant.event_id) == event.id
        )
        .order_by(col(EventParticipant.id))
    ).scalars()
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
        _set_participants(session, event, data.participants)
    if event.room_id is not None and event.status != EventStatus.CANCELLED:
        booking_service.book(session, actor, event, rooms.get(event.room_id))
    return event


def replace_event(
    session: Session, actor: Actor, event_id: UUID, data: EventWrite, if_match: frozenset[int] | None
) -> Event:
    """PUT: the whole event, all its occurrences. Participants and calendar stay when they are not sent."""
    event = get_own_event(session, actor, event_id)
    check_version(event, if_match)
    return _change(session, actor, event, data)


def patch_event(
    session: Session, actor: Actor, event_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Event:
    """PATCH: what was sent is laid over what is stored, and the result is treated as a PUT."""
    event = get_own_event(session, actor, event_id)
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
    event = get_own_event(session, actor, event_id)
    check_version(event, if_match)
    session.delete(event)
    flush(session)


def add_participant(session: Session, actor: Actor, event_id: UUID, data: ParticipantWrite) -> Event:
    """Invite one more colleague.

    Raises:
        Conflict: this person takes part already.
        Invalid: there is no such colleague, or the event is full.
    """
    event = get_own_event(session, actor, event_id)
    present = _participants(session, event)
    if data.user_id in present:
        raise Conflict("already_participant")
    _set_participants(session, event, [*_as_participants(present.values()), data])
    event.version += 1
    flush(session)
    return event


def remove_participant(session: Session, actor: Actor, event_id: UUID, user_id: UUID) -> None:
    """Take a person out of an event. People may take themselves out.

    Raises:
        NotFound: this person does not take part.
    """
    if user_id == actor.user_id:
        event = get_event(session, actor, event_id, lock=True)
    else:
        event = get_own_event(session, actor, event_id)
    present = _participants(session, event)
    if user_id not in present:
        raise NotFound("participant_not_found")
    session.delete(present[user_id])
    event.version += 1
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
    if data.participants is not None and _set_participants(session, event, data.participants) and not changed:
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


def _participants(session: Session, event: Event) -> dict[UUID, EventParticipant]:
    query = select(EventParticipant).where(
        col(EventParticipant.organization_id) == event.organization_id, col(EventParticipant.event_id) == event.id
    )
    return {row.user_id: row for row in session.execute(query).scalars()}


def _as_participants(rows: Iterable[EventParticipant]) -> list[ParticipantWrite]:
    return [ParticipantWrite.model_validate({"user_id": row.user_id, "role": row.role}) for row in rows]


def _set_participants(session: Session, event: Event, wanted: list[ParticipantWrite]) -> bool:
    """Make these the participants; those who stay keep their answer. Whether anything changed.

    Raises:
        Invalid: somebody is not an active colleague, or there are too many.
    """
    limit = get_settings().EVENT_MAX_PARTICIPANTS
    roles = {participant.user_id: participant.role for participant in wanted}
    if len(roles) > limit:
        raise Invalid("too_many_participants", field="participants", limit=limit)
    present = _participants(session, event)
    new = roles.keys() - present.keys()
    gone = present.keys() - roles.keys()
    known = select(col(User.id)).where(
        col(User.organization_id) == event.organization_id, col(User.is_active), col(User.id).in_(new)
    )
    if new and len(session.execute(known).all()) < len(new):
        raise Invalid("user_not_found", field="participants")
    if gone:
        session.execute(
            delete(EventParticipant).where(
                col(EventParticipant.organization_id) == event.organization_id,
                col(EventParticipant.event_id) == event.id,
                col(EventParticipant.user_id).in_(gone),
            )
        )
    promoted = [row for user_id, row in present.items() if user_id in roles and row.role != roles[user_id]]
    for row in promoted:
        row.role = roles[row.user_id]
    session.add_all(
        EventParticipant(
            organization_id=event.organization_id,
            event_id=event.id,
            user_id=user_id,
            role=roles[user_id],
            span=event.span,
        )
        for user_id in roles
        if user_id in new
    )
    flush(session)
    return bool(new or gone or promoted)
