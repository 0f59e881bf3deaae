"""Hours of service: weekly hours in a zone, without holidays, with days that are worked all the same; counted exactly.

An instant counts where the wall clock of the zone stands within the hours of its date. On the day of a clock change an
hour that does not exist does not count, and one that comes twice counts twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from app.calendaring.weekly_hours import MINUTE, Span, hours_of

Time = tuple[datetime, datetime]
DAY = timedelta(days=1)
NONE = timedelta()
# So much is looked through at once for the instant at which something is due.
STRETCH = timedelta(days=14)


@dataclass(frozen=True, eq=False)
class ServiceHours:
    """When somebody serves. Compared by identity: whoever asks for many makes each kind once.

    Args:
        spans: minutes of the week, as `weekly_hours` has them.
        days_off: dates without hours, with their names.
        days_worked: dates with the hours of the last weekday before that has some, with their names.
    """

    zone: ZoneInfo
    spans: Sequence[Span]
    days_off: Mapping[date, str] = field(default_factory=dict)
    days_worked: Mapping[date, str] = field(default_factory=dict)

    @cached_property
    def _of_weekdays(self) -> list[list[Span]]:
        found: list[list[Span]] = [[] for _ in range(7)]
        for weekday, first, last in hours_of(self.spans):
            found[weekday - 1].append((first, last))
        return found

    def hours_on(self, day: date) -> Sequence[Span]:
        """Minutes of the day on the wall clock, half open."""
        if day in self.days_off:
            return []
        weekday = day.weekday()
        if day in self.days_worked and not self._of_weekdays[weekday]:
            earlier = (self._of_weekdays[(weekday - back) % 7] for back in range(1, 7))
            return next((hours for hours in earlier if hours), [])
        return self._of_weekdays[weekday]

    def open_times(self, start: datetime, end: datetime) -> list[Time]:
        """The times of service within [start, end), instants: in order, merged, in UTC."""
        found: list[Time] = []
        for begins, ends, offset in _steady(start.astimezone(UTC), end.astimezone(UTC), self.zone):
            wall, wall_end = (begins + offset).replace(tzinfo=None), (ends + offset).replace(tzinfo=None)
            for first, last in self._on_wall(wall, wall_end):
                opens, closes = (first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)
                if found and found[-1][1] == opens:
                    found[-1] = (found[-1][0], closes)
                else:
                    found.append((opens, closes))
        return found

    def _on_wall(self, start: datetime, end: datetime) -> Iterator[Time]:
        day = start.date()
        while day <= end.date():
            midnight = datetime.combine(day, time())
            for first, last in self.hours_on(day):
                opens = max(midnight + first * MINUTE, start)
                closes = min(midnight + last * MINUTE, end)
                if opens < closes:
                    yield opens, closes
            day += DAY

    def served(self, start: datetime, end: datetime, pauses: Iterable[Time] = ()) -> timedelta:
        """How much service there is within [start, end) outside of the pauses."""
        if start >= end:
            return NONE
        return sum((closes - opens for opens, closes in without(self.open_times(start, end), pauses)), NONE)

    def due_at(self, start: datetime, promised: timedelta, pauses: Sequence[Time], limit: datetime) -> datetime | None:
        """The first instant at which so much service has passed since `start`; None where that is beyond `limit`."""
        left, begins = promised, start.astimezone(UTC)
        while begins < limit:
            ends = min(begins + STRETCH, limit)
            for opens, closes in without(self.open_times(begins, ends), pauses):
                if closes - opens >= left:
                    return opens + left
                left -= closes - opens
            begins = ends
        return None


def without(times: Iterable[Time], pauses: Iterable[Time]) -> Iterator[Time]:
    """What of times, which are in order and apart, lies in no pause."""
    stops = sorted(pauses)
    for opens, closes in times:
        for paused, resumed in stops:
            if resumed <= opens:
                continue
            if paused >= closes:
                break
            if opens < paused:
                yield opens, paused
            opens = max(opens, resumed)
        if opens < closes:
            yield opens, closes


def _steady(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """[start, end) in stretches in which the zone keeps one offset from UTC."""
    while start < end:
        offset = _offset(start, zone)
        steady = min(start + DAY, end)
        while steady < end and _offset(steady, zone) == offset:
            steady = min(steady + DAY, end)
        until = _change_between(max(start, steady - DAY), steady, zone) if _offset(steady, zone) != offset else steady
        yield start, until, offset
        start = until


def _change_between(same: datetime, changed: datetime, zone: ZoneInfo) -> datetime:
    """The first second with another offset than at `same`, which there is at `changed`."""
    offset = _offset(same, zone)
    first = int(same.timestamp())
    low, high = 0, int(-(-(changed.timestamp() - first) // 1))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(first + middle, UTC), zone) == offset:
            low = middle
        else:
            high = middle
    return min(datetime.fromtimestamp(first + high, UTC), changed)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
