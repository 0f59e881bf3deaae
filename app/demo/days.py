"""Which days the demo is about: its three months, clock changes, holidays, first days of series."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone, wall_to_utc
from app.demo.meetings import HOLIDAYS, Holiday

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
WEEKS_BACK, WEEKS_AHEAD = 4, 10
# On both sides of a clock change, this much of the series that crosses it.
AROUND_CLOCK_CHANGE = 3 * WEEK
_HALF_A_YEAR_AND_MORE = 220


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Period:
    """Whole weeks: from the Monday `first` to before the Monday `end`."""

    first: date
    end: date

    @classmethod
    def around(cls, today: date) -> "Period":
        """About a month back and, on every day of the week, two months ahead."""
        this_week = monday_of(today)
        return cls(this_week - WEEKS_BACK * WEEK, this_week + WEEKS_AHEAD * WEEK)

    def including(self, day: date, margin: timedelta) -> "Period":
        """This period, made longer if need be so that `margin` before and after `day` is in it."""
        return Period(min(self.first, monday_of(day - margin)), max(self.end, monday_of(day + margin)))

    def weeks(self) -> Iterable[date]:
        """The Mondays."""
        return (self.first + number * WEEK for number in range((self.end - self.first).days // 7))


def nearest_clock_change(zone: str, today: date) -> date | None:
    """The first day with another UTC offset than the day before it, nearest to `today`; None without DST."""
    for distance in range(_HALF_A_YEAR_AND_MORE):
        for day in (today + distance * DAY, today - distance * DAY):
            if _offset_at_noon(zone, day) != _offset_at_noon(zone, day - DAY):
                return day
    return None


def _offset_at_noon(zone: str, day: date) -> timedelta | None:
    return datetime.combine(day, time(12), get_zone(zone)).utcoffset()


def days_off(zone: str, first: date, end: date, holidays: Iterable[Holiday] = HOLIDAYS) -> set[date]:
    """The holidays from `first` to before `end` on which nobody in the zone works."""
    found = set()
    for holiday in holidays:
        if zone in holiday.off_in:
            for year in range(first.year - 1, end.year + 1):
                begin = date(year, holiday.month, holiday.day)
                found |= {begin + number * DAY for number in range(holiday.days)}
    return {day for day in found if first <= day < end}


def first_day(rule: str, since: date) -> date:
    """The first day from `since` on which a series with this rule can begin."""
    parsed = Rule.parse(rule)
    for number in range(366):
        day = since + number * DAY
        if Series(start=day, end=day + DAY, rule=parsed).start_matches_rule():
            return day
    raise ValueError(f"no day of a year fits {rule}")


def until(end: date, zone: str) -> str:
    """The UNTIL of a timed series whose last day is the one before `end`, in UTC (RFC 5545 §3.3.10)."""
    last = datetime.combine(end, time()) - timedelta(seconds=1)
    return f"UNTIL={wall_to_utc(last, get_zone(zone)):%Y%m%dT%H%M%SZ}"
