"""Occurrences beyond the horizon, where no rows are: expanded while they are read, they say the same as rows would."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, union
from sqlmodel import Session, col

from app.calendaring.series import Occurrence
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.event import Event, EventStatus, Visibility
from app.models.participant import EventParticipant
from app.services.event_access import CLOSED, DETAILS_FROM
from app.services.event_times import as_instant, series_of
from app.services.occurrence_service import bound_of
from app.services.windows import Window

Unstored = tuple[Event, bool, Occurrence]


def list_unstored(session: Session, actor: Actor, window: Window) -> list[Unstored]:
    """The occurrences in the window that rules make beyond what is stored, in no order, and whether details are hidden.

    Raises:
        Invalid: there are more than SERIES_MAX_OCCURRENCES of them, or of the series that may have some.
    """
    limit = get_settings().SERIES_MAX_OCCURRENCES
    events = session.execute(_series_in(actor, window).limit(limit + 1)).all()
    if len(events) > limit:
        raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    own = overridden(session, actor, [row.Event for row in events])
    found: list[Unstored] = []
    for event, level, takes_part in events:
        hidden = _is_hidden(actor, event, level, takes_part=takes_part)
        if hidden and window.room_id is not None:
            continue
        found += [
            (event, hidden, occurrence)
            for occurrence in beyond(event, window)
            if (event.id, as_instant(occurrence.original_start)) not in own
        ]
        if len(found) > limit:
            raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    return found


def _series_in(actor: Actor, window: Window) -> Select[Any]:
    """The series that may have more than their rows say, the actor's level in their calendar, if they take part."""
    bound = max(window.end, window.end_day)
    access = func.calendar_access(actor.company, actor.user_id).table_valued("calendar_id", "level", "is_listed")
    seen = access.c.calendar_id == col(Event.calendar_id)
    if window.calendar_id is None:
        seen = seen & access.c.is_listed
    mine = union(
        select(col(EventParticipant.event_id)).where(
            col(EventParticipant.organization_id) == actor.company, col(EventParticipant.user_id) == actor.user_id
        ),
        select(col(EventParticipant.event_id)).where(
            col(EventParticipant.organization_id) == actor.company,
            col(EventParticipant.department_id).in_(select(func.departments_of(actor.company, actor.user_id))),
        ),
    )
    query = (
        select(Event, access.c.level, col(Event.id).in_(mine).label("takes_part"))
        .outerjoin(access, seen)
        .where(
            col(Event.organization_id) == actor.company,
            col(Event.expanded_until) < bound,
            col(Event.status).in_(window.statuses),
            or_(access.c.level.is_not(None), col(Event.id).in_(mine)),
        )
    )
    if window.calendar_id is not None:
        query = query.where(col(Event.calendar_id) == window.calendar_id)
    if window.room_id is not None:
        query = query.where(col(Event.room_id) == window.room_id, col(Event.status) != EventStatus.CANCELLED)
    return query


def _is_hidden(actor: Actor, event: Event, level: int | None, *, takes_part: bool) -> bool:
    if not actor.sees_private and event.visibility in CLOSED:
        return True
    return not (
        takes_part or event.organizer_id == actor.user_id or (level or 0) >= DETAILS_FROM[Visibility(event.visibility)]
    )


def overridden(session: Session, actor: Actor, events: list[Event]) -> set[tuple[UUID | None, datetime | None]]:
    """The occurrences of these series that have a row of their own, wherever it is now."""
    query = select(col(Event.series_id), col(Event.original_start)).where(
        col(Event.organization_id) == actor.company, col(Event.series_id).in_([event.id for event in events])
    )
    return {(series, original) for series, original in session.execute(query)} if events else set()


def beyond(event: Event, window: Window) -> Iterator[Occurrence]:
    """What the event's rule makes in the window beyond its stored rows."""
    assert event.expanded_until is not None
    series = series_of(event)
    start, end = (window.start_day, window.end_day) if event.is_all_day else (window.start, window.end)
    first = bound_of(series, event.expanded_until)
    # A date counts from its midnight: one that begins before the window's last moment overlaps it.
    last = end.date() + timedelta(days=end.time() != datetime.min.time()) if series.all_day else end
    for occurrence in series.occurrences_between(bound_of(series, start), last):
        if occurrence.original_start >= first:
            yield occurrence
