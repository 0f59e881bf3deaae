"""Holds: a room is kept for some minutes while somebody decides. The holder's event takes the place of the hold."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import Range, insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.core.ids import new_id
from app.models.base import now
from app.models.booking import BookingSource, BookingState, RoomBooking
from app.schemas.room_hold import HoldSort, HoldWrite
from app.services import booking_conflict, booking_service
from app.services.booking_conflict import as_arrays
from app.services.booking_statements import YIELDING_HOLDS
from app.services.room_rules import Rules, Wish, broken_by, load_rules
from app.services.rows import PageRequest, SortColumn, fetch_page, flush, get_visible
from app.services.windows import check_bookable, resolve_moment

SORTS = {"start_time": SortColumn(col(RoomBooking.starts_at), datetime)}
# One at a time for each person, so that nobody has more holds than they may.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('room_holds ' || :person, 0))")


def visible_to(actor: Actor) -> Select[RoomBooking]:
    """The actor's own holds that have not expired."""
    return select(RoomBooking).where(
        col(RoomBooking.organization_id) == actor.company,
        col(RoomBooking.held_by_id) == actor.user_id,
        col(RoomBooking.state) == BookingState.HELD,
        col(RoomBooking.source) == BookingSource.HOLD,
        col(RoomBooking.expires_at) > func.now(),
    )


def list_holds(
    session: Session, actor: Actor, sort: HoldSort, page: PageRequest
) -> tuple[list[RoomBooking], str | None]:
    """A page of what the actor holds."""
    return fetch_page(session, visible_to(actor), SORTS, sort, page)


def create_hold(session: Session, actor: Actor, room_id: UUID, data: HoldWrite) -> RoomBooking:
    """Keep a room, with its buffers, from others for some minutes.

    The rules are those of a booking by the actor, but for the capacity: nobody knows yet who comes. A room that is lent
    by an approver only can be held; the booking then waits for them.

    Raises:
        NotFound: the company has no such room.
        Invalid: the times are in no order, have passed, or are beyond what can be booked; too many minutes.
        Conflict: the room is not in use, taken, or one of its rules is broken; the actor holds ROOM_HOLDS_PER_USER.
    """
    booking_service.require_room(session, actor, room_id)
    start, end = _times(actor, data)
    limit = get_settings().ROOM_HOLD_MAX_MINUTES
    minutes = limit if data.minutes is None else data.minutes
    if minutes > limit:
        raise Invalid("room_hold_too_long", field="minutes", limit=limit)
    session.execute(_ONE_AT_A_TIME, {"person": str(actor.user_id)})
    booking_service.check_room(booking_service.lock_rooms(session, actor.company, {room_id}).get(room_id))
    _check_number(session, actor)
    wish = Wish(start, room_id, start, end)
    rules = load_rules(session, actor.company, actor.user_id, [room_id], start, end)
    _check_rules(rules[room_id], wish, rules)
    return _hold(session, actor, wish, rules, minutes)


def delete_hold(session: Session, actor: Actor, hold_id: UUID) -> None:
    """Let go of a room.

    Raises:
        NotFound: the actor holds nothing under this id, or no longer.
    """
    session.delete(get_visible(session, visible_to(actor), hold_id, "room_hold_not_found", lock=True))
    flush(session)


def delete_expired(session: Session, company: UUID, *, batch: int = 1000) -> int:
    """Forget up to `batch` holds that have expired, and say how many. Rooms for which people wait are offered then."""
    expired = (
        select(col(RoomBooking.id))
        .where(
            col(RoomBooking.organization_id) == company,
            col(RoomBooking.state) == BookingState.HELD,
            col(RoomBooking.source) == BookingSource.HOLD,
            col(RoomBooking.expires_at) <= func.now(),
        )
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(
        delete(RoomBooking).where(
            col(RoomBooking.organization_id) == company, col(RoomBooking.id).in_(expired.scalar_subquery())
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _times(actor: Actor, data: HoldWrite) -> tuple[datetime, datetime]:
    zone = data.time_zone or actor.time_zone
    start, end = resolve_moment(data.start, zone, "start"), resolve_moment(data.end, zone, "end")
    if end <= start:
        raise Invalid("room_needs_duration" if end == start else "end_before_start", field="end")
    days = get_settings().EVENT_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("event_too_long", field="end", days=days)
    if end <= now():
        raise Invalid("room_hold_is_past", field="end")
    check_bookable(start, "start")
    return start, end


def _check_number(session: Session, actor: Actor) -> None:
    limit = get_settings().ROOM_HOLDS_PER_USER
    held = select(func.count()).select_from(visible_to(actor).subquery())
    if session.execute(held).scalar_one() >= limit:
        raise Conflict("too_many_room_holds", limit=limit)


def _check_rules(rules: Rules, wish: Wish, by_room: dict[UUID, Rules]) -> None:
    broken = broken_by(rules, [wish], is_series=False, people={})
    # Where a broken rule is for an approver to decide, an approver decides by holding the room.
    if broken and (rules.refuses_out_of_policy or not rules.is_approver):
        raise booking_conflict.refused(broken, by_room, [wish])


def _hold(session: Session, actor: Actor, wish: Wish, rules: dict[UUID, Rules], minutes: int) -> RoomBooking:
    hold_id, moment, room = new_id(), now(), rules[wish.room_id]
    values = {
        "organization_id": actor.company,
        "id": hold_id,
        "room_id": wish.room_id,
        "starts_at": wish.starts_at,
        "ends_at": wish.ends_at,
        "during": Range(wish.starts_at - room.buffer_before, wish.ends_at + room.buffer_after),
        "state": BookingState.HELD,
        "source": BookingSource.HOLD,
        "held_by_id": actor.user_id,
        "expires_at": moment + timedelta(minutes=minutes),
        "created_at": moment,
    }
    insertion = insert(RoomBooking).values(**values).on_conflict_do_nothing().returning(col(RoomBooking.id))
    # The hold stands for the series of a booking: what is in the way is whatever is not the hold itself.
    asked = {"organization_id": actor.company, "series_id": hold_id, **as_arrays([wish], rules)}
    is_held = session.execute(insertion).first() is not None
    # Expired holds give way; the actor's own do not: who holds the room already need not hold it twice.
    if not is_held and session.execute(YIELDING_HOLDS, {**asked, "person": None}).first() is not None:
        is_held = session.execute(insertion).first() is not None
    if not is_held:
        raise booking_conflict.taken(session, actor, rules, {**asked, "person": actor.user_id}, [wish], [wish])
    return session.get_one(RoomBooking, (actor.company, hold_id))
