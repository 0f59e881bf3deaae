"""The times of a kind that can be booked: asked for anew each time, so a meeting of a host takes its time at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.calendaring import availability, slots
from app.calendaring.availability import Layer
from app.calendaring.free_busy import Span, merged
from app.calendaring.slots import HostTime, Wish
from app.calendaring.zones import get_zone
from app.core.actor import Actor
from app.models.appointment import (
    TAKING_SQL,
    AppointmentDay,
    AppointmentHost,
    AppointmentKind,
    AppointmentMode,
    AvailabilitySlot,
)
from app.models.base import now
from app.models.organization import Organization
from app.models.room import Room
from app.models.user import User
from app.services import busy_times, presence, room_times
from app.services.actors import actor_for
from app.services.busy_times import Subject
from app.services.opening_hours import as_spans
from app.services.presence import LayerMaker
from app.services.room_rules import load_rules

# Hours begin where they begin, whatever is asked for: days are looked at whole, in each zone.
_WHOLE_DAYS = 2 * 24 * 3600
_WEEK = 8 * 24 * 3600
# That somebody has a slot `h` is of: what is held and has expired is nobody's.
LIVE_SQL = """
    EXISTS (
        SELECT FROM appointments a
        WHERE a.organization_id = :company AND a.slot_id = h.slot_id
          AND (a.state IN ('pending', 'confirmed') OR a.state IN ('held', 'unconfirmed') AND a.act_at > now())
    )
"""
# What keeps hosts: slots of all kinds, with their buffers.
_KEPT = text(f"""
    SELECT h.user_id, date_part('epoch', lower(h.during))::bigint AS since,
           date_part('epoch', upper(h.during))::bigint AS until
    FROM unnest(:hosts ::uuid[]) person (id)
    JOIN slot_hosts h ON h.user_id = person.id AND h.during && :window
    WHERE h.organization_id = :company AND h.slot_id IS DISTINCT FROM CAST(:but AS uuid)
      AND {LIVE_SQL}
""")
# How many of this kind hosts have, by day and week: by when they begin.
_COUNTED = text(f"""
    SELECT h.user_id, date_part('epoch', s.starts_at)::bigint AS starts_at
    FROM availability_slots s
    JOIN slot_hosts h ON h.organization_id = :company AND h.slot_id = s.id
    WHERE s.organization_id = :company AND s.kind_id = :kind AND s.id IS DISTINCT FROM CAST(:but AS uuid)
      AND s.starts_at >= :since AND s.starts_at < :until AND {LIVE_SQL}
""")
# Times that somebody has, and that have a seat left.
_SHARED = text(f"""
    SELECT s.id, s.starts_at, s.capacity - count(a.id) AS left
    FROM availability_slots s
    LEFT JOIN appointments a ON a.organization_id = :company AND a.slot_id = s.id AND a.{TAKING_SQL}
     AND (a.state NOT IN ('held', 'unconfirmed') OR a.act_at > now())
    WHERE s.organization_id = :company AND s.kind_id = :kind AND s.starts_at >= :since AND s.starts_at < :until
      AND s.ends_at - s.starts_at = make_interval(secs => :duration)
      AND EXISTS (SELECT FROM slot_hosts h WHERE h.organization_id = :company AND h.slot_id = s.id)
    GROUP BY s.organization_id, s.id
    HAVING count(a.id) BETWEEN 1 AND s.capacity - 1
    ORDER BY s.starts_at, s.id
""")


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that can be booked: with whom, and how many seats it has.

    Of a time that others have already, `slot_id` names it, and the hosts are its own.
    """

    start: datetime
    end: datetime
    hosts: tuple[UUID, ...]
    seats: int
    slot_id: UUID | None = None


@dataclass
class Finding:
    """What is known of a kind and its hosts within a window."""

    session: Session
    organization: Organization
    kind: AppointmentKind
    # In seconds.
    duration: int
    # A slot that is about to move: neither it nor its meeting keeps anybody from that.
    moving: AvailabilitySlot | None = None
    # It is booked and only asked about again: how long before and how far ahead was asked when it was.
    is_booked: bool = False
    hosts: list[AppointmentHost] = field(default_factory=list)
    people: list[Subject] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hosts, self.people = _hosts_of(self.session, self.organization, self.kind)

    def offers(self, start: datetime, end: datetime) -> list[Offer]:
        """The times that begin within [start, end), in order."""
        kind, seconds = self.kind, self.duration
        earliest, latest = max(start, now()), end
        if not self.is_booked:
            earliest = max(earliest, now() + timedelta(minutes=kind.notice_minutes))
            latest = min(latest, now() + timedelta(days=kind.window_days))
        if earliest >= latest:
            return []
        low, high = -(-earliest.timestamp() // 60) * 60, latest.timestamp()
        free = self._free(int(low), int(high))
        length = timedelta(seconds=seconds)
        found = [
            Offer(
                _instant(at), _instant(at) + length, tuple(self.people[number].id for number in numbers), kind.capacity
            )
            for at, numbers in free.items()
        ]
        if kind.capacity > 1 and not self.is_booked:
            found = self._with_shared(found, earliest, latest)
        return found

    def _free(self, low: int, high: int) -> dict[int, list[int]]:
        kind = self.kind
        if not self.people or (kind.mode == AppointmentMode.COLLECTIVE and len(self.people) < len(self.hosts)):
            return {}
        step = (kind.step_minutes or min(kind.durations)) * 60
        wish = Wish(self.duration, step, kind.buffer_before_minutes * 60, kind.buffer_after_minutes * 60)
        start, end = low - _WHOLE_DAYS, high + self.duration + _WHOLE_DAYS
        busy_times.look_up(self.session, self._actor(), self.people, [], _instant(start), _instant(end))
        present = presence.presences(self.session, self.organization, self.people, start, end, self._over(start, end))
        kept, full = self._kept(start, end), self._full(start, end)
        room = self._room_taken(start, end)
        times = {}
        for number, person in enumerate(self.people):
            there = present[person.id]
            own = [*person.busy, *person.tentative]
            if self.moving is not None and self.moving.event_id is not None:
                moved = (int(self.moving.starts_at.timestamp()), int(self.moving.ends_at.timestamp()))
                own = availability.without(merged(own), [moved])
            # Buffers are kept from meetings and from other slots, not from absences and the room's times.
            blocked = merged([*own, *kept.get(person.id, ())])
            away = merged([*there.away, *there.requested, *full.get(person.id, ()), *room])
            times[number] = HostTime(slots.days_of(there.working, get_zone(person.zone)), blocked, away)
        together = kind.mode != AppointmentMode.ROUND_ROBIN
        return slots.offered(times, wish, low, high, all_together=together)

    def _actor(self) -> Actor:
        return actor_for(self.session.get_one(User, self.kind.owner_id), self.organization)

    def _over(self, start: int, end: int) -> Mapping[UUID, Sequence[Layer]]:
        """The kind's own hours and days, which are stronger than working hours."""
        kind = self.kind
        query = select(AppointmentDay).where(
            col(AppointmentDay.organization_id) == self.organization.id, col(AppointmentDay.kind_id) == kind.id
        )
        days = self.session.execute(query).scalars().all()
        if kind.hours is None and not days:
            return {}
        maker = LayerMaker.between(self.session, self.organization, start, end)
        found = {}
        for zone in {person.zone for person in self.people}:
            own = kind.time_zone or zone
            layers = []
            if kind.hours is not None:
                layers.append(Layer(maker.service(tuple(as_spans(kind.hours)), own, None, keeps_holidays=True)))
            for row in days:
                hours = maker.service(tuple(as_spans(row.hours)), own, None, keeps_holidays=False)
                layers.append(Layer(hours, row.day, row.day))
            found[zone] = layers
        return {person.id: found[person.zone] for person in self.people}

    def _kept(self, start: int, end: int) -> dict[UUID, list[Span]]:
        values = {
            "company": self.organization.id,
            "hosts": [person.id for person in self.people],
            "window": TimestamptzRange(_instant(start), _instant(end)),
            "but": self.moving.id if self.moving else None,
        }
        found: dict[UUID, list[Span]] = {}
        for row in self.session.execute(_KEPT, values):
            found.setdefault(row.user_id, []).append((row.since, row.until))
        return found

    def _full(self, start: int, end: int) -> dict[UUID, list[Span]]:
        """The days and weeks in which hosts have as many of the kind as they may."""
        kind = self.kind
        if kind.max_per_day is None and kind.max_per_week is None:
            return {}
        values = {
            "company": self.organization.id,
            "kind": kind.id,
            "but": self.moving.id if self.moving else None,
            "since": _instant(start - _WEEK),
            "until": _instant(end + _WEEK),
        }
        starts: dict[UUID, list[int]] = {}
        for row in self.session.execute(_COUNTED, values):
            starts.setdefault(row.user_id, []).append(row.starts_at)
        zones = {person.id: get_zone(person.zone) for person in self.people}
        return {
            person: slots.days_full(begun, zones[person], kind.max_per_day, kind.max_per_week)
            for person, begun in starts.items()
            if person in zones
        }

    def _room_taken(self, start: int, end: int) -> list[Span]:
        """When the room that is booked along cannot be had; always, where it is out of use or not lent for so long."""
        if self.kind.room_id is None:
            return []
        since, until = _instant(start), _instant(end)
        room = self.session.get_one(Room, (self.organization.id, self.kind.room_id))
        rules = load_rules(self.session, self.organization.id, self.people[0].id, [room.id], since, until)[room.id]
        if not (room.is_active and rules.may_book and room_times.is_lent(rules, self.duration // 60)):
            return [(start, end)]
        place = Subject(room.id, room.name, self.organization.time_zone)
        busy_times.look_up(self.session, self._actor(), [], [place], since, until)
        taken = room_times.taken(place, rules, self.duration, since, until)
        if self.moving is not None and self.moving.event_id is not None:
            around = int(rules.buffer_before.total_seconds()), int(rules.buffer_after.total_seconds())
            moved = (
                int(self.moving.starts_at.timestamp()) - sum(around),
                int(self.moving.ends_at.timestamp()) + sum(around),
            )
            taken = availability.without(merged(taken), [moved])
        return taken

    def _with_shared(self, found: list[Offer], earliest: datetime, latest: datetime) -> list[Offer]:
        values = {
            "company": self.organization.id,
            "kind": self.kind.id,
            "since": earliest,
            "until": latest,
            "duration": self.duration,
        }
        by_start = {offer.start: offer for offer in found}
        for row in self.session.execute(_SHARED, values):
            length = timedelta(seconds=self.duration)
            start = row.starts_at.astimezone(UTC)
            by_start[start] = Offer(start, start + length, (), row.left, row.id)
        return [by_start[start] for start in sorted(by_start)]


def _hosts_of(
    session: Session, organization: Organization, kind: AppointmentKind
) -> tuple[list[AppointmentHost], list[Subject]]:
    """All hosts of a kind, and those of them who can be booked: active, and allowed to offer appointments."""
    query = (
        select(AppointmentHost, User)
        .join(
            User,
            (col(User.organization_id) == col(AppointmentHost.organization_id))
            & (col(User.id) == col(AppointmentHost.user_id)),
        )
        .where(col(AppointmentHost.organization_id) == organization.id, col(AppointmentHost.kind_id) == kind.id)
        .order_by(func.coalesce(col(User.full_name), col(User.email)), col(User.id))
        .execution_options(populate_existing=True)
    )
    rows = session.execute(query).all()
    people = [
        Subject(user.id, user.full_name or user.email, user.time_zone or organization.time_zone)
        for _, user in rows
        if user.is_active and user.access_availability_slots
    ]
    return [host for host, _ in rows], people


def _instant(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
