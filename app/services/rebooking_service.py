"""Other rooms or times for several occurrences at once, such as those that were skipped when a series was booked."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Invalid, NotFound
from app.models.booking import RoomBooking
from app.models.event import Event
from app.schemas.event import RoomReport, Scope
from app.schemas.rebooking import RebookedOccurrence
from app.services import booking_service, event_service, guest_rights, room_report_service, series_service
from app.services.event_edit_service import Trace
from app.services.event_service import Choice, Outcome
from app.services.event_times import as_instant
from app.services.series_service import original_of


def rebook(
    session: Session,
    actor: Actor,
    event_id: UUID,
    items: Sequence[RebookedOccurrence],
    if_match: frozenset[int] | None,
) -> Outcome:
    """Give occurrences another room or time in the order in which they are named; all of them, or nothing.

    An occurrence whose room was declined or released asks for it again, if no other is named.

    Raises:
        NotFound: the actor does not see the event, or the series has no such occurrence, or the company no such room.
        Forbidden: the actor may not change it.
        Invalid: an occurrence is named twice, or times are not acceptable.
        Conflict: a room is taken, or one of its rules is broken.
    """
    series = event_service.find_target(session, actor, event_id, Choice(Scope.ALL), if_match).series
    wanted = {original_of(series, item.occurrence): item for item in items}
    if len(wanted) < len(items):
        raise Invalid("occurrence_twice", field="items")
    _lock_rooms(session, series, wanted)
    booking_service.forget_lost(session, series, wanted)
    outcome = Outcome(series, [series])
    for original, item in wanted.items():
        _add(outcome.trace, _rebook(session, actor, series, original, item).trace)
    return outcome


def read_report(session: Session, actor: Actor, event_id: UUID, occurrence: date | None) -> RoomReport:
    """What became of the rooms of an event that the actor reads; with `occurrence`, of that one of a series.

    Raises:
        NotFound: the actor sees no such event, or the series has no such occurrence.
    """
    event, one = event_service.find_occurrence(session, actor, event_id, occurrence)
    if event.series_id is not None:
        series = session.get_one(Event, (event.organization_id, event.series_id))
        return room_report_service.report(session, series, event.original_start)
    original = None if one is None else as_instant(one.original_start)
    return room_report_service.report(session, event, original)


def _rebook(session: Session, actor: Actor, series: Event, original: datetime, item: RebookedOccurrence) -> Outcome:
    sent = item.model_dump(include=item.model_fields_set - {"occurrence"})
    values = {name: value for name, value in sent.items() if name == "room_id" or value is not None}
    if series.recurrence_rule or series.rdates:
        row, is_draft = series_service.draft_override(session, series, original)
        if _asks_again(row, values):
            guest_rights.check_edit(session, actor, series if is_draft else row, values)
            outcome = Outcome(series, [series])
        else:
            outcome = event_service.change_occurrence(session, actor, series, original, values)
    else:
        if original != series.start_time:
            raise NotFound("occurrence_not_found")
        guest_rights.check_edit(session, actor, series, values)
        outcome = event_service.change_whole(session, actor, series, values)
        original = series.start_time
    if not outcome.trace.booked.touched:
        outcome.trace.booked = booking_service.sync(session, actor, series, original)
    return outcome


def _asks_again(row: Event, values: Mapping[str, Any]) -> bool:
    """Whether nothing is to be another than it is, so that no occurrence needs a row of its own for it."""
    return values.keys() <= {"room_id"} and values.get("room_id", row.room_id) == row.room_id


def _lock_rooms(session: Session, series: Event, wanted: Mapping[datetime, RebookedOccurrence]) -> None:
    """Lock at once what the occurrences have and are to have, in the order that all changes keep."""
    booked = select(col(RoomBooking.room_id)).where(
        col(RoomBooking.organization_id) == series.organization_id,
        col(RoomBooking.series_id) == series.id,
        col(RoomBooking.original_start).in_(wanted),
    )
    named = select(col(Event.room_id)).where(
        col(Event.organization_id) == series.organization_id,
        (col(Event.id) == series.id) | (col(Event.series_id) == series.id) & col(Event.original_start).in_(wanted),
    )
    rooms = {*session.execute(booked).scalars(), *session.execute(named).scalars()}
    rooms |= {item.room_id for item in wanted.values()}
    booking_service.lock_rooms(session, series.organization_id, {room for room in rooms if room is not None})


def _add(trace: Trace, more: Trace) -> None:
    trace.moves |= more.moves
    trace.followed += more.followed
    trace.asked_again += more.asked_again
    trace.notices += more.notices
    trace.booked.touched |= more.booked.touched
    trace.booked.requests += more.booked.requests
    trace.booked.warnings += more.booked.warnings
