"""A series and its overrides as rows: finding one occurrence, making it an override, cutting a series in two.

What is here changes how a series is stored, and nothing that anybody sees. The edits themselves are in
`event_edit_service`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from app.calendaring.series import Occurrence, Series
from app.calendaring.splitting import InvalidSplit, split
from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc
from app.core.errors import NotFound
from app.core.ids import new_id
from app.models.event import Event, EventOccurrence
from app.services import discussion_service, occurrence_service
from app.services.event_times import as_instant, series_of
from app.services.occurrence_service import Stored, bound_of
from app.services.participant_service import copy_participants
from app.services.rows import flush

# What an override, or a part of a split series, does not take over from its series.
_OWN_COLUMNS = frozenset(
    {"id", "version", "created_at", "updated_at", "span", "expanded_until", "series_id", "original_start", "ical"}
)
_MOVE_OVERRIDES = text("""
    UPDATE events SET series_id = :new, uid = :uid
    WHERE organization_id = :organization_id AND series_id = :old AND original_start >= :since
""")
_MOVE_OCCURRENCES = text("""
    UPDATE event_occurrences SET series_id = :new, event_id = CASE WHEN event_id = :old THEN :new ELSE event_id END
    WHERE organization_id = :organization_id AND series_id = :old AND original_start >= :since
""")
# Reminders that were sent are not sent again for the part that an occurrence comes to.
_MOVE_REMINDERS = text("""
    UPDATE due_reminders SET series_id = :new
    WHERE organization_id = :organization_id AND series_id = :old AND original_start >= :since
""")
# A request is of one event. What waits in the part that is cut off waits under a request of its own, the same in all.
_MOVE_REQUESTS = text("""
    WITH asked AS MATERIALIZED (
        SELECT q.id, gen_random_uuid() AS new_id FROM room_requests q
        WHERE q.organization_id = :organization_id AND q.event_id = :old AND q.state = 'pending' AND EXISTS (
            SELECT FROM room_bookings b
            WHERE b.organization_id = :organization_id AND b.request_id = q.id AND b.series_id = :new
        )
    ), made AS (
        INSERT INTO room_requests (organization_id, id, room_id, event_id, requested_by_id, broken, state, expires_at,
                                   created_at)
        SELECT q.organization_id, asked.new_id, q.room_id, :new, q.requested_by_id, q.broken, q.state, q.expires_at,
               q.created_at
        FROM asked JOIN room_requests q ON q.organization_id = :organization_id AND q.id = asked.id
    )
    UPDATE room_bookings b SET request_id = asked.new_id FROM asked
    WHERE b.organization_id = :organization_id AND b.request_id = asked.id AND b.series_id = :new
""")


def lock_series(session: Session, organization_id: UUID, series_id: UUID) -> Event:
    """The series of an override that the actor sees, locked: it comes before its overrides in the order of locks."""
    query = (
        select(Event)
        .where(col(Event.organization_id) == organization_id, col(Event.id) == series_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    series: Event | None = session.execute(query).scalar_one_or_none()
    if series is None:
        raise NotFound("event_not_found")
    return series


def original_of(event: Event, occurrence: date) -> datetime:
    """The original start that a client means: an instant, wall time in the event's zone, or the date of an all-day one.

    Of a timed event a bare date means that day's occurrence at the time of the first.
    """
    if event.time_zone is None:
        day = occurrence.date() if isinstance(occurrence, datetime) else occurrence
        return as_instant(day)
    if not isinstance(occurrence, datetime):
        occurrence = datetime.combine(occurrence, event.start_wall.time())
    return wall_to_utc(occurrence, get_zone(event.time_zone)) if occurrence.tzinfo is None else occurrence


def wall_of(event: Event, instant: datetime) -> datetime:
    """The naive wall time of an instant in the event's zone; of an all-day event, its midnight."""
    if event.time_zone is None:
        return instant.replace(tzinfo=None)
    return utc_to_wall(instant, get_zone(event.time_zone))


def find_override(session: Session, series: Event, original: datetime) -> Event | None:
    """The row of an occurrence that differs from its series."""
    query = select(Event).where(
        col(Event.organization_id) == series.organization_id,
        col(Event.series_id) == series.id,
        col(Event.original_start) == original,
    )
    found: Event | None = session.execute(query).scalar_one_or_none()
    return found


def overrides_of(session: Session, series: Event) -> list[Event]:
    """Every occurrence of the series that has a row of its own, by original start."""
    query = select(Event).where(col(Event.organization_id) == series.organization_id, col(Event.series_id) == series.id)
    return list(session.execute(query.order_by(col(Event.original_start))).scalars())


def occurrence_at(series: Event, original: datetime) -> Occurrence:
    """The occurrence that the rule makes there.

    Raises:
        NotFound: there is none, or it is excluded.
    """
    pure = series_of(series)
    found = pure.starts_at(bound_of(pure, original))
    if found is None:
        raise NotFound("occurrence_not_found")
    return found


def override_for(session: Session, series: Event, original: datetime) -> Event:
    """The row of one occurrence of a locked series; made where there is none, equal to the series in all.

    Participants come along with their answers, the room with its booking. Nobody can tell the difference yet.

    Raises:
        NotFound: the series has no such occurrence.
    """
    override, is_new = draft_override(session, series, original)
    if is_new:
        store_override(session, series, override)
        place_override(session, series, override)
    return override


def make_overrides(session: Session, series: Event, stored: Mapping[datetime, Stored]) -> list[Event]:
    """The same for many stored occurrences that have no row of their own yet, in as many statements as for one.

    Args:
        stored: what their rows say, by original start.
    """
    made = [_draft(series, Occurrence(original, row.starts_at, row.ends_at)) for original, row in stored.items()]
    if made:
        session.add_all(made)
        flush(session)
        copy_participants(session, series, *made)
        rows = {row.original_start: Stored(row.id, row.start_time, row.end_time) for row in made}
        occurrence_service.put_stored(session, series, rows)  # type: ignore[arg-type]
    return made


def draft_override(session: Session, series: Event, original: datetime) -> tuple[Event, bool]:
    """The row of one occurrence, and whether it is new: then it is in no session yet, so that nothing is written twice.

    Raises:
        NotFound: the series has no such occurrence.
    """
    found = find_override(session, series, original)
    if found is not None:
        return found, False
    return _draft(series, replace(_stored_or_expanded(session, series, original), original_start=original)), True


def store_override(session: Session, series: Event, override: Event) -> None:
    """Write a new override with its series' participants and their answers."""
    session.add(override)
    flush(session)
    copy_participants(session, series, override)


def place_override(session: Session, series: Event, override: Event) -> None:
    """Let the occurrence be what its override says."""
    assert override.original_start is not None
    row = Stored(override.id, override.start_time, override.end_time)
    occurrence_service.put(session, series, override.original_start, row)


def series_id_of(session: Session, organization_id: UUID, event_id: UUID) -> UUID | None:
    """Of an override its series, which has to be locked before it. Whether the actor sees either is still to be asked.

    Raises:
        NotFound: there is no such event.
    """
    query = select(col(Event.series_id)).where(col(Event.organization_id) == organization_id, col(Event.id) == event_id)
    row = session.execute(query).first()
    if row is None:
        raise NotFound("event_not_found")
    series_id: UUID | None = row.series_id
    return series_id


def move_times(event: Event, occurrence: Occurrence) -> None:
    """Give an override the times of this occurrence of its series."""
    for name, value in _times_of(event, occurrence).items():
        setattr(event, name, value)
    event.span = Range(event.start_time, event.end_time, bounds="[]")


def split_off(session: Session, series: Event, original: datetime) -> Event | None:
    """Cut a locked series before this occurrence; the new series that begins with it (rule 12).

    Overrides, bookings and answers go with their occurrences. None where nothing comes before: there is nothing to cut.

    Raises:
        NotFound: the series has no such occurrence.
    """
    pure = series_of(series)
    try:
        before, after = split(pure, bound_of(pure, original))
    except InvalidSplit as error:
        if error.code == "first_instance":
            return None
        raise NotFound("occurrence_not_found") from error
    part = _copy(series, recurrence_columns(after), uid=str(uuid4()), sequence=0, related_to=series.uid)
    part.ical = series.ical
    for name, value in recurrence_columns(before).items():
        setattr(series, name, value)
    series.sequence += 1
    series.version += 1
    occurrence_service.plan(series, before)
    session.add(part)
    planned = occurrence_service.plan(part, after)
    flush(session)
    copy_participants(session, series, part)
    values = {
        "organization_id": series.organization_id,
        "old": series.id,
        "new": part.id,
        "since": original,
        "uid": part.uid,
    }
    session.execute(_MOVE_OVERRIDES, values)
    session.execute(_MOVE_OCCURRENCES, values)
    session.execute(_MOVE_REMINDERS, values)
    session.execute(_MOVE_REQUESTS, values)
    discussion_service.copy_to(session, series, part)
    discussion_service.move_to(session, series, part, original)
    session.expire_all()
    occurrence_service.sync(session, part, occurrence_service.wanted_rows(part, planned, overrides_of(session, part)))
    return part


def shift_originals(session: Session, series: Event, moves: Mapping[datetime, datetime]) -> None:
    """Let overrides, comments and files belong to other original starts of their series, all at once."""
    if any(old != new for old, new in moves.items()):
        discussion_service.move_originals(session, series, moves)
        session.execute(
            text("""
                UPDATE events e SET original_start = moved.new_start
                FROM unnest(:olds ::timestamptz[], :news ::timestamptz[]) AS moved (old_start, new_start)
                WHERE e.organization_id = :organization_id AND e.series_id = :series_id
                  AND e.original_start = moved.old_start
            """),
            {
                "organization_id": series.organization_id,
                "series_id": series.id,
                "olds": list(moves),
                "news": list(moves.values()),
            },
        )


def recurrence_columns(series: Series) -> dict[str, Any]:
    """The columns of an event that is this series."""
    return {
        **_first("start", series, series.start, series.first_start),
        **_first("end", series, series.end, series.first_end),
        "recurrence_rule": str(series.rule) if series.rule else None,
        "exdates": sorted(_walls(series, series.exdates)),
        "rdates": sorted(_walls(series, series.rdates)),
        "nominal_days": series.nominal_days,
    }


def _stored_or_expanded(session: Session, series: Event, original: datetime) -> Occurrence:
    """The occurrence as its row has it: to ask a rule with COUNT would be to count from the first one on.

    Raises:
        NotFound: there is none.
    """
    if series.expanded_until is not None and original >= series.expanded_until:
        return occurrence_at(series, original)
    query = select(col(EventOccurrence.starts_at), col(EventOccurrence.ends_at)).where(
        col(EventOccurrence.organization_id) == series.organization_id,
        col(EventOccurrence.series_id) == series.id,
        col(EventOccurrence.original_start) == original,
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound("occurrence_not_found")
    return Occurrence(original, row.starts_at, row.ends_at)


def _draft(series: Event, occurrence: Occurrence) -> Event:
    """A row for an occurrence whose original start is an instant, equal to its series in all; in no session yet."""
    original = occurrence.original_start
    override = _copy(series, _times_of(series, occurrence), series_id=series.id, original_start=original)
    override.span = Range(override.start_time, override.end_time, bounds="[]")
    return override


def _copy(event: Event, times: Mapping[str, Any], **own: Any) -> Event:
    values = {name: getattr(event, name) for name in Event.model_fields if name not in _OWN_COLUMNS}
    return Event(**{**values, **times, **own}, id=new_id(), span=None)


def _times_of(event: Event, occurrence: Occurrence) -> dict[str, Any]:
    """The columns of a single event that takes place when this occurrence does."""
    return {
        **_moment("start", event, occurrence.start),
        **_moment("end", event, occurrence.end),
        "recurrence_rule": None,
        "exdates": [],
        "rdates": [],
        "nominal_days": 0,
    }


def _moment(name: str, event: Event, value: date) -> dict[str, datetime]:
    instant = as_instant(value)
    return {f"{name}_time": instant, f"{name}_wall": wall_of(event, instant)}


def _first(name: str, series: Series, wall: date, instant: date) -> dict[str, datetime]:
    midnight = wall if isinstance(wall, datetime) else as_instant(wall).replace(tzinfo=None)
    return {f"{name}_time": as_instant(instant), f"{name}_wall": midnight}


def _walls(series: Series, starts: frozenset[date]) -> set[datetime]:
    """Exdates or rdates as they are stored: naive wall times, midnights for all-day."""
    walls = set()
    for start in starts:
        if not isinstance(start, datetime):
            at = series.start.time() if isinstance(series.start, datetime) else datetime.min.time()
            walls.add(datetime.combine(start, at))
        elif start.tzinfo is not None:
            assert series.zone is not None
            walls.add(utc_to_wall(start, series.zone))
        else:
            walls.add(start)
    return walls
