"""A stretch of time cut where a zone's clocks and calendar cut it: days, weeks, months, hours, working hours.

Pieces are half open, [start, end) in UTC, in order, and clipped to the stretch. A day of a DST change has the 23, 24.5
or 25 hours that it has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.calendaring.zones import utc_to_wall, wall_to_utc

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MIDNIGHT = time()


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A day, a week from its Monday (ISO 8601) or a month; `first` is its first date, also where it is clipped."""

    first: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class HourSlot:
    """What lies within one hour of the wall clock: `weekday` as in ISO 8601 (1 is Monday), `hour` from 0 to 23."""

    weekday: int
    hour: int
    start: datetime
    end: datetime


def periods(start: datetime, end: datetime, zone: ZoneInfo, unit: Unit) -> list[Period]:
    """The days, weeks or months that [start, end), aware instants, touches.

    A period ends for good when the clock first shows the next one's midnight, also where it is then set back across it.
    """
    found = []
    first = first_of(utc_to_wall(start, zone).date(), unit)
    begins = start
    while begins < end:
        following = next_of(first, unit)
        ends = min(_midnight(following, zone), end)
        if ends > begins:
            found.append(Period(first, begins, ends))
            begins = ends
        first = following
    return found


def first_of(day: date, unit: Unit) -> date:
    """The first date of the day, week or month in which `day` lies."""
    if unit is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit is Unit.MONTH else day


def next_of(first: date, unit: Unit) -> date:
    """The first date of the period after the one that begins with `first`."""
    if unit is Unit.MONTH:
        return date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first + (timedelta(days=7) if unit is Unit.WEEK else DAY)


def hour_slots(start: datetime, end: datetime, zone: ZoneInfo) -> list[HourSlot]:
    """[start, end) cut wherever the wall clock comes to another hour; an hour that comes twice makes two slots."""
    found = []
    begins = start.astimezone(UTC)
    while begins < end:
        wall = begins.astimezone(zone)
        into_the_hour = timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
        ends = min(_before_change(begins, begins + HOUR - into_the_hour, zone), end)
        found.append(HourSlot(wall.isoweekday(), wall.hour, begins, ends))
        begins = ends
    return found


def working_time(
    start: datetime, end: datetime, zone: ZoneInfo, weekdays: frozenset[int], opens: time, closes: time
) -> list[tuple[datetime, datetime]]:
    """The part of [start, end) from `opens` to `closes`, wall time, on the ISO 8601 `weekdays`."""
    found = []
    for day in _dates(start, end, zone):
        opened = wall_to_utc(datetime.combine(day, opens), zone)
        # A zone that changed sides of the date line left a day out; read as if it were there, it shows another date.
        if day.isoweekday() in weekdays and utc_to_wall(opened, zone).date() == day:
            begins = max(opened, start)
            ends = min(wall_to_utc(datetime.combine(day, closes), zone), end)
            if begins < ends:
                found.append((begins, ends))
    return found


def _dates(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[date]:
    day, last = utc_to_wall(start, zone).date(), utc_to_wall(end, zone).date()
    while day <= last:
        yield day
        day += DAY


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return wall_to_utc(datetime.combine(day, MIDNIGHT), zone)


def _before_change(begins: datetime, ends: datetime, zone: ZoneInfo) -> datetime:
    """`ends`, or the moment before it at which the clocks of the zone are changed."""
    offset = begins.astimezone(zone).utcoffset()
    if ends.astimezone(zone).utcoffset() == offset:
        return ends
    # The change lies in (same, changed]; zones change at full seconds.
    same, changed = begins, ends
    while changed - same > SECOND:
        middle = same + timedelta(seconds=(changed - same) // SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            same = middle
        else:
            changed = middle
    return changed.replace(microsecond=0)
