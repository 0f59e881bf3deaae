"""What became of the rooms of an event: every occurrence with its booking."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.models.booking import RoomBooking
from app.models.event import Event
from app.schemas.event import BrokenRuleRead, EventRead, OccurrenceRoomRead, RoomReport
from app.services.event_reading import read_event, shown
from app.services.event_service import Outcome
from app.services.room_rules import Broken


def read_outcome(session: Session, actor: Actor, outcome: Outcome) -> EventRead:
    """The event that a change left, as the actor reads it; with what became of its rooms, if they were touched."""
    assert outcome.event is not None
    event = read_event(session, actor, outcome.event)
    if not outcome.trace.booked.touched:
        return event
    told = report(session, outcome.series[-1], outcome.event.original_start, outcome.trace.booked.warnings)
    return event.model_copy(update={"room_report": told})


def report(
    session: Session, series: Event, original: datetime | None = None, warnings: Sequence[Broken] = ()
) -> RoomReport:
    """The bookings of a series, in order of time; with `original`, of this one occurrence.

    At most SERIES_MAX_OCCURRENCES, as many as a series has.
    """
    query = (
        select(RoomBooking)
        .where(col(RoomBooking.organization_id) == series.organization_id, col(RoomBooking.series_id) == series.id)
        .order_by(col(RoomBooking.starts_at), col(RoomBooking.id))
        .execution_options(populate_existing=True)
    )
    if original is not None:
        query = query.where(col(RoomBooking.original_start) == original)
    bookings = session.execute(query).scalars().all()
    return RoomReport(
        counts=Counter(booking.state for booking in bookings),
        warnings=[BrokenRuleRead.model_validate(warning.as_json()) for warning in warnings],
        occurrences=[_read(series, booking) for booking in bookings],
    )


def _read(series: Event, booking: RoomBooking) -> OccurrenceRoomRead:
    assert booking.original_start is not None
    return OccurrenceRoomRead(
        original_start=shown(series, booking.original_start),
        start_time=booking.starts_at,
        end_time=booking.ends_at,
        room_id=booking.room_id,
        state=booking.state,
        reason=booking.reason,
        request_id=booking.request_id,
    )
