"""Occurrences as rows: written with their event, kept equal to it, extended every night, up to the horizon."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, TextClause, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.calendaring.series import Occurrence, Series
from app.core.errors import Invalid
from app.models.event import Event, EventOccurrence, EventStatus
from app.services import booking_extension, booking_service
from app.services.event_times import as_instant, series_of
from app.services.windows import horizon

# The nightly task stores this much beyond the horizon, so that it returns to a series once a month, not daily.
EXTENSION_STRIDE = timedelta(days=30)
END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)

_NEW = """
    SELECT original_start, event_id, starts_at, ends_at
    FROM unnest(:originals ::timestamptz[], :events ::uuid[], :starts ::timestamptz[], :ends ::timestamptz[])
        AS new (original_start, event_id, starts_at, ends_at)
"""
_INSERT_ROWS = f"""
    INSERT INTO event_occurrences
        (organization_id, series_id, event_id, calendar_id, original_start, starts_at, ends_at)
    SELECT :organization_id, :series_id, event_id, :calendar_id, original_start, starts_at, ends_at FROM ({_NEW}) new
"""
_INSERT = text(_INSERT_ROWS)
# An override may have a row where the series is stored only now.
_INSERT_MISSING = text(f"{_INSERT_ROWS} ON CONFLICT DO NOTHING")
_UPDATE = text(f"""
    UPDATE event_occurrences o SET event_id = new.event_id, starts_at = new.starts_at, ends_at = new.ends_at
    FROM ({_NEW}) new
    WHERE o.organization_id = :organization_id AND o.series_id = :series_id AND o.original_start = new.original_start
""")
_DELETE = text("""
    DELETE FROM event_occurrences
    WHERE organization_id = :organization_id AND series_id = :series_id
      AND original_start = ANY(:originals ::timestamptz[])
""")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a row of `event_occurrences` says of its original start."""

    event_id: UUID
    starts_at: datetime
    ends_at: datetime


def bound_of(series: Series, instant: datetime) -> date:
    """A midnight UTC, or an original start, as the series counts: a date for an all-day one."""
    return instant.date() if series.all_day else instant


def plan(event: Event, series: Series) -> list[Occurrence]:
    """The occurrences that get rows; sets on the event their span, and up to where they reach.

    Raises:
        Invalid: the exdates leave none.
    """
    is_single = series.rule is None and not series.rdates
    bound = END_OF_TIME if is_single else horizon()
    occurrences = list(series.occurrences(before=bound_of(series, bound)))
    first = min([event.start_time, *(as_instant(occurrence.start) for occurrence in occurrences[:1])])
    if series.is_exhausted_by(bound_of(series, bound)):
        if not occurrences:
            raise Invalid("no_occurrence_left", field="exdates")
        event.expanded_until = None
        last_end = max(as_instant(occurrence.end) for occurrence in occurrences)
        event.span = Range(first, last_end, bounds="[]")
    else:
        event.expanded_until = bound
        event.span = Range(first, None, bounds="[)")
    return occurrences


def wanted_rows(event: Event, occurrences: Iterable[Occurrence], overrides: Iterable[Event]) -> dict[datetime, Stored]:
    """The rows that a series asks for: its occurrences, and what its overrides make of them, by original start."""
    rows = {
        as_instant(occurrence.original_start): Stored(
            event.id, as_instant(occurrence.start), as_instant(occurrence.end)
        )
        for occurrence in occurrences
    }
    for override in overrides:
        assert override.original_start is not None
        rows[override.original_start] = Stored(override.id, override.start_time, override.end_time)
    return rows


def store(session: Session, event: Event, rows: dict[datetime, Stored]) -> None:
    """Write the rows of a new event, already flushed."""
    _run(session, _INSERT, event, rows)


def sync(session: Session, event: Event, rows: dict[datetime, Stored]) -> None:
    """Make the stored rows of a flushed event these; what is equal stays, with its booking."""
    present = stored_rows(session, event)
    gone = [original for original in present if original not in rows]
    if gone:
        session.execute(_DELETE, {**_of(event), "originals": gone})
    _run(session, _UPDATE, event, {key: row for key, row in rows.items() if key in present and present[key] != row})
    _run(session, _INSERT, event, {key: row for key, row in rows.items() if key not in present})


def put(session: Session, series: Event, original: datetime, row: Stored) -> None:
    """Write the row of one occurrence, there already or not."""
    if not _run(session, _UPDATE, series, {original: row}):
        _run(session, _INSERT, series, {original: row})


def put_stored(session: Session, series: Event, rows: dict[datetime, Stored]) -> None:
    """Write the rows of occurrences that have one already, all at once."""
    _run(session, _UPDATE, series, rows)


def remove(session: Session, series: Event, original: datetime) -> None:
    """Take the row of one occurrence away, and its booking with it."""
    session.execute(_DELETE, {**_of(series), "originals": [original]})


def stored_rows(session: Session, event: Event) -> dict[datetime, Stored]:
    """The rows of a series by original start."""
    query = select(
        col(EventOccurrence.original_start),
        col(EventOccurrence.event_id),
        col(EventOccurrence.starts_at),
        col(EventOccurrence.ends_at),
    ).where(col(EventOccurrence.organization_id) == event.organization_id, col(EventOccurrence.series_id) == event.id)
    return {original: Stored(*values) for original, *values in session.execute(query)}


def extend_next(session: Session, company: UUID) -> bool:
    """Extend one series of the company whose rows end before the horizon; whether there was one to extend.

    Where another booking took the room in the meantime, the occurrence stands and its booking is declined. One
    series a transaction: it locks the event and then its rooms, as every change of an event does.
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
    # Of the series and of its overrides.
    rooms = select(col(Event.room_id)).where(
        col(Event.organization_id) == event.organization_id,
        (col(Event.id) == event.id) | (col(Event.series_id) == event.id),
        col(Event.room_id).is_not(None),
        col(Event.status) != EventStatus.CANCELLED,
    )
    named = {room_id for room_id in session.execute(rooms).scalars() if room_id is not None}
    if named:
        booking_service.lock_rooms(session, event.organization_id, named)
    series = series_of(event)
    since, until = event.expanded_until, horizon() + EXTENSION_STRIDE
    _run(session, _INSERT_MISSING, event, wanted_rows(event, starting_between(series, since, until), ()))
    if series.is_exhausted_by(bound_of(series, until)):
        event.expanded_until = None
        last_end = select(func.max(col(EventOccurrence.ends_at))).where(
            col(EventOccurrence.organization_id) == event.organization_id, col(EventOccurrence.series_id) == event.id
        )
        ends = session.execute(last_end).scalar_one() or event.end_time
        event.span = Range(event.span.lower, max(ends, event.end_time), bounds="[]")
    else:
        event.expanded_until = until
    # Nobody edited the event: its time of change stays.
    flag_modified(event, "updated_at")
    session.flush()
    if named:
        booking_extension.extend(session, event, since)


def starting_between(series: Series, since: datetime, until: datetime) -> Iterator[Occurrence]:
    """The occurrences that start in [since, until), both midnights UTC: those that have no rows yet."""
    first = bound_of(series, since)
    for occurrence in series.occurrences_between(first, bound_of(series, until)):
        if occurrence.original_start >= first:
            yield occurrence


def _of(event: Event) -> dict[str, Any]:
    return {"organization_id": event.organization_id, "series_id": event.id}


def _run(session: Session, statement: TextClause, event: Event, rows: dict[datetime, Stored]) -> int:
    """Run a statement on these rows; how many it wrote."""
    if not rows:
        return 0
    result = session.execute(
        statement,
        {
            **_of(event),
            **({} if statement is _UPDATE else {"calendar_id": event.calendar_id}),
            "originals": list(rows),
            "events": [row.event_id for row in rows.values()],
            "starts": [row.starts_at for row in rows.values()],
            "ends": [row.ends_at for row in rows.values()],
        },
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
