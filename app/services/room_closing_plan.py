"""What becomes of the bookings of a room that is closed: which move to an equal room, and which lose theirs."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict
from app.models.base import now
from app.models.booking import BLOCKING_SQL, BLOCKING_STATES, BookingState
from app.models.room import Room
from app.services.equal_rooms import EqualRooms
from app.services.room_rules import Rules, Wish

# What asks for the room at a time, by the event row that names it, and the booking that came of it. What has begun is
# left alone. An all-day event's span is in UTC, wherever the company is.
_COMING = text("""
    SELECT o.series_id, o.original_start, e.id AS event_id, s.organizer_id, s.is_recurring, b.id AS booking_id, b.state,
           coalesce(b.starts_at, o.starts_at) AS starts_at, coalesce(b.ends_at, o.ends_at) AS ends_at,
           count(*) OVER () AS total
    FROM events e
    JOIN event_occurrences o ON o.organization_id = e.organization_id AND o.event_id = e.id
    JOIN events s ON s.organization_id = e.organization_id AND s.id = o.series_id
    LEFT JOIN room_bookings b
      ON (b.organization_id, b.series_id, b.original_start) = (o.organization_id, o.series_id, o.original_start)
    WHERE e.organization_id = :organization_id AND e.room_id = :room_id AND e.status <> 'cancelled'
      AND e.span && tstzrange(:start ::timestamptz - interval '1 day', :end ::timestamptz + interval '1 day')
      AND coalesce(b.starts_at, o.starts_at) > :moment AND coalesce(b.ends_at, o.ends_at) > :start
      AND (:end ::timestamptz IS NULL
           OR coalesce(b.starts_at, o.starts_at) < :end AND b.state IN ('held', 'pending', 'confirmed', 'later'))
    ORDER BY starts_at, o.series_id, o.original_start
    LIMIT :limit
""")
# Series that go on beyond what is stored.
_ENDLESS = text("""
    SELECT id FROM events
    WHERE organization_id = :organization_id AND room_id = :room_id AND status <> 'cancelled'
      AND expanded_until IS NOT NULL
""")
_DROPPED = text(f"""
    SELECT id, source, starts_at, ends_at FROM room_bookings
    WHERE organization_id = :organization_id AND room_id = :room_id AND source <> 'event' AND {BLOCKING_SQL}
      AND during && tstzrange(:start, :end)
    ORDER BY starts_at, id
""")


@dataclass(frozen=True, slots=True)
class Closing:
    """When a room is closed, UTC; without an end it is for good."""

    room: Room
    start: datetime
    end: datetime | None

    @property
    def is_for_good(self) -> bool:
        return self.end is None

    def values(self) -> dict[str, Any]:
        return {
            "organization_id": self.room.organization_id,
            "room_id": self.room.id,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of one occurrence: the room that it gets instead, or none."""

    wish: Wish
    series_id: UUID
    organizer_id: UUID
    booking_id: UUID | None
    state: str | None
    room_id: UUID | None

    @property
    def is_felt(self) -> bool:
        """Whether the occurrence had the room, or was to get it."""
        return self.state in (*BLOCKING_STATES, BookingState.LATER)


@dataclass(frozen=True, slots=True)
class ClosingPlan:
    """What closing a room does: to the occurrences in it, and to what is no event's."""

    closing: Closing
    moves: Sequence[Move]
    # Series that ask for the room beyond what is stored.
    endless: frozenset[UUID]
    # Holds, offers and what was booked at the door.
    dropped: Sequence[Any]
    names: dict[UUID, str]
    rules: dict[UUID, Rules]

    @property
    def series_ids(self) -> set[UUID]:
        return {move.series_id for move in self.moves} | self.endless

    @property
    def targets(self) -> set[UUID]:
        return {move.room_id for move in self.moves if move.room_id is not None}

    @property
    def fingerprint(self) -> str:
        """The same for the same plan, whenever it is made."""
        told = [
            (move.series_id, move.wish, move.state, move.room_id)
            for move in sorted(self.moves, key=lambda move: (move.series_id, move.wish.original_start))
        ]
        also = [row.id for row in self.dropped], sorted(self.endless)
        return hashlib.sha256(repr((self.closing.room.id, told, also)).encode()).hexdigest()[:32]


def make_plan(session: Session, actor: Actor, closing: Closing) -> ClosingPlan:
    """What becomes of what is booked, as things are now. Nothing is changed or locked.

    Raises:
        Conflict: there are more than ROOM_CLOSING_MAX_BOOKINGS.
    """
    limit = get_settings().ROOM_CLOSING_MAX_BOOKINGS
    rows = session.execute(_COMING, {**closing.values(), "moment": now(), "limit": limit + 1}).all()
    endless = session.execute(_ENDLESS, closing.values()).scalars() if closing.is_for_good else ()
    dropped = session.execute(_DROPPED, closing.values()).all()
    count = (rows[0].total if rows else 0) + len(dropped)
    if count > limit:
        raise Conflict("too_many_bookings", room=closing.room.name, count=count, limit=limit)
    moves: list[Move] = []
    names: dict[UUID, str] = {}
    rules: dict[UUID, Rules] = {}
    if rows:
        end = max(row.ends_at for row in rows)
        equal = EqualRooms(session, closing.room, actor.user_id, rows[0].starts_at, end)
        by_series = defaultdict(list)
        for row in rows:
            by_series[row.series_id].append(row)
        for group in by_series.values():
            moves += _moves_of(equal, closing.room.id, group)
        used = {move.room_id for move in moves}
        names = {room: name for room, name in equal.names.items() if room in used}
        rules = {room: equal.rules[room] for room in names}
    moves.sort(key=lambda move: (move.wish.starts_at, move.series_id, move.wish.original_start))
    return ClosingPlan(closing, moves, frozenset(endless), dropped, names, rules)


def _moves_of(equal: EqualRooms, closed: UUID, rows: Sequence[Any]) -> Iterable[Move]:
    """Of one series, in order of time: all into one room if there is one, else each into the nearest that is free."""
    rooms = equal.booked_at_once_by(rows[0].organizer_id)
    wishes = {
        row.original_start: Wish(row.original_start, closed, row.starts_at, row.ends_at, row.event_id) for row in rows
    }
    # What did not get the room does not get another: it only no longer asks for one that is closed.
    seeking = [row for row in rows if row.state not in (BookingState.DECLINED, BookingState.RELEASED)]
    found: dict[datetime, UUID] = {}

    def takes(room: UUID, row: Any) -> bool:
        waits = row.state in (None, BookingState.LATER)
        return equal.takes(room, wishes[row.original_start], is_series=row.is_recurring, waits=waits)

    one = next(
        (
            room
            for room in rooms
            if all(takes(room, row) for row in seeking)
            and equal.stay_apart(room, [wishes[row.original_start] for row in seeking])
        ),
        None,
    )
    for row in seeking:
        room = one or next((room for room in rooms if takes(room, row)), None)
        if room is not None:
            found[row.original_start] = room
            equal.take(room, wishes[row.original_start])
    for row in rows:
        wish, room = wishes[row.original_start], found.get(row.original_start)
        yield Move(wish, row.series_id, row.organizer_id, row.booking_id, row.state, room)
