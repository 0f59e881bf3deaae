"""What a race for rooms left, compared with what its clients were told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from bench.room_race import Cast, Journal

# Occurrences whose event names a room: each has a booking that says what became of it, for that room and that time.
_BELIEVE = """
    SELECT count(*)
    FROM events e
    JOIN event_occurrences o ON o.organization_id = e.organization_id AND o.event_id = e.id
    LEFT JOIN room_bookings b
      ON b.organization_id = o.organization_id AND b.series_id = o.series_id AND b.original_start = o.original_start
    WHERE e.room_id = ANY(%(rooms)s::uuid[]) AND e.status <> 'cancelled' AND NOT coalesce(
        b.room_id = e.room_id AND b.starts_at = o.starts_at AND b.ends_at = o.ends_at
        AND (b.state NOT IN ('pending', 'confirmed') OR b.during @> tstzrange(o.starts_at, o.ends_at)), false)
"""
# And the other way: rooms that are taken for an event which asks for none, or another.
_LEFT_OVER = """
    SELECT count(*)
    FROM room_bookings b
    LEFT JOIN event_occurrences o
      ON o.organization_id = b.organization_id AND o.series_id = b.series_id AND o.original_start = b.original_start
    LEFT JOIN events e ON e.organization_id = o.organization_id AND e.id = o.event_id
    WHERE b.room_id = ANY(%(rooms)s::uuid[]) AND b.source = 'event'
      AND (e.id IS NULL OR e.room_id IS DISTINCT FROM b.room_id OR e.status = 'cancelled')
"""
_OVERLAPS = """
    SELECT count(*)
    FROM room_bookings a JOIN room_bookings b ON b.room_id = a.room_id AND b.id > a.id AND b.during && a.during
    WHERE a.state IN ('held', 'pending', 'confirmed') AND b.state IN ('held', 'pending', 'confirmed')
      AND a.room_id = ANY(%(rooms)s::uuid[])
"""
_BOOKINGS = """
    SELECT b.series_id::text, b.original_start, b.room_id::text, b.starts_at, b.state, b.reason
    FROM room_bookings b WHERE b.series_id = ANY(%(events)s::uuid[])
"""
_ALIVE = "SELECT id::text FROM events WHERE id = ANY(%(events)s::uuid[])"
DECIDED = ("rejected", "expired", "rule")


@dataclass(frozen=True)
class Findings:
    """How often what must not be was found, and what was done in the race."""

    overlaps: int
    lost: int
    believing: int
    left_over: int
    wrong: list[str]
    promised: int
    answers: dict[str, int]

    @property
    def is_clean(self) -> bool:
        return not (self.overlaps or self.lost or self.believing or self.left_over or self.wrong)


def check(superuser_url: str, cast: Cast, journals: Sequence[Journal]) -> Findings:
    """Compare the database with the journals; call it when the servers have come to rest."""
    promised: dict[str, dict[str, tuple[str, str]]] = {}
    for journal in journals:
        promised.update(journal.promised)
    gone = {event for journal in journals for event in journal.gone}
    answers: dict[str, int] = {}
    for journal in journals:
        for name, count in journal.answers.items():
            answers[name] = answers.get(name, 0) + count
    with psycopg.connect(superuser_url) as connection:
        values: dict[str, Any] = {"rooms": list(cast.rooms), "events": list(promised)}
        counts = [_count(connection, statement, values) for statement in (_OVERLAPS, _BELIEVE, _LEFT_OVER)]
        rows = connection.execute(_BOOKINGS, values).fetchall()
        alive = {row[0] for row in connection.execute(_ALIVE, {"events": [*promised, *gone]})}
    stored = {(event, original): (room, start, state, reason) for event, original, room, start, state, reason in rows}
    lost = len(promised.keys() - alive) + len(gone & alive)
    for event, occurrences in promised.items():
        for original, (room, start) in occurrences.items():
            lost += not _is_kept(stored.get((event, datetime.fromisoformat(original))), room, start, cast)
    return Findings(
        overlaps=counts[0],
        lost=lost,
        believing=counts[1],
        left_over=counts[2],
        wrong=[line for journal in journals for line in journal.wrong],
        promised=sum(len(occurrences) for occurrences in promised.values()),
        answers=dict(sorted(answers.items())),
    )


def _is_kept(booking: tuple[str, datetime, str, str | None] | None, room: str, start: str, cast: Cast) -> bool:
    """Whether a promised booking is there; a room that is lent may have been refused, which is told by its state."""
    if booking is None:
        return False
    stored_room, stored_start, state, reason = booking
    if (stored_room, stored_start) != (room, datetime.fromisoformat(start)):
        return False
    return state in ("pending", "confirmed") or (room in cast.lent and state == "declined" and reason in DECIDED)


def _count(connection: psycopg.Connection[Any], statement: Any, values: dict[str, Any]) -> int:
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])
