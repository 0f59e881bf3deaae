"""Events: making, changing and deleting them, one occurrence, this and those that follow, or all."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from app.calendaring.series import Occurrence
from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.models.calendar import Calendar
from app.models.event import Event, EventStatus
from app.schemas.event import EventWrite, Scope
from app.schemas.event_preview import Why
from app.services import (
    booking_service,
    calendar_service,
    event_access,
    guest_rights,
    occurrence_service,
    offer_service,
    series_service,
)
from app.services.event_edit_service import (
    Trace,
    Wanted,
    content_of,
    edit_occurrence,
    edit_whole,
    remove_occurrence,
)
from app.services.event_reading import GUEST_RIGHTS, as_written
from app.services.event_times import check_rdates, checked_series, resolve_times
from app.services.notice_service import note, note_split
from app.services.participant_service import Key, participants_of, set_participants
from app.services.rows import check_version, flush

# What a PUT that does not name them leaves as it is: a field that a client forgot or does not know must neither bring
# back what was cancelled, nor open what is private, nor dismiss anybody.
KEPT = frozenset({"calendar_id", "participants", "exdates", "rdates", "visibility", "transparency", *GUEST_RIGHTS})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which occurrences a client means: `occurrence` is the original start of one. None: not said."""

    scope: Scope | None = None
    occurrence: date | None = None
    # How many of the occurrences may go without their room.
    clashes_percent: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """What a change is about, locked.

    `event` is the row that the client named. `series` is the series to which it belongs, or the event itself.
    """

    event: Event
    series: Event
    scope: Scope
    original: datetime | None = None


@dataclass(slots=True)
class Outcome:
    """What a change left: the row that describes what was changed (None if it is gone), and what became of the rest."""

    event: Event | None
    series: list[Event]
    trace: Trace = field(default_factory=Trace)


def create_event(session: Session, actor: Actor, data: EventWrite, clashes_percent: int = 0) -> Outcome:
    """A new event of the actor, with its occurrences, participants and room, or nothing of it.

    Args:
        clashes_percent: how many of the occurrences may go without the room where it is taken or a rule forbids it.

    Raises:
        NotFound: the calendar or the room is not there for the actor.
        Forbidden: the calendar is somebody else's.
        Invalid: times, rule or participants are not acceptable.
        Conflict: the room is taken.
    """
    calendar = _target_calendar(session, actor, data)
    times = resolve_times(data, actor.time_zone)
    check_rdates(times)
    series = checked_series(times)
    event = Event(
        **asdict(times),
        **content_of(data),
        organization_id=actor.company,
        calendar_id=calendar.id,
        organizer_id=actor.user_id,
        sent_by_id=actor.delegate_id,
        uid=str(uuid4()),
        span=None,
    )
    planned = occurrence_service.plan(event, series)
    if event.room_id is not None:
        booking_service.require_room(session, actor, event.room_id)
    session.add(event)
    flush(session)
    occurrence_service.store(session, event, occurrence_service.wanted_rows(event, planned, ()))
    if data.participants:
        set_participants(session, event, data.participants)
    trace = Trace()
    if event.room_id is not None and event.status != EventStatus.CANCELLED:
        trace.booked = booking_service.sync(session, actor, event, clashes_percent=clashes_percent)
    if data.participants:
        trace.notices = note(session, actor, Why.INVITED, event)
    return Outcome(event, [event], trace)


def replace_event(
    session: Session, actor: Actor, event_id: UUID, data: EventWrite, if_match: frozenset[int] | None, choice: Choice
) -> Outcome:
    """PUT: the whole event, or of a series what `choice` says; what KEPT names stays where it is not sent."""
    target = find_target(session, actor, event_id, choice, if_match)
    sent = frozenset(data.model_fields_set | (EventWrite.model_fields.keys() - KEPT))
    values = {name: getattr(data, name) for name in EventWrite.model_fields if name in sent}
    return _change(session, actor, target, values, choice.clashes_percent)


def patch_event(
    session: Session,
    actor: Actor,
    event_id: UUID,
    values: Mapping[str, Any],
    if_match: frozenset[int] | None,
    choice: Choice,
) -> Outcome:
    """PATCH: what was sent is laid over what is stored, and the result is treated as a PUT."""
    target = find_target(session, actor, event_id, choice, if_match)
    return _change(session, actor, target, values, choice.clashes_percent)


def delete_event(
    session: Session, actor: Actor, event_id: UUID, if_match: frozenset[int] | None, choice: Choice
) -> Outcome:
    """Delete an event, or of a series what `choice` says; rooms become free."""
    target = find_target(session, actor, event_id, choice, if_match)
    event_access.require_host(session, actor, target.event)
    series = target.series
    told, keys = target.event, None
    if target.scope is Scope.THIS and target.original is not None:
        told, is_new = series_service.draft_override(session, series, target.original)
        keys = [Key.of(row) for row in participants_of(session, series)] if is_new else None
    notices = [] if target.scope is Scope.FOLLOWING else note(session, actor, Why.CANCELLED, told, keys)
    match target.scope:
        case Scope.THIS if target.original is not None:
            try:
                remove_occurrence(session, series, target.original)
            except Invalid as error:
                if error.code != "no_occurrence_left":
                    raise
                session.delete(series)
        case Scope.FOLLOWING if target.original is not None:
            rest = series_service.split_off(session, series, target.original)
            gone = note(session, actor, Why.CANCELLED, rest or series)
            # Of what is left of the series, calendars learn that it ends.
            notices = [replace(notice, state_of=series) for notice in gone] if rest else gone
            session.delete(rest or series)
        case _:
            session.delete(series)
    flush(session)
    if series.room_id is not None:
        offer_service.note_freed(session, series.organization_id, {series.room_id})
    return Outcome(None, [series], Trace(notices=notices))


def find_occurrence(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None
) -> tuple[Event, Occurrence | None]:
    """The row that describes an event, or one occurrence of it, for the actor to read.

    Raises:
        NotFound: the actor sees no such event, the series no such occurrence, or the actor has no part in that one.
    """
    event = event_access.get_event(session, actor, event_id)
    if occurrence is None:
        return event, None
    original = series_service.original_of(event, occurrence)
    if event.series_id is not None or not (event.recurrence_rule or event.rdates):
        if original != (event.original_start or event.start_time):
            raise NotFound("occurrence_not_found")
        return event, None
    override = series_service.find_override(session, event, original)
    if override is not None:
        return event_access.get_event(session, actor, override.id), None
    return event, series_service.occurrence_at(event, original)


Door = Callable[[Session, Actor, UUID], Event]


def find_target(
    session: Session,
    actor: Actor,
    event_id: UUID,
    choice: Choice,
    if_match: frozenset[int] | None,
    door: Door = event_access.get_changeable,
) -> Target:
    """What the actor wants to change and may, locked, in the version that they read.

    Args:
        door: the look-up in `event_access` that locks a row, and says who may.

    Raises:
        NotFound: the actor does not see the event, or the series has no such occurrence.
        Forbidden: the actor only sees it.
        PreconditionFailed: somebody has changed it since.
        Invalid: a scope that needs an occurrence, without one.
    """
    series_id = series_service.series_id_of(session, actor.company, event_id)
    if series_id is not None:
        series = series_service.lock_series(session, actor.company, series_id)
        scope = choice.scope or Scope.THIS
        if scope is Scope.THIS:
            event = door(session, actor, event_id)
        else:
            event = event_access.get_event(session, actor, event_id)
            series = door(session, actor, series.id)
        check_version(event, if_match)
        return Target(event, series, scope, event.original_start)
    event = door(session, actor, event_id)
    check_version(event, if_match)
    if not event.recurrence_rule and not event.rdates:
        if choice.occurrence is not None and series_service.original_of(event, choice.occurrence) != event.start_time:
            raise NotFound("occurrence_not_found")
        return Target(event, event, Scope.ALL)
    if choice.occurrence is None:
        if choice.scope in (Scope.THIS, Scope.FOLLOWING):
            raise Invalid("occurrence_required", field="occurrence")
        return Target(event, event, Scope.ALL)
    original = series_service.original_of(event, choice.occurrence)
    return Target(event, event, choice.scope or Scope.THIS, original)


def change_occurrence(
    session: Session,
    actor: Actor,
    series: Event,
    original: datetime,
    values: Mapping[str, Any],
    *,
    checks_guests: bool = True,
) -> Outcome:
    """Lay `values` over one occurrence of a locked series.

    Args:
        checks_guests: whether a guest who is not the host may change no more than the organizer lets them.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as a PATCH of this occurrence.
    """
    override, is_new = series_service.draft_override(session, series, original)
    if checks_guests:
        guest_rights.check_edit(session, actor, series if is_new else override, values)
    trace = edit_occurrence(session, actor, series, override, _wanted(override, None, values), is_new=is_new)
    return Outcome(override, [series], trace)


def change_whole(session: Session, actor: Actor, event: Event, values: Mapping[str, Any]) -> Outcome:
    """Lay `values` over a locked single event or series, in whose name it is done having been checked.

    Raises:
        NotFound, Forbidden, Invalid, Conflict: as a PATCH of the event.
    """
    return Outcome(event, [event], edit_whole(session, actor, event, _wanted(event, None, values)))


def _change(session: Session, actor: Actor, target: Target, values: Mapping[str, Any], clashes_percent: int) -> Outcome:
    series, original = target.series, target.original
    if target.scope is Scope.THIS and original is not None:
        return change_occurrence(session, actor, series, original, values)
    guest_rights.check_edit(session, actor, series, values, splits=target.scope is Scope.FOLLOWING)
    if original is None:
        trace = edit_whole(session, actor, series, _wanted(series, None, values, clashes_percent))
        return Outcome(series, [series], trace)
    anchor = _anchor(session, series, original)
    whole_rule = series.recurrence_rule
    part = series_service.split_off(session, series, original) if target.scope is Scope.FOLLOWING else None
    if part is None:
        trace = edit_whole(session, actor, series, _wanted(series, anchor, values, clashes_percent), anchor)
        return Outcome(series, [series], trace)
    if values.get("recurrence_rule") == whole_rule:
        # Sent back as it was read, it means the rest of the rule: COUNT has been reduced by what has passed (rule 12).
        values = {name: value for name, value in values.items() if name != "recurrence_rule"}
    trace = edit_whole(session, actor, part, _wanted(part, anchor, values, clashes_percent), anchor)
    # Whether anybody is told of the rest or not, their calendars must not show it twice.
    trace.notices += note_split(session, actor, series, part.start_time)
    return Outcome(part, [series, part], trace)


def _anchor(session: Session, series: Event, original: datetime) -> Occurrence:
    """The occurrence as it is now, wherever it was moved: what the client has before them."""
    override = series_service.find_override(session, series, original)
    if override is None or override.is_all_day != series.is_all_day:
        return series_service.occurrence_at(series, original)
    if override.is_all_day:
        return Occurrence(original.date(), override.start_time.date(), override.end_time.date())
    return Occurrence(original, override.start_time, override.end_time)


def _wanted(event: Event, anchor: Occurrence | None, values: Mapping[str, Any], clashes_percent: int = 0) -> Wanted:
    """The event as it is to be: `values` laid over how it is now."""
    written = as_written(event, anchor)
    if "time_zone" in values and not event.is_all_day:
        # Who corrects the zone means the same time on the clock, not the same instant.
        written.update({name: series_service.wall_of(event, written[name]) for name in ("start_time", "end_time")})
    if values.get("recurrence_rule", ...) is None:
        # A series made a single event has nothing left to exclude from.
        written.update(exdates=[], rdates=[])
    if event.series_id is not None:
        written.update(recurrence_rule=None, exdates=[], rdates=[])
    return Wanted(EventWrite.model_validate({**written, **values}), frozenset(values), clashes_percent)


def _target_calendar(session: Session, actor: Actor, data: EventWrite) -> Calendar:
    if data.calendar_id is None:
        return calendar_service.default_calendar(session, actor)
    return calendar_service.get_writable_calendar(session, actor, data.calendar_id)
