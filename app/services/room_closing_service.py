"""Closing a room, for a time or for good: what is booked in it moves to equal rooms, all in one transaction.

What has begun is left to its end. Whatever finds no room keeps its time, loses the room, and its organizer is told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.base import now
from app.models.booking import BookingState
from app.models.event import Event
from app.models.room import Room
from app.models.room_policy import BlockingKind
from app.schemas.blocking import BlockingWrite
from app.schemas.event import Notify
from app.schemas.event_preview import Why
from app.schemas.room_closing import (
    Becomes,
    ClosedBooking,
    ClosingCounts,
    DroppedBooking,
    RoomClosingRead,
    RoomClosingWrite,
    RoomNamed,
)
from app.services import blocking_keeping, notice_service, room_moving, room_notice_service, room_service
from app.services.booking_service import lock_rooms
from app.services.event_access import reads_details
from app.services.notice_service import Notice
from app.services.participant_service import Key, participants_of
from app.services.room_closing_plan import Closing, ClosingPlan, Move, make_plan
from app.services.room_moving import Moved
from app.services.room_notice_service import RoomNotice, RoomWhy
from app.services.room_rules import load_rules
from app.services.rows import apply_changes, flush
from app.services.windows import resolve_moment

# How often a plan is made anew because somebody booked meanwhile.
ATTEMPTS = 3
_END_WAITING = text("""
    UPDATE room_waiting SET state = 'expired'
    WHERE organization_id = :organization_id AND room_id = :room_id AND state IN ('waiting', 'offered')
      AND during && tstzrange(:start, :end)
""")
_DROP = text("""
    DELETE FROM room_bookings
    WHERE organization_id = :organization_id AND id = ANY(:dropped ::uuid[])
      AND (state = 'held' OR lower(during) >= :start)
""")
_END_WALK_UPS = text("""
    UPDATE room_bookings SET during = tstzrange(lower(during), :start), used_until = :start
    WHERE organization_id = :organization_id AND id = ANY(:dropped ::uuid[])
""")


def close_room(
    session: Session, actor: Actor, room_id: UUID, data: RoomClosingWrite, *, dry_run: bool
) -> RoomClosingRead:
    """Close a room and move what is booked in it, by the plan that is answered; with `dry_run`, only plan.

    Raises:
        NotFound: the company has no such room.
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Invalid: the times are in the past, in no order or too far apart, or the room is to be closed for good later on.
        Conflict: the plan is no longer the one that was shown; there are too many bookings; or others keep booking.
    """
    room = room_service.get_room(session, actor, room_id)
    actor.require_admin_or_it()
    rules = load_rules(session, actor.company, actor.user_id, [room.id], now(), now())[room.id]
    closing = _closing(room, data, rules.time_zone)
    if dry_run:
        return _read(session, actor, make_plan(session, actor, closing), dry_run=True)
    for _ in range(ATTEMPTS):
        # Locks that were taken since go with the savepoint: those of another plan are taken in order again.
        savepoint = session.begin_nested()
        plan = _locked_plan(session, actor, closing)
        if plan is None:
            savepoint.rollback()
            continue
        if data.plan not in (None, plan.fingerprint):
            shown = _read(session, actor, plan, dry_run=True).model_dump(mode="json")
            raise Conflict("plan_changed", room=room.name, extra={"closing": shown})
        # As it is read before: afterwards nobody has the room any more.
        told = _read(session, actor, plan, dry_run=False)
        blocking_id = _carry_out(session, actor, plan, data.reason, rules.time_zone)
        savepoint.commit()
        return told.model_copy(update={"blocking_id": blocking_id})
    raise Conflict("try_again")


def _closing(room: Room, data: RoomClosingWrite, zone: str) -> Closing:
    moment = now()
    start = moment if data.start is None else max(resolve_moment(data.start, zone, "start"), moment)
    if data.end is None:
        if start > moment:
            raise Invalid("closing_for_good_is_now", field="start")
        return Closing(room, start, None)
    end = resolve_moment(data.end, zone, "end")
    if end <= moment:
        raise Invalid("closing_has_passed", field="end")
    if end <= start:
        raise Invalid("closing_needs_order", field="end")
    days = get_settings().EVENT_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("closing_too_long", field="end", days=days)
    return Closing(room, start, end)


def _locked_plan(session: Session, actor: Actor, closing: Closing) -> ClosingPlan | None:
    """The plan with all that it changes locked, events before rooms; None if it is another one by then."""
    first = make_plan(session, actor, closing)
    query = (
        select(Event)
        .where(col(Event.organization_id) == actor.company, col(Event.id).in_(first.series_ids))
        .order_by(col(Event.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    locked = {series.id for series in session.execute(query).scalars()}
    rooms = lock_rooms(session, actor.company, {closing.room.id, *first.targets})
    plan = make_plan(session, actor, closing)
    return plan if plan.series_ids <= locked and plan.targets <= rooms.keys() else None


def _carry_out(session: Session, actor: Actor, plan: ClosingPlan, reason: str | None, zone: str) -> UUID | None:
    """Do what the plan says, and close the room; the blocking that closes it, if it is for a time."""
    closing = plan.closing
    session.execute(_END_WAITING, closing.values())
    if plan.dropped:
        values = {**closing.values(), "dropped": [row.id for row in plan.dropped]}
        session.execute(_DROP, values)
        session.execute(_END_WALK_UPS, values)
    series = {series_id: session.get_one(Event, (actor.company, series_id)) for series_id in plan.series_ids}
    done = room_moving.carry_out(session, plan, series)
    _tell(session, actor, plan, done, reason)
    if closing.end is not None:
        walls = [utc_to_wall(moment, get_zone(zone)) for moment in (closing.start, closing.end)]
        data = BlockingWrite(
            room_id=closing.room.id, kind=BlockingKind.CLOSED, title=reason, start=walls[0], end=walls[1]
        )
        return blocking_keeping.create_blocking(session, actor, data).id
    apply_changes(closing.room, {"is_active": False})
    flush(session)
    return None


def _tell(session: Session, actor: Actor, plan: ClosingPlan, done: Iterable[Moved], reason: str | None) -> None:
    """Organizers learn of their rooms, each series and room once; guests what they learn of any change."""
    room_notices: list[RoomNotice] = []
    for moved in done:
        notices = _notices(session, actor, moved)
        notice_service.tell(session, actor, notices, Notify.ALL)
        by_room: dict[UUID | None, list[Move]] = defaultdict(list)
        for move in moved.moves:
            if move.is_felt:
                by_room[move.room_id].append(move)
        room_notices += [
            RoomNotice(
                RoomWhy.LOST if room is None else RoomWhy.MOVED,
                [moved.series.organizer_id],
                plan.closing.room.name,
                min(move.wish.starts_at for move in moves),
                title=moved.series.title,
                occurrences=len(moves),
                other_room=None if room is None else plan.names[room],
                comment=reason,
            )
            for room, moves in by_room.items()
        ]
    if room_notices:
        room_notice_service.tell(session, actor.company, room_notices)


def _notices(session: Session, actor: Actor, moved: Moved) -> list[Notice]:
    """One for each guest of the series, however many occurrences move, and for each who is in single ones only."""
    if not any(move.is_felt for move in moved.moves):
        return []
    # The organizer has a mail about the room, and whoever closes it knows.
    told_by = replace(actor, user_id=moved.series.organizer_id, delegate_id=actor.user_id)
    if len(moved.rows) == 1:
        return notice_service.note(session, told_by, Why.CHANGED, moved.rows[0])
    everybody = {Key.of(row) for row in participants_of(session, moved.series)}
    notices = notice_service.note(session, told_by, Why.CHANGED, moved.series, everybody)
    for override in moved.rows:
        if override is not moved.series:
            alone = {Key.of(row) for row in participants_of(session, override)} - everybody
            notices += notice_service.note(session, told_by, Why.CHANGED, override, alone) if alone else []
    return notices


def _read(session: Session, actor: Actor, plan: ClosingPlan, *, dry_run: bool) -> RoomClosingRead:
    titles = _titles(session, actor, plan)
    moved = sum(move.room_id is not None for move in plan.moves)
    return RoomClosingRead(
        dry_run=dry_run,
        room_id=plan.closing.room.id,
        start=plan.closing.start,
        end=plan.closing.end,
        plan=plan.fingerprint,
        blocking_id=None,
        counts=ClosingCounts(moved=moved, lost=len(plan.moves) - moved, dropped=len(plan.dropped)),
        bookings=[_booking(plan, move, titles) for move in plan.moves],
        dropped=[
            DroppedBooking(source=row.source, start_time=row.starts_at, end_time=row.ends_at) for row in plan.dropped
        ],
    )


def _titles(session: Session, actor: Actor, plan: ClosingPlan) -> dict[UUID, str]:
    """The titles of those events that the actor reads: to keep rooms is no right to read what happens in them."""
    query = select(col(Event.id), col(Event.title)).where(
        col(Event.organization_id) == actor.company,
        col(Event.id).in_({move.wish.event_id for move in plan.moves}),
        reads_details(actor),
    )
    return {row.id: row.title for row in session.execute(query)}


def _booking(plan: ClosingPlan, move: Move, titles: Mapping[UUID, str]) -> ClosedBooking:
    event_id = move.wish.event_id
    return ClosedBooking(
        event_id=event_id if event_id in titles else None,
        title=None if event_id is None else titles.get(event_id),
        original_start=move.wish.original_start,
        start_time=move.wish.starts_at,
        end_time=move.wish.ends_at,
        state=None if move.state is None else BookingState(move.state),
        becomes=Becomes.LOST if move.room_id is None else Becomes.MOVED,
        room=None if move.room_id is None else RoomNamed(id=move.room_id, name=plan.names[move.room_id]),
    )
