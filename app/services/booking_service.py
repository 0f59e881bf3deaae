"""Rooms for occurrences: bookings follow what a series asks for. PostgreSQL refuses what overlaps."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound
from app.models.base import now
from app.models.booking import (
    BLOCKING_STATES,
    BookingReason,
    BookingState,
    RequestState,
    RoomBooking,
    RoomRequest,
    RoomWaiting,
    WaitingState,
)
from app.models.event import Event, EventStatus
from app.models.organization import Organization
from app.models.room import Room
from app.models.room_policy import CapacityRule
from app.services import offer_service
from app.services.booking_conflict import as_arrays, refused, taken
from app.services.booking_decisions import decided_before
from app.services.booking_statements import BOOK, DIFFERENCE, REACHED, REACHED_OF, RELEASE, YIELDING_HOLDS
from app.services.check_in_keeping import keep_check_ins
from app.services.live_rooms import rooms_change
from app.services.participant_service import Key, count_keys, participants_of
from app.services.room_rules import Broken, Rules, Wish, broken_by, load_rules, too_small
from app.services.rows import flush
from app.services.windows import check_bookable, horizon

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(slots=True)
class Booked:
    """What a change did to a series' rooms: whether anything, which requests wait, and what to be warned of."""

    touched: bool = False
    requests: list[RoomRequest] = field(default_factory=list)
    warnings: list[Broken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to become of each wish, by original start."""

    states: dict[datetime, BookingState]
    reasons: dict[datetime, BookingReason]
    requests: dict[datetime, RoomRequest]

    def arrays(self, wishes: Sequence[Wish], rules: Mapping[UUID, Rules]) -> dict[str, Any]:
        asked = [self.requests.get(wish.original_start) for wish in wishes]
        states = [self.states.get(wish.original_start, BookingState.CONFIRMED) for wish in wishes]
        return {
            **as_arrays(wishes, rules),
            "states": states,
            "reasons": [self.reasons.get(wish.original_start) for wish in wishes],
            "requests": [None if request is None else request.id for request in asked],
            "expiries": [
                request.expires_at if request is not None and state == BookingState.PENDING else None
                for request, state in zip(asked, states, strict=True)
            ],
        }


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
    difference = session.execute(DIFFERENCE, _values(series, actor.organization_time_zone, original)).all()
    wishes = [_wish(row) for row in difference if row.room_id is not None]
    if original is None and series.room_id is not None and (wishes or not difference):
        check_bookable(series.start_time, "start_time")
    if not difference:
        return Booked()
    rooms = lock_rooms(session, series.organization_id, _rooms_of(difference))
    for wish in wishes:
        check_room(rooms.get(wish.room_id), wish.ends_at)
        if wish.starts_at >= wish.ends_at:
            raise Invalid("room_needs_duration", field="end_time")
    released = _release(session, series, difference)
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


def extend(session: Session, series: Event, since: datetime) -> None:
    """Book rooms for the occurrences from `since` on; where one is taken or blocked, the booking is declined."""
    organization = session.get_one(Organization, series.organization_id)
    difference = session.execute(DIFFERENCE, {**_values(series, organization.time_zone), "since": since}).all()
    _book_what_is_free(session, series, [row for row in difference if row.room_id is not None])


def follow(session: Session, series: Event) -> None:
    """Let bookings follow occurrences that were moved by no person; where a room is taken, the booking is declined.

    The series' rooms are locked here.
    """
    organization = session.get_one(Organization, series.organization_id)
    difference = session.execute(DIFFERENCE, _values(series, organization.time_zone)).all()
    if difference:
        lock_rooms(session, series.organization_id, _rooms_of(difference))
        released = _release(session, series, difference)
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
        _release(session, series, rows)
        _book_what_is_free(session, series, rows)
    return True


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


def people_of(session: Session, event: Event) -> int:
    """How many people come to an event: who takes part, and the organizer."""
    keys = {Key.of(row) for row in participants_of(session, event)} | {Key(event.organizer_id, None, None)}
    return count_keys(session, event, keys)


def check_capacity(session: Session, actor: Actor, events: Iterable[Event]) -> None:
    """Refuse people who come to events that have their rooms already, where a room holds no more by its rules.

    Raises:
        Conflict: one of the rooms is too small.
    """
    placed = [event for event in events if event.room_id is not None and event.status != EventStatus.CANCELLED]
    if not placed:
        return
    start, end = min(event.start_time for event in placed), max(event.end_time for event in placed)
    named = {event.room_id for event in placed if event.room_id is not None}
    rules = load_rules(session, actor.company, actor.user_id, named, start, end)
    for event in placed:
        assert event.room_id is not None
        room = rules[event.room_id]
        if room.capacity_rule == CapacityRule.ENFORCE:
            broken = too_small(room, {event.id: people_of(session, event)})
            if broken:
                wish = Wish(event.original_start or event.start_time, room.room_id, event.start_time, event.end_time)
                raise refused(broken, rules, [wish])


def people_coming(session: Session, company: UUID, room: Rules, wishes: Iterable[Wish]) -> dict[UUID, int]:
    """How many people come, by event row; nothing where the room's rules do not ask."""
    if room.capacity_rule == CapacityRule.IGNORE:
        return {}
    events = {wish.event_id for wish in wishes if wish.event_id is not None}
    return {event_id: people_of(session, session.get_one(Event, (company, event_id))) for event_id in events}


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
    plan = _Plan({}, {}, {})
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
    left = _insert(session, wishes, rules, plan, values)
    if left:
        if _yield_holds(session, {**values, **plan.arrays(left, rules)}):
            left = _insert(session, left, rules, plan, values)
        if left and len(plan.reasons) + len(left) > limit:
            raise taken(session, actor, rules, {**values, **plan.arrays(left, rules)}, left, wishes)
        _decline(session, left, rules, plan, values)
    booked.requests = _kept_requests(session, asked, plan)
    return booked


def _decide(
    session: Session,
    actor: Actor,
    series: Event,
    room: Rules,
    wishes: Sequence[Wish],
    broken: list[Broken],
    plan: _Plan,
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


def _insert(
    session: Session, wishes: Sequence[Wish], rules: Mapping[UUID, Rules], plan: _Plan, values: dict[str, Any]
) -> list[Wish]:
    """Book; those that could not be, because the room is taken."""
    done = set(session.execute(BOOK, {**values, **plan.arrays(wishes, rules)}).scalars())
    return [wish for wish in wishes if wish.original_start not in done]


def _decline(
    session: Session, wishes: Sequence[Wish], rules: Mapping[UUID, Rules], plan: _Plan, values: dict[str, Any]
) -> None:
    for wish in wishes:
        plan.states[wish.original_start] = BookingState.DECLINED
        plan.reasons[wish.original_start] = BookingReason.TAKEN
        plan.requests.pop(wish.original_start, None)
    if wishes:
        _insert(session, wishes, rules, plan, values)


def _kept_requests(session: Session, asked: Mapping[UUID, RoomRequest], plan: _Plan) -> list[RoomRequest]:
    """The requests for which there are bookings; one whose rooms were all taken asks for nothing, and goes."""
    kept = {request.id for request in plan.requests.values()}
    for request_id in asked.keys() - kept:
        session.delete(asked[request_id])
    return [request for request_id, request in asked.items() if request_id in kept]


def _yield_holds(session: Session, values: dict[str, Any]) -> bool:
    """Remove the holds that give way to what is booked; whether there were any."""
    offers = session.execute(YIELDING_HOLDS, values).scalars().all()
    accepted = [waiting for waiting in offers if waiting is not None]
    if accepted:
        session.execute(
            update(RoomWaiting)
            .where(col(RoomWaiting.organization_id) == values["organization_id"], col(RoomWaiting.id).in_(accepted))
            .values(state=WaitingState.TAKEN)
        )
    return bool(offers)


def _book_what_is_free(session: Session, series: Event, difference: Sequence[Any]) -> None:
    """Book in nobody's name: what people have decided stands, what is taken or blocked is declined."""
    wishes = [_wish(row) for row in difference if row.starts_at < row.ends_at]
    if not wishes:
        return
    start, end = min(wish.starts_at for wish in wishes), max(wish.ends_at for wish in wishes)
    rooms = {wish.room_id for wish in wishes}
    rules = load_rules(session, series.organization_id, series.organizer_id, rooms, start, end)
    plan = _Plan({}, {}, {})
    decided = decided_before(session, series, difference)
    for room_id, room in rules.items():
        own = [wish for wish in wishes if wish.room_id == room_id]
        for broken in broken_by(room, own, is_series=len(own) > 1, people={}):
            if broken.wish is not None and not decided[broken.wish.original_start].accepts(broken):
                plan.states[broken.wish.original_start] = BookingState.DECLINED
                plan.reasons[broken.wish.original_start] = BookingReason.RULE
        for wish in own:
            if wish.starts_at >= room.window_end:
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
    left = _insert(session, wishes, rules, plan, values)
    if left and _yield_holds(session, {**values, **plan.arrays(left, rules)}):
        left = _insert(session, left, rules, plan, values)
    _decline(session, left, rules, plan, values)


def _release(session: Session, series: Event, difference: Iterable[Any]) -> Sequence[Any]:
    """Remove the bookings that are not asked for any more; what they knew of check-in."""
    gone = [row for row in difference if row.booking_id is not None]
    if not gone:
        return ()
    values = {"organization_id": series.organization_id, "bookings": [row.booking_id for row in gone]}
    released = session.execute(RELEASE, values).all()
    freed = {row.booked_room_id for row in gone if row.state in BLOCKING_STATES}
    offer_service.note_freed(session, series.organization_id, freed)
    return released


def _rooms_of(difference: Iterable[Any]) -> set[UUID]:
    return {room for row in difference for room in (row.room_id, row.booked_room_id) if room is not None}


def _wish(row: Any) -> Wish:
    return Wish(row.original_start, row.room_id, row.starts_at, row.ends_at, row.event_id)


def _values(series: Event, company_zone: str, original: datetime | None = None) -> dict[str, Any]:
    return {
        "organization_id": series.organization_id,
        "series_id": series.id,
        "zone": company_zone,
        "since": EARLIEST,
        "until": series.expanded_until or LATEST,
        "original": original,
    }
