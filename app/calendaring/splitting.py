"""This and following: one series cut into two that together have exactly its instances (RFC 5545 §3.8.5).

Where the second part begins with an instance of the rule, the rule stays as it is but for COUNT. Where it begins with
an rdate, whose day and time are not the rule's, the rule names what it took from DTSTART before; and where that rdate
lies in a day, week, month or year that INTERVAL leaves out, only a DTSTART elsewhere keeps the intervals in step: an
earlier one, which an exdate takes out (calendar programs know that; not all know an RDATE before DTSTART).
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.calendaring.expansion import day_of, in_phase
from app.calendaring.rule import Frequency, InvalidRule, Rule, WeekdayNumber
from app.calendaring.series import Occurrence, Series
from app.calendaring.zones import TimeOutOfRange, to_utc, utc_to_wall, wall_to_utc

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class InvalidSplit(ValueError):
    """A series cannot be split there; `code` is a constant for programs.

    Codes: not_an_instance; first_instance, where a split is an edit of the whole series.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def split(series: Series, at: date) -> tuple[Series, Series]:
    """The series before the instance whose original start is `at`, and from it on.

    `at` is an aware instant, or a date when all-day. The first part's rule ends by UNTIL, at the latest a second or
    a day before `at`, never by COUNT; COUNT of the second part is what is left. Every instance keeps its exact
    length; exdates and rdates go to the part that they concern, rdates as aware instants or dates.

    The second part's `first_start` is `at`, and matches the rule unless `at` is an rdate that does not. Where
    INTERVAL rules that out, it is the last instance before `at` that is in step, and excluded: COUNT includes it.

    Raises InvalidSplit.
    """
    first = series.starts_at(at)
    if first is None:
        raise InvalidSplit("not_an_instance", "the series has no instance that starts there")
    earlier = next(series.occurrences(first.start), None)
    if earlier is None:
        raise InvalidSplit("first_instance", "there is no instance before this one")
    return _part_before(series, first.start, earlier), _part_from(series, first)


def _part_before(series: Series, at: date, first: Occurrence) -> Series:
    added = frozenset(start for start in series.added_starts if start < at)
    exdates = frozenset(exdate for exdate in series.exdates if _may_exclude(series, exdate, at, before=True))
    if series.first_start < at:
        return replace(series, rule=_ended_rule(series, at), rdates=added, exdates=exdates)
    # Only rdates lie before DTSTART, and those before the first instance are excluded.
    added = frozenset(start for start in added if start > first.start)
    return replace(_beginning_with(series, first), rule=None, rdates=added, exdates=exdates)


def _ended_rule(series: Series, at: date) -> Rule | None:
    rule = series.rule
    if rule is None:
        return None
    until = at - (_SECOND if isinstance(at, datetime) else _DAY)
    if series.until is not None:
        until = min(until, series.until)
    if rule.count is not None:
        starts = list(series.counted_starts(at))
        if len(starts) == rule.count:  # COUNT ended it earlier
            until = min(until, starts[-1])
    return replace(rule, count=None, until=until)


def _part_from(series: Series, first: Occurrence) -> Series:
    at = first.start
    rest = replace(
        series,
        rdates=frozenset(start for start in series.added_starts if start >= at),
        exdates=frozenset(exdate for exdate in series.exdates if _may_exclude(series, exdate, at, before=False)),
    )
    if at <= series.first_start:
        return rest
    if series.rule is None or _has_ended(series, at):
        return replace(_beginning_with(rest, first), rule=None, rdates=rest.rdates - {at})
    rule = _rule_from(series, first)
    if rule is None:
        return _beginning_earlier(series, rest, at)
    return replace(_beginning_with(rest, first), rule=rule, rdates=rest.rdates - {at})


def _has_ended(series: Series, at: date) -> bool:
    """Whether the rule makes nothing at `at` or after it."""
    return replace(series, rdates=frozenset()).is_exhausted_by(at)


def _beginning_with(series: Series, first: Occurrence) -> Series:
    """The series with DTSTART and DTEND of an instance; the rule is not adapted."""
    if series.zone is None or not (isinstance(first.start, datetime) and isinstance(first.end, datetime)):
        return replace(series, start=first.start, end=first.end)
    start, end = (utc_to_wall(instant, series.zone) for instant in (first.start, first.end))
    return replace(series, start=start, end=end, start_utc=first.start, end_utc=first.end)


def _rule_from(series: Series, first: Occurrence) -> Rule | None:
    """The rule for a DTSTART at the instance: with its COUNT left, and naming what it took from the old DTSTART.

    None where it cannot be written, or where it would count other intervals.
    """
    rule, start = series.rule, _wall(first.start, series.zone)
    assert rule is not None
    if not in_phase(rule, series.start, start):
        return None
    changes = _taken_from_start(rule, series.start, start)
    if rule.count is not None:
        # DTSTART counts, also one that the rule does not make.
        passed = series.count_before(first.start)
        changes["count"] = rule.count - passed + (not _is_counted(series, first.start))
    try:
        return None if changes.pop("microsecond", False) else replace(rule, **changes)
    except InvalidRule:
        return None  # what it took from DTSTART can never match


def _taken_from_start(rule: Rule, old: date, new: date) -> dict[str, Any]:
    """The parts that a rule leaves to DTSTART and that another DTSTART would change, with their values."""
    parts: dict[str, Any] = {}
    if isinstance(old, datetime) and isinstance(new, datetime):
        for part, unit in (("by_hour", "hour"), ("by_minute", "minute"), ("by_second", "second")):
            if not getattr(rule, part) and getattr(old, unit) != getattr(new, unit):
                parts[part] = (getattr(old, unit),)
        if old.microsecond != new.microsecond:
            parts["microsecond"] = True  # no part can name it
    if rule.by_day or rule.by_month_day or rule.by_year_day or rule.frequency is Frequency.DAILY:
        return parts
    if rule.frequency is Frequency.WEEKLY or rule.by_week_number:
        if old.weekday() != new.weekday():
            parts["by_day"] = (WeekdayNumber(old.weekday()),)
        return parts
    of_year = rule.frequency is Frequency.YEARLY and not rule.by_month
    if old.day != new.day or (of_year and old.month != new.month):
        parts["by_month_day"] = (old.day,)
        if of_year:
            parts["by_month"] = (old.month,)
    return parts


def _beginning_earlier(series: Series, rest: Series, at: date) -> Series:
    """The rest of a series whose DTSTART is the last instance of the rule before `at` in step, and excluded."""
    whole = replace(series, exdates=frozenset(), rdates=frozenset())
    excluded = set(rest.exdates)
    for start in reversed(list(whole.counted_starts(at))):
        excluded.add(start)
        occurrence = whole.starts_at(start)
        assert occurrence is not None
        rule = _rule_from(whole, occurrence)
        if rule is not None:
            return replace(_beginning_with(rest, occurrence), rule=rule, exdates=frozenset(excluded))
    raise AssertionError("DTSTART is in step with itself")


def _is_counted(series: Series, start: date) -> bool:
    since = day_of(start) - 2 * _DAY
    following = start + (_SECOND if isinstance(start, datetime) else _DAY)
    return start in series.counted_starts(following, since)


def _may_exclude(series: Series, exdate: date, at: date, *, before: bool) -> bool:
    """Whether an exdate concerns the instances before `at`, or else those from it on; an ambiguous one may do both."""
    zone = series.zone
    if series.all_day or zone is None:
        return (day_of(exdate) < at) is before
    if not isinstance(exdate, datetime):  # takes out its day; that of `at` has an instance
        return (exdate < day_of(_wall(at, zone))) is before
    if exdate.tzinfo is not None:
        return (to_utc(exdate) < at) is before
    try:
        first, last = wall_to_utc(exdate, zone), to_utc(exdate.replace(tzinfo=zone, fold=1))
    except TimeOutOfRange:
        return True
    return first < at if before else max(first, last) >= at


def _wall(start: date, zone: ZoneInfo | None) -> date:
    return start if zone is None or not isinstance(start, datetime) else utc_to_wall(start, zone)
