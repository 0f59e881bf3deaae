"""From a recurrence rule to local times: the table of expanding and limiting parts in RFC 5545 §3.3.10.

This is written out here instead of calling dateutil, because dateutil 2.9 looks at UNTIL only when it has
found an instance: a rule that stops matching makes it search to the year 9999 (seconds). It also reads
BYDAY=MO,1TU as "and", takes BYWEEKNO without BYDAY for the whole week, lets BYSETPOS count in a first week
that begins at DTSTART, and raises IndexError on BYDAY=53MO in a month. Here each step moves on by one
interval and the last day ends the walk, whatever matches on the way.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import product

from app.calendaring.rule import Frequency, Rule, Skip, WeekdayNumber

_DAY = timedelta(days=1)


def expand(rule: Rule, start: date, first_day: date, last_day: date) -> Iterator[date]:
    """The rule's local times from `start` (DTSTART) on, ascending, on first_day … last_day inclusive.

    Dates when `start` is a date, else naive datetimes. COUNT, UNTIL and time zones are the caller's
    concern. The cost grows with the days between first_day and last_day, not with their distance from
    `start`.
    """
    low: date = max(first_day, day_of(start))
    high = last_day
    times = None
    if isinstance(start, datetime):
        low, high = max(start, datetime.combine(low, time.min)), datetime.combine(last_day, time.max)
        times = _times_of_day(rule, start)
    moments: Iterable[date]
    for moments in _moment_sets(rule, start, times, first_day, last_day):
        for moment in moments:
            if low <= moment <= high:
                yield moment


def in_phase(rule: Rule, start: date, other: date) -> bool:
    """Whether INTERVAL lets the day, week, month or year of `other` count, starting from that of `start` (DTSTART)."""
    pattern = _Pattern(rule, start)
    return (pattern.number_of(day_of(other)) - pattern.number_of(day_of(start))) % rule.interval == 0


def times_per_day(rule: Rule) -> int:
    """How many times of day BYHOUR, BYMINUTE and BYSECOND name together; up to 87,840."""
    return max(1, len(rule.by_hour)) * max(1, len(rule.by_minute)) * max(1, len(rule.by_second))


def day_of(moment: date) -> date:
    """The date of a date or a datetime."""
    return moment.date() if isinstance(moment, datetime) else moment


def _moment_sets(
    rule: Rule, start: date, times: tuple[time, ...] | None, first_day: date, last_day: date
) -> Iterator[Iterable[date]]:
    """The moments of interval after interval, in order; up to those of whole intervals, so some may lie outside."""
    pattern = _Pattern(rule, start)
    sets: Iterable[list[date]] = pattern.day_sets(first_day, last_day)
    if rule.by_set_position:
        chosen: Iterable[list[date]] = (list(_at_positions(days, times, rule.by_set_position)) for days in sets)
        yield from _without_repetition(chosen) if pattern.leaves_intervals else chosen
        return
    if pattern.leaves_intervals:
        sets = _without_repetition(sets)
    for days in sets:
        yield _at_all_times([day for day in days if first_day <= day <= last_day], times)


def _without_repetition(sets: Iterable[list[date]]) -> Iterator[list[date]]:
    """Sorted sets of which neighbours may overlap, as sorted sets that do not: a moved day counts once (RFC 7529 §4.1).

    A day is moved by one day at most, so only neighbours overlap.
    """
    pending: list[date] = []
    for members in sets:
        if members:
            yield [moment for moment in pending if moment < members[0]]
            pending = sorted({*members, *(moment for moment in pending if moment >= members[0])})
    yield pending


def _times_of_day(rule: Rule, start: datetime) -> tuple[time, ...]:
    hours = rule.by_hour or (start.hour,)
    minutes = rule.by_minute or (start.minute,)
    # Second 60 is a leap second, which Python's clock does not have (§3.3.12 reads it as 59).
    seconds = sorted({min(second, 59) for second in rule.by_second or (start.second,)})
    return tuple(time(*parts, start.microsecond) for parts in product(hours, minutes, seconds))


def _at_all_times(days: list[date], times: tuple[time, ...] | None) -> Iterable[date]:
    if times is None:
        return days
    return (datetime.combine(day, time_of_day) for day in days for time_of_day in times)


def _at_positions(days: list[date], times: tuple[time, ...] | None, positions: tuple[int, ...]) -> Iterator[date]:
    """The BYSETPOS positions in one interval's days and times; the others, maybe millions, are not made."""
    per_day = 1 if times is None else len(times)
    size = len(days) * per_day
    indexes = {position - 1 if position > 0 else size + position for position in positions}
    for index in sorted(indexes):
        if 0 <= index < size:
            day = days[index // per_day]
            yield day if times is None else datetime.combine(day, times[index % per_day])


class _Pattern:
    """The days of a rule, what it leaves open being taken from DTSTART.

    Intervals (days, weeks, months, years) have a running number, so that any of them is reached by
    arithmetic.
    """

    def __init__(self, rule: Rule, start: date) -> None:
        self._frequency = rule.frequency
        self._skip = rule.skip
        self._moves_month_days = rule.moves_month_days
        self._moves_year_days = rule.moves_year_days
        self._interval = rule.interval
        self._week_start = rule.week_start
        self._start_day = day_of(start)
        self._months = frozenset(rule.by_month)
        self._month_days = frozenset(rule.by_month_day)
        self._year_days = frozenset(rule.by_year_day)
        self._weeks = frozenset(rule.by_week_number)
        self._weekdays = frozenset(value.weekday for value in rule.by_day if not value.ordinal)
        self._named_weekdays = frozenset(value.weekday for value in rule.by_day)
        self._numbered_weekdays = frozenset(value for value in rule.by_day if value.ordinal)
        if not (rule.by_day or rule.by_month_day or rule.by_year_day):
            self._take_day_from_start()

    def _take_day_from_start(self) -> None:
        yearly = self._frequency is Frequency.YEARLY
        if self._frequency is Frequency.WEEKLY or self._weeks:
            self._weekdays = self._named_weekdays = frozenset({self._start_day.weekday()})
        elif yearly or self._frequency is Frequency.MONTHLY:
            self._month_days = frozenset({self._start_day.day})
            if yearly and not self._months:
                self._months = frozenset({self._start_day.month})

    @property
    def leaves_intervals(self) -> bool:
        """Whether SKIP may move a day out of its month or year, into the next or the last day of the one before."""
        return self._moves_month_days or self._moves_year_days

    def day_sets(self, first_day: date, last_day: date) -> Iterator[list[date]]:
        """The whole set of days of each interval that touches first_day … last_day, in order."""
        origin = self.number_of(self._start_day)
        if not self.leaves_intervals:
            for number in self._numbers(origin, first_day, last_day):
                yield [day for day in self._candidates(number) if self._allows(day)]
            return
        if self._interval == 1:
            origin -= 1  # may have moved a day into DTSTART's interval
        if first_day > date.min:
            first_day -= _DAY
        if last_day < date.max:
            last_day += _DAY
        for number in self._numbers(origin, first_day, last_day):
            days = {day for day in self._candidates(number) if self._allows(day)}
            days.update(day for day in self._moved(number) if self._is_named_weekday(day))
            yield sorted(days)

    def _numbers(self, origin: int, first_day: date, last_day: date) -> range:
        ahead = max(0, self.number_of(first_day) - origin) // self._interval
        return range(origin + ahead * self._interval, self.number_of(last_day) + 1, self._interval)

    def number_of(self, day: date) -> int:
        """The running number of the day, week, month or year that a day lies in."""
        match self._frequency:
            case Frequency.DAILY:
                return day.toordinal()
            case Frequency.WEEKLY:
                return (day.toordinal() - 1 - self._week_start) // 7  # day 1 was a Monday
            case Frequency.MONTHLY:
                return day.year * 12 + day.month - 1
            case Frequency.YEARLY:
                return day.year

    def _candidates(self, number: int) -> Iterable[date]:
        """The days of an interval, in order; not all of them where a part names the few that can match."""
        match self._frequency:
            case Frequency.DAILY:
                return (date.fromordinal(number),)
            case Frequency.WEEKLY:
                first = number * 7 + 1 + self._week_start
                return _days_between(first, first + 6)
            case Frequency.MONTHLY:
                return self._days_of_month(number // 12, number % 12 + 1)
            case Frequency.YEARLY:
                return self._days_of_year(number)

    def _days_of_month(self, year: int, month: int) -> list[date]:
        if self._months and month not in self._months:
            return []
        length = monthrange(year, month)[1]
        if not self._month_days:
            return [date(year, month, day) for day in range(1, length + 1)]
        days = {day if day > 0 else length + 1 + day for day in self._month_days}
        return [date(year, month, day) for day in sorted(days) if 1 <= day <= length]

    def _days_of_year(self, year: int) -> Iterable[date]:
        before, length = date(year, 1, 1).toordinal() - 1, length_of_year(year)
        if self._year_days:
            days = {day if day > 0 else length + 1 + day for day in self._year_days}
            return [date.fromordinal(before + day) for day in sorted(days) if 1 <= day <= length]
        if self._months or self._month_days:
            return [day for month in range(1, 13) for day in self._days_of_month(year, month)]
        return _days_between(before + 1, before + length)

    def _moved(self, number: int) -> Iterator[date]:
        """The days that take the place of those that an interval's months, or its year, do not have."""
        if self._moves_year_days:
            yield from self._replacements(date(number, 1, 1), length_of_year(number), self._year_days)
        elif self._moves_month_days:
            year, months = number, range(1, 13)
            if self._frequency is Frequency.MONTHLY:
                year, months = number // 12, range(number % 12 + 1, number % 12 + 2)
            for month in months:
                if not self._months or month in self._months:
                    length = monthrange(year, month)[1]
                    yield from self._replacements(date(year, month, 1), length, self._month_days)

    def _replacements(self, first: date, length: int, wanted: frozenset[int]) -> Iterator[date]:
        """For 31 in a month of 30 days the days around its end, for -31 those around its beginning."""
        forward = self._skip is Skip.FORWARD
        for day in wanted:
            if abs(day) > length:
                after_end, before_first = first.toordinal() + length, first.toordinal() - 1
                ordinal = (after_end if forward else after_end - 1) if day > 0 else before_first + forward
                if date.min.toordinal() <= ordinal <= date.max.toordinal():
                    yield date.fromordinal(ordinal)

    def _allows(self, day: date) -> bool:
        if self._months and day.month not in self._months:
            return False
        if self._month_days and day.day not in self._month_days:
            length = monthrange(day.year, day.month)[1]
            if day.day - length - 1 not in self._month_days:
                return False
        if self._weeks and self._weeks.isdisjoint(week_numbers(day, self._week_start)):
            return False
        return self._is_named_weekday(day)

    def _is_named_weekday(self, day: date) -> bool:
        if not self._named_weekdays or day.weekday() in self._weekdays:
            return True
        return day.weekday() in self._named_weekdays and self._is_numbered_weekday(day)

    def _is_numbered_weekday(self, day: date) -> bool:
        """Ordinals count within the month, or within the year for YEARLY without BYMONTH."""
        if self._frequency is Frequency.MONTHLY or self._months:
            position, length = day.day, monthrange(day.year, day.month)[1]
        else:
            position, length = day.timetuple().tm_yday, length_of_year(day.year)
        from_start, from_end = (position - 1) // 7 + 1, -((length - position) // 7 + 1)
        weekday = day.weekday()
        return not self._numbered_weekdays.isdisjoint(
            (WeekdayNumber(weekday, from_start), WeekdayNumber(weekday, from_end))
        )


def week_numbers(day: date, week_start: int) -> tuple[int, int]:
    """The day's week counted from the start and from the end (-1) of the week's year.

    A week belongs to the year of its fourth day: week 1 is the first with four days in the year (§3.3.10).
    The days of such a week that lie in the neighbouring calendar year belong to that calendar year's
    interval, as in dateutil.
    """
    ordinal = day.toordinal()
    fourth = ordinal - (day.weekday() - week_start) % 7 + 3
    fourth = min(max(fourth, date.min.toordinal()), date.max.toordinal())
    year = date.fromordinal(fourth).year
    before = date(year, 1, 1).toordinal() - 1
    number = (fourth - before - 1) // 7 + 1
    following = (before + length_of_year(year) - fourth) // 7
    return number, -following - 1


def _days_between(first: int, last: int) -> Iterable[date]:
    """The days of two ordinals, both included, cut to the years 1 … 9999."""
    low, high = max(first, date.min.toordinal()), min(last, date.max.toordinal())
    return (date.fromordinal(ordinal) for ordinal in range(low, high + 1))


def length_of_year(year: int) -> int:
    return date(year, 12, 31).timetuple().tm_yday
