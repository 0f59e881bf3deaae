"""Occurrences as rows: written with their event, extended every night, up to the horizon."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.calendaring.series import Occurrence, Series
from app.core.errors import Invalid
from app.models.event import Event, EventOccurrence, EventStatus
from app.services import booking_service
from app.services.event_times import as_instant, series_of
from app.services.windows import horizon

# The nightly task stores this much beyond the horizon, so that it returns to a series once a month, not daily.
EXTENSION_STRIDE = timedelta(days=30)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)

_INSERT = text("""
    INSERT INTO event_occurrences
        (organization_id, series_id, event_id, calendar_id, original_start, starts_at, ends_at)
    SELECT :organization_id, :series_id, :series_id, :calendar_id, original_start, starts_at, ends_at
    FROM unnest(:originals ::timestamptz[], :starts ::timestamptz[], :ends ::timestamptz[])
        AS new (original_start, starts_at, ends_at)
""")


def bound_of(series: Series, instant: datetime) -> date:
    """A midnight UTC as the series counts: a date for an all-day one."""
    return instant.date() if series.all_day else instant


def plan(event: Event, series: Series) -> list[Occurrence]:
    """The occurrences that get rows; sets on the event their span, and up to where they reach.

    Raises:
        Invalid: the exdates leave none.
    """
    bound = END_OF_TIME if series.rule is None else horizon()
    occurrences = list(series.occurrences(before=bound_of(series, bound)))
    if series.is_exhausted_by(bound_of(series, bound)):
        if not occurrences:
            raise Invalid("no_occurrence_left", field="exdates")
        event.expanded_until = None
        last_end = max(as_instant(occurrence.end) for occurrence in occurrences)
        event.span = Range(event.start_time, last_end, bounds="[]")
    else:
        event.expanded_until = bound
        event.span = Range(event.start_time, None, bounds="[)")
    return occurrences


def store(session: Session, event: Event, occurrences: Iterable[Occurrence]) -> None:
    """Write the rows of a new event, already flushed."""
    _insert(session, event, occurrences)


def replace(session: Session, event: Event, occurrences: Iterable[Occurrence]) -> None:
    """Write the rows of a rescheduled event, already flushed; its bookings go with the old rows."""
    session.execute(
        delete(EventOccurrence).where(
            col(EventOccurrence.organization_id) == event.organization_id, col(EventOccurrence.series_id) == event.id
        )
    )
    _insert(session, event, occurrences)


def extend_next(session: Session, company: UUID) -> bool:
    """Extend one series of the company whose rows end before the horizon; whether there was one to extend.

    Where another booking took the room in the meantime, the occurrence stands and its booking is declined. One
    series a transaction: it locks the event and then its room, as every change of an event does.
    """
    due = (
        select(Event)
        .where(col(Event.organization_id) == company, col(Event.expanded_until) < horizon())
        .order_by(col(Event.expanded_until))
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
    )
    event = session.execute(due).scalar_one_or_none()
    if event is not None:
        _extend(session, event)
    return event is not None


def _extend(session: Session, event: Event) -> None:
    assert event.expanded_until is not None
    if event.room_id is not None:
        booking_service.lock_rooms(session, event.organization_id, {event.room_id})
    series = series_of(event)
    since, until = event.expanded_until, horizon() + EXTENSION_STRIDE
    _insert(session, event, starting_between(series, since, until))
    if series.is_exhausted_by(bound_of(series, until)):
        event.expanded_until = None
        last_end = select(func.max(col(EventOccurrence.ends_at))).where(
            col(EventOccurrence.organization_id) == event.organization_id, col(EventOccurrence.series_id) == event.id
        )
        event.span = Range(event.start_time, session.execute(last_end).scalar_one() or event.end_time, bounds="[]")
    else:
        event.expanded_until = until
    # Nobody edited the event: its time of change stays.
    flag_modified(event, "updated_at")
    session.flush()
    if event.room_id is not None and event.status != EventStatus.CANCELLED:
        booking_service.extend(session, event, since)


def starting_between(series: Series, since: datetime, until: datetime) -> Iterator[Occurrence]:
    """The occurrences that start in [since, until), both midnights UTC: those that have no rows yet."""
    first = bound_of(series, since)
    for occurrence in series.occurrences_between(first, bound_of(series, until)):
        if occurrence.original_start >= first:
            yield occurrence


def _insert(session: Session, event: Event, occurrences: Iterable[Occurrence]) -> None:
    originals, starts, ends = [], [], []
    for occurrence in occurrences:
        originals.append(as_instant(occurrence.original_start))
        starts.append(as_instant(occurrence.start))
        ends.append(as_instant(occurrence.end))
    if originals:
        session.execute(
            _INSERT,
            {
                "organization_id": event.organization_id,
                "series_id": event.id,
                "calendar_id": event.calendar_id,
                "originals": originals,
                "starts": starts,
                "ends": ends,
            },
        )
