"""A series of events: its instances in UTC or, when all-day, in dates (RFC 5545 §3.8.5.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from itertools import islice
from operator import itemgetter
from zoneinfo import ZoneInfo

from app.calendaring.expansion import day_of, expand, times_per_day
from app.calendaring.rule import InvalidRule, Rule
from app.calendaring.zones import TimeOutOfRange, recurring_wall_to_utc, to_utc, utc_to_wall, wall_to_utc

_DAY = timedelta(days=1)
_TICK = timedelta.resolution
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)


class InvalidSeries(ValueError):
    """The start, end or zone of a series do not fit together; `code` is a constant for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One instance, half open: aware UTC datetimes, or dates when all-day.

    `original_start` is the start that the rule gave it, its RECURRENCE-ID (§3.8.4.4).
    """

    original_start: date
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Series:
    """An event and its recurrence; without a rule and rdates, a single instance.

    `start` and `end` (exclusive) are naive wall times in `zone`, or dates when all-day, in which case
    `zone` plays no part. `start_utc` and `end_utc` choose the second of two ambiguous readings; where they
    name another wall time than `start` and `end` (tzdata has moved), the wall time wins. `exdates` may hold
    naive wall times, aware instants and dates, whatever the kind of series; a date takes out all that
    starts on it. `rdates` are further instances (§3.8.5.2), written like `exdates`; a date in a timed series
    means that day at DTSTART's time of day. They are explicit times (a gap moves them), may lie before
    DTSTART, count once where the rule makes them too, and COUNT does not count them. `nominal_days` is the
    whole days of a DURATION (§3.8.5.3), which keep their wall time over a DST change; all else of the
    length is exact.

    Raises InvalidSeries, and TimeOutOfRange at the ends of the calendar.
    """

    start: date
    end: date
    zone: ZoneInfo | None = None
    rule: Rule | None = None
    exdates: frozenset[date] = frozenset()
    start_utc: datetime | None = None
    end_utc: datetime | None = None
    nominal_days: int = 0
    rdates: frozenset[date] = frozenset()
    _first: date = field(init=False, repr=False, compare=False)
    _length: timedelta = field(init=False, repr=False, compare=False)
    _until: date | None = field(init=False, repr=False, compare=False)
    _excluded: frozenset[date] = field(init=False, repr=False, compare=False)
    _added: tuple[tuple[date, date], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        all_day = not isinstance(self.start, datetime)
        if all_day is isinstance(self.end, datetime):
            raise InvalidSeries("mixed_types", "start and end must both be dates or both be datetimes")
        if not all_day and self.zone is None:
            raise InvalidSeries("zone_missing", "a timed series needs a zone")
        first = self._explicit(self.start, self.start_utc)
        length = self._explicit(self.end, self.end_utc) - self._after_nominal_days(self.start, first)
        if length < timedelta(0) or (all_day and self.end <= self.start) or self.nominal_days < 0:
            raise InvalidSeries("end_before_start", "the end must come after the start")
        object.__setattr__(self, "_first", first)
        object.__setattr__(self, "_length", length)
        object.__setattr__(self, "_until", self._normalised_until())
        object.__setattr__(self, "_excluded", self._coerced_exdates())
        object.__setattr__(self, "_added", self._sorted_rdates())

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)

    @property
    def first_start(self) -> date:
        """The start that DTSTART names, excluded or not: aware UTC, or a date when all-day."""
        return self._first

    @property
    def first_end(self) -> date:
        """The end that goes with `first_start`: aware UTC, or a date when all-day."""
        return self._explicit(self.end, self.end_utc)

    @property
    def earliest_start(self) -> date:
        """The start of the first instance, excluded or not: that of DTSTART, unless an rdate lies before it."""
        return min(self._first, self._added[0][1]) if self._added else self._first

    @property
    def recurs(self) -> bool:
        """Whether there may be more than one instance."""
        return self.rule is not None or bool(self._added)

    @property
    def added_starts(self) -> tuple[date, ...]:
        """The starts that the rdates name, excluded or not, in order: aware UTC, or dates when all-day."""
        return tuple(start for _, start in self._added)

    @property
    def until(self) -> date | None:
        """The rule's UNTIL, inclusive, in the form §3.3.10 asks for: aware UTC, or a date when all-day."""
        return self._until

    def start_matches_rule(self) -> bool:
        """Whether DTSTART is an instance of its own rule; True without a rule."""
        day = day_of(self.start)
        return self.rule is None or self.start in expand(self.rule, self.start, day, day)

    def check(self, limit_occurrences: int, horizon_days: int, *, start_must_match: bool = True) -> None:
        """Raises InvalidRule for what would cost or surprise too much.

        Codes: start_not_in_rule (an import may allow it with start_must_match=False: such a start stays the
        first instance), until_before_start, and too_many_occurrences for a COUNT above the limit or for
        first one. Rdates are instances as well.
        """
        if len(self._added) >= limit_occurrences:
            raise _too_many(limit_occurrences, count=len(self._added) + 1)
        if self.rule is None:
            return
        if self.until is not None and self.until < self._first:
            raise InvalidRule("until_before_start", "UNTIL lies before the start", until=self.until)
        count = max((self.rule.count or 0) + len(self._added), times_per_day(self.rule))
        if count > limit_occurrences:
            raise _too_many(limit_occurrences, count=count)
        if start_must_match and not self.start_matches_rule():
            raise InvalidRule("start_not_in_rule", "the start is not an instance of the rule", start=self.start)
        try:
            horizon = self._first + timedelta(days=horizon_days)
        except OverflowError:
            horizon = date.max if self.all_day else _LAST_INSTANT
        if next(islice(self._all_starts(horizon), limit_occurrences, None), None) is not None:
            raise _too_many(limit_occurrences, horizon_days=horizon_days)

    def occurrences(self, before: date) -> Iterator[Occurrence]:
        """The instances that start before `before` (an aware instant, or a date when all-day), in order."""
        return self._occurrences(self._bound(before), None)

    def occurrences_between(self, start: date, end: date) -> Iterator[Occurrence]:
        """The instances that overlap [start, end), in order; one of no length if start <= its start < end.

        Bounds as for `occurrences`. Without COUNT the cost does not grow with the age of the series.
        """
        start, end = self._bound(start), self._bound(end)
        if start >= end:
            return
        for occurrence in self._occurrences(end, self._first_day_overlapping(start)):
            if occurrence.end > start or occurrence.start >= start:
                yield occurrence

    def starts_at(self, original: date) -> Occurrence | None:
        """The instance with this original start (an aware instant, or a date when all-day).

        None where there is none, or where it is excluded. Without COUNT the cost does not depend on the
        age and the length of the series.
        """
        original = self._bound(original)
        try:
            following = original + (_DAY if self.all_day else _TICK)
        except OverflowError:
            return None
        # Two days cover the distance between UTC and any wall time.
        for occurrence in self._occurrences(following, _shifted(day_of(original), -2 * _DAY)):
            if occurrence.start == original:
                return occurrence
        return None

    def count_before(self, bound: date) -> int:
        """How many instances before `bound` COUNT has used up: excluded ones too, those in a gap not."""
        return sum(1 for _ in self.counted_starts(bound))

    def counted_starts(self, before: date, since: date | None = None) -> Iterator[date]:
        """The starts before a bound that COUNT counts, in order: excluded ones too, those in a gap and rdates not.

        Without COUNT, those before the local day `since` may be left out, which saves work.
        """
        return (start for _, start in self._counted(self._bound(before), since))

    def is_exhausted_by(self, bound: date) -> bool:
        """Whether nothing can start at or after `bound`: rows stored up to there are all there will be.

        False only means that the rule does not end before `bound`: by chance, nothing may be left of it.
        """
        bound = self._bound(bound)
        if self._first >= bound or (self._added and self._added[-1][1] >= bound):
            return False
        if self.rule is None or (self._until is not None and self._until < bound):
            return True
        return self.rule.count is not None and self.count_before(bound) == self.rule.count

    def _occurrences(self, before: date, since: date | None) -> Iterator[Occurrence]:
        for wall, start in self._all_starts(before, since):
            if self._is_excluded(wall, start):
                continue
            try:
                end = self._after_nominal_days(wall, start) + self._length
            except (OverflowError, TimeOutOfRange):
                return  # the calendar ends here
            yield Occurrence(start, start, end)

    def _all_starts(self, before: date, since: date | None = None) -> Iterator[tuple[date, date]]:
        """Like `_counted`, with the rdates in their places."""
        counted = self._counted(before, since)
        return self._with_added(counted, before) if self._added else counted

    def _with_added(self, counted: Iterator[tuple[date, date]], before: date) -> Iterator[tuple[date, date]]:
        previous = None
        for wall, start in merge(counted, self._added, key=itemgetter(1)):
            if start >= before:
                return
            if start != previous:
                yield wall, start
            previous = start

    def _counted(self, before: date, since: date | None = None) -> Iterator[tuple[date, date]]:
        """Wall time and start of the instances that COUNT counts, before a bound.

        Those before the local day `since` may be left out where that saves work.
        """
        if self._first >= before:
            return
        yield self.start, self._first
        if self.rule is None:
            return
        first_day = day_of(self.start)
        if since is not None and self.rule.count is None:
            first_day = max(first_day, since)
        left = None if self.rule.count is None else self.rule.count - 1
        for wall in expand(self.rule, self.start, first_day, _shifted(day_of(before), _DAY)):
            start = self._recurring(wall)
            # DTSTART is counted already. If it was read inside a gap or as the second of two, wall times
            # after it may name instants before it.
            if start is None or start <= self._first:
                continue
            if left == 0 or start >= before or (self._until is not None and start > self._until):
                return
            left = None if left is None else left - 1
            yield wall, start

    def _first_day_overlapping(self, bound: date) -> date:
        # Two days cover the distance between UTC and any wall time, and the hour that a nominal day may be
        # longer.
        return _shifted(day_of(bound), -self._length - (self.nominal_days + 2) * _DAY)

    def _explicit(self, wall: date, instant: datetime | None) -> date:
        """Rule for times that are written out (§3.3.5): they exist even in a gap."""
        if not isinstance(wall, datetime) or self.zone is None:
            return wall
        if instant is not None and utc_to_wall(instant, self.zone) == wall:
            return to_utc(instant)
        return wall_to_utc(wall, self.zone)

    def _recurring(self, wall: date) -> date | None:
        """Rule for times that recurrence makes (§3.3.10): None in a gap and outside the calendar."""
        if not isinstance(wall, datetime) or self.zone is None:
            return wall
        try:
            return recurring_wall_to_utc(wall, self.zone)
        except TimeOutOfRange:
            return None

    def _after_nominal_days(self, wall: date, start: date) -> date:
        if not self.nominal_days:
            return start
        try:
            return self._explicit(wall + timedelta(days=self.nominal_days), None)
        except OverflowError:
            raise TimeOutOfRange("the instance ends after the year 9999") from None

    def _normalised_until(self) -> date | None:
        until = None if self.rule is None else self.rule.until
        if until is None or self.all_day or self.zone is None:
            return None if until is None else day_of(until)
        if not isinstance(until, datetime):
            until = datetime.combine(until, time.max)
        try:
            return until if until.tzinfo is not None else wall_to_utc(until, self.zone)
        except TimeOutOfRange:
            return _LAST_INSTANT if until.year > 1 else datetime.min.replace(tzinfo=UTC)

    def _coerced_exdates(self) -> frozenset[date]:
        """Dates when all-day; else a date stands for its whole day, an instant for itself.

        A wall time in a gap also stands for the one that clocks show instead.
        """
        if self.zone is None or self.all_day:
            return frozenset(map(day_of, self.exdates))
        walls = {exdate for exdate in self.exdates if isinstance(exdate, datetime) and exdate.tzinfo is None}
        instants = {to_utc(exdate) for exdate in self.exdates - walls if isinstance(exdate, datetime)}
        days = {exdate for exdate in self.exdates if not isinstance(exdate, datetime)}
        shown = {_shown(wall, self.zone) for wall in walls}
        return frozenset(days | instants | walls | shown)

    def _sorted_rdates(self) -> tuple[tuple[date, date], ...]:
        """Wall time and start of each, in the order of the starts."""
        return tuple(sorted(set(map(self._coerced_rdate, self.rdates)), key=itemgetter(1)))

    def _coerced_rdate(self, rdate: date) -> tuple[date, date]:
        if not isinstance(self.start, datetime) or self.zone is None:
            return day_of(rdate), day_of(rdate)
        if not isinstance(rdate, datetime):
            rdate = datetime.combine(rdate, self.start.time())
        start = wall_to_utc(rdate, self.zone) if rdate.tzinfo is None else to_utc(rdate)
        return utc_to_wall(start, self.zone), start

    def _is_excluded(self, wall: date, start: date) -> bool:
        return bool(self._excluded) and not self._excluded.isdisjoint((wall, start, day_of(wall)))

    def _bound(self, bound: date) -> date:
        if self.all_day is isinstance(bound, datetime):
            raise TypeError("an all-day series is bounded by dates, a timed one by aware datetimes")
        return to_utc(bound) if isinstance(bound, datetime) else bound


def _too_many(limit: int, **params: object) -> InvalidRule:
    return InvalidRule("too_many_occurrences", f"more than {limit} instances", limit=limit, **params)


def _shown(wall: datetime, zone: ZoneInfo) -> datetime:
    try:
        return utc_to_wall(wall_to_utc(wall, zone), zone)
    except TimeOutOfRange:
        return wall


def _shifted(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return date.max if by > timedelta(0) else date.min
