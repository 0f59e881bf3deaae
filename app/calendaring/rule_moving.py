"""How the parts of a rule follow when the first instance is moved to another day and time of day."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from app.calendaring.expansion import day_of, length_of_year, week_numbers
from app.calendaring.rule import Frequency, InvalidRule, Rule, WeekdayNumber

_TIME_PARTS = (("by_hour", "hour", 23), ("by_minute", "minute", 59), ("by_second", "second", 59))
# Days that every month and every year has, from either end.
_SURE_MONTH_DAYS, _SURE_YEAR_DAYS = 28, 365


class CannotMove(ValueError):
    """A series cannot be moved there as a whole; `code` is a constant for programs.

    Codes: pattern_cannot_move, where no rule says the pattern moved by that much; start_not_in_rule, where the rule
    that comes closest does not make the new start.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def moved_rule(rule: Rule, old: date, new: date) -> Rule:
    """The rule of a series whose DTSTART moves from `old` to `new`, wall times or dates; UNTIL is left as it is.

    What a rule takes from DTSTART needs no change. Raises CannotMove.
    """
    changes = _times(rule, old, new)
    old_day, new_day = day_of(old), day_of(new)
    if old_day != new_day:
        changes |= _days(rule, old_day, new_day)
    try:
        return replace(rule, **changes)
    except InvalidRule as error:
        raise _cannot_move() from error


def _cannot_move() -> CannotMove:
    return CannotMove("pattern_cannot_move", "the pattern cannot be moved by so much")


def _times(rule: Rule, old: date, new: date) -> dict[str, Any]:
    if not (isinstance(old, datetime) and isinstance(new, datetime)):
        # A date has no time of day: what a rule says about it meant nothing before, or does so now.
        return (
            {part: () for part, _, _ in _TIME_PARTS} if isinstance(old, datetime) or isinstance(new, datetime) else {}
        )
    changes = {}
    for part, unit, highest in _TIME_PARTS:
        by = getattr(new, unit) - getattr(old, unit)
        values = tuple(value + by for value in getattr(rule, part))
        if by and not all(0 <= value <= highest for value in values):
            raise _cannot_move()
        changes[part] = values
    return changes


def _days(rule: Rule, old: date, new: date) -> dict[str, Any]:
    changes: dict[str, Any] = {"by_day": _weekdays(rule, old, new)}
    others = {value.weekday for value in rule.by_day} - {old.weekday()}
    if rule.frequency is Frequency.WEEKLY and others and (rule.interval > 1 or rule.by_set_position):
        # The days stay together in one week.
        changes["week_start"] = (rule.week_start + (new - old).days) % 7
    changes["by_month_day"] = _numbers(
        rule.by_month_day, old, new, _SURE_MONTH_DAYS, lambda day: (day.day, day.day - _length_of_month(day) - 1)
    )
    changes["by_year_day"] = _numbers(
        rule.by_year_day,
        old,
        new,
        _SURE_YEAR_DAYS,
        lambda day: (_day_of_year(day), _day_of_year(day) - _length(day) - 1),
    )
    changes["by_week_number"] = _weeks(rule, old, new)
    counts_months = rule.frequency in (Frequency.MONTHLY, Frequency.YEARLY)
    if counts_months or len(rule.by_month) == 1:
        changes["by_month"] = tuple((month - 1 + new.month - old.month) % 12 + 1 for month in rule.by_month)
    return changes


def _weekdays(rule: Rule, old: date, new: date) -> tuple[WeekdayNumber, ...]:
    if len(rule.by_day) == 1 and rule.by_day[0] in _numbered(rule, old):
        return (_numbered(rule, new)[rule.by_day[0].ordinal < 0],)
    by = (new - old).days
    return tuple(WeekdayNumber((value.weekday + by) % 7, value.ordinal) for value in rule.by_day)


def _numbered(rule: Rule, day: date) -> tuple[WeekdayNumber, WeekdayNumber]:
    """The day as a numbered weekday, counted from the start and from the end of its month, or else its year."""
    if rule.frequency is Frequency.MONTHLY or rule.by_month:
        position, length = day.day, _length_of_month(day)
    else:
        position, length = _day_of_year(day), _length(day)
    weekday = day.weekday()
    return WeekdayNumber(weekday, (position - 1) // 7 + 1), WeekdayNumber(weekday, -((length - position) // 7 + 1))


def _numbers(
    values: tuple[int, ...], old: date, new: date, sure: int, numbers_of: Callable[[date], tuple[int, int]]
) -> tuple[int, ...]:
    """Numbered days: the old day becomes the new one, counted from the same end; others move along where they can."""
    if len(values) == 1 and values[0] in numbers_of(old):
        return (numbers_of(new)[values[0] < 0],)
    by = (new - old).days
    moved = tuple(value + by for value in values)
    # Both within the days that are always there, and counted from the same end: then all move by equally much.
    for before, after in zip(values, moved, strict=True):
        if max(abs(before), abs(after)) > sure or before * after <= 0:
            raise _cannot_move()
    return moved


def _weeks(rule: Rule, old: date, new: date) -> tuple[int, ...]:
    if not rule.by_week_number:
        return ()
    before, after = week_numbers(old, rule.week_start), week_numbers(new, rule.week_start)
    if len(rule.by_day) > 1 and (new - old).days % 7:
        raise _cannot_move()  # the days would come to lie in different weeks
    if len(rule.by_week_number) == 1 and rule.by_week_number[0] in before:
        return (after[rule.by_week_number[0] < 0],)
    if before != after:
        raise _cannot_move()
    return rule.by_week_number


def _length_of_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _day_of_year(day: date) -> int:
    return day.timetuple().tm_yday


def _length(day: date) -> int:
    return length_of_year(day.year)
