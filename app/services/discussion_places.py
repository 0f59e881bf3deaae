"""Where comments and files hang, and who sees them there: on a single event, a series, or one occurrence of it.

Whoever reads the details of an event sees what hangs on it. An occurrence that differs has guests of its own: what
hangs on it is theirs, and a guest of that occurrence alone sees nothing of the whole series.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import NotFound
from app.models.discussion import EventAttachment, EventComment
from app.models.event import Event
from app.services import event_access, series_service

Row = TypeVar("Row", EventComment, EventAttachment)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the actor sees.

    `event` is the row that describes it, by which rights go. `whole` is the single event or the series, with
    `original_start` of one occurrence. `sees_whole`: whether the actor also sees what hangs on the whole series.
    """

    event: Event
    whole: Event
    original_start: datetime | None = None
    sees_whole: bool = True

    def shown_start(self, original_start: datetime | None) -> date | None:
        """An original start as clients see it: a date of an all-day series."""
        return original_start.date() if original_start is not None and self.whole.is_all_day else original_start


def find_place(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None = None, *, lock: bool = False
) -> Place:
    """The place that an event's id names: of an override, its occurrence; of a series, the whole or `occurrence`.

    Args:
        occurrence: an original start, as `series_service.original_of` reads it.
        lock: keep others from adding, deleting or moving anything there until the commit.

    Raises:
        NotFound: there is no such event or occurrence, as far as the actor may know.
    """
    event = event_access.get_event(session, actor, event_id)
    whole = _whole(session, event, lock=lock)
    original = None if occurrence is None else series_service.original_of(whole, occurrence)
    if event.series_id is not None:
        if original not in (None, event.original_start):
            raise NotFound("occurrence_not_found")
        sees_whole = _visible(session, actor, whole.id) is not None
        return Place(event, whole, event.original_start, sees_whole)
    if original is None:
        return Place(event, whole)
    described_by = _described_by(session, actor, whole, original)
    is_series = whole.recurrence_rule is not None or bool(whole.rdates)
    return Place(described_by, whole, original if is_series else None)


def visible_to(actor: Actor, place: Place, table: type[Row]) -> Select[Row]:
    """What hangs on the place: on an occurrence and its series, or on a series and all its occurrences."""
    rows = select(table).where(
        col(table.organization_id) == actor.company,
        col(table.event_id) == place.whole.id,
    )
    start = col(table.original_start)
    if place.original_start is None:
        hidden = hidden_occurrences(actor, {place.whole.id}).with_only_columns(col(Event.original_start))
        return rows.where(or_(start.is_(None), start.not_in(hidden)))
    here = start == place.original_start
    return rows.where(or_(here, start.is_(None)) if place.sees_whole else here)


def hidden_occurrences(actor: Actor, series_ids: set[UUID]) -> Select[UUID | None, datetime | None]:
    """(series, original start) of the occurrences of these series whose details the actor does not read."""
    return select(col(Event.series_id), col(Event.original_start)).where(
        col(Event.organization_id) == actor.company,
        col(Event.series_id).in_(series_ids),
        event_access.reads_details(actor).is_not(True),
    )


def _whole(session: Session, event: Event, *, lock: bool) -> Event:
    """The single event or the series that a row belongs to."""
    whole_id = event.series_id or event.id
    if lock:
        return series_service.lock_series(session, event.organization_id, whole_id)
    return event if event.series_id is None else session.get_one(Event, (event.organization_id, whole_id))


def _described_by(session: Session, actor: Actor, whole: Event, original: datetime) -> Event:
    """The row that describes an occurrence: an override, or the series."""
    override = series_service.find_override(session, whole, original)
    if override is None:
        series_service.occurrence_at(whole, original)
        return whole
    if _visible(session, actor, override.id) is None:
        raise NotFound("occurrence_not_found")
    return override


def _visible(session: Session, actor: Actor, event_id: UUID) -> Event | None:
    query = event_access.visible_to(actor).where(col(Event.id) == event_id)
    return session.execute(query).scalar_one_or_none()
