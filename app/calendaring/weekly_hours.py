"""Hours of the week on a wall clock, as spans of minutes from Monday 00:00, half open."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.calendaring.zones import utc_to_wall, wall_to_utc

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
MINUTE = timedelta(minutes=1)

Span = tuple[int, int]


def minute_of_week(wall: datetime) -> int:
    """Whole minutes from Monday 00:00 to a wall time; seconds are cut off."""
    return wall.weekday() * DAY_MINUTES + wall.hour * 60 + wall.minute


def spans_of(hours: Iterable[tuple[int, int, int]]) -> list[Span]:
    """Spans from (ISO weekday, first minute, last minute of the day); an end at or before the start is on the next day.

    What overlaps or touches becomes one span; what reaches over Sunday night goes on at the beginning of the week.
    """
    pieces: list[Span] = []
    for weekday, start, end in hours:
        first = (weekday - 1) * DAY_MINUTES + start
        pieces += _within_week(first, first + ((end - start) % DAY_MINUTES or DAY_MINUTES))
    return merged(pieces)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same minutes in as few spans as there can be, in order."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def hours_of(spans: Sequence[Span]) -> list[tuple[int, int, int]]:
    """Spans as (ISO weekday, first minute, last minute of the day), cut at midnight; 1440 ends the day."""
    hours = []
    for start, end in spans:
        while start < end:
            day, first = divmod(start, DAY_MINUTES)
            last = min(end - day * DAY_MINUTES, DAY_MINUTES)
            hours.append((day + 1, first, last))
            start = day * DAY_MINUTES + last
    return hours


def covers(spans: Sequence[Span], start: datetime, end: datetime) -> bool:
    """Whether all of [start, end), naive wall times, lies in the spans, which are as `merged` makes them."""
    length = -(-(end - start) // MINUTE)
    if length >= WEEK_MINUTES:
        return list(spans) == [(0, WEEK_MINUTES)]
    first = minute_of_week(start)
    if (start.second or start.microsecond) and (end.second or end.microsecond):
        length += 1
    return all(
        any(opens <= piece_start and piece_end <= closes for opens, closes in spans)
        for piece_start, piece_end in _within_week(first, first + length)
    )


def closes_at(spans: Sequence[Span], wall: datetime) -> datetime | None:
    """The wall time until which hours that hold at `wall` go on; None where they never end.

    Raises ValueError where they do not hold.
    """
    minute, spans = minute_of_week(wall), list(spans)
    end = next((closes for opens, closes in spans if opens <= minute < closes), None)
    if end is None:
        raise ValueError("not open at that time")
    if end == WEEK_MINUTES and spans[0][0] == 0:
        # Over Sunday night it goes on.
        if spans[0][1] == WEEK_MINUTES:
            return None
        end += spans[0][1]
    return _whole_minute(wall) + (end - minute) * MINUTE


def opens_at(spans: Sequence[Span], wall: datetime) -> datetime | None:
    """The first wall time after `wall` at which hours begin; None where there are none."""
    if not spans:
        return None
    minute = minute_of_week(wall)
    start = next((opens for opens, _ in spans if opens > minute), spans[0][0] + WEEK_MINUTES)
    return _whole_minute(wall) + (start - minute) * MINUTE


def _whole_minute(wall: datetime) -> datetime:
    return wall.replace(second=0, microsecond=0)


def _within_week(start: int, end: int) -> list[Span]:
    if end <= WEEK_MINUTES:
        return [(start, end)]
    return [(start, WEEK_MINUTES), (0, end - WEEK_MINUTES)]


def open_times(
    spans: Sequence[Span], zone: ZoneInfo, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """When the clock of a zone stands within the spans in [start, end), UTC: merged, in order.

    On the day of a clock change, hours that do not exist are not there, and those that come twice count twice.
    """
    wall = utc_to_wall(start, zone)
    monday = datetime.combine(wall.date() - timedelta(days=wall.weekday()), time())
    found: list[tuple[datetime, datetime]] = []
    while monday <= utc_to_wall(end, zone):
        for first, last in spans:
            opens = max(wall_to_utc(monday + first * MINUTE, zone), start)
            closes = min(wall_to_utc(monday + last * MINUTE, zone), end)
            if opens >= closes:
                continue
            if found and opens <= found[-1][1]:
                found[-1] = (found[-1][0], closes)
            else:
                found.append((opens, closes))
        monday += timedelta(weeks=1)
    return found


def gaps(times: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """What of [start, end) lies between times, which are merged and in order."""
    bounds = [start, *(bound for one in times for bound in one), end]
    return [(low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True) if low < high]
