"""Rooms for occurrences: bookings follow what a series asks for. PostgreSQL refuses what overlaps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound
from app.models.base import now
from app.models.booking import (
    BLOCKING_STATES,
    BookingReason,
    BookingState,
    RoomBooking,
    RoomRequest,
)
from app.models.event import Event
from app.models.room import Room
from app.models.room_policy import CapacityRule
from app.services.booking_conflict import refused, taken
from app.services.booking_rows import (
    LATEST,
    Plan,
    decline,
    difference_values,
    insert,
    release,
    rooms_of,
    wish_of,
    yield_holds,
)
from app.services.booking_statements import DIFFERENCE
from app.services.check_in_keeping import keep_check_ins
from app.services.live_rooms import rooms_change
from app.services.room_capacity import people_coming
from app.services.room_rules import Broken, Rules, Wish, broken_by, load_rules, too_small
from app.services.rows import flush
from app.services.windows import check_bookable


@dataclass(slots=True)
class Booked:
    """What a change did to a series' rooms: whether anything, which requests wait, and what to be warned of."""

    touched: bool = False
    requests: list[RoomRequest] = field(default_factory=list)
    warnings: list[Broken] = field(default_factory=list)


def lock_rooms(session: Session, organization_id: UUID, room_ids: set[UUID]) -> dict[UUID, Room]:
    """Lock the rooms that a change touches, always in the same order, so that two changes never deadlock.

    Call it before the first booking of either room is removed. Rooms that the company does not have are left out.
    Whoever shows the rooms is told after the commit.
    """
    rooms_change(session, organization_id, room_ids)
    query = (
        select(Room)
        .where(col(Room.organization_id) == organization_id, col(Room.id).in_(room_ids))
        .order_by(col(Room.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {room.id: room for room in session.execute(query).scalars()}


def require_room(session: Session, actor: Actor, room_id: UUID) -> None:
    """Raises NotFound unless the actor's company has this room."""
    query = select(col(Room.id)).where(col(Room.organization_id) == actor.company, col(Room.id) == room_id)
    if session.execute(query).first() is None:
        raise NotFound("room_not_found")


def sync(
    session: Session,
    actor: Actor,
    series: Event,
    original: datetime | None = None,
    *,
    clashes_percent: int = 0,
) -> Booked:
    """Make a series' bookings those that its occurrences ask for; all of it, or nothing.

    What is booked already and still asked for stays untouched, whatever its state.

    Args:
        original: look at this one occurrence only.
        clashes_percent: how many of a series' occurrences that are to be booked may go without their room, because
            it is taken or a rule forbids it then.

    Raises:
        NotFound: the company has no such room.
        Conflict: a room is not in use, or one of its rules is broken; or it is taken: then the error carries the
            clashing occurrences and the rooms that are free instead.
        Invalid: an occurrence has no duration, the series overlaps itself, or lies beyond what can be booked ahead.
    """
    difference = session.execute(DIFFERENCE, difference_values(series, actor.organization_time_zone, original)).all()
    wishes = [wish_of(row) for row in difference if row.room_id is not None]
    if original is None and series.room_id is not None and (wishes or not difference):
        check_bookable(series.start_time, "start_time")
    if not difference:
        return Booked()
    rooms = lock_rooms(session, series.organization_id, rooms_of(difference))
    for wish in wishes:
        check_room(rooms.get(wish.room_id), wish.ends_at)
        if wish.starts_at >= wish.ends_at:
            raise Invalid("room_needs_duration", field="end_time")
    released = release(session, series, difference)
    if not wishes:
        return Booked(touched=True)
    is_series = original is None and bool(series.recurrence_rule or series.rdates)
    booked = _book(session, actor, series, wishes, clashes_percent if is_series else 0, is_series=is_series)
    keep_check_ins(session, series, released)
    return booked


def forget_lost(session: Session, series: Event, originals: Collection[datetime]) -> None:
    """Remove the bookings of occurrences that did not get their room: what asks next asks for the first time."""
    session.execute(
        delete(RoomBooking).where(
            col(RoomBooking.organization_id) == series.organization_id,
            col(RoomBooking.series_id) == series.id,
            col(RoomBooking.original_start).in_(originals),
            col(RoomBooking.state).in_((BookingState.DECLINED, BookingState.RELEASED)),
        )
    )


def count_ahead(session: Session, room: Room) -> int:
    """How many bookings of the room end in the future."""
    query = select(func.count()).where(
        col(RoomBooking.organization_id) == room.organization_id,
        col(RoomBooking.room_id) == room.id,
        col(RoomBooking.state).in_((*BLOCKING_STATES, BookingState.LATER)),
        col(RoomBooking.during).op("&&")(func.tstzrange(func.now(), None)),
    )
    count: int = session.execute(query).scalar_one()
    return count


def check_room(room: Room | None, until: datetime = LATEST) -> None:
    """Raises NotFound without a room, and Conflict when it is not in use.

    Args:
        until: when the room is needed last. What has passed in a room stays there, though it was closed since.
    """
    if room is None:
        raise NotFound("room_not_found")
    if not room.is_active and until > now():
        raise Conflict("room_inactive", room=room.name)


def _book(
    session: Session, actor: Actor, series: Event, wishes: list[Wish], clashes_percent: int, *, is_series: bool
) -> Booked:
    company, start, end = series.organization_id, wishes[0].starts_at, max(wish.ends_at for wish in wishes)
    rules = load_rules(session, company, actor.user_id, {wish.room_id for wish in wishes}, start, end)
    booked = Booked(touched=True)
    plan = Plan({}, {}, {})
    refusals: list[Broken] = []
    for room_id, room in rules.items():
        own = [wish for wish in wishes if wish.room_id == room_id]
        people = people_coming(session, company, room, own)
        broken = broken_by(room, own, is_series=is_series, people=people)
        if room.capacity_rule == CapacityRule.WARN:
            booked.warnings += too_small(room, people)
        refusals += _decide(session, actor, series, room, own, broken, plan)
    for refusal in refusals:
        if refusal.wish is None:
            raise refused(refusals, rules, wishes)
        plan.states[refusal.wish.original_start] = BookingState.DECLINED
        plan.reasons[refusal.wish.original_start] = BookingReason.RULE
    limit = len(wishes) * clashes_percent // 100
    if len(plan.reasons) > limit:
        raise refused(refusals, rules, wishes)
    values = {"organization_id": company, "series_id": series.id, "person": actor.user_id}
    flush(session)
    asked = {request.id: request for request in plan.requests.values()}
    left = insert(session, wishes, rules, plan, values)
    if left:
        if yield_holds(session, {**values, **plan.arrays(left, rules)}):
            left = insert(session, left, rules, plan, values)
        if left and len(plan.reasons) + len(left) > limit:
            raise taken(session, actor, rules, {**values, **plan.arrays(left, rules)}, left, wishes)
        decline(session, left, rules, plan, values)
    booked.requests = _kept_requests(session, asked, plan)
    return booked


def _decide(
    session: Session,
    actor: Actor,
    series: Event,
    room: Rules,
    wishes: Sequence[Wish],
    broken: list[Broken],
    plan: Plan,
) -> list[Broken]:
    """Write into the plan what becomes of one room's wishes; the broken rules because of which some are refused."""
    refusals = broken if room.refuses_out_of_policy else []
    unfit = {rule.wish for rule in refusals}
    left = [] if None in unfit else [wish for wish in wishes if wish not in unfit]
    asks = room.needs_approver or bool(broken and not refusals)
    if left and asks and not room.is_approver:
        request = _request(session, actor, series, room, left, [] if room.refuses_out_of_policy else broken)
        for wish in left:
            plan.requests[wish.original_start] = request
            plan.states[wish.original_start] = BookingState.PENDING
    # One beyond the window by itself, or as the first, breaks a rule; what follows within a series is booked in time.
    for wish in left[1:]:
        if wish.starts_at >= room.window_end:
            plan.states[wish.original_start] = BookingState.LATER
    return refusals


def _request(
    session: Session, actor: Actor, series: Event, room: Rules, wishes: Sequence[Wish], broken: Sequence[Broken]
) -> RoomRequest:
    moment = now()
    # Whoever decides after the meeting has begun decides nothing; a minute is left for what begins at once.
    latest = max(min(wish.starts_at for wish in wishes), moment + timedelta(minutes=1))
    request = RoomRequest(
        organization_id=series.organization_id,
        room_id=room.room_id,
        event_id=series.id,
        requested_by_id=actor.user_id,
        broken=[rule.as_json() for rule in broken],
        expires_at=min(moment + timedelta(hours=room.approval_hours), latest),
    )
    session.add(request)
    return request


def _kept_requests(session: Session, asked: Mapping[UUID, RoomRequest], plan: Plan) -> list[RoomRequest]:
    """The requests for which there are bookings; one whose rooms were all taken asks for nothing, and goes."""
    kept = {request.id for request in plan.requests.values()}
    for request_id in asked.keys() - kept:
        session.delete(asked[request_id])
    return [request for request_id, request in asked.items() if request_id in kept]
