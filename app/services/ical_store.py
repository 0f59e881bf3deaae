"""Objects of iCalendar files as rows of a calendar: compared with what is there, and written in bulk.

An object is known by its UID. The same file twice changes nothing; what is older than what is stored is left alone.
Nobody is told (rule 18), and rooms are not booked: a place in a file is text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.calendaring.ical.model import CalendarObject
from app.core.errors import Invalid
from app.models.calendar import Calendar
from app.models.event import Event
from app.models.interchange import IcsOutcome
from app.models.participant import EventParticipant
from app.services.bulk_rows import insert_rows, update_rows
from app.services.ical_planning import Batch, Row, plan_instances, plan_object
from app.services.ical_stored import Stored, colleagues_by_email, components_of, load_stored

log = structlog.get_logger(__name__)

_OCCURRENCES = text("""
    INSERT INTO event_occurrences
        (organization_id, calendar_id, series_id, event_id, original_start, starts_at, ends_at)
    SELECT :organization_id, :calendar_id, series_id, event_id, original_start, starts_at, ends_at
    FROM unnest(:series ::uuid[], :events ::uuid[], :originals ::timestamptz[], :starts ::timestamptz[],
                :ends ::timestamptz[]) AS new (series_id, event_id, original_start, starts_at, ends_at)
""")
_NO_OCCURRENCES = text(
    "DELETE FROM event_occurrences WHERE organization_id = :organization_id AND series_id = ANY(:ids ::uuid[])"
)
_NO_INSTANCES = text("""
    DELETE FROM event_occurrences o
    USING unnest(:series ::uuid[], :originals ::timestamptz[]) AS gone (series, original)
    WHERE o.organization_id = :organization_id AND o.series_id = gone.series AND o.original_start = gone.original
""")
_NO_EVENTS = text("DELETE FROM events WHERE organization_id = :organization_id AND id = ANY(:ids ::uuid[])")
_NO_PARTICIPANTS = text(
    "DELETE FROM event_participants WHERE organization_id = :organization_id AND id = ANY(:ids ::uuid[])"
)
# Until the words of all that is written are made in one go; each of its participants would make them again.
_WORDS_LATER = text("SELECT set_config('planner.words_later', 'on', true)")
_WORDS_NOW = text("""
    SELECT set_config('planner.words_later', '', true), refresh_event_words(:organization_id, :ids ::uuid[])
""")


class Result(NamedTuple):
    """What became of an object, and why where that is not plain."""

    outcome: IcsOutcome
    code: str | None = None
    params: Mapping[str, Any] = {}


def store(
    session: Session, calendar: Calendar, host_id: UUID, objects: Sequence[CalendarObject], *, is_mirror: bool = False
) -> list[Result]:
    """Make the calendar hold these objects; what became of each.

    Args:
        host_id: the colleague who is to organize what is new here; organizers elsewhere are kept by their e-mail.
        is_mirror: the file is what counts, even where it is older.
    """
    results: dict[int, Result] = {}
    left = list(range(len(objects)))
    while left:
        # A UID that comes again is compared with what it was stored as.
        first = {objects[place].uid: place for place in reversed(left)}
        chosen = sorted(first.values())
        stored = _store(session, calendar, host_id, [objects[place] for place in chosen], is_mirror=is_mirror)
        results.update(zip(chosen, stored, strict=True))
        left = [place for place in left if place not in results]
    return [results[place] for place in range(len(objects))]


def _store(
    session: Session, calendar: Calendar, host_id: UUID, objects: Sequence[CalendarObject], *, is_mirror: bool
) -> list[Result]:
    stored = load_stored(session, calendar, [item.uid for item in objects])
    emails = {person.email for item in objects for component in components_of(item) for person in component.attendees}
    colleagues = colleagues_by_email(session, calendar.organization_id, emails)
    results: dict[int, Result] = {}
    wanted: list[tuple[int, CalendarObject, Stored | None]] = []
    for place, item in enumerate(objects):
        present = stored.get(item.uid)
        if present is not None and present.is_equal_to(item):
            results[place] = Result(IcsOutcome.UNCHANGED)
        elif present is not None and not is_mirror and present.is_newer_than(item):
            results[place] = Result(IcsOutcome.SKIPPED, "ics_older")
        else:
            wanted.append((place, item, present))

    def write(chosen: Sequence[tuple[int, CalendarObject, Stored | None]]) -> None:
        batch = Batch(calendar, host_id, colleagues)
        for place, item, present in chosen:
            results[place] = _planned(batch, item, present)
        with session.begin_nested():
            _write(session, batch)

    try:
        write(wanted)
    except DBAPIError:
        # One of them cannot be stored: each by itself then, so that it harms no other.
        for one in wanted:
            try:
                write([one])
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                log.warning("ics_object_refused", sqlstate=state, calendar_id=str(calendar.id))
                results[one[0]] = Result(IcsOutcome.REFUSED, "ics_not_storable")
    return [results[place] for place in range(len(objects))]


def measure_new_tables(session: Session) -> None:
    """Let PostgreSQL learn how many rows its new tables have, so that the next batch costs no more than the first.

    Call it between batches, in a transaction of its own: it cannot be where autovacuum measures the same table.
    """
    session.execute(text("SELECT measure_new_tables()"))


def delete_others(session: Session, calendar: Calendar, kept: Collection[str], *, batch: int = 500) -> int:
    """Delete up to `batch` events of the calendar whose UIDs are not among `kept`; how many."""
    query = text("""
        SELECT id FROM events
        WHERE organization_id = :organization_id AND calendar_id = :calendar_id AND series_id IS NULL
          AND uid <> ALL(:kept ::text[]) LIMIT :batch
    """)
    values = {"organization_id": calendar.organization_id, "calendar_id": calendar.id, "kept": list(kept)}
    gone = list(session.execute(query, {**values, "batch": batch}).scalars())
    if gone:
        session.execute(_NO_EVENTS, {"organization_id": calendar.organization_id, "ids": gone})
    return len(gone)


def _planned(batch: Batch, item: CalendarObject, present: Stored | None) -> Result:
    """Note the rows of one object, or nothing of it where it cannot be."""
    try:
        if present is not None and item.master is None and not present.stands_in:
            # Single instances of a series that is here whole: the rest of it stays as it is.
            plan_instances(batch, item, present)
        else:
            plan_object(batch, item, present)
    except Invalid as refusal:
        return Result(IcsOutcome.REFUSED, refusal.code, refusal.params)
    return Result(IcsOutcome.CREATED if present is None else IcsOutcome.UPDATED)


def _write(session: Session, batch: Batch) -> None:
    """Write the rows, those first that others refer to or would collide with."""
    company = {"organization_id": batch.calendar.organization_id}
    session.execute(_WORDS_LATER)
    for statement, ids in (
        (_NO_PARTICIPANTS, batch.gone_participants),
        (_NO_EVENTS, batch.gone_events),
        (_NO_OCCURRENCES, batch.rescheduled),
    ):
        if ids:
            session.execute(statement, {**company, "ids": ids})
    if batch.gone_instances:
        gone, starts = map(list, zip(*batch.gone_instances, strict=True))
        session.execute(_NO_INSTANCES, {**company, "series": gone, "originals": starts})
    update_rows(session, Event, batch.changed_events)
    insert_rows(session, Event, batch.new_events)
    update_rows(session, EventParticipant, batch.changed_participants)
    insert_rows(session, EventParticipant, batch.new_participants)
    if batch.occurrences:
        names = ("series", "events", "originals", "starts", "ends")
        values = dict(zip(names, map(list, zip(*batch.occurrences, strict=True)), strict=True))
        session.execute(_OCCURRENCES, {**company, "calendar_id": batch.calendar.id, **values})
    # Whose participants change is among the events that do.
    make_words(session, batch.calendar.organization_id, [*batch.new_events, *batch.changed_events])


def make_words(session: Session, organization_id: UUID, rows: Iterable[Row]) -> None:
    """Let search find the events of these rows, and let triggers see to words again."""
    session.execute(_WORDS_NOW, {"organization_id": organization_id, "ids": [row["id"] for row in rows]})
