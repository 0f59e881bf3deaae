"""What an edit does: to a whole event or series, or to one occurrence of it.

Occurrences, overrides, rooms and answers follow in the same transaction, or nothing of it happens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from app.calendaring.moving import CannotMove, matching, moved
from app.calendaring.series import Occurrence, Series
from app.calendaring.zones import get_zone, utc_to_wall, wall_to_utc
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.models.event import Event, EventStatus
from app.schemas.event import EventWrite
from app.services import booking_service, calendar_service, occurrence_service, room_capacity, series_service
from app.services.booking_service import Booked
from app.services.event_reading import GUEST_RIGHTS
from app.services.event_times import EventTimes, as_instant, check_rdates, checked_series, resolve_times, series_of
from app.services.notice_service import Before, Notice, note_change
from app.services.occurrence_service import Stored, bound_of
from app.services.participant_service import (
    Difference,
    apply_difference,
    has_answers,
    reset_responses,
    set_participants,
)
from app.services.rows import apply_changes, flush
from app.services.windows import check_bookable

# What an override takes over from its series for as long as it is the same in both.
CONTENT = ("title", "description", "location", "status", "visibility", "transparency", *GUEST_RIGHTS)
# The columns that say when occurrences take place.
SCHEDULE = frozenset(EventTimes.__dataclass_fields__) - {"tzdata_version"}
# An answer to a series holds for all of it, so an occurrence that is added later gets a row of its own, to be asked
# about. More than these, and everybody is asked about the whole series again.
ADDED_ASKED_APART = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A whole event as it is to be, and which of its fields the client sent."""

    data: EventWrite
    sent: frozenset[str]
    # How many of the occurrences may go without their room.
    clashes_percent: int = 0


@dataclass(slots=True)
class Trace:
    """What an edit did to the occurrences: where each original start went. What is not named stayed or is gone."""

    moves: dict[datetime, datetime] = field(default_factory=dict)
    # The overrides that took over another time from their series.
    followed: list[Event] = field(default_factory=list)
    asked_again: list[Event] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    booked: Booked = field(default_factory=Booked)


def edit_whole(session: Session, actor: Actor, event: Event, wanted: Wanted, anchor: Occurrence | None = None) -> Trace:
    """Change a locked single event or series, with all its occurrences.

    Args:
        anchor: the occurrence whose times `wanted` tells; without it, the first.

    Raises:
        NotFound, Forbidden: the calendar or the room is not there for the actor.
        Invalid: times, rule or participants are not acceptable.
        Conflict: a room is taken.
    """
    old, before = series_of(event), {name: getattr(event, name) for name in (*CONTENT, "room_id")}
    was = Before.of(event)
    times = _whole_times(event, old, wanted, anchor)
    if "rdates" in wanted.sent:
        check_rdates(times)
    values = {**asdict(times), **content_of(wanted.data)}
    if wanted.data.calendar_id is not None and wanted.data.calendar_id != event.calendar_id:
        values["calendar_id"] = calendar_service.get_writable_calendar(session, actor, wanted.data.calendar_id).id
    if any(getattr(event, name) != value for name, value in values.items()):
        values["sent_by_id"] = actor.delegate_id
    _require_room(session, actor, event, wanted.data)
    was_cancelled = event.status == EventStatus.CANCELLED
    changed = apply_changes(event, values)
    rescheduled = bool(changed & SCHEDULE)
    if rescheduled or "status" in changed:
        event.sequence += 1
    trace = Trace()
    new = checked_series(times, start_must_match="recurrence_rule" in changed) if rescheduled else old
    planned = occurrence_service.plan(event, new) if rescheduled else []
    flush(session)
    overrides = series_service.overrides_of(session, event) if old.recurs else []
    stored = occurrence_service.stored_rows(session, event) if rescheduled else {}
    rows: dict[datetime, Stored] = {}
    if rescheduled:
        trace.moves = _matching(stored, old, new, overrides)
        overrides = _rebase(session, event, old, new, overrides, trace)
    _let_follow(overrides, before, event)
    flush(session)
    if rescheduled:
        rows = occurrence_service.wanted_rows(event, planned, overrides)
        occurrence_service.sync(session, event, rows)
    difference = _set_participants(session, event, overrides, wanted)
    if difference.added:
        room_capacity.check_capacity(session, actor, [event, *overrides])
    if rescheduled or (was_cancelled and "status" in changed):
        came_back = was_cancelled and "status" in changed
        everybody = came_back or _has_moved(event, old, new, stored, rows, trace)
        added = sorted(rows.keys() - set(trace.moves.values()))
        _ask_again(session, event, added, overrides, trace, everybody=everybody, came_back=came_back)
    if rescheduled or changed & {"room_id", "status"}:
        trace.booked = booking_service.sync(session, actor, event, clashes_percent=wanted.clashes_percent)
    trace.notices = note_change(session, actor, event, changed, difference, was)
    return trace


def edit_occurrence(
    session: Session, actor: Actor, series: Event, override: Event, wanted: Wanted, *, is_new: bool
) -> Trace:
    """Change one occurrence of a locked series, which `override` describes.

    Args:
        is_new: `override` is a draft that is not stored yet.

    Raises:
        Invalid: it cannot recur or lie in another calendar; times or participants are not acceptable.
        Conflict: the room is taken.
    """
    data = wanted.data
    if data.recurrence_rule is not None or data.rdates or data.exdates:
        raise Invalid("occurrence_does_not_recur", field="recurrence_rule")
    if data.calendar_id is not None and data.calendar_id != series.calendar_id:
        raise Invalid("occurrence_stays_in_calendar", field="calendar_id")
    assert override.original_start is not None
    times = resolve_times(data, override.time_zone or actor.time_zone)
    values = {**asdict(times), **content_of(data)}
    if any(getattr(override, name) != value for name, value in values.items()):
        values["sent_by_id"] = actor.delegate_id
    _require_room(session, actor, override, data)
    was = Before.of(override)
    was_cancelled = override.status == EventStatus.CANCELLED
    changed = apply_changes(override, values)
    rescheduled = bool(changed & {"start_time", "end_time", "is_all_day"})
    if changed & SCHEDULE or "status" in changed:
        override.sequence = max(override.sequence, series.sequence) + 1
    if changed:
        series.version += 1
    override.span = Range(override.start_time, override.end_time, bounds="[]")
    trace = Trace()
    if is_new:
        series_service.store_override(session, series, override)
    else:
        flush(session)
    if is_new or rescheduled:
        series_service.place_override(session, series, override)
    if rescheduled and override.room_id is not None:
        check_bookable(override.start_time, "start_time")
    difference = _set_participants(session, override, [], wanted)
    if difference.added:
        room_capacity.check_capacity(session, actor, [override])
    if difference and not changed:
        # Whoever holds the series' ETag is to notice.
        series.version += 1
        flush(session)
    if rescheduled or (was_cancelled and "status" in changed):
        reset_responses(session, override)
        trace.asked_again.append(override)
    if rescheduled or changed & {"room_id", "status"}:
        trace.booked = booking_service.sync(
            session, actor, series, override.original_start, clashes_percent=wanted.clashes_percent
        )
    trace.notices = note_change(session, actor, override, changed, difference, was)
    return trace


def remove_occurrence(session: Session, series: Event, original: datetime) -> None:
    """Take one occurrence out of a locked series, and its room back; an override goes with it (rule 8).

    Raises:
        NotFound: there is no such occurrence.
        Invalid: it is the last one, or the series would have more than SERIES_MAX_EXDATES.
    """
    override = series_service.find_override(session, series, original)
    if override is None:
        series_service.occurrence_at(series, original)
    exdates = sorted({*series.exdates, series_service.wall_of(series, original)})
    limit = get_settings().SERIES_MAX_EXDATES
    if len(exdates) > limit:
        raise Invalid("too_many_exdates", field="exdates", limit=limit)
    apply_changes(series, {"exdates": exdates})
    series.sequence += 1
    occurrence_service.plan(series, series_of(series))
    occurrence_service.remove(session, series, original)
    if override is not None:
        session.delete(override)
    flush(session)


def content_of(data: EventWrite) -> dict[str, Any]:
    """The columns of an event that say what it is, and not when."""
    return data.model_dump(include={*CONTENT, "room_id"})


def _require_room(session: Session, actor: Actor, event: Event, data: EventWrite) -> None:
    if data.room_id is not None and data.room_id != event.room_id:
        booking_service.require_room(session, actor, data.room_id)


def _whole_times(event: Event, old: Series, wanted: Wanted, anchor: Occurrence | None) -> EventTimes:
    """The times that the whole event is to have; the rule, exdates and rdates follow where they were not sent."""
    data = wanted.data
    times = resolve_times(data, event.time_zone or "UTC")
    if anchor is not None:
        times = _from_anchor(event, times, anchor)
    if times.end_time - times.start_time == event.end_time - event.start_time and not times.is_all_day:
        times = replace(times, nominal_days=event.nominal_days)
    if "recurrence_rule" in wanted.sent and times.recurrence_rule != event.recurrence_rule:
        return _with_shifted_starts(event, times, wanted)
    if not old.recurs:
        return times
    try:
        follows = moved(old, *_wall_times(times))
    except CannotMove as error:
        if error.code == "pattern_cannot_move":
            raise Invalid("rule_cannot_move", field="recurrence_rule") from error
        raise Invalid("rule_start_not_in_rule", field="recurrence_rule", start=times.start_wall) from error
    following = series_service.recurrence_columns(follows)
    kept = {name: following[name] for name in ("recurrence_rule", "exdates", "rdates") if name not in wanted.sent}
    return replace(times, **{**kept, "recurrence_rule": following["recurrence_rule"]})


def _from_anchor(event: Event, times: EventTimes, anchor: Occurrence) -> EventTimes:
    """The times of the first occurrence when those of another one are to be `times`: moved by as much on the clock."""
    by = times.start_wall - series_service.wall_of(event, as_instant(anchor.start))
    if not by and times.time_zone == event.time_zone and times.is_all_day == event.is_all_day:
        start, start_time = event.start_wall, event.start_time
    else:
        start = event.start_wall + by
        zone = times.time_zone
        start_time = as_instant(start.date()) if zone is None else wall_to_utc(start, get_zone(zone))
    end_time = start_time + (times.end_time - times.start_time)
    end = end_time.replace(tzinfo=None) if times.time_zone is None else utc_to_wall(end_time, get_zone(times.time_zone))
    return replace(times, start_wall=start, start_time=start_time, end_wall=end, end_time=end_time)


def _with_shifted_starts(event: Event, times: EventTimes, wanted: Wanted) -> EventTimes:
    """With another rule, what was taken out stays out, and what was added stays, at the new time of day."""
    if not (times.recurrence_rule or times.rdates):
        return replace(times, exdates=[], rdates=times.rdates if "rdates" in wanted.sent else [])
    if times.is_all_day != event.is_all_day:
        return times
    by = times.start_wall - event.start_wall
    return replace(
        times,
        exdates=times.exdates if "exdates" in wanted.sent else [wall + by for wall in event.exdates],
        rdates=times.rdates if "rdates" in wanted.sent else [wall + by for wall in event.rdates],
    )


def _wall_times(times: EventTimes) -> tuple[Any, Any, Any]:
    if times.time_zone is None:
        return times.start_wall.date(), times.end_wall.date(), None
    return times.start_wall, times.end_wall, get_zone(times.time_zone)


def _matching(
    stored: Mapping[datetime, Stored], old: Series, new: Series, overrides: list[Event]
) -> dict[datetime, datetime]:
    """Where each stored occurrence and override of the old series is in the new one, by original start."""
    originals = {override.original_start for override in overrides if override.original_start is not None}
    originals.update(stored)
    found = matching(old, new, [bound_of(old, original) for original in sorted(originals)])
    return {as_instant(before): as_instant(after) for before, after in found.items()}


def _rebase(
    session: Session, event: Event, old: Series, new: Series, overrides: list[Event], trace: Trace
) -> list[Event]:
    """Let overrides follow their series to other times; those whose occurrence is no more go.

    One that had been moved keeps the time that was agreed for it.
    """
    kept = []
    were = _times_at(old, [override.original_start for override in overrides])
    are = _times_at(new, trace.moves.values() if overrides else ())
    for override in overrides:
        assert override.original_start is not None
        target = trace.moves.get(override.original_start)
        if target is None:
            session.delete(override)
            continue
        was, now = were.get(override.original_start), are.get(target)
        if was is None or now is None:
            kept.append(override)
            continue
        if (as_instant(was.start), as_instant(was.end)) == (override.start_time, override.end_time):
            override.is_all_day, override.time_zone = event.is_all_day, event.time_zone
            series_service.move_times(override, now)
            if (now.start, now.end) != (was.start, was.end):
                override.version += 1
                override.sequence = max(override.sequence, event.sequence)
                trace.followed.append(override)
        kept.append(override)
    flush(session)
    series_service.shift_originals(session, event, trace.moves)
    for override in kept:
        session.refresh(override, ["original_start"])
    return kept


def _let_follow(overrides: list[Event], before: Mapping[str, Any], event: Event) -> None:
    """What was the same in an override as in its series, stays the same."""
    changed = {name: getattr(event, name) for name, value in before.items() if getattr(event, name) != value}
    for override in overrides:
        apply_changes(
            override, {name: value for name, value in changed.items() if getattr(override, name) == before[name]}
        )
        if override.calendar_id != event.calendar_id:
            override.calendar_id = event.calendar_id


def _set_participants(session: Session, event: Event, overrides: list[Event], wanted: Wanted) -> Difference:
    if wanted.data.participants is None:
        return Difference()
    difference = set_participants(session, event, wanted.data.participants)
    if difference:
        event.version += 1
        for override in overrides:
            apply_difference(session, override, difference)
        flush(session)
    return difference


def _ask_again(
    session: Session,
    event: Event,
    added: list[datetime],
    overrides: list[Event],
    trace: Trace,
    *,
    everybody: bool,
    came_back: bool,
) -> None:
    """Reset answers where the time has changed, an occurrence is new, or comes back; nowhere else (rule 14)."""
    if everybody or len(added) > ADDED_ASKED_APART:
        reset_responses(session, event)
        trace.asked_again.append(event)
        for override in overrides if came_back else trace.followed:
            reset_responses(session, override)
            trace.asked_again.append(override)
        return
    for original in added if has_answers(session, event) else ():
        override = series_service.override_for(session, event, original)
        reset_responses(session, override)
        trace.asked_again.append(override)


def _has_moved(
    event: Event,
    old: Series,
    new: Series,
    stored: Mapping[datetime, Stored],
    rows: Mapping[datetime, Stored],
    trace: Trace,
) -> bool:
    """Whether the series itself is at another time. Its rows tell: a rule with COUNT counts anew at each look."""
    if (old.first_start, old.first_end) != (new.first_start, new.first_end) or (new.recurs and not old.recurs):
        return True
    pairs = (
        (stored[before], rows[after]) for before, after in trace.moves.items() if before in stored and after in rows
    )
    return any(
        was.event_id == event.id and (was.starts_at, was.ends_at) != (now.starts_at, now.ends_at) for was, now in pairs
    )


def _times_at(series: Series, originals: Iterable[datetime | None]) -> dict[datetime | None, Occurrence]:
    """The occurrences with these original starts, found in one walk."""
    wanted = {original for original in originals if original is not None}
    if not wanted:
        return {}
    walk = series.occurrences(before=bound_of(series, max(wanted) + timedelta(days=1)))
    return {start: found for found in walk if (start := as_instant(found.original_start)) in wanted}
