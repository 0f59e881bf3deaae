"""When somebody wants to be reminded: of an occurrence, an event, a calendar's events, or all their events."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.notification import ReminderChannel
from app.models.reminder import ReminderReplan, ReminderSettings
from app.schemas.reminder import (
    DefaultRemindersRead,
    DefaultRemindersWrite,
    EventRemindersRead,
    EventRemindersWrite,
    ReminderLevel,
    ReminderWrite,
)
from app.services import calendar_service
from app.services.discussion_places import Place, find_place
from app.services.nudges import CHANGES, nudge
from app.services.rows import flush

# What holds for whoever has chosen nothing: ten minutes before what has a time.
DEFAULT_TIMED = [
    {"minutes": 10, "channel": ReminderChannel.IN_APP.value},
    {"minutes": 10, "channel": ReminderChannel.PUSH.value},
]
DEFAULT_ALL_DAY: list[dict[str, Any]] = []


def read_for_event(session: Session, actor: Actor, event_id: UUID, occurrence: date | None) -> EventRemindersRead:
    """The actor's reminders of an event or occurrence.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
    """
    return _of_place(session, actor, find_place(session, actor, event_id, occurrence))


def set_for_event(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, data: EventRemindersWrite
) -> EventRemindersRead:
    """Let these be the actor's reminders of an event or occurrence, whatever is set further away.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
        Invalid: there are too many, or one twice, or one after the start.
        Conflict: the actor has REMINDER_SETTINGS_PER_USER already.
    """
    place = find_place(session, actor, event_id, occurrence)
    if not place.event.is_all_day and any(reminder.minutes < 0 for reminder in data.reminders):
        raise Invalid("reminder_too_early", field="reminders")
    wanted = _checked(data.reminders, "reminders")
    # Should the event lose its time or get one, they count from 00:00 or from the start.
    timed = [reminder for reminder in wanted if reminder["minutes"] >= 0]
    _store(session, actor, timed, wanted, event_id=place.whole.id, original_start=place.original_start)
    return _of_place(session, actor, place)


def reset_for_event(session: Session, actor: Actor, event_id: UUID, occurrence: date | None) -> None:
    """Let what is set further away decide again. Raises NotFound: the actor does not see the event or occurrence."""
    place = find_place(session, actor, event_id, occurrence)
    _remove(session, actor, event_id=place.whole.id, original_start=place.original_start)


def read_for_calendar(session: Session, actor: Actor, calendar_id: UUID) -> DefaultRemindersRead:
    """The actor's reminders of events in a calendar. Raises NotFound: the actor does not see it."""
    calendar_service.get_calendar(session, actor, calendar_id)
    return _defaults(session, actor, calendar_id)


def set_for_calendar(
    session: Session, actor: Actor, calendar_id: UUID, data: DefaultRemindersWrite
) -> DefaultRemindersRead:
    """Let these be the actor's reminders of all events in a calendar, also of those in which they take no part.

    Raises:
        NotFound: the actor does not see the calendar.
        Invalid: there are too many, or one twice, or one after the start.
        Conflict: the actor has REMINDER_SETTINGS_PER_USER already.
    """
    calendar_service.get_calendar(session, actor, calendar_id)
    _store(session, actor, *_checked_defaults(data), calendar_id=calendar_id)
    return _defaults(session, actor, calendar_id)


def reset_for_calendar(session: Session, actor: Actor, calendar_id: UUID) -> None:
    """Let the actor's general reminders decide again. Raises NotFound: the actor does not see the calendar."""
    calendar_service.get_calendar(session, actor, calendar_id)
    _remove(session, actor, calendar_id=calendar_id)


def read_defaults(session: Session, actor: Actor) -> DefaultRemindersRead:
    """The actor's general reminders."""
    return _defaults(session, actor, None)


def set_defaults(session: Session, actor: Actor, data: DefaultRemindersWrite) -> DefaultRemindersRead:
    """Let these be the actor's reminders of whatever nothing nearer is set for. Raises Invalid as above."""
    _store(session, actor, *_checked_defaults(data))
    return _defaults(session, actor, None)


def reset_defaults(session: Session, actor: Actor) -> None:
    """Let what holds for everybody decide again."""
    _remove(session, actor)


def _of_place(session: Session, actor: Actor, place: Place) -> EventRemindersRead:
    levels: list[tuple[ReminderLevel, dict[str, Any]]] = [
        (ReminderLevel.EVENT, {"event_id": place.whole.id}),
        (ReminderLevel.CALENDAR, {"calendar_id": place.event.calendar_id}),
        (ReminderLevel.OWN, {}),
    ]
    if place.original_start is not None:
        here = {"event_id": place.whole.id, "original_start": place.original_start}
        levels.insert(0, (ReminderLevel.OCCURRENCE, here))
    level, timed, all_day = _nearest(session, actor, levels)
    return EventRemindersRead(reminders=all_day if place.event.is_all_day else timed, level=level)


def _defaults(session: Session, actor: Actor, calendar_id: UUID | None) -> DefaultRemindersRead:
    levels: list[tuple[ReminderLevel, dict[str, Any]]] = [(ReminderLevel.OWN, {})]
    if calendar_id is not None:
        levels.insert(0, (ReminderLevel.CALENDAR, {"calendar_id": calendar_id}))
    level, timed, all_day = _nearest(session, actor, levels)
    return DefaultRemindersRead(timed=timed, all_day=all_day, level=level)


def _nearest(
    session: Session, actor: Actor, levels: Sequence[tuple[ReminderLevel, dict[str, Any]]]
) -> tuple[ReminderLevel, list[Any], list[Any]]:
    for level, key in levels:
        row = _find(session, actor, **key)
        if row is not None:
            return level, row.timed, row.all_day
    return ReminderLevel.INSTALLATION, DEFAULT_TIMED, DEFAULT_ALL_DAY


def _find(
    session: Session,
    actor: Actor,
    *,
    calendar_id: UUID | None = None,
    event_id: UUID | None = None,
    original_start: datetime | None = None,
) -> ReminderSettings | None:
    query = select(ReminderSettings).where(
        col(ReminderSettings.organization_id) == actor.company,
        col(ReminderSettings.user_id) == actor.user_id,
        col(ReminderSettings.event_id).is_not_distinct_from(event_id),
        col(ReminderSettings.original_start).is_not_distinct_from(original_start),
        col(ReminderSettings.calendar_id).is_not_distinct_from(calendar_id),
    )
    return session.execute(query).scalar_one_or_none()


def _store(
    session: Session, actor: Actor, timed: list[dict[str, Any]], all_day: list[dict[str, Any]], **key: Any
) -> None:
    # Two requests of the same person come one after the other.
    calendar_service.lock_people(session, actor.company, {actor.user_id})
    row = _find(session, actor, **key)
    if row is None:
        limit = get_settings().REMINDER_SETTINGS_PER_USER
        counted = select(func.count()).where(
            col(ReminderSettings.organization_id) == actor.company, col(ReminderSettings.user_id) == actor.user_id
        )
        if session.execute(counted).scalar_one() >= limit:
            raise Conflict("too_many_reminder_settings", limit=limit)
        row = ReminderSettings(organization_id=actor.company, user_id=actor.user_id, **key)
        session.add(row)
    row.timed, row.all_day = timed, all_day
    _replan(session, actor, key.get("event_id"))


def _remove(session: Session, actor: Actor, **key: Any) -> None:
    calendar_service.lock_people(session, actor.company, {actor.user_id})
    row = _find(session, actor, **key)
    if row is not None:
        session.delete(row)
        _replan(session, actor, key.get("event_id"))


def _replan(session: Session, actor: Actor, series_id: UUID | None) -> None:
    """Have what is planned already planned anew."""
    session.add(ReminderReplan(organization_id=actor.company, user_id=actor.user_id, series_id=series_id))
    flush(session)
    nudge(session, CHANGES)


def _checked_defaults(data: DefaultRemindersWrite) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    if any(reminder.minutes < 0 for reminder in data.timed):
        raise Invalid("reminder_too_early", field="timed")
    return _checked(data.timed, "timed"), _checked(data.all_day, "all_day")


def _checked(reminders: Iterable[ReminderWrite], field: str) -> list[dict[str, Any]]:
    wanted = [reminder.model_dump(mode="json") for reminder in reminders]
    limit = get_settings().REMINDERS_PER_EVENT_MAX
    if len(wanted) > limit:
        raise Invalid("too_many_reminders", field=field, limit=limit)
    if len({(reminder["minutes"], reminder["channel"]) for reminder in wanted}) < len(wanted):
        raise Invalid("reminder_twice", field=field)
    return sorted(wanted, key=lambda reminder: (-reminder["minutes"], reminder["channel"]))
