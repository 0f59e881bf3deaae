"""The rules of rooms: which hold for whom, and which of them a booking breaks."""

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.calendaring.weekly_hours import Span, covers, hours_of
from app.calendaring.zones import get_zone, utc_to_wall
from app.core.config import get_settings
from app.core.texts.room_rules import BLOCKING_KINDS
from app.models.base import now
from app.models.room_policy import CapacityRule, OutOfPolicy, RoomRule
from app.services import blocking_service
from app.services.blocking_service import Blocked
from app.services.room_rules_sql import RULES_FROM, ZONE_SQL, is_approver, may_book, needs_approver, rule
from app.services.windows import horizon

MINUTE = timedelta(minutes=1)
_RULES = text(f"""
    SELECT r.id AS room_id, r.name, r.capacity, r.is_active, r.building_id, {ZONE_SQL} AS time_zone,
           {rule("booking_window_days")} AS booking_window_days,
           {rule("min_minutes")} AS min_minutes, {rule("max_minutes")} AS max_minutes,
           {rule("opening_hours")} AS opening_hours,
           coalesce({rule("buffer_before_minutes")}, 0) AS buffer_before_minutes,
           coalesce({rule("buffer_after_minutes")}, 0) AS buffer_after_minutes,
           coalesce({rule("capacity_rule")}, 'warn') AS capacity_rule,
           coalesce({rule("recurring_allowed")}, true) AS recurring_allowed,
           coalesce({rule("out_of_policy")}, 'refuse') AS out_of_policy,
           {rule("approval_hours")} AS approval_hours,
           coalesce({rule("check_in_minutes")}, 0) AS check_in_minutes,
           {may_book(":person")} AS may_book,
           {needs_approver(":person")} AS needs_approver,
           {is_approver(":person")} AS is_approver,
           EXISTS (SELECT FROM room_blockings k WHERE k.organization_id = r.organization_id) AS has_blockings
    FROM {RULES_FROM}
    WHERE r.organization_id = :organization_id AND r.id = ANY(:rooms ::uuid[])
""")


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one person's bookings of one room. Times of day are those of `time_zone`."""

    room_id: UUID
    name: str
    capacity: int
    is_active: bool
    time_zone: str
    booking_window_days: int
    min_minutes: int | None
    max_minutes: int | None
    # None: always open.
    opening_hours: Sequence[Span] | None
    buffer_before: timedelta
    buffer_after: timedelta
    capacity_rule: str
    recurring_allowed: bool
    refuses_out_of_policy: bool
    approval_hours: int
    check_in_minutes: int
    may_book: bool
    needs_approver: bool
    is_approver: bool
    blocked: Sequence[Blocked] = ()

    @property
    def window_end(self) -> datetime:
        """Before this instant a booking must begin."""
        return min(now() + timedelta(days=self.booking_window_days), horizon())


@dataclass(frozen=True, slots=True)
class Wish:
    """One occurrence that wants a room, in UTC."""

    original_start: datetime
    room_id: UUID
    starts_at: datetime
    ends_at: datetime
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a booking breaks: what it asks for, and what would be allowed."""

    rule: RoomRule
    room_id: UUID
    value: Any
    allowed: Any
    # None: all occurrences, whatever their times.
    wish: Wish | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule.value,
            "room_id": str(self.room_id),
            "original_start": None if self.wish is None else iso(self.wish.original_start),
            "start_time": None if self.wish is None else iso(self.wish.starts_at),
            "end_time": None if self.wish is None else iso(self.wish.ends_at),
            "value": self.value,
            "allowed": self.allowed,
        }


def load_rules(
    session: Session, company: UUID, person: UUID, rooms: Iterable[UUID], start: datetime, end: datetime
) -> dict[UUID, Rules]:
    """The rules of these rooms for a person's bookings, with what is blocked in [start, end), UTC.

    Rooms that the company does not have are left out.
    """
    rows = session.execute(_RULES, {"organization_id": company, "person": person, "rooms": list(rooms)}).all()
    settings = get_settings()
    blocked: Mapping[UUID, list[Blocked]] = {}
    if any(row.has_blockings for row in rows):
        places = [blocking_service.Place(row.room_id, row.building_id, row.time_zone) for row in rows]
        blocked = blocking_service.blocked_times(session, company, places, start, end)
    return {
        row.room_id: Rules(
            room_id=row.room_id,
            name=row.name,
            capacity=row.capacity,
            is_active=row.is_active,
            time_zone=row.time_zone,
            booking_window_days=row.booking_window_days or settings.ROOM_BOOKING_WINDOW_DAYS,
            min_minutes=row.min_minutes,
            max_minutes=row.max_minutes,
            opening_hours=None
            if row.opening_hours is None
            else [(span.lower, span.upper) for span in row.opening_hours],
            buffer_before=row.buffer_before_minutes * MINUTE,
            buffer_after=row.buffer_after_minutes * MINUTE,
            capacity_rule=row.capacity_rule,
            recurring_allowed=row.recurring_allowed,
            refuses_out_of_policy=row.out_of_policy == OutOfPolicy.REFUSE,
            approval_hours=row.approval_hours or settings.ROOM_APPROVAL_HOURS,
            check_in_minutes=row.check_in_minutes,
            may_book=row.may_book,
            needs_approver=row.needs_approver,
            is_approver=row.is_approver,
            blocked=blocked.get(row.room_id, ()),
        )
        for row in rows
    }


def broken_by(rules: Rules, wishes: Sequence[Wish], *, is_series: bool, people: Mapping[UUID, int]) -> list[Broken]:
    """The rules that these bookings of one room break, the general ones first.

    An occurrence of a series that lies beyond the booking window breaks nothing unless it is the first one: it waits
    until the window reaches it.

    Args:
        people: how many take part, by event row; those not named are not compared with the capacity.
    """
    broken = []
    if not rules.may_book:
        broken.append(Broken(RoomRule.WHO, rules.room_id, None, None))
    if is_series and not rules.recurring_allowed:
        broken.append(Broken(RoomRule.RECURRING, rules.room_id, True, False))
    if rules.capacity_rule == CapacityRule.ENFORCE:
        broken += too_small(rules, people)
    first = min(wish.original_start for wish in wishes)
    for wish in wishes:
        is_late = wish.starts_at >= rules.window_end
        if is_late and (not is_series or wish.original_start == first):
            broken.append(_beyond_window(rules, wish))
        if not is_late:
            broken += _broken_by_times(rules, wish)
    return broken


def too_small(rules: Rules, people: Mapping[UUID, int]) -> list[Broken]:
    """The capacity, if more people come than the room holds."""
    most = max(people.values(), default=0)
    if most <= rules.capacity:
        return []
    params = {"people": most, "capacity": rules.capacity}
    return [Broken(RoomRule.CAPACITY, rules.room_id, most, rules.capacity, params=params)]


def _beyond_window(rules: Rules, wish: Wish) -> Broken:
    end = rules.window_end
    params = {"days": rules.booking_window_days, "until": _on_the_wall(end, rules), "time_zone": rules.time_zone}
    return Broken(RoomRule.WINDOW, rules.room_id, iso(wish.starts_at), iso(end), wish, params)


def _broken_by_times(rules: Rules, wish: Wish) -> Iterator[Broken]:
    length = wish.ends_at - wish.starts_at
    minutes = int(length / MINUTE)
    for name, bound, is_broken in (
        (RoomRule.TOO_SHORT, rules.min_minutes, operator.lt),
        (RoomRule.TOO_LONG, rules.max_minutes, operator.gt),
    ):
        if bound is not None and is_broken(length, bound * MINUTE):
            yield Broken(name, rules.room_id, minutes, bound, wish, {"minutes": minutes, "allowed": bound})
    if rules.opening_hours is not None:
        yield from _broken_by_hours(rules, rules.opening_hours, wish)
    for block in rules.blocked:
        if block.starts_at < wish.ends_at and wish.starts_at < block.ends_at:
            start, end = iso(block.starts_at), iso(block.ends_at)
            params = {
                "title": block.title or BLOCKING_KINDS[block.kind],
                "start": _on_the_wall(block.starts_at, rules),
                "end": _on_the_wall(block.ends_at, rules),
                "time_zone": rules.time_zone,
            }
            value = {"kind": block.kind, "title": block.title}
            yield Broken(RoomRule.BLOCKED, rules.room_id, value, {"until": start, "from": end}, wish, params)
            break


def _broken_by_hours(rules: Rules, hours: Sequence[Span], wish: Wish) -> Iterator[Broken]:
    zone = get_zone(rules.time_zone)
    start, end = utc_to_wall(wish.starts_at, zone), utc_to_wall(wish.ends_at, zone)
    if not covers(hours, start, end):
        value = {"start": start.isoformat(), "end": end.isoformat(), "time_zone": rules.time_zone}
        params = {"hours": _told_hours(hours, start), "time_zone": rules.time_zone}
        yield Broken(RoomRule.HOURS, rules.room_id, value, _told_week(hours), wish, params)


def _on_the_wall(instant: datetime, rules: Rules) -> str:
    """An instant for people, on the clock of the room."""
    return f"{utc_to_wall(instant, get_zone(rules.time_zone)):%Y-%m-%d %H:%M}"


def _told_hours(spans: Sequence[Span], day: datetime) -> str:
    """The opening hours of one weekday, for people: "08:00–12:00, 13:00–20:00", or a dash."""
    hours = [(start, end) for weekday, start, end in hours_of(spans) if weekday == day.isoweekday()]
    return ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in hours) or "–"


def _told_week(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [{"weekday": weekday, "start": _clock(start), "end": _clock(end)} for weekday, start, end in hours_of(spans)]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def iso(instant: datetime) -> str:
    """An instant as ISO 8601 text that ends in Z."""
    return instant.isoformat().replace("+00:00", "Z")
