"""One company with very many rooms and bookings, with the rules that such a company has."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bench.rows import NULL, Ids, Rows, line

COLUMNS = {
    "organizations": "id, name, time_zone, locale",
    "users": "id, email, full_name, hashed_password, is_active, role, organization_id, access_org_structure,"
    " access_tickets, access_availability_slots, show_local_time, show_moscow_time",
    "auth_sessions": "id, user_id, organization_id, generation, refreshed_at, expires_at, created_at",
    "buildings": "organization_id, id, name, time_zone",
    "rooms": "organization_id, id, name, capacity, building_id, floor, zone, is_active",
    "room_equipment": "organization_id, id, room_id, name, quantity, out_of_order",
    "booking_policies": "organization_id, id, building_id, room_id, opening_hours, max_minutes, buffer_after_minutes,"
    " in_policy, bookable_by",
    "room_blockings": "organization_id, id, building_id, room_id, kind, start_wall, end_wall, recurrence_rule",
}
ZONES = ("Europe/Moscow", "Europe/Moscow", "Asia/Yekaterinburg", "Asia/Almaty")
ROOMS_A_BUILDING = 50
EQUIPMENT = ("projector", "whiteboard", "video", "phone")
# Mondays to Fridays, in minutes of the week: 7 to 22, and 8 to 20.
LONG_HOURS = "{" + ",".join(f"[{day * 1440 + 420},{day * 1440 + 1320})" for day in range(5)) + "}"
SHORT_HOURS = "{" + ",".join(f"[{day * 1440 + 480},{day * 1440 + 1200})" for day in range(5)) + "}"
BOOKINGS_A_DAY = 5

# An hour of every two of the day, from 6 to 16 UTC, another one in each room and on each day.
DERIVED = (
    """
    INSERT INTO room_bookings (organization_id, id, room_id, starts_at, ends_at, during, state, source, created_at)
    SELECT organization_id, gen_random_uuid(), id, starts_at, starts_at + interval '55 minutes',
           tstzrange(starts_at, starts_at + interval '1 hour'), 'confirmed', 'walk_up', now()
    FROM (
        SELECT r.organization_id, r.id, day + make_interval(
            hours => 6 + 2 * slot + ((hashtext(r.id::text || day::text || slot) & 1))
        ) AS starts_at
        FROM rooms r
        CROSS JOIN (
            SELECT day FROM generate_series(%(first_day)s::timestamptz, %(first_day)s::timestamptz + interval '1 year',
                                            '1 day') day
            WHERE date_part('isodow', day AT TIME ZONE 'UTC') <= 5 ORDER BY day LIMIT %(days)s
        ) day
        CROSS JOIN generate_series(0, %(a_day)s - 1) slot
    ) booking
    """,
)


@dataclass(frozen=True)
class RoomShape:
    """So many rooms, and bookings of each on so many working days around today."""

    rooms: int
    days: int

    @property
    def bookings(self) -> int:
        return self.rooms * self.days * BOOKINGS_A_DAY


ROOMS_FULL, ROOMS_QUICK = RoomShape(2000, 100), RoomShape(200, 20)


class RoomData:
    """All rows of a shape: the company, somebody who is signed in, rooms in buildings, and their rules."""

    columns = COLUMNS
    derived = DERIVED

    def __init__(self, shape: RoomShape, today: datetime, seed: int = 20261126) -> None:
        self.shape = shape
        self._random = Random(seed)
        self._now = today.astimezone(UTC)
        self._ids = Ids(self._random, self._now - timedelta(days=300))
        first_day = self._now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=shape.days // 2)
        self.parameters: dict[str, Any] = {"first_day": first_day, "days": shape.days, "a_day": BOOKINGS_A_DAY}
        self.company, self.user, self.session = (self._ids.new() for _ in range(3))
        self.buildings: list[str] = []

    def batches(self) -> Iterator[Rows]:
        rows: Rows = defaultdict(list)
        rows["organizations"].append(line(self.company, "Rooms", ZONES[0], "ru"))
        flags = ("t", "t", "f", "t", "t")
        rows["users"].append(
            line(self.user, "rooms@example.com", "Анна Иванова", "!", "t", "employee", self.company, *flags)
        )
        expires = self._now + timedelta(days=30)
        rows["auth_sessions"].append(line(self.session, self.user, self.company, 0, self._now, expires, self._now))
        self._add_policy(rows, hours=LONG_HOURS)
        # Holidays of all, a day each.
        for number in range(12):
            self._add_blocking(rows, self._now + timedelta(days=90 + 20 * number), 24, "holiday")
        for number in range(self.shape.rooms):
            if number % ROOMS_A_BUILDING == 0:
                self._add_building(rows)
            self._add_room(rows, number)
        yield rows

    def _add_building(self, rows: Rows) -> None:
        building, number = self._ids.new(), len(self.buildings)
        self.buildings.append(building)
        rows["buildings"].append(line(self.company, building, f"Building {number}", ZONES[number % len(ZONES)]))
        self._add_policy(rows, building=building, hours=SHORT_HOURS if number % 2 else NULL, buffer=5)
        self._add_blocking(rows, self._now, 1, "cleaning", building=building, rule="FREQ=DAILY")

    def _add_room(self, rows: Rows, number: int) -> None:
        room = self._ids.new()
        floor, zone = number % ROOMS_A_BUILDING // 10, "north" if number % 2 else "south"
        capacity = self._random.choice((2, 4, 4, 6, 8, 8, 12, 20))
        rows["rooms"].append(line(self.company, room, f"Room {number}", capacity, self.buildings[-1], floor, zone, "t"))
        for name in self._random.sample(EQUIPMENT, 2):
            rows["room_equipment"].append(line(self.company, self._ids.new(), room, name, 1, 0))
        kind = number % 20
        if kind == 0:
            self._add_policy(rows, room=room, in_policy="request")
        elif kind == 1:
            self._add_policy(rows, room=room, bookable_by="listed")
        elif kind == 2:
            self._add_policy(rows, room=room, most=120, hours=SHORT_HOURS)

    def _add_policy(
        self,
        rows: Rows,
        *,
        building: str = NULL,
        room: str = NULL,
        hours: str = NULL,
        most: int | str = NULL,
        buffer: int | str = NULL,
        in_policy: str = NULL,
        bookable_by: str = NULL,
    ) -> None:
        rows["booking_policies"].append(
            line(self.company, self._ids.new(), building, room, hours, most, buffer, in_policy, bookable_by)
        )

    def _add_blocking(
        self, rows: Rows, day: datetime, hours: int, kind: str, *, building: str = NULL, rule: str = NULL
    ) -> None:
        start = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        if hours < 24:
            start += timedelta(hours=20)
        end = start + timedelta(hours=hours)
        rows["room_blockings"].append(line(self.company, self._ids.new(), building, NULL, kind, start, end, rule))
