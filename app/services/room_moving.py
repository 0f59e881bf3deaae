"""Giving occurrences another room, or none, at the time that they have: many at once, past ones keep theirs.

Ids and UIDs stay, nobody is asked again, and what a series does not say for all of them, overrides say for some.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.models.booking import BookingState
from app.models.event import Event
from app.services import occurrence_service, series_service
from app.services.booking_statements import RELEASE
from app.services.room_closing_plan import ClosingPlan, Move
from app.services.rows import apply_changes, flush, refusals_as

_MOVE = text("""
    UPDATE room_bookings b
    SET room_id = new.room_id, during = tstzrange(b.starts_at - new.before, b.ends_at + new.after), state = new.state,
        request_id = NULL, expires_at = NULL, used_until = NULL, check_in_asked_at = NULL
    FROM unnest(:bookings ::uuid[], :rooms ::uuid[], :before ::interval[], :after ::interval[], :states ::text[])
        AS new (id, room_id, before, after, state)
    WHERE b.organization_id = :organization_id AND b.id = new.id
""")


@dataclass(slots=True)
class Moved:
    """What was done to one series, or single event: the rows that have another room now, and its moves."""

    series: Event
    rows: list[Event] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


def carry_out(session: Session, plan: ClosingPlan, series: Mapping[UUID, Event]) -> list[Moved]:
    """Let events and bookings be what the plan says. The series and all rooms of the plan are locked.

    Raises:
        Conflict: somebody has taken a room meanwhile without locking it.
    """
    by_series: dict[UUID, list[Move]] = defaultdict(list)
    for move in plan.moves:
        by_series[move.series_id].append(move)
    done = [_move(session, plan, series[series_id], by_series[series_id]) for series_id in sorted(plan.series_ids)]
    flush(session)
    _move_bookings(session, plan)
    return done


def _move(session: Session, plan: ClosingPlan, series: Event, moves: list[Move]) -> Moved:
    done = Moved(series, moves=moves)
    version = series.version
    own = {move.wish.original_start: move.room_id for move in moves if move.wish.event_id == series.id}
    apart = {move.wish.event_id: move.room_id for move in moves if move.wish.event_id != series.id}
    # What was read before the series was locked may have changed since.
    query = select(Event).where(col(Event.organization_id) == series.organization_id, col(Event.id).in_(apart))
    for override in session.execute(query.execution_options(populate_existing=True)).scalars() if apart else ():
        apply_changes(override, {"room_id": apart[override.id]})
        done.rows.append(override)
    if series.room_id == plan.closing.room.id:
        done.rows += _move_own(session, plan, series, own)
    if series.version == version:
        # Whoever holds the series' ETag is to notice.
        series.version += 1
    return done


def _move_own(
    session: Session, plan: ClosingPlan, series: Event, rooms: dict[datetime, UUID | None]
) -> Iterable[Event]:
    """What the series itself describes: it names the room that most have then, and the others become overrides.

    Returns:
        The rows that have another room now, without those that keep the closed one.
    """
    closed = plan.closing.room.id
    stored = {
        original: row
        for original, row in occurrence_service.stored_rows(session, series).items()
        if row.event_id == series.id
    }
    rooms = {**dict.fromkeys(stored, closed), **rooms}
    must_go = plan.closing.is_for_good and series.id in plan.endless
    common = _common(rooms.values(), closed, must_go=must_go)
    apart = {original: row for original, row in stored.items() if rooms[original] != common}
    overrides = series_service.make_overrides(session, series, apart)
    for override in overrides:
        assert override.original_start is not None
        apply_changes(override, {"room_id": rooms[override.original_start]})
    changed = [override for override in overrides if override.room_id != closed]
    return [series, *changed] if apply_changes(series, {"room_id": common}) else changed


def _common(rooms: Iterable[UUID | None], closed: UUID, *, must_go: bool) -> UUID | None:
    """The room of most; of as many, the closed one, for which nothing changes, and any rather than none."""
    counts = Counter(room for room in rooms if room != closed or not must_go)
    return max(counts, key=lambda room: (counts[room], room == closed, str(room or "")), default=None)


def _move_bookings(session: Session, plan: ClosingPlan) -> None:
    company = plan.closing.room.organization_id
    moving = [move for move in plan.moves if move.booking_id is not None and move.room_id is not None]
    rules = [plan.rules[move.room_id] for move in moving if move.room_id is not None]
    values = {
        "organization_id": company,
        "bookings": [move.booking_id for move in moving],
        "rooms": [rule.room_id for rule in rules],
        "before": [rule.buffer_before for rule in rules],
        "after": [rule.buffer_after for rule in rules],
        "states": [
            BookingState.LATER if move.wish.starts_at >= rule.window_end else BookingState.CONFIRMED
            for move, rule in zip(moving, rules, strict=True)
        ],
    }
    gone = [move.booking_id for move in plan.moves if move.room_id is None and move.booking_id is not None]
    if gone:
        session.execute(RELEASE, {"organization_id": company, "bookings": gone})
    if moving:
        with refusals_as({"ex_room_bookings_no_overlap": ("try_again", {})}):
            session.execute(_MOVE, values)
