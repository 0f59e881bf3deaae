"""Waiting for a room: joining the queue, leaving it, and taking what is offered.

A change here locks the event, then the rooms, then the entry.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, literal_column, select, text, tuple_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound
from app.models.base import now
from app.models.booking import BLOCKING_SQL, BLOCKING_STATES, RoomBooking, RoomWaiting, WaitingState
from app.models.event import Event, EventOccurrence, EventStatus
from app.models.room_policy import CapacityRule
from app.schemas.event import Scope
from app.schemas.waiting import WaitingRead, WaitingSort, WaitingWrite
from app.services import booking_service, event_service, offer_service, room_capacity, series_service
from app.services.booking_conflict import refused
from app.services.booking_statements import OCCURRENCE
from app.services.event_edit_service import Trace
from app.services.event_reading import shown
from app.services.event_service import Choice, Outcome, Target
from app.services.room_rules import Rules, Wish, broken_by, load_rules
from app.services.rows import PageRequest, SortColumn, fetch_page_rows, flush, get_visible
from app.services.turns import take_turn
from app.services.windows import check_bookable

OPEN = (WaitingState.WAITING, WaitingState.OFFERED)
SORTS = {"created_at": SortColumn(col(RoomWaiting.created_at), datetime)}
# Whether a booking keeps a person out. Their own holds do not, nor do holds that are over, unless somebody waits.
_IS_TAKEN = text(f"""
    SELECT EXISTS (
        SELECT FROM room_bookings b
        WHERE b.organization_id = :organization_id AND b.room_id = :room_id AND b.{BLOCKING_SQL}
          AND b.during && tstzrange(:start, :end)
          AND (b.state <> 'held' OR b.held_by_id <> :person AND (
              b.source = 'offer' OR b.expires_at > now() OR EXISTS (
                  SELECT FROM room_waiting w
                  WHERE w.organization_id = :organization_id AND w.room_id = :room_id AND w.state = 'waiting'
                    AND w.during && b.during
              )
          ))
    )
""")


def visible_to(actor: Actor) -> Select[RoomWaiting]:
    """What the actor waits for, or has waited for."""
    return select(RoomWaiting).where(
        col(RoomWaiting.organization_id) == actor.company, col(RoomWaiting.user_id) == actor.user_id
    )


def list_waiting(
    session: Session, actor: Actor, sort: WaitingSort, page: PageRequest
) -> tuple[list[WaitingRead], str | None]:
    """A page of the actor's own, whatever became of them."""
    rows, cursor = fetch_page_rows(session, _with_readings(visible_to(actor)), SORTS, sort, page)
    return [_read(row) for row in rows], cursor


def read_waiting(session: Session, actor: Actor, waiting_id: UUID) -> WaitingRead:
    """Raises NotFound unless the actor waits, or has waited, under this id."""
    query = _with_readings(visible_to(actor)).where(col(RoomWaiting.id) == waiting_id)
    row = session.execute(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("waiting_not_found")
    return _read(row)


def address_of(waiting_id: UUID) -> str:
    """Where somebody who waits finds what became of it."""
    return f"{get_settings().public_url}/api/v1/rooms/waiting/{waiting_id}"


def join(session: Session, actor: Actor, room_id: UUID, data: WaitingWrite) -> WaitingRead:
    """Let the actor wait for a room for a single event or one occurrence of a series.

    Raises:
        NotFound: the actor's company has no such room, the actor does not see the event, or it has no such occurrence.
        Forbidden: the actor may not change the event.
        Invalid: a series without an occurrence, or one beyond what can be booked ahead, or without a duration.
        Conflict: the room is not in use, free, or the event's already; it is waited for already; a rule of the room is
            broken; the event is over or cancelled; the actor waits for ROOM_WAITING_PER_USER rooms.
    """
    booking_service.require_room(session, actor, room_id)
    choice = Choice(Scope.THIS, data.occurrence)
    target = event_service.find_target(session, actor, data.event_id, choice, None)
    wish = _wish(session, actor, target, room_id)
    room = booking_service.lock_rooms(session, actor.company, {room_id})[room_id]
    if not room.is_active:
        raise Conflict("room_inactive", room=room.name)
    rules = _checked_rules(session, actor, wish)
    during = (wish.starts_at - rules.buffer_before, wish.ends_at + rules.buffer_after)
    _leave_place(session, target.series, wish, room.name)
    offer_service.offer_first(session, actor.company, room_id, *during)
    values = {"organization_id": actor.company, "room_id": room_id, "person": actor.user_id}
    if not session.execute(_IS_TAKEN, {**values, "start": during[0], "end": during[1]}).scalar():
        raise Conflict("room_is_free", room=room.name)
    _check_limit(session, actor)
    entry = RoomWaiting(
        organization_id=actor.company,
        room_id=room_id,
        user_id=actor.user_id,
        series_id=target.series.id,
        original_start=wish.original_start,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        during=Range(*during, bounds="[)"),
        offer_minutes=get_settings().ROOM_OFFER_MINUTES,
    )
    session.add(entry)
    flush(session)
    return read_waiting(session, actor, entry.id)


def leave(session: Session, actor: Actor, waiting_id: UUID) -> None:
    """Wait no more; what was offered is offered to who comes next.

    Raises:
        NotFound: the actor does not wait under this id.
    """
    entry = _get(session, actor, waiting_id)
    booking_service.lock_rooms(session, actor.company, {entry.room_id})
    entry = _get(session, actor, waiting_id, lock=True)
    was_offered = entry.state == WaitingState.OFFERED
    session.delete(entry)
    flush(session)
    if was_offered:
        offer_service.note_freed(session, actor.company, {entry.room_id})


def accept(session: Session, actor: Actor, waiting_id: UUID) -> Outcome:
    """Give the meeting the room that is held for it; an occurrence of a series is changed by itself.

    Raises:
        NotFound: the actor does not wait under this id, or does not see the event any more.
        Forbidden: the actor may not change the event any more.
        Conflict: nothing is offered (any more), or a rule of the room forbids it by now.
    """
    _require_offer(session, actor, waiting_id)
    entry = _get(session, actor, waiting_id)
    choice = Choice(Scope.THIS, entry.original_start)
    event_id = _occurrence(session, actor, entry.series_id, entry.original_start).event_id
    target = event_service.find_target(session, actor, event_id, choice, None)
    had = _occurrence(session, actor, entry.series_id, entry.original_start).room_id
    booking_service.lock_rooms(session, actor.company, {entry.room_id} | ({had} if had else set()))
    # Only now does the offer stay what it is.
    entry = _get(session, actor, waiting_id, lock=True)
    _require_offer(session, actor, waiting_id)
    if had == entry.room_id:
        outcome = _book_again(session, actor, target, entry)
    else:
        outcome = event_service.patch_event(session, actor, event_id, {"room_id": entry.room_id}, None, choice)
    entry.state = WaitingState.TAKEN
    # It has given way already where it was in the way.
    session.execute(
        delete(RoomBooking).where(
            col(RoomBooking.organization_id) == actor.company, col(RoomBooking.waiting_id) == entry.id
        )
    )
    flush(session)
    return outcome


def _get(session: Session, actor: Actor, waiting_id: UUID, *, lock: bool = False) -> RoomWaiting:
    return get_visible(session, visible_to(actor), waiting_id, "waiting_not_found", lock=lock)


def _require_offer(session: Session, actor: Actor, waiting_id: UUID) -> None:
    if read_waiting(session, actor, waiting_id).state != WaitingState.OFFERED:
        raise Conflict("offer_over")


def _book_again(session: Session, actor: Actor, target: Target, entry: RoomWaiting) -> Outcome:
    """Book the room that the meeting asked for in vain: the event itself stays as it is."""
    session.execute(
        delete(RoomBooking).where(
            col(RoomBooking.organization_id) == entry.organization_id,
            col(RoomBooking.series_id) == entry.series_id,
            col(RoomBooking.original_start) == entry.original_start,
            col(RoomBooking.state).not_in(BLOCKING_STATES),
        )
    )
    override = series_service.find_override(session, target.series, entry.original_start)
    booked = booking_service.sync(session, actor, target.series, entry.original_start)
    for row in {target.series.id: target.series, **({override.id: override} if override else {})}.values():
        row.version += 1
    flush(session)
    return Outcome(override or target.series, [target.series], Trace(booked=booked))


def _wish(session: Session, actor: Actor, target: Target, room_id: UUID) -> Wish:
    """When the meeting needs the room."""
    original = target.original or target.event.original_start or target.event.start_time
    row = _occurrence(session, actor, target.series.id, original)
    if row.status == EventStatus.CANCELLED:
        raise Conflict("waiting_needs_meeting")
    if row.starts_at >= row.ends_at:
        raise Invalid("room_needs_duration", field="event_id")
    if row.starts_at <= now():
        raise Conflict("waiting_needs_future")
    check_bookable(row.starts_at, "occurrence")
    return Wish(original, room_id, row.starts_at, row.ends_at, row.event_id)


def _occurrence(session: Session, actor: Actor, series_id: UUID, original: datetime) -> Any:
    """The stored occurrence: when it takes a room, its status and room, and the row that describes it."""
    values = {"organization_id": actor.company, "zone": actor.organization_time_zone}
    row = session.execute(OCCURRENCE, {**values, "series_id": series_id, "original": original}).one_or_none()
    if row is None:
        # There is none, or it lies beyond what is stored and can be booked.
        check_bookable(original, "occurrence")
        raise NotFound("occurrence_not_found")
    return row


def _checked_rules(session: Session, actor: Actor, wish: Wish) -> Rules:
    rules = load_rules(session, actor.company, actor.user_id, [wish.room_id], wish.starts_at, wish.ends_at)
    room = rules[wish.room_id]
    people = {}
    if room.capacity_rule == CapacityRule.ENFORCE and wish.event_id is not None:
        event = session.get_one(Event, (actor.company, wish.event_id))
        people = {event.id: room_capacity.people_of(session, event)}
    broken = broken_by(room, [wish], is_series=False, people=people)
    # Where an approver may make an exception, taking the offer will ask them.
    if broken and room.refuses_out_of_policy:
        raise refused(broken, rules, [wish])
    return room


def _leave_place(session: Session, series: Event, wish: Wish, room: str) -> None:
    """An entry that ended makes way for a new one, at the end of the queue.

    Raises:
        Conflict: the occurrence has the room, or somebody waits for it already.
    """
    has_room = select(col(RoomBooking.id)).where(
        col(RoomBooking.organization_id) == series.organization_id,
        col(RoomBooking.series_id) == series.id,
        col(RoomBooking.original_start) == wish.original_start,
        col(RoomBooking.room_id) == wish.room_id,
        col(RoomBooking.state).in_(BLOCKING_STATES),
    )
    if session.execute(has_room).first() is not None:
        raise Conflict("room_is_yours", room=room)
    before = select(RoomWaiting).where(
        col(RoomWaiting.organization_id) == series.organization_id,
        col(RoomWaiting.room_id) == wish.room_id,
        col(RoomWaiting.series_id) == series.id,
        col(RoomWaiting.original_start) == wish.original_start,
    )
    found = session.execute(_with_readings(before)).one_or_none()
    if found is None:
        return
    if _read(found).state in OPEN:
        raise Conflict("already_waiting", room=room)
    session.delete(found[0])
    flush(session)


def _check_limit(session: Session, actor: Actor) -> None:
    """Raises Conflict when the actor waits for ROOM_WAITING_PER_USER rooms; one request of theirs after the other."""
    take_turn(session, "waiting", actor.user_id)
    limit = get_settings().ROOM_WAITING_PER_USER
    count = visible_to(actor).where(col(RoomWaiting.state).in_(OPEN)).with_only_columns(func.count())
    if session.execute(count).scalar_one() >= limit:
        raise Conflict("too_many_waiting", limit=limit)


_STANDS = func.waiting_stands(literal_column("room_waiting")).label("stands")


def _with_readings(query: Select[RoomWaiting]) -> Select[Any]:
    """The same entries, each with what is told of it besides."""
    first = aliased(RoomWaiting)
    place = (
        select(func.count() + 1)
        .where(
            col(first.organization_id) == col(RoomWaiting.organization_id),
            col(first.room_id) == col(RoomWaiting.room_id),
            col(first.state).in_(OPEN),
            col(first.during).op("&&")(RoomWaiting.during),
            tuple_(first.created_at, first.id) < tuple_(RoomWaiting.created_at, RoomWaiting.id),
        )
        .correlate(RoomWaiting)
        .scalar_subquery()
    )
    return (
        query.join(
            EventOccurrence,
            (col(EventOccurrence.organization_id) == col(RoomWaiting.organization_id))
            & (col(EventOccurrence.series_id) == col(RoomWaiting.series_id))
            & (col(EventOccurrence.original_start) == col(RoomWaiting.original_start)),
        )
        .join(
            Event,
            (col(Event.organization_id) == col(RoomWaiting.organization_id))
            & (col(Event.id) == col(EventOccurrence.event_id)),
        )
        .outerjoin(
            RoomBooking,
            (col(RoomBooking.organization_id) == col(RoomWaiting.organization_id))
            & (col(RoomBooking.waiting_id) == col(RoomWaiting.id)),
        )
        .add_columns(Event, col(RoomBooking.expires_at), place.label("place"), _STANDS)
    )


def _read(row: Sequence[Any]) -> WaitingRead:
    entry, event, expires_at, place, stands = row[:5]
    state = _state(entry, expires_at, stands=stands)
    return WaitingRead(
        id=entry.id,
        room_id=entry.room_id,
        event_id=event.id,
        series_id=entry.series_id,
        original_start=shown(event, entry.original_start),
        start_time=entry.starts_at,
        end_time=entry.ends_at,
        state=state,
        place=place if state == WaitingState.WAITING else None,
        expires_at=expires_at if state == WaitingState.OFFERED else None,
        created_at=entry.created_at,
    )


def _state(entry: RoomWaiting, expires_at: datetime | None, *, stands: bool) -> str:
    """What an entry is, also before the workers' round has written down that it is over."""
    if entry.state not in OPEN:
        return entry.state
    is_over = entry.state == WaitingState.OFFERED and (expires_at is None or expires_at <= now())
    return WaitingState.EXPIRED if is_over or not stands else entry.state
