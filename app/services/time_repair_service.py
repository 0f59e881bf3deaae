"""New time zone data: wall time stays, future instants are derived anew (rule 9).

Each event knows the version of the data that made its instants. After an upgrade a task goes through those of older
versions, one transaction an event: what is past stays as it was, what is ahead follows the clock, rooms are checked
again, and whoever is touched is told.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from app.calendaring.zones import TZDATA_VERSION
from app.models.base import now
from app.models.event import Event
from app.schemas.event_preview import Why
from app.services import booking_extension, notice_service, occurrence_service, series_service
from app.services.event_times import as_instant, series_of
from app.services.occurrence_service import Stored
from app.services.rows import apply_changes, flush

# No zone moves by more, and no instance looks further for where it was.
FARTHEST = timedelta(days=1)
# What has ended keeps its instants; it is only marked, so that it is not looked at again.
_MARK_ENDED = text("""
    UPDATE events SET tzdata_version = :version
    WHERE organization_id = :organization_id AND id IN (
        SELECT id FROM events
        WHERE organization_id = :organization_id AND (tzdata_version < :version OR tzdata_version > :version)
          AND (time_zone IS NULL OR upper(span) < now())
        ORDER BY tzdata_version, id LIMIT :batch
    )
""")


def mark_ended(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Mark up to `batch` events that have ended or have no zone as made by the present data; how many there were."""
    values = {"organization_id": company, "version": TZDATA_VERSION, "batch": batch}
    result = session.execute(_MARK_ENDED, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def repair_next(session: Session, company: UUID) -> bool | None:
    """Derive the instants of one event anew; whether any future one has moved, None if there is no event left."""
    due = select(Event).where(*_outdated(company)).order_by(col(Event.tzdata_version), col(Event.id)).limit(1)
    event = session.execute(due.with_for_update(skip_locked=True, key_share=True)).scalar_one_or_none()
    return None if event is None else _repair(session, event)


def _outdated(company: UUID) -> tuple[Any, ...]:
    return (
        col(Event.organization_id) == company,
        # Said as two ranges, so that an index finds that there is nothing to do.
        (col(Event.tzdata_version) < TZDATA_VERSION) | (col(Event.tzdata_version) > TZDATA_VERSION),
        col(Event.series_id).is_(None),
    )


def _repair(session: Session, event: Event) -> bool:
    overrides = series_service.overrides_of(session, event)
    for row in (event, *overrides):
        _derive(row)
    flush(session)
    pure = series_of(event)
    planned = occurrence_service.plan(event, pure)
    stored = occurrence_service.stored_rows(session, event)
    moves = _nearest(sorted(stored), sorted(as_instant(occurrence.original_start) for occurrence in planned))
    moment = now()
    ahead = {old: new for old, new in moves.items() if stored[old].starts_at >= moment}
    series_service.shift_originals(session, event, ahead)
    overrides = series_service.overrides_of(session, event)
    wanted = occurrence_service.wanted_rows(event, planned, overrides)
    kept = {old: row for old, row in stored.items() if row.starts_at < moment}
    past = {moves[old] for old in kept if old in moves}
    rows = {**{new: row for new, row in wanted.items() if new not in past and row.starts_at >= moment}, **kept}
    has_moved = _ahead_of(stored, moment) != _ahead_of(rows, moment)
    flush(session)
    if has_moved:
        event.version += 1
        flush(session)
        occurrence_service.sync(session, event, rows)
        booking_extension.follow(session, event)
        notice_service.tell_of_time_zones(
            session,
            event.organization_id,
            [note for row in (event, *overrides) for note in notice_service.note_everybody(session, Why.CHANGED, row)],
        )
    session.execute(
        update(Event)
        .where(
            col(Event.organization_id) == event.organization_id,
            (col(Event.id) == event.id) | (col(Event.series_id) == event.id),
        )
        .values(tzdata_version=TZDATA_VERSION)
        .execution_options(synchronize_session=False)
    )
    return has_moved


def _derive(event: Event) -> None:
    """The instants of the first occurrence from its wall time, with the data of today."""
    pure = series_of(event)
    apply_changes(event, {"start_time": as_instant(pure.first_start), "end_time": as_instant(pure.first_end)})
    if event.series_id is not None:
        event.span = Range(event.start_time, event.end_time, bounds="[]")


def _nearest(stored: list[datetime], derived: list[datetime]) -> dict[datetime, datetime]:
    """Which derived start a stored one has become: the nearest that none before it has taken."""
    found: dict[datetime, datetime] = {}
    first = 0
    for start in stored:
        place = bisect_left(derived, start, lo=first)
        near = [place - 1, place] if place > first else [place]
        candidates = [index for index in near if index < len(derived) and abs(derived[index] - start) <= FARTHEST]
        if candidates:
            best = min(candidates, key=lambda index: abs(derived[index] - start))
            found[start] = derived[best]
            first = best + 1
    return found


def _ahead_of(rows: dict[datetime, Stored], moment: datetime) -> Iterable[tuple[datetime, datetime]]:
    return sorted((row.starts_at, row.ends_at) for row in rows.values() if row.starts_at >= moment)
