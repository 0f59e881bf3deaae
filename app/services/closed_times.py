"""When rooms are closed: outside their opening hours, and while they are blocked.

Time zones and recurrence are ours to count, so that PostgreSQL is told instants: by what rooms have in common (hours
and zone, a building, a zone), since a company has thousands of rooms and few of these.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

from sqlmodel import Session

from app.calendaring.weekly_hours import gaps, open_times
from app.calendaring.zones import get_zone
from app.core.hot import HotStatement, fetch_rows, hot_statement
from app.models.room_policy import RoomBlocking
from app.services.blocking_service import series_of_blocking
from app.services.room_rules import Rules

Time = tuple[datetime, datetime]
# No zone is further from UTC.
_ZONES_APART = timedelta(days=1)
NOBODY = UUID(int=0)
_SPAN = re.compile(r"\[(\d+),(\d+)\)")

# Which opening hours there are in which zones, and what blocks rooms: of one room, of a building, or of all.
_PLACES_SQL: HotStatement = hot_statement("""
    WITH zone AS MATERIALIZED (
        SELECT time_zone FROM organizations WHERE id = %(company)s
        UNION
        SELECT time_zone FROM buildings WHERE organization_id = %(company)s
    ), found AS (
        SELECT p.room_id, p.building_id, p.opening_hours::text, NULL::timestamp AS start_wall,
               NULL::timestamp AS end_wall, NULL AS recurrence_rule
        FROM booking_policies p WHERE p.organization_id = %(company)s AND p.opening_hours IS NOT NULL
        UNION ALL
        SELECT k.room_id, k.building_id, NULL, k.start_wall, k.end_wall, k.recurrence_rule
        FROM room_blockings k
        WHERE k.organization_id = %(company)s AND k.start_wall < %(until)s
          AND (k.last_end_wall IS NULL OR k.last_end_wall > %(from)s)
    )
    SELECT DISTINCT CASE WHEN opening_hours IS NULL THEN found.room_id END,
           CASE WHEN opening_hours IS NULL THEN found.building_id END,
           opening_hours, start_wall, end_wall, recurrence_rule, zone.time_zone
    FROM found
    LEFT JOIN rooms r ON r.organization_id = %(company)s AND r.id = found.room_id
    LEFT JOIN buildings house
      ON house.organization_id = %(company)s AND house.id = coalesce(found.building_id, r.building_id)
    JOIN organizations firm ON firm.id = %(company)s
    JOIN zone ON coalesce(found.room_id, found.building_id) IS NULL
              OR zone.time_zone = coalesce(house.time_zone, firm.time_zone)
""")
# What `closed_times` found, as `of_hours` and `of_place`.
CLOSED_CTE: LiteralString = """
    of_hours AS MATERIALIZED (
        SELECT * FROM unnest(%(hours)s::text[]::int4multirange[], %(hours_zones)s::text[],
                             %(hours_times)s::text[]::tstzmultirange[]) of_hours (hours, zone, times)
    ), of_place AS MATERIALIZED (
        SELECT * FROM unnest(%(blocked_rooms)s::uuid[], %(blocked_buildings)s::uuid[], %(blocked_zones)s::text[],
                             %(blocked_times)s::text[]::tstzmultirange[]) of_place (room_id, building_id, zone, times)
    )
"""
# When a room `c` is closed, by its hours, its zone and its building.
CLOSED_SQL: LiteralString = """
    coalesce((SELECT times FROM of_hours h WHERE h.hours = c.opening_hours AND h.zone = c.time_zone), '{}')
    + coalesce((SELECT range_agg(times) FROM of_place k
                WHERE k.room_id = c.id OR k.building_id = c.building_id OR k.zone = c.time_zone), '{}')
"""


@dataclass(frozen=True, slots=True)
class ClosedTimes:
    """When rooms are closed within a window; `rooms` by room, and so on; `zones` all rooms of a zone."""

    hours: dict[tuple[str, str], list[Time]] = field(default_factory=dict)
    rooms: dict[UUID, list[Time]] = field(default_factory=lambda: defaultdict(list))
    buildings: dict[UUID, list[Time]] = field(default_factory=lambda: defaultdict(list))
    zones: dict[str, list[Time]] = field(default_factory=lambda: defaultdict(list))

    def parameters(self, asked: Callable[[list[Time]], Iterable[Time]] = iter) -> dict[str, Any]:
        """What CLOSED_CTE takes.

        Args:
            asked: makes of closed times what is to be told of them.
        """
        places = [
            *((room, None, None, times) for room, times in self.rooms.items()),
            *((None, building, None, times) for building, times in self.buildings.items()),
            *((None, None, zone, times) for zone, times in self.zones.items()),
        ]
        return {
            "hours": [hours for hours, _ in self.hours],
            "hours_zones": [zone for _, zone in self.hours],
            "hours_times": [_multirange(asked(times)) for times in self.hours.values()],
            "blocked_rooms": [room for room, _, _, _ in places],
            "blocked_buildings": [building for _, building, _, _ in places],
            "blocked_zones": [zone for _, _, zone, _ in places],
            "blocked_times": [_multirange(asked(times)) for _, _, _, times in places],
        }


def closed_times(session: Session, company: UUID, start: datetime, end: datetime) -> ClosedTimes:
    """When the rooms of a company are closed within [start, end), UTC."""
    rows = fetch_rows(
        session,
        _PLACES_SQL,
        {
            "company": company,
            "from": (start - _ZONES_APART).replace(tzinfo=None),
            "until": (end + _ZONES_APART).replace(tzinfo=None),
        },
    )
    closed = ClosedTimes()
    for room, building, hours, start_wall, end_wall, recurrence_rule, zone in rows:
        if hours is not None:
            closed.hours[hours, zone] = _closed_by_hours(hours, zone, start, end)
            continue
        times = _blocked(start_wall, end_wall, recurrence_rule, zone, start, end)
        if times and room is not None:
            closed.rooms[room].extend(times)
        elif times and building is not None:
            closed.buildings[building].extend(times)
        elif times:
            closed.zones[zone].extend(times)
    return closed


def closed_by_rules(rules: Rules, start: datetime, end: datetime) -> Iterator[Time]:
    """When a room is closed within [start, end), UTC, by its own rules, which were loaded for that window."""
    if rules.opening_hours is not None:
        yield from gaps(open_times(rules.opening_hours, get_zone(rules.time_zone), start, end), start, end)
    for block in rules.blocked:
        yield max(block.starts_at, start), min(block.ends_at, end)


def _closed_by_hours(hours: str, zone: str, start: datetime, end: datetime) -> list[Time]:
    """Outside the spans of an int4multirange, as PostgreSQL writes it."""
    spans = [(int(opens), int(closes)) for opens, closes in _SPAN.findall(hours)]
    return gaps(open_times(spans, get_zone(zone), start, end), start, end)


# The rooms of a building are cleaned at one time, each by a blocking of its own.
@lru_cache(maxsize=1024)
def _blocked(
    start_wall: datetime, end_wall: datetime, recurrence_rule: str | None, zone: str, start: datetime, end: datetime
) -> Sequence[Time]:
    row = RoomBlocking(
        organization_id=NOBODY, start_wall=start_wall, end_wall=end_wall, recurrence_rule=recurrence_rule
    )
    found = series_of_blocking(row, zone).occurrences_between(start, end)
    return [(one.start, one.end) for one in found]  # type: ignore[misc]


def _multirange(times: Iterable[Time]) -> str:
    return "{" + ",".join(f'["{_iso(start)}","{_iso(end)}")' for start, end in times) + "}"


def _iso(moment: datetime) -> str:
    return moment.isoformat()
