"""Rooms that can stand in for another: as large, with all that works in it, as accessible; the nearest first."""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.models.booking import BLOCKING_SQL
from app.models.event import Event
from app.models.room import Room
from app.models.room_policy import CapacityRule
from app.services.booking_conflict import AS_ACCESSIBLE_SQL
from app.services.room_capacity import people_of
from app.services.room_rules import Rules, Wish, broken_by, load_rules
from app.services.room_rules_sql import RULES_FROM, is_approver, may_book, needs_approver

# How many of the nearest are looked at.
EQUAL_ROOMS_MAX = 200
_EQUAL = text(f"""
    SELECT id, name, is_smaller FROM ({AS_ACCESSIBLE_SQL}) alike WHERE lacks = 0
    ORDER BY is_smaller, distance, size_difference, name, id LIMIT {EQUAL_ROOMS_MAX}
""")
_BOOKED_AT_ONCE = text(f"""
    SELECT r.id FROM {RULES_FROM}
    WHERE r.organization_id = :organization_id AND r.id = ANY(:rooms ::uuid[]) AND {may_book(":person")}
      AND ({needs_approver(":person")} IS NOT TRUE OR {is_approver(":person")})
""")
# A day on each side, for buffers.
_TAKEN = text(f"""
    SELECT lower(during) AS taken_from, upper(during) AS taken_until FROM room_bookings
    WHERE organization_id = :organization_id AND room_id = :room_id AND {BLOCKING_SQL}
      AND during && tstzrange(:start ::timestamptz - interval '1 day', :end ::timestamptz + interval '1 day')
    ORDER BY lower(during)
""")


class EqualRooms:
    """The rooms that can stand in for `model` between two instants, their rules, and what is taken in them.

    What is taken is read when it is first asked for, room by room, and grows by what `take` is told.
    """

    def __init__(self, session: Session, model: Room, asker: UUID, start: datetime, end: datetime) -> None:
        self._session = session
        self._window = {"organization_id": model.organization_id, "start": start, "end": end}
        values = {"organization_id": model.organization_id, "room_id": model.id, "capacity": model.capacity}
        rows = session.execute(_EQUAL, values).all()
        self.names: Mapping[UUID, str] = {row.id: row.name for row in rows}
        self._smaller = {row.id for row in rows if row.is_smaller}
        rules = load_rules(session, model.organization_id, asker, self.names, start, end)
        # Who may book is asked for each organizer; all else is the same for everybody.
        self.rules: Mapping[UUID, Rules] = {room: replace(found, may_book=True) for room, found in rules.items()}
        self._booked_at_once: dict[UUID, list[UUID]] = {}
        self._taken: dict[UUID, list[tuple[datetime, datetime]]] = {}
        self._people: dict[UUID, int] = {}

    def booked_at_once_by(self, person: UUID) -> Sequence[UUID]:
        """Those that a person books without an approver, the nearest first."""
        if person not in self._booked_at_once:
            values = {**self._window, "rooms": list(self.names), "person": person}
            allowed = set(self._session.execute(_BOOKED_AT_ONCE, values).scalars())
            self._booked_at_once[person] = [room for room in self.names if room in allowed]
        return self._booked_at_once[person]

    def takes(self, room_id: UUID, wish: Wish, *, is_series: bool, waits: bool) -> bool:
        """Whether the room is free for an occurrence, within its rules, and holds the people who come.

        Args:
            waits: the occurrence has no room yet either, since it lies beyond the booking window: it may wait on.
        """
        rules = self.rules[room_id]
        if wish.starts_at >= rules.window_end:
            return waits and is_series
        if not self._is_free(room_id, wish):
            return False
        is_counted = room_id in self._smaller or rules.capacity_rule == CapacityRule.ENFORCE
        if is_counted and wish.event_id is not None and self._people_of(wish.event_id) > rules.capacity:
            return False
        return not broken_by(rules, [wish], is_series=is_series, people={})

    def stay_apart(self, room_id: UUID, wishes: Sequence[Wish]) -> bool:
        """Whether occurrences, in order of time, leave each other the room's buffers."""
        buffers = self.rules[room_id].buffer_before + self.rules[room_id].buffer_after
        return all(wish.ends_at + buffers <= following.starts_at for wish, following in pairwise(wishes))

    def take(self, room_id: UUID, wish: Wish) -> None:
        """Note that the room is taken for an occurrence from now on, unless that lies beyond the booking window."""
        rules = self.rules[room_id]
        if wish.starts_at < rules.window_end:
            insort(self._taken_in(room_id), (wish.starts_at - rules.buffer_before, wish.ends_at + rules.buffer_after))

    def _is_free(self, room_id: UUID, wish: Wish) -> bool:
        # Nothing in a room overlaps, so what begins last before the end is all that can be in the way.
        rules, taken = self.rules[room_id], self._taken_in(room_id)
        place = bisect_left(taken, (wish.ends_at + rules.buffer_after,))
        return place == 0 or taken[place - 1][1] <= wish.starts_at - rules.buffer_before

    def _taken_in(self, room_id: UUID) -> list[tuple[datetime, datetime]]:
        if room_id not in self._taken:
            rows = self._session.execute(_TAKEN, {**self._window, "room_id": room_id})
            self._taken[room_id] = [(row.taken_from, row.taken_until) for row in rows]
        return self._taken[room_id]

    def _people_of(self, event_id: UUID) -> int:
        if event_id not in self._people:
            event = self._session.get_one(Event, (self._window["organization_id"], event_id))
            self._people[event_id] = people_of(self._session, event)
        return self._people[event_id]
