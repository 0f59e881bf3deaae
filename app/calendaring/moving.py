"""A whole series moved to another day or time, and where its instances went (RFC 5545 §3.8.5)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from app.calendaring.expansion import day_of, expand, times_per_day
from app.calendaring.rule import Frequency, Rule
from app.calendaring.rule_moving import CannotMove, moved_rule
from app.calendaring.series import Series
from app.calendaring.zones import TimeOutOfRange, to_utc, utc_to_wall, wall_to_utc

__all__ = ["CannotMove", "matching", "moved"]

_DAY = timedelta(days=1)
_LONGEST_PERIOD = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 31, Frequency.YEARLY: 366}
# A look-up goes through some days around a start.
_WIDE_APART = timedelta(days=5)
# Instances are counted up to here to find the one with the same number.
_MOST_COUNTED = 10_000


def moved(series: Series, start: date, end: date, zone: ZoneInfo | None) -> Series:
    """The series when DTSTART and DTEND are moved to `start` and `end`, the whole pattern moving along.

    `start` and `end` are naive wall times in `zone`, or dates.

    The rule follows as in `moved_rule`; UNTIL, exdates and rdates move by the same distance on the wall clock, and
    where a pattern by month or year does not move by equally much everywhere, UNTIL ends with the instance that
    corresponds to the last one, and an exdate takes out the one that corresponds to what it took out. COUNT stays. A
    length that stays the same on the wall clock keeps its nominal days. A start that was no instance of its rule
    before (an import) need not become one.

    Raises CannotMove, InvalidSeries, and TimeOutOfRange at the ends of the calendar.
    """
    distance = _Distance(series, start)
    same_length = series.all_day is distance.to_date and end - start == series.end - series.start
    bare = Series(
        start,
        end,
        zone,
        None if series.rule is None else moved_rule(series.rule, series.start, start),
        # Which of two readings was meant, where the wall time stays.
        start_utc=series.start_utc if zone == series.zone else None,
        end_utc=series.end_utc if zone == series.zone else None,
        nominal_days=series.nominal_days if same_length else 0,
    )
    if series.start_matches_rule() and not bare.start_matches_rule():
        raise CannotMove("start_not_in_rule", "the moved rule does not make the new start")
    if bare.rule is not None and series.until is not None:
        bare = replace(bare, rule=replace(bare.rule, until=_moved_until(series, bare, distance)))
    bare = replace(bare, rdates=distance.of_all(series.rdates))
    return replace(bare, exdates=_moved_exdates(series, bare, distance))


def matching(old: Series, new: Series, originals: Iterable[date]) -> dict[date, date]:
    """Where the instances with these original starts in `old` are in `new`; those with no counterpart are left out.

    That is the instance as far away on the wall clock as the two first starts are. Where there is none, and both
    rules make equally many instances in a day, week, month or year, it is the one with the same number. Excluded
    instances count as there, and no two have the same counterpart. Starts are aware instants, or dates when all-day.
    """
    there = replace(new, exdates=frozenset())
    distance = _Distance(old, new.start)
    near = {original: distance.of_start(original, new.zone) for original in sorted(originals)}
    if old.first_start in near:
        near[old.first_start] = new.first_start  # which may be the second reading of its wall time
    instances = _those_there(there, {start for start in near.values() if start is not None})
    found = _one_to_one({original: start for original, start in near.items() if start in instances})
    missing = near.keys() - found.keys()
    if missing and _are_alike(old, new):
        found = _one_to_one(found | _with_same_number(old, there, missing, distance))
    return found


def _one_to_one(pairs: dict[date, date]) -> dict[date, date]:
    """The first of those that lead to the same start: two times of one day become one where times are lost."""
    first_to: dict[date, date] = {}
    for original, start in pairs.items():
        first_to.setdefault(start, original)
    return {original: start for start, original in first_to.items()}


@dataclass(frozen=True, slots=True)
class _Distance:
    """From the DTSTART of a series to another one: days, and for times the distance on the wall clock."""

    series: Series
    start: date

    @property
    def to_date(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def days(self) -> timedelta:
        return day_of(self.start) - day_of(self.series.start)

    def of_wall(self, wall: date) -> date:
        """A wall time or date moved; a time is lost or gained where the kind of series changes. May overflow."""
        if not isinstance(self.start, datetime):
            return day_of(wall) + self.days
        if not isinstance(wall, datetime) or not isinstance(self.series.start, datetime):
            return datetime.combine(day_of(wall) + self.days, self.start.time())
        return wall + (self.start - self.series.start)

    def of_start(self, original: date, zone: ZoneInfo | None) -> date | None:
        """The start of an instance moved, in another zone; None outside the calendar."""
        try:
            wall = self.of_wall(_wall(original, self.series.zone))
            return wall_to_utc(wall, zone) if isinstance(wall, datetime) and zone is not None else wall
        except (OverflowError, TimeOutOfRange):
            return None

    def of_all(self, dates: frozenset[date]) -> frozenset[date]:
        """Exdates or rdates moved, as wall times and dates; those that leave the calendar are left out."""
        result = set()
        for moment in dates:
            try:
                if isinstance(moment, datetime) or self.series.all_day:
                    result.add(self.of_wall(_wall(moment, self.series.zone)))
                else:
                    result.add(moment + self.days)  # a whole day stays one
            except (OverflowError, TimeOutOfRange):
                continue
        return frozenset(result)


def _moved_until(series: Series, target: Series, distance: _Distance) -> date:
    assert series.until is not None
    last = _wall(series.until, series.zone)
    if isinstance(last, datetime) and distance.to_date and last.time() < _time(series.start):
        last -= _DAY  # that day has no instance any more
    try:
        until = _corresponding_until(series, target, distance, last) or distance.of_wall(last)
        return wall_to_utc(until, target.zone) if isinstance(until, datetime) and target.zone is not None else until
    except (OverflowError, TimeOutOfRange):
        return date.max if distance.to_date else datetime.max.replace(tzinfo=UTC)


def _corresponding_until(series: Series, target: Series, distance: _Distance, last: date) -> date | None:
    """The last wall time of a pattern whose instances move by different distances; None for any other.

    Months, or years, correspond as those of the two first starts do; in the last one, as many instances are kept.
    """
    if not _moves_unevenly(series, distance):
        return None
    assert series.rule is not None
    assert target.rule is not None
    unit = series.rule.frequency
    number = _number_of(last, unit)
    opposite = number + _number_of(target.start, unit) - _number_of(series.start, unit)
    try:
        kept = [
            wall for wall in expand(series.rule, series.start, _first_of(number, unit), day_of(last)) if wall <= last
        ]
        first, following = _first_of(opposite, unit), _first_of(opposite + 1, unit)
    except ValueError:
        return None  # at the end of the calendar
    opposites = list(islice(expand(target.rule, target.start, first, following - _DAY), len(kept)))
    if opposites:
        return opposites[-1]
    evening = first - _DAY if distance.to_date else datetime.combine(first - _DAY, time(23, 59, 59))
    return max(evening, target.start)


def _moved_exdates(series: Series, target: Series, distance: _Distance) -> frozenset[date]:
    if not _moves_unevenly(series, distance):
        return distance.of_all(series.exdates)
    originals = {exdate: _start_excluded_by(series, exdate) for exdate in series.exdates}
    counterparts = matching(series, target, [start for start in originals.values() if start is not None])
    result: set[date] = set()
    for exdate, start in originals.items():
        counterpart = None if start is None else counterparts.get(start)
        result |= distance.of_all(frozenset({exdate})) if counterpart is None else {counterpart}
    return frozenset(result)


def _start_excluded_by(series: Series, exdate: date) -> date | None:
    """The start that an exdate takes out, if one does; of a whole day, the one at DTSTART's time."""
    if series.zone is None or series.all_day:
        return day_of(exdate)
    wall = exdate if isinstance(exdate, datetime) else datetime.combine(exdate, _time(series.start))
    try:
        return wall_to_utc(wall, series.zone) if wall.tzinfo is None else to_utc(wall)
    except TimeOutOfRange:
        return None


def _moves_unevenly(series: Series, distance: _Distance) -> bool:
    """Whether instances may move by other distances than DTSTART does: the second Monday and Tuesday of a month."""
    counts_months = series.rule is not None and series.rule.frequency in (Frequency.MONTHLY, Frequency.YEARLY)
    return counts_months and distance.days != timedelta(0)


def _those_there(series: Series, starts: set[date]) -> set[date]:
    """The starts at which the series has an instance."""
    if not starts:
        return set()
    first, following = min(starts), _later(max(starts), _DAY)
    counts = series.rule is not None and series.rule.count is not None
    # With COUNT, to look for one means to count up to it; and where they lie close together, one walk costs less.
    if counts or following - first <= len(starts) * _WIDE_APART:
        return starts.intersection(instance.start for instance in series.occurrences_between(first, following))
    return {start for start in starts if series.starts_at(start) is not None}


def _with_same_number(old: Series, new: Series, originals: Collection[date], distance: _Distance) -> dict[date, date]:
    assert new.rule is not None
    last = max(originals)
    counted = islice(old.counted_starts(_later(last, _DAY)), _MOST_COUNTED)
    numbers = {number: start for number, start in enumerate(counted) if start in originals}
    reached = distance.of_start(last, new.zone)
    if not numbers or reached is None:
        return {}
    # Patterns alike are at most two periods apart; a rule that makes nothing more is not followed further.
    slack = timedelta(days=2 * new.rule.interval * _LONGEST_PERIOD[new.rule.frequency])
    starts = islice(new.counted_starts(_later(reached, slack)), max(numbers) + 1)
    return {numbers[number]: start for number, start in enumerate(starts) if number in numbers}


def _are_alike(old: Series, new: Series) -> bool:
    """Whether both rules make equally many instances in each of their days, weeks, months or years."""
    if old.rule is None or new.rule is None:
        return False
    return _share_of_period(old.rule, old.all_day) == _share_of_period(new.rule, new.all_day)


def _share_of_period(rule: Rule, all_day: bool) -> tuple[object, ...]:
    times = 1 if all_day else times_per_day(rule)
    period = (rule.frequency, rule.interval, rule.skip)
    if rule.by_set_position:
        return (*period, "positions", len(rule.by_set_position))
    named = len(rule.by_month_day) + len(rule.by_year_day)
    if rule.by_day and (named or not all(value.ordinal for value in rule.by_day)):
        days: object = ("weekdays", len(rule.by_day), named)
        if rule.frequency is Frequency.WEEKLY:
            days = len(rule.by_day)
    else:
        days = len(rule.by_day) or named or 1
    months = len(rule.by_month) or (12 if rule.by_month_day else 1)
    return (*period, days, months, len(rule.by_week_number), times)


def _number_of(moment: date, unit: Frequency) -> int:
    return moment.year if unit is Frequency.YEARLY else moment.year * 12 + moment.month - 1


def _first_of(number: int, unit: Frequency) -> date:
    """The first day of a year or month; raises ValueError outside the calendar."""
    return date(number, 1, 1) if unit is Frequency.YEARLY else date(number // 12, number % 12 + 1, 1)


def _time(moment: date) -> time:
    return moment.time() if isinstance(moment, datetime) else time()


def _wall(start: date, zone: ZoneInfo | None) -> date:
    aware = isinstance(start, datetime) and start.tzinfo is not None
    return utc_to_wall(start, zone) if aware and zone is not None and isinstance(start, datetime) else start


def _later(moment: date, by: timedelta) -> date:
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if isinstance(moment, datetime) else date.max
