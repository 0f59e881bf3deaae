"""The rows of a data set, as lines of COPY text. The same seed makes the same rows.

Participants, occurrences and bookings follow from the events; PostgreSQL derives them (`DERIVED`), which is far faster.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from app.calendaring.zones import TZDATA_VERSION
from bench.rows import NULL, Ids, Rows, line
from bench.shape import SERIES_LENGTH, WEEK, Shape, first_monday

HORIZON_DAYS = 730
BATCH_EVENTS = 20_000
ZONES = ("Europe/Moscow", "Europe/Moscow", "Europe/Berlin", "Asia/Almaty")
TITLES = ("Планёрка отдела", "Design review", "1:1", "Встреча с заказчиком", "Sprint planning", "Собеседование")
DESCRIPTION = "Повестка и материалы лежат в общей папке; please add your topics before the meeting starts."
PLACE = "Офис, 3-й этаж"
STATUSES = ("cancelled", "tentative", "tentative", *("confirmed",) * 47)
ENDLESS = "FREQ=WEEKLY"

COLUMNS = {
    "organizations": "id, name, time_zone, locale",
    "users": "id, email, full_name, hashed_password, is_active, role, organization_id, access_org_structure,"
    " access_tickets, access_availability_slots, show_local_time, show_moscow_time",
    "auth_sessions": "id, user_id, organization_id, generation, refreshed_at, expires_at, created_at",
    "calendars": "organization_id, id, name, color, owner_id, is_public",
    "rooms": "organization_id, id, name, capacity, is_active",
    "events": "organization_id, id, title, description, start_time, end_time, start_wall, end_wall, time_zone,"
    " tzdata_version, location, calendar_id, organizer_id, room_id, is_all_day, recurrence_rule, status, uid,"
    " sequence, span, expanded_until",
}

# Every instance keeps its wall time in its zone, across changes of the clock; all-day ones stand at 00:00 UTC.
DERIVED = (
    # Up to seven of the company's people, others for every event.
    """
    INSERT INTO event_participants (organization_id, id, event_id, user_id, role, response, span, created_at)
    SELECT e.organization_id, uuidv7(), e.id, c.people[1 + (e.chance + number * 37) %% cardinality(c.people)],
           'required', CASE e.chance %% 2 WHEN 0 THEN 'accepted' ELSE 'needs_action' END, e.span, now()
    FROM (SELECT *, hashtext(id::text) & 2147483647 / 2 AS chance FROM events) e
    JOIN (SELECT organization_id, array_agg(id ORDER BY id) AS people FROM users GROUP BY organization_id) c
      ON c.organization_id = e.organization_id
    CROSS JOIN LATERAL generate_series(1, e.chance / 1000 %% 8) AS number
    """,
    """
    INSERT INTO event_occurrences
        (organization_id, series_id, original_start, event_id, calendar_id, starts_at, ends_at)
    SELECT e.organization_id, e.id, o.start, e.id, e.calendar_id, o.start, o.start + (e.end_time - e.start_time)
    FROM events e
    CROSS JOIN LATERAL (
        SELECT (e.start_wall + week * interval '7 days') AT TIME ZONE coalesce(e.time_zone, 'UTC') AS start
        FROM generate_series(0, CASE
            WHEN e.recurrence_rule IS NULL THEN 0
            WHEN e.expanded_until IS NULL THEN %(series_length)s - 1
            ELSE ceil(extract(epoch FROM e.expanded_until - e.start_time) / 604800)::int
        END) AS week
    ) o
    WHERE e.expanded_until IS NULL OR o.start < e.expanded_until
    """,
    """
    INSERT INTO room_bookings
        (organization_id, id, room_id, series_id, original_start, starts_at, ends_at, during, state, created_at)
    SELECT e.organization_id, gen_random_uuid(), e.room_id, e.id, o.original_start, o.starts_at, o.ends_at,
           tstzrange(o.starts_at, o.ends_at), 'confirmed', now()
    FROM events e JOIN event_occurrences o ON o.organization_id = e.organization_id AND o.series_id = e.id
    WHERE e.room_id IS NOT NULL AND e.status <> 'cancelled'
    """,
    # What the triggers on `events` write, which do not fire during the load.
    "SELECT refresh_event_words(organization_id, array_agg(id)) FROM events GROUP BY organization_id",
)


@dataclass
class Company:
    """What is needed of a company to make its events, and later to sign its people in."""

    id: str
    zone: str
    users: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    calendars: list[tuple[str, str]] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)


class DataSet:
    """All rows of a shape: first those of the companies, then events in batches, in the order of their start."""

    columns = COLUMNS
    derived: tuple[str, ...] = DERIVED

    def __init__(self, shape: Shape, today: datetime) -> None:
        self.shape = shape
        self.parameters: dict[str, Any] = {"series_length": SERIES_LENGTH}
        self.now = today.astimezone(UTC)
        self.monday = first_monday(shape, today).date()
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.horizon = midnight + timedelta(days=HORIZON_DAYS)
        self.companies: list[Company] = []
        self._random = Random(shape.seed)
        # In the order of the events' starts, as people make them.
        self._ids = Ids(self._random, first_monday(shape, today))
        self._taken: set[tuple[str, datetime]] = set()
        self._instants: dict[tuple[str, datetime], datetime] = {}

    def batches(self) -> Iterator[Rows]:
        yield self.company_rows()
        yield from self.event_batches()

    def company_rows(self) -> Rows:
        rows: Rows = defaultdict(list)
        for number in range(self.shape.companies):
            company = Company(self._ids.new(), ZONES[number % len(ZONES)])
            self.companies.append(company)
            rows["organizations"].append(line(company.id, f"Company {number}", company.zone, "ru"))
            for room in range(self.shape.rooms_per_company):
                company.rooms.append(self._ids.new())
                capacity = 4 + room % 5 * 4
                rows["rooms"].append(line(company.id, company.rooms[-1], f"Room {room}", capacity, "t"))
            for person in range(self.shape.users_per_company):
                self._add_user(rows, company, f"person-{number}-{person}@example.com")
            for public in range(self.shape.public_calendars):
                calendar, owner = company.calendars[public * self.shape.calendars_per_user]
                rows["calendars"].append(line(company.id, calendar, "Company calendar", "#3788d8", owner, "t"))
        return rows

    def event_batches(self) -> Iterator[Rows]:
        shape = self.shape
        starts = sorted(self._random.randrange(shape.weeks * 5 * 20) for _ in range(shape.events))
        for first in range(0, shape.events, BATCH_EVENTS):
            rows: Rows = defaultdict(list)
            for start in starts[first : first + BATCH_EVENTS]:
                self._add_event(rows, *divmod(start, 20))
            yield rows

    def _add_user(self, rows: Rows, company: Company, email: str) -> None:
        user, session = self._ids.new(), self._ids.new()
        company.users.append(user)
        company.sessions.append(session)
        flags = ("t", "t", "f", "t", "t")
        rows["users"].append(line(user, email, "Анна Иванова", "!", "t", "employee", company.id, *flags))
        expires = self.now + timedelta(days=30)
        rows["auth_sessions"].append(line(session, user, company.id, 0, self.now, expires, self.now))
        for number in range(self.shape.calendars_per_user):
            calendar = self._ids.new()
            is_public = number == 0 and len(company.users) <= self.shape.public_calendars
            company.calendars.append((calendar, user))
            if not is_public:
                rows["calendars"].append(line(company.id, calendar, "Calendar", "#3788d8", user, "f"))

    def _add_event(self, rows: Rows, workday: int, half_hour: int) -> None:
        random = self._random
        company = random.choice(self.companies)
        calendar, organizer = random.choice(company.calendars)
        week, weekday = divmod(workday, 5)
        kind = random.random()
        days = 0 if kind < 0.98 else 1 if kind < 0.995 else 5
        slots = random.choice((1, 2, 2, 3))
        start = datetime.combine(self.monday + timedelta(days=week * 7 + weekday), time())
        if not days:
            start += timedelta(hours=8, minutes=30 * half_hour)
        end = start + (timedelta(days=days) if days else timedelta(minutes=30 * slots))
        weeks, rule = (1, NULL) if days else self._recurrence(random.random(), start)
        wants_room = not days and random.random() < 0.3
        room = self._free_room(company, start, slots, weeks) if wants_room else NULL
        event = self._ids.new()
        zone = NULL if days else company.zone
        begins = self._instant(zone, start)
        endless = rule == ENDLESS
        ends = "" if endless else f'"{self._instant(zone, end + (weeks - 1) * WEEK)}"'
        span = f'["{begins}",{ends or ")"}' + ("]" if ends else "")
        rows["events"].append(
            line(
                *(company.id, event, f"{random.choice(TITLES)} {start.day}", self._sometimes(DESCRIPTION)),
                *(begins, self._instant(zone, end), start, end, zone, TZDATA_VERSION, self._sometimes(PLACE)),
                *(calendar, organizer, room, "t" if days else "f", rule),
                random.choice(STATUSES),
                *(f"{event}@bench", 0, span, self.horizon if endless else NULL),
            )
        )

    def _sometimes(self, text: str) -> str:
        return text if self._random.random() < 0.3 else NULL

    def _recurrence(self, kind: float, start: datetime) -> tuple[int, str]:
        """In how many weeks the event takes place, and its rule."""
        if kind < self.shape.endless_share:
            return (self.horizon.replace(tzinfo=None) - start) // WEEK, ENDLESS
        if kind < self.shape.endless_share + self.shape.weekly_share:
            return SERIES_LENGTH, f"FREQ=WEEKLY;COUNT={SERIES_LENGTH}"
        return 1, NULL

    def _instant(self, zone: str, wall: datetime) -> datetime:
        key = (zone, wall)
        found = self._instants.get(key)
        if found is None:
            aware = wall.replace(tzinfo=UTC if zone == NULL else ZoneInfo(zone))
            found = self._instants[key] = aware.astimezone(UTC)
        return found

    def _free_room(self, company: Company, start: datetime, slots: int, weeks: int) -> str:
        for room in self._random.sample(company.rooms, 3):
            wanted = [
                (room, start + week * WEEK + timedelta(minutes=30 * slot))
                for week in range(weeks)
                for slot in range(slots)
            ]
            if self._taken.isdisjoint(wanted):
                self._taken.update(wanted)
                return room
        return NULL
