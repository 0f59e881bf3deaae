"""Recurrence rules as people read them, in English and Russian: every week on Monday, until 1 June 2027."""

from datetime import datetime

from app.calendaring.rule import Frequency, InvalidRule, Rule, WeekdayNumber
from app.core import spoken_times

_EVERY = {
    Frequency.DAILY: (("every day", "every {} days"), ("каждый день", "раз в {} дн.")),
    Frequency.WEEKLY: (("every week", "every {} weeks"), ("каждую неделю", "раз в {} нед.")),
    Frequency.MONTHLY: (("every month", "every {} months"), ("каждый месяц", "раз в {} мес.")),
    Frequency.YEARLY: (("every year", "every {} years"), ("каждый год", "раз в {} г.")),
}
_DAYS = (
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("по понедельникам", "по вторникам", "по средам", "по четвергам", "по пятницам", "по субботам", "по воскресеньям"),
)
_NTH_EN = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
# By the gender of the weekday, and each weekday as what happens on it.
_NTH_RU = {
    1: ("первый", "первую", "первое"),
    2: ("второй", "вторую", "второе"),
    3: ("третий", "третью", "третье"),
    4: ("четвёртый", "четвёртую", "четвёртое"),
    5: ("пятый", "пятую", "пятое"),
    -1: ("последний", "последнюю", "последнее"),
}
_DAYS_RU = (
    *(("понедельник", 0), ("вторник", 0), ("среду", 1), ("четверг", 0), ("пятницу", 1), ("субботу", 1)),
    ("воскресенье", 2),
)


def spoken_rule(text: str, language: str) -> str | None:
    """The rule in words; None for one that takes more words than anybody would read."""
    try:
        rule = Rule.parse(text)
    except InvalidRule:
        return None
    which = 1 if language == "ru" else 0
    on = _on(rule, which)
    if on is None:
        return None
    one, many = _EVERY[rule.frequency][which]
    every = one if rule.interval == 1 else many.format(rule.interval)
    return " ".join(part for part in (every, on) if part) + _end(rule, which, language)


def _on(rule: Rule, which: int) -> str | None:
    listed = (rule.by_month_day, rule.by_day)
    if any((rule.by_second, rule.by_minute, rule.by_hour, rule.by_year_day, rule.by_week_number, rule.by_set_position)):
        return None
    if rule.by_month or all(listed) or len(rule.by_day) > 7:
        return None
    if rule.by_month_day:
        if len(rule.by_month_day) > 3 or min(rule.by_month_day) < 0:
            return None
        days = _and([str(day) for day in rule.by_month_day], which)
        return f"{days} числа" if which else f"on day {days}"
    if not rule.by_day:
        return ""
    if any(day.ordinal for day in rule.by_day):
        nth = [_nth(day, which) for day in rule.by_day]
        if None in nth or len(nth) > 2:
            return None
        words = _and([word for word in nth if word], which)
        return f"в {words}" if which else f"on the {words}"
    words = _and([_DAYS[which][day.weekday] for day in rule.by_day], which)
    return words if which else f"on {words}"


def _nth(day: WeekdayNumber, which: int) -> str | None:
    if day.ordinal not in _NTH_EN:
        return None
    if not which:
        return f"{_NTH_EN[day.ordinal]} {_DAYS[0][day.weekday]}"
    word, gender = _DAYS_RU[day.weekday]
    return f"{_NTH_RU[day.ordinal][gender]} {word}"


def _end(rule: Rule, which: int, language: str) -> str:
    if rule.count is not None:
        return f", всего {rule.count}" if which else f", {rule.count} times"
    if rule.until is None:
        return ""
    until = rule.until
    moment = until if isinstance(until, datetime) else datetime(until.year, until.month, until.day)  # noqa: DTZ001
    return f", {'до' if which else 'until'} {spoken_times.day(moment, language)}"


def _and(words: list[str], which: int) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {'и' if which else 'and'} {words[-1]}"
