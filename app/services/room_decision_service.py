"""Deciding about requests for rooms: approving, declining, and what nobody decided in time.

Locks as every change of an event does: the event, the room, then the request and its bookings.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden, NotFound
from app.models.base import now
from app.models.booking import BookingReason, BookingState, RequestState, RoomBooking, RoomRequest
from app.models.event import Event, EventOccurrence
from app.models.room import Room
from app.models.room_policy import RoomRule
from app.schemas.room_request import RoomRequestDetails
from app.services import (
    booking_service,
    event_access,
    room_capacity,
    room_notice_service,
    room_request_service,
    series_service,
)
from app.services.booking_decisions import is_told
from app.services.booking_versions import raise_versions
from app.services.nudges import take_nudges, take_work
from app.services.room_notice_service import RoomNotice, RoomWhy
from app.services.room_rules import Wish, broken_by, load_rules
from app.services.rows import flush

_WAITING = (BookingState.PENDING, BookingState.LATER)
# One event whose request nobody has decided in time. Another worker takes another event.
_OVERDUE = text("""
    SELECT q.id, q.event_id, q.room_id FROM room_requests q
    JOIN events e ON e.organization_id = q.organization_id AND e.id = q.event_id
    WHERE q.organization_id = :organization_id AND q.state = 'pending' AND q.expires_at <= now()
    ORDER BY q.expires_at LIMIT 1
    FOR NO KEY UPDATE OF e SKIP LOCKED
""")
_SETTLE = text("""
    UPDATE room_bookings b SET state = new.state, reason = new.reason, expires_at = NULL
    FROM unnest(:bookings ::uuid[], :states ::text[], :reasons ::text[]) AS new (id, state, reason)
    WHERE b.organization_id = :organization_id AND b.id = new.id
""")


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with all that a decision touches, locked: `bookings` are those that wait, in order of time."""

    request: RoomRequest
    series: Event
    room: Room
    bookings: Sequence[RoomBooking]


@dataclass(frozen=True, slots=True)
class _Fate:
    state: BookingState
    reason: BookingReason | None = None


_CONFIRMED = _Fate(BookingState.CONFIRMED)


def approve(
    session: Session, actor: Actor, request_id: UUID, comment: str | None, *, dry_run: bool
) -> RoomRequestDetails:
    """Give the room for every occurrence that it still suits; the others go without it, and stand.

    The rules are those of whoever asked, as they are now. What the request says that it breaks, the approver accepts.
    What lies beyond the booking window is booked when the window reaches it.

    Raises:
        NotFound: the actor has nothing to do with the request.
        Forbidden: the actor does not decide about this room.
        Conflict: it is decided already or has expired, the meetings have begun, or the room is not in use.
    """
    return _try(session, actor, request_id, dry_run, lambda asked: _approve(session, actor, asked, comment))


def decline(
    session: Session, actor: Actor, request_id: UUID, comment: str | None, *, dry_run: bool
) -> RoomRequestDetails:
    """Refuse the room for every occurrence of the request; they stand, without it.

    Raises:
        NotFound, Forbidden, Conflict: as `approve`.
    """
    return _try(session, actor, request_id, dry_run, lambda asked: _decline(session, actor, asked, comment))


def expire_next(session: Session, company: UUID) -> bool:
    """Refuse one request that nobody has decided in time; whether there was one.

    One event a transaction; two workers never do the same one.
    """
    due = session.execute(_OVERDUE, {"organization_id": company}).first()
    if due is None:
        return False
    series = session.get_one(Event, (company, due.event_id))
    asked = _lock(session, company, due.id, series, due.room_id)
    # Another worker, or an approver, may have been here before the event could be locked.
    if asked is not None and asked.request.state == RequestState.PENDING and asked.request.expires_at <= now():
        fates = dict.fromkeys((booking.id for booking in asked.bookings), _declined(BookingReason.EXPIRED))
        _settle(session, asked, RequestState.EXPIRED, fates)
        _tell(session, asked, fates, RoomWhy.EXPIRED)
    return True


def _try(session: Session, actor: Actor, request_id: UUID, dry_run: bool, decide: Any) -> RoomRequestDetails:
    """Decide, or with dry_run decide, look, and take it back."""
    savepoint = session.begin_nested() if dry_run else None
    asked = _open(session, actor, request_id)
    decide(asked)
    told = room_request_service.read_details(session, actor, asked.request, dry_run=dry_run)
    if savepoint is not None:
        savepoint.rollback()
        take_nudges(session)
        take_work(session)
    return told


def _open(session: Session, actor: Actor, request_id: UUID) -> _Asked:
    request = room_request_service.get_request(session, actor, request_id)
    if not room_request_service.decides(session, actor, request.room_id):
        raise Forbidden("not_room_approver")
    series = series_service.lock_series(session, actor.company, request.event_id)
    asked = _lock(session, actor.company, request_id, series, request.room_id)
    if asked is None:
        raise NotFound("room_request_not_found")
    moment = now()
    is_open = asked.request.state == RequestState.PENDING
    if not is_open or asked.request.expires_at <= moment:
        raise Conflict("room_request_decided", state=RequestState.EXPIRED if is_open else asked.request.state)
    if not asked.bookings or all(_is_past(asked.request, booking, moment) for booking in asked.bookings):
        raise Conflict("room_request_too_late")
    return asked


def _lock(session: Session, company: UUID, request_id: UUID, series: Event, room_id: UUID) -> _Asked | None:
    """The request of a locked event, with its room and the bookings that wait; None if it is gone."""
    rooms = booking_service.lock_rooms(session, company, {room_id})
    of_request = select(RoomRequest).where(
        col(RoomRequest.organization_id) == company, col(RoomRequest.id) == request_id
    )
    fresh = {"populate_existing": True}
    request = session.execute(of_request.with_for_update(key_share=True).execution_options(**fresh)).scalar()
    if request is None:
        return None
    waiting = (
        select(RoomBooking)
        .where(
            col(RoomBooking.organization_id) == company,
            col(RoomBooking.request_id) == request_id,
            col(RoomBooking.state).in_(_WAITING),
        )
        .order_by(col(RoomBooking.starts_at), col(RoomBooking.id))
        .with_for_update(key_share=True)
        .execution_options(**fresh)
    )
    return _Asked(request, series, rooms[room_id], session.execute(waiting).scalars().all())


def _approve(session: Session, actor: Actor, asked: _Asked, comment: str | None) -> None:
    booking_service.check_room(asked.room)
    moment = now()
    past = [booking for booking in asked.bookings if _is_past(asked.request, booking, moment)]
    pending = [booking for booking in asked.bookings if booking.state == BookingState.PENDING and booking not in past]
    fates = dict.fromkeys((booking.id for booking in past), _declined(BookingReason.EXPIRED))
    fates |= _checked(session, asked, pending) if pending else {}
    waits = any(booking.state == BookingState.LATER and booking not in past for booking in asked.bookings)
    is_given = waits or any(fate.state in (BookingState.CONFIRMED, BookingState.LATER) for fate in fates.values())
    state = RequestState.APPROVED if is_given else RequestState.DECLINED
    _settle(session, asked, state, fates, actor, comment)
    _tell(session, asked, fates, RoomWhy.DECLINED, actor, comment)


def _decline(session: Session, actor: Actor, asked: _Asked, comment: str | None) -> None:
    fates = dict.fromkeys((booking.id for booking in asked.bookings), _declined(BookingReason.REJECTED))
    _settle(session, asked, RequestState.DECLINED, fates, actor, comment)
    _tell(session, asked, fates, RoomWhy.DECLINED, actor, comment)


def _checked(session: Session, asked: _Asked, pending: Sequence[RoomBooking]) -> dict[UUID, _Fate]:
    """What becomes of each occurrence under the rules of today, by booking (rules 19 and 21).

    None can overlap: while it was pending, the booking itself kept others out.
    """
    request, series, company = asked.request, asked.series, asked.request.organization_id
    events = _events_of(session, series, pending)
    wishes = {
        booking.id: Wish(
            booking.original_start or booking.starts_at,
            booking.room_id,
            booking.starts_at,
            booking.ends_at,
            events.get(booking.original_start),
        )
        for booking in pending
    }
    start, end = pending[0].starts_at, max(booking.ends_at for booking in pending)
    rules = load_rules(session, company, request.requested_by_id, [request.room_id], start, end)[request.room_id]
    people = room_capacity.people_coming(session, company, rules, wishes.values())
    broken = [
        rule
        for rule in broken_by(rules, list(wishes.values()), is_series=len(asked.bookings) > 1, people=people)
        if not is_told(request, rule.rule, rule.wish)
    ]
    unfit = {rule.wish for rule in broken}
    fates = {}
    for booking_id, wish in wishes.items():
        if None in unfit or wish in unfit:
            fates[booking_id] = _declined(BookingReason.RULE)
        elif wish.starts_at >= rules.window_end and not is_told(request, RoomRule.WINDOW, wish):
            fates[booking_id] = _Fate(BookingState.LATER)
        else:
            fates[booking_id] = _CONFIRMED
    return fates


def _settle(
    session: Session,
    asked: _Asked,
    state: RequestState,
    fates: Mapping[UUID, _Fate],
    actor: Actor | None = None,
    comment: str | None = None,
) -> None:
    """Write what was decided, and let clients know of it."""
    request = asked.request
    request.state, request.comment, request.decided_at = state, comment, now()
    request.decided_by_id = None if actor is None else actor.user_id
    request.version += 1
    flush(session)
    session.execute(
        _SETTLE,
        {
            "organization_id": request.organization_id,
            "bookings": list(fates),
            "states": [fate.state for fate in fates.values()],
            "reasons": [fate.reason for fate in fates.values()],
        },
    )
    changed = [booking.original_start for booking in asked.bookings if booking.id in fates]
    originals = [original for original in changed if original is not None]
    raise_versions(session, request.organization_id, asked.series.id, originals)


def _tell(
    session: Session,
    asked: _Asked,
    fates: Mapping[UUID, _Fate],
    lost: RoomWhy,
    actor: Actor | None = None,
    comment: str | None = None,
) -> None:
    """Write to who asked and to the organizer, what was given and what was not; whoever decided needs no telling."""
    request, series = asked.request, asked.series
    people = {request.requested_by_id, series.organizer_id} - ({actor.user_id} if actor else set())
    readers = event_access.readers_among(session, series, people)
    by_outcome: dict[RoomWhy, list[datetime]] = defaultdict(list)
    for booking in asked.bookings:
        is_lost = fates.get(booking.id, _CONFIRMED).state == BookingState.DECLINED
        by_outcome[lost if is_lost else RoomWhy.APPROVED].append(booking.starts_at)
    room_notice_service.tell(
        session,
        request.organization_id,
        [
            RoomNotice(why, group, asked.room.name, min(starts), title=title, occurrences=len(starts), comment=comment)
            for why, starts in sorted(by_outcome.items())
            for group, title in ((readers, series.title), (people - readers, None))
            if group
        ],
    )


def _events_of(session: Session, series: Event, bookings: Iterable[RoomBooking]) -> dict[datetime | None, UUID]:
    """The rows that describe these occurrences, by original start."""
    query = select(col(EventOccurrence.original_start), col(EventOccurrence.event_id)).where(
        col(EventOccurrence.organization_id) == series.organization_id,
        col(EventOccurrence.series_id) == series.id,
        col(EventOccurrence.original_start).in_([booking.original_start for booking in bookings]),
    )
    return {row.original_start: row.event_id for row in session.execute(query)}


def _is_past(request: RoomRequest, booking: RoomBooking, moment: datetime) -> bool:
    """Whether it is too late for this one. What had begun when it was asked for can be given for a minute."""
    return booking.starts_at <= moment and booking.starts_at > request.created_at


def _declined(reason: BookingReason) -> _Fate:
    return _Fate(BookingState.DECLINED, reason)
