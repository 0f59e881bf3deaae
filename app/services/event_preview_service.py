"""dry_run: the change is made, looked at, and taken back. What it tells is what the database would hold."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.models.event import Event
from app.models.participant import EventParticipant, ParticipantResponse
from app.schemas.event import Notify
from app.schemas.event_preview import (
    ChangesRead,
    Listed,
    MovedOccurrence,
    OccurrenceTimes,
    ResetResponse,
    RoomTime,
)
from app.services import event_access, notice_service
from app.services.event_reading import shown
from app.services.event_service import Outcome
from app.services.nudges import take_nudges, take_work
from app.services.participant_service import Key, participants_of
from app.services.room_report_service import read_outcome

Item = TypeVar("Item")

_TAKING_PLACE = text("""
    SELECT o.series_id, o.original_start, o.starts_at, o.ends_at, e.is_all_day, b.room_id,
           lower(b.during) AS booked_from, upper(b.during) AS booked_to
    FROM event_occurrences o
    JOIN events e ON e.organization_id = o.organization_id AND e.id = o.event_id
    LEFT JOIN room_bookings b
      ON (b.organization_id, b.series_id, b.original_start) = (o.organization_id, o.series_id, o.original_start)
     AND b.state NOT IN ('declined', 'released')
    WHERE o.organization_id = :organization_id AND o.series_id = ANY(:series ::uuid[]) AND e.status <> 'cancelled'
    ORDER BY o.starts_at, o.original_start
""")

Place = tuple[UUID, datetime]
Answers = dict[tuple[UUID, Key], str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The occurrences of some series that take place, with their bookings, and what people have answered."""

    occurrences: dict[Place, Any]
    answers: Answers


def preview(
    session: Session, actor: Actor, event_id: UUID | None, notify: Notify, change: Callable[[], Outcome]
) -> ChangesRead:
    """What `change` would do to the event and all that hangs on it. Nothing is changed, nobody is told.

    Raises:
        PlannerError: whatever the change itself would raise.
    """
    savepoint = session.begin_nested()
    before = _snapshot(session, actor, _family(session, actor, event_id))
    outcome = change()
    after = _snapshot(session, actor, [series.id for series in outcome.series])
    told = _changes(session, actor, outcome, before, after, notify)
    savepoint.rollback()
    take_nudges(session)
    take_work(session)
    return told


def _family(session: Session, actor: Actor, event_id: UUID | None) -> list[UUID]:
    if event_id is None:
        return []
    event = event_access.get_event(session, actor, event_id)
    return [event.series_id or event.id]


def _snapshot(session: Session, actor: Actor, series: list[UUID]) -> Snapshot:
    session.flush()
    rows = session.execute(_TAKING_PLACE, {"organization_id": actor.company, "series": series})
    answers = (
        select(EventParticipant)
        .join(Event, (col(Event.organization_id) == actor.company) & (col(Event.id) == col(EventParticipant.event_id)))
        .where(
            col(EventParticipant.organization_id) == actor.company,
            col(Event.id).in_(series) | col(Event.series_id).in_(series),
        )
        .execution_options(populate_existing=True)
    )
    return Snapshot(
        {(row.series_id, row.original_start): row for row in rows},
        {(row.event_id, Key.of(row)): row.response for row in session.execute(answers).scalars()} if series else {},
    )


def _changes(
    session: Session, actor: Actor, outcome: Outcome, before: Snapshot, after: Snapshot, notify: Notify
) -> ChangesRead:
    pairs = list(_pairs(outcome, before, after))
    added = [row for old, row in pairs if old is None]
    removed = [old for old, row in pairs if row is None]
    moved = [
        (old, row)
        for old, row in pairs
        if old is not None and row is not None and (old.starts_at, old.ends_at) != (row.starts_at, row.ends_at)
    ]
    rebooked = [(old, row) for old, row in pairs if _booking(old) != _booking(row)]
    return ChangesRead(
        event=None if outcome.event is None else read_outcome(session, actor, outcome),
        occurrences_added=_listed([OccurrenceTimes(**_times(row)) for row in added]),
        occurrences_moved=_listed(
            [
                MovedOccurrence(
                    **_times(row), old_start_time=_told(old, old.starts_at), old_end_time=_told(old, old.ends_at)
                )
                for old, row in moved
            ]
        ),
        occurrences_removed=_listed([OccurrenceTimes(**_times(row)) for row in removed]),
        rooms_won=_listed([RoomTime(**booking) for _, row in rebooked if (booking := _booking(row))]),
        rooms_lost=_listed([RoomTime(**booking) for old, _ in rebooked if (booking := _booking(old))]),
        responses_reset=_listed(list(_resets(session, outcome, before.answers))),
        people_told=_listed(
            [
                person
                for notice, person in notice_service.chosen(outcome.trace.notices, notify)
                if not notice.is_for_calendars
            ]
        ),
    )


def _pairs(outcome: Outcome, before: Snapshot, after: Snapshot) -> Iterable[tuple[Any, Any]]:
    """Each occurrence as it was and as it would be; None where it was not, or would not be."""
    edited, moves = outcome.series[-1].id, outcome.trace.moves
    left = dict(after.occurrences)
    for (series, original), old in before.occurrences.items():
        # With another time, what begins there now may be another occurrence.
        place = (edited, moves[original]) if original in moves else (edited, original) if not moves else None
        row = left.pop(place, None) if place else None
        if row is None and series != edited:
            row = left.pop((series, original), None)
        yield old, row
    for row in left.values():
        yield None, row


def _resets(session: Session, outcome: Outcome, answers: Answers) -> Iterable[ResetResponse]:
    family = [series.id for series in outcome.series]
    for event in outcome.trace.asked_again:
        for participant in participants_of(session, event):
            key = Key.of(participant)
            was = next((answers[id_, key] for id_ in (event.id, *family) if (id_, key) in answers), None)
            if was not in (None, ParticipantResponse.NEEDS_ACTION) and key.user_id != event.organizer_id:
                original = event.original_start
                yield ResetResponse(original_start=original and shown(event, original), **key._asdict())


def _booking(row: Any) -> dict[str, Any] | None:
    if row is None or row.room_id is None:
        return None
    return {"room_id": row.room_id, "booked_from": row.booked_from, "booked_to": row.booked_to}


def _times(row: Any) -> dict[str, Any]:
    return {
        "original_start": _told(row, row.original_start),
        "start_time": _told(row, row.starts_at),
        "end_time": _told(row, row.ends_at),
    }


def _told(row: Any, instant: datetime) -> Any:
    return instant.date() if row.is_all_day else instant


def _listed(items: list[Item]) -> Listed[Item]:
    return Listed(count=len(items), items=items[: get_settings().PREVIEW_ITEMS_SHOWN])
