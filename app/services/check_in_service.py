"""Meetings that are really held in their rooms: checking in, ending early, staying longer.

Whoever organizes a meeting, takes part in it or keeps it for its organizer may do so; any other colleague shows with
the room's code that they stand at its door.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.security import keyed_digest
from app.models.base import now
from app.models.booking import BLOCKING_SQL, BookingState, RoomBooking
from app.models.event import Event, EventOccurrence
from app.models.room import Room
from app.models.room_policy import RoomRule
from app.services import event_access
from app.services.booking_conflict import as_arrays, refused
from app.services.booking_service import lock_rooms
from app.services.booking_statements import YIELDING_HOLDS
from app.services.live_rooms import rooms_change
from app.services.room_rules import MINUTE, Rules, Wish, broken_by, iso, load_rules
from app.services.rows import flush

CODE_DIGITS = 6
# How long a code is shown; the one before it still works, for whoever has just read it.
CODE_STEP = timedelta(minutes=5)
# What an extension must keep to. Who may book, and how far ahead, was decided when the room was booked.
_RULES_OF_LENGTH = frozenset({RoomRule.TOO_LONG, RoomRule.HOURS, RoomRule.BLOCKED})
# Whoever extends at a tablet is nobody that rules know.
_NOBODY = UUID(int=0)
# Until when a room is used.
_END = func.coalesce(col(RoomBooking.used_until), col(RoomBooking.ends_at))


@dataclass(frozen=True, slots=True)
class _Use:
    """A booking, and what its occurrence is described by; of a walk-up there is no event."""

    booking: RoomBooking
    event: Event | None


def room_code(room_id: UUID, moment: datetime) -> str:
    """The code that the panel of a room shows at this instant: CODE_DIGITS digits, another every CODE_STEP."""
    step = int(moment.timestamp() // CODE_STEP.total_seconds())
    digest = keyed_digest("room_code", room_id.bytes + step.to_bytes(8))
    return str(int.from_bytes(digest[:8]) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def is_room_code(room_id: UUID, code: str, moment: datetime) -> bool:
    """Whether this is the code that the room's panel shows at this instant, or the one that it showed before."""
    good = [room_code(room_id, moment), room_code(room_id, moment - CODE_STEP)]
    fits = [hmac.compare_digest(code.encode(), known.encode()) for known in good]
    return any(fits)


def opens_at(starts_at: datetime) -> datetime:
    """From when on people check in to a meeting."""
    return starts_at - _early()


def opens_until(moment: datetime) -> datetime:
    """Up to which start people can check in to meetings at this instant."""
    return moment + _early()


def check_in(session: Session, actor: Actor, room_id: UUID, code: str | None) -> RoomBooking:
    """Check in to the actor's meeting in a room, or with its code to any: the running one, else the one that is next.

    Whoever is checked in already stays so.

    Raises:
        NotFound: the company has no such room.
        Conflict: no meeting is there to check in to.
        Forbidden: the meeting is not the actor's, and the code is missing or wrong.
    """
    room, moment = _room(session, actor.company, room_id), now()
    uses = _uses(session, room, _is_open(moment))
    if not uses:
        raise _nothing(session, room, moment)
    use = _entitled(session, actor, uses, code, moment)
    return _mark(session, room, use.booking.id, moment, _asker(actor))


def end_early(session: Session, actor: Actor, room_id: UUID, code: str | None) -> RoomBooking:
    """Give the rest of the running booking back; the event keeps its times. For those who may check in.

    Raises:
        NotFound, Forbidden: as `check_in`.
        Conflict: no meeting takes place in the room.
    """
    room, moment = _room(session, actor.company, room_id), now()
    use = _entitled(session, actor, _running(session, room, moment), code, moment)
    return _end(session, room, use.booking.id, moment)


def extend(session: Session, actor: Actor, room_id: UUID, minutes: int, code: str | None) -> RoomBooking:
    """Keep the room longer than it was booked, if it is free; the event keeps its times. For those who may check in.

    Raises:
        NotFound, Forbidden: as `check_in`.
        Conflict: no meeting takes place in the room; it is taken afterwards; or a rule of the room forbids it.
    """
    room, moment = _room(session, actor.company, room_id), now()
    use = _entitled(session, actor, _running(session, room, moment), code, moment)
    return _extend(session, room, use.booking.id, moment, minutes, actor.user_id)


def check_in_at(session: Session, company: UUID, room_id: UUID, person: UUID | None = None) -> RoomBooking:
    """Check in to the meeting that is running in a room, or is next: for whoever has shown that they are there.

    Args:
        person: who checks in, where that is known.

    Raises:
        NotFound: the company has no such room.
        Conflict: no meeting is there to check in to.
    """
    room, moment = _room(session, company, room_id), now()
    uses = _uses(session, room, _is_open(moment))
    if not uses:
        raise _nothing(session, room, moment)
    return _mark(session, room, uses[0].booking.id, moment, person)


def check_in_booking(session: Session, booking: RoomBooking, person: UUID | None) -> RoomBooking:
    """Check in to this very booking. Raises Conflict when it is over, lost, or too far ahead."""
    room, moment = _room(session, booking.organization_id, booking.room_id), now()
    return _mark(session, room, booking.id, moment, person)


def end_early_at(session: Session, company: UUID, room_id: UUID) -> RoomBooking:
    """End the booking that is running in a room, for whoever has shown that they are there. Raises as `end_early`."""
    room, moment = _room(session, company, room_id), now()
    return _end(session, room, _running(session, room, moment)[0].booking.id, moment)


def extend_at(session: Session, company: UUID, room_id: UUID, minutes: int, person: UUID | None = None) -> RoomBooking:
    """Let the booking that is running in a room last longer, for whoever has shown that they are there.

    Args:
        minutes: how much longer than until now.
        person: who extends, where that is known: approvers of the room are not bound by its rules.

    Raises:
        NotFound, Conflict: as `extend`.
    """
    room, moment = _room(session, company, room_id), now()
    booking_id = _running(session, room, moment)[0].booking.id
    return _extend(session, room, booking_id, moment, minutes, person)


def _early() -> timedelta:
    return timedelta(minutes=get_settings().ROOM_CHECK_IN_EARLY_MINUTES)


def _room(session: Session, company: UUID, room_id: UUID) -> Room:
    query = select(Room).where(col(Room.organization_id) == company, col(Room.id) == room_id)
    room: Room | None = session.execute(query).scalar_one_or_none()
    if room is None:
        raise NotFound("room_not_found")
    return room


def _is_open(moment: datetime) -> ColumnElement[bool]:
    """Bookings that people can check in to: from somewhat before their start until their end."""
    return and_(col(RoomBooking.starts_at) <= opens_until(moment), moment < _END)


def _is_running(moment: datetime) -> ColumnElement[bool]:
    return and_(col(RoomBooking.starts_at) < moment, moment < _END)


def _uses(session: Session, room: Room, condition: ColumnElement[bool]) -> list[_Use]:
    """The confirmed bookings of a room around now that fulfil a condition, in order of time."""
    moment = now()
    nearby = Range(moment, opens_until(moment), bounds="[]")
    query = (
        select(RoomBooking, Event)
        .outerjoin(
            EventOccurrence,
            and_(
                col(EventOccurrence.organization_id) == RoomBooking.organization_id,
                col(EventOccurrence.series_id) == RoomBooking.series_id,
                col(EventOccurrence.original_start) == RoomBooking.original_start,
            ),
        )
        .outerjoin(
            Event,
            and_(
                col(Event.organization_id) == EventOccurrence.organization_id,
                col(Event.id) == EventOccurrence.event_id,
            ),
        )
        .where(*_of(room), col(RoomBooking.during).op("&&")(nearby), condition)
        .order_by(col(RoomBooking.starts_at), col(RoomBooking.id))
    )
    return [_Use(row[0], row[1]) for row in session.execute(query)]


def _of(room: Room) -> tuple[Any, ...]:
    return (*_blocking(room), col(RoomBooking.state) == BookingState.CONFIRMED)


def _blocking(room: Room) -> tuple[Any, ...]:
    """What is taken of a room, in the words of the index that finds it."""
    return (
        col(RoomBooking.organization_id) == room.organization_id,
        col(RoomBooking.room_id) == room.id,
        text(f"room_bookings.{BLOCKING_SQL}"),
    )


def _running(session: Session, room: Room, moment: datetime) -> list[_Use]:
    """The booking that is running in a room: one at most. Raises Conflict when there is none."""
    uses = _uses(session, room, _is_running(moment))
    if not uses:
        raise Conflict("room_not_in_use")
    return uses


def _entitled(session: Session, actor: Actor, uses: list[_Use], code: str | None, moment: datetime) -> _Use:
    """The first booking that is the actor's to check in to; with the room's code, the first of all."""
    for use in uses:
        if _is_own(session, actor, use):
            return use
    if code is None:
        raise Forbidden("room_code_required")
    if not is_room_code(uses[0].booking.room_id, code, moment):
        raise Forbidden("room_code_wrong")
    return uses[0]


def _is_own(session: Session, actor: Actor, use: _Use) -> bool:
    if use.event is None:
        return use.booking.checked_in_by_id is not None and use.booking.checked_in_by_id == actor.user_id
    return event_access.takes_part(session, actor, use.event) or event_access.is_host(session, actor, use.event)


def _asker(actor: Actor) -> UUID:
    """Who really asks: of somebody who acts for another, the delegate."""
    return actor.delegate_id or actor.user_id


def _lock(session: Session, room: Room, booking_id: UUID, condition: ColumnElement[bool]) -> RoomBooking | None:
    """The booking, locked; None if it no longer is as it was found, since somebody was faster."""
    query = (
        select(RoomBooking)
        .where(*_of(room), col(RoomBooking.id) == booking_id, condition)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    booking: RoomBooking | None = session.execute(query).scalar_one_or_none()
    return booking


def _mark(session: Session, room: Room, booking_id: UUID, moment: datetime, person: UUID | None) -> RoomBooking:
    """Only the booking is locked: whoever changes its event waits for it, and nobody here waits for the event."""
    booking = _lock(session, room, booking_id, _is_open(moment))
    if booking is None:
        raise _nothing(session, room, moment)
    if booking.checked_in_at is None:
        booking.checked_in_at, booking.checked_in_by_id = moment, person
        flush(session)
        rooms_change(session, room.organization_id, [room.id])
    return booking


def _end(session: Session, room: Room, booking_id: UUID, moment: datetime) -> RoomBooking:
    """Take the room's lock first, as all who book do: what is given back is offered to those who wait at the commit."""
    lock_rooms(session, room.organization_id, {room.id})
    booking = _lock(session, room, booking_id, _is_running(moment))
    if booking is None:
        raise Conflict("room_not_in_use")
    booking.during = Range(booking.during.lower, moment + _buffer_after(booking))
    booking.used_until = moment
    flush(session)
    return booking


def _extend(
    session: Session, room: Room, booking_id: UUID, moment: datetime, minutes: int, person: UUID | None
) -> RoomBooking:
    lock_rooms(session, room.organization_id, {room.id})
    booking = _lock(session, room, booking_id, _is_running(moment))
    if booking is None:
        raise Conflict("room_not_in_use")
    until = _used_until(booking) + minutes * MINUTE
    wish = Wish(booking.original_start or booking.starts_at, room.id, booking.starts_at, until)
    rules = load_rules(session, room.organization_id, person or _NOBODY, {room.id}, _used_until(booking), until)
    # An extension cannot wait for an approver: where others would have to ask one, only approvers extend.
    broken = [
        rule for rule in broken_by(rules[room.id], [wish], is_series=False, people={}) if rule.rule in _RULES_OF_LENGTH
    ]
    if broken and (rules[room.id].refuses_out_of_policy or not rules[room.id].is_approver):
        raise refused(broken, rules, [wish])
    taken = Range(booking.during.lower, until + _buffer_after(booking))
    _require_free(session, room, booking, taken, wish, rules)
    booking.during, booking.used_until = taken, until
    # The constraint decides, whatever was found above.
    flush(session, {"ex_room_bookings_no_overlap": ("room_taken", {"room": room.name, "count": 1, "total": 1})})
    return booking


def _require_free(
    session: Session, room: Room, booking: RoomBooking, taken: Any, wish: Wish, rules: dict[UUID, Rules]
) -> None:
    """Let expired holds give way; raises Conflict with what else is in the way."""
    values = {"organization_id": room.organization_id, "person": None, **as_arrays([wish], rules)}
    session.execute(YIELDING_HOLDS, values)
    query = (
        select(func.lower(RoomBooking.during), func.upper(RoomBooking.during))
        .where(
            *_blocking(room),
            col(RoomBooking.during).op("&&")(taken),
            col(RoomBooking.id) != booking.id,
        )
        .order_by(col(RoomBooking.starts_at))
    )
    clashes: list[dict[str, Any]] = [
        {
            "room_id": str(room.id),
            "original_start": iso(wish.original_start),
            "start_time": iso(wish.starts_at),
            "end_time": iso(wish.ends_at),
            "booked_from": iso(start),
            "booked_to": iso(end),
            "event_id": None,
            "title": None,
            "alternatives": [],
        }
        for start, end in session.execute(query)
    ]
    if clashes:
        extra = {"clashes": clashes, "free_rooms": []}
        raise Conflict("room_taken", room=room.name, count=1, total=1, extra=extra)


def _used_until(booking: RoomBooking) -> datetime:
    return booking.used_until or booking.ends_at


def _buffer_after(booking: RoomBooking) -> timedelta:
    """What the booking keeps free after its end, by the rules of when it was made."""
    buffer: timedelta = booking.during.upper - _used_until(booking)
    return buffer


def _nothing(session: Session, room: Room, moment: datetime) -> Conflict:
    """The 409 that tells from when on somebody can check in to the next meeting in this room."""
    query = select(func.min(col(RoomBooking.starts_at))).where(
        *_of(room),
        col(RoomBooking.during).op("&&")(func.tstzrange(moment, None)),
        col(RoomBooking.starts_at) > moment,
    )
    start: datetime | None = session.execute(query).scalar_one()
    opens = None if start is None else iso(opens_at(start))
    return Conflict("nothing_to_check_in", opens=opens or "–", extra={"next_check_in": opens})
