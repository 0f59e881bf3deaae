"""Bookings that no person makes: what time brings within reach, and occurrences that moved by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.models.booking import BookingReason, BookingState, RequestState
from app.models.event import Event
from app.models.organization import Organization
from app.services.booking_decisions import decided_before
from app.services.booking_rows import (
    Plan,
    decline,
    difference_values,
    insert,
    release,
    rooms_of,
    wish_of,
    yield_holds,
)
from app.services.booking_service import lock_rooms
from app.services.booking_statements import DIFFERENCE, REACHED, REACHED_OF
from app.services.check_in_keeping import keep_check_ins
from app.services.room_rules import broken_by, load_rules
from app.services.windows import horizon


def extend(session: Session, series: Event, since: datetime) -> None:
    """Book rooms for the occurrences from `since` on; where one is taken or blocked, the booking is declined."""
    organization = session.get_one(Organization, series.organization_id)
    difference = session.execute(
        DIFFERENCE, {**difference_values(series, organization.time_zone), "since": since}
    ).all()
    _book_what_is_free(session, series, [row for row in difference if row.room_id is not None])


def follow(session: Session, series: Event) -> None:
    """Let bookings follow occurrences that were moved by no person; where a room is taken, the booking is declined.

    The series' rooms are locked here.
    """
    organization = session.get_one(Organization, series.organization_id)
    difference = session.execute(DIFFERENCE, difference_values(series, organization.time_zone)).all()
    if difference:
        lock_rooms(session, series.organization_id, rooms_of(difference))
        released = release(session, series, difference)
        _book_what_is_free(session, series, [row for row in difference if row.room_id is not None])
        keep_check_ins(session, series, released)


def book_reached(session: Session, company: UUID) -> bool:
    """Book what the booking windows have reached of one series; whether there was one.

    One series a transaction: it locks the event and then its rooms, as every change of an event does.
    """
    values = {"organization_id": company, "default_days": get_settings().ROOM_BOOKING_WINDOW_DAYS}
    series_id = session.execute(REACHED, {**values, "horizon": horizon()}).scalar()
    if series_id is None:
        return False
    query = select(Event).where(col(Event.organization_id) == company, col(Event.id) == series_id)
    series = session.execute(query.with_for_update(key_share=True)).scalar_one_or_none()
    if series is not None:
        rows = session.execute(REACHED_OF, {**values, "horizon": horizon(), "series_id": series_id}).all()
        lock_rooms(session, company, {row.room_id for row in rows})
        release(session, series, rows)
        _book_what_is_free(session, series, rows)
    return True


def _book_what_is_free(session: Session, series: Event, difference: Sequence[Any]) -> None:
    """Book in nobody's name: what people have decided stands, what is taken or blocked is declined."""
    wishes = [wish_of(row) for row in difference if row.starts_at < row.ends_at]
    if not wishes:
        return
    start, end = min(wish.starts_at for wish in wishes), max(wish.ends_at for wish in wishes)
    rooms = {wish.room_id for wish in wishes}
    rules = load_rules(session, series.organization_id, series.organizer_id, rooms, start, end)
    plan = Plan({}, {}, {})
    decided = decided_before(session, series, difference)
    for room_id, room in rules.items():
        own = [wish for wish in wishes if wish.room_id == room_id]
        for broken in broken_by(room, own, is_series=len(own) > 1, people={}):
            if broken.wish is not None and not decided[broken.wish.original_start].accepts(broken):
                plan.states[broken.wish.original_start] = BookingState.DECLINED
                plan.reasons[broken.wish.original_start] = BookingReason.RULE
        for wish in own:
            if not room.is_active:
                plan.states[wish.original_start] = BookingState.DECLINED
                plan.reasons[wish.original_start] = BookingReason.RULE
            elif wish.starts_at >= room.window_end:
                plan.states[wish.original_start] = BookingState.LATER
                plan.reasons.pop(wish.original_start, None)
    for original, one in decided.items():
        if one.request is not None:
            plan.requests[original] = one.request
            if original not in plan.states and one.request.state == RequestState.PENDING:
                plan.states[original] = BookingState.PENDING
        if one.lost is not None:
            plan.states[original], plan.reasons[original] = one.lost
    values = {"organization_id": series.organization_id, "series_id": series.id, "person": None}
    left = insert(session, wishes, rules, plan, values)
    if left and yield_holds(session, {**values, **plan.arrays(left, rules)}):
        left = insert(session, left, rules, plan, values)
    decline(session, left, rules, plan, values)
