"""Dates, times, durations and periods in their written forms (RFC 5545 §3.3.4 to §3.3.9)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

_MOMENT = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ]([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:\.[0-9]{1,9})?)?([Zz]?)|Z)?"
)
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]{1,6})W)?(?:([0-9]{1,7})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)


class InvalidValue(ValueError):
    """Text that is no value of its type."""


class Moment(NamedTuple):
    """A written DATE or DATE-TIME: a date or a naive datetime, and whether it is in UTC."""

    value: date
    is_utc: bool


class Duration(NamedTuple):
    """A DURATION: whole days, which are nominal, and the rest, which is exact (§3.8.5.3)."""

    days: int
    rest: timedelta


def parse_moment(text: str) -> Moment:
    """A DATE or DATE-TIME by its form, whatever VALUE says; also with the separators of ISO 8601, and 24:00.

    Raises InvalidValue.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise InvalidValue(text)
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return Moment(day, False)
        hour, minute, second = int(match[4]), int(match[5]), min(int(match[6] or 0), 60)
        if hour == 24 and minute == second == 0:
            return Moment(datetime(day.year, day.month, day.day) + timedelta(days=1), bool(match[7]))  # noqa: DTZ001
        # Second 60 is a leap second, which Python's clock does not have (§3.3.12 reads it as 59).
        moment = datetime(day.year, day.month, day.day, hour, minute, min(second, 59))  # noqa: DTZ001
    except (ValueError, OverflowError):
        raise InvalidValue(text) from None
    return Moment(moment, bool(match[7]))


def parse_duration(text: str) -> Duration:
    """A DURATION; weeks are seven nominal days. Raises InvalidValue, for a negative one too."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or match[1] == "-" or text.strip().upper().endswith(("P", "T")):
        raise InvalidValue(text)
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    try:
        return Duration(weeks * 7 + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))
    except OverflowError:
        raise InvalidValue(text) from None


def parse_period(text: str) -> tuple[Moment, Moment | Duration | None]:
    """A PERIOD's start and its end or length; a plain DATE or DATE-TIME has None. Raises InvalidValue."""
    start, slash, end = text.partition("/")
    if not slash:
        return parse_moment(start), None
    return parse_moment(start), parse_duration(end) if "P" in end.upper() else parse_moment(end)


def list_items(value: str) -> Iterator[str]:
    """The items of a list value; those of Lotus Notes have a backslash before the comma."""
    return (item for item in (part.strip().rstrip("\\") for part in value.split(",")) if item)


def format_moment(moment: date) -> str:
    """A date, a naive or an aware datetime; an aware one in UTC."""
    if not isinstance(moment, datetime):
        return f"{moment.year:04}{moment.month:02}{moment.day:02}"
    suffix = ""
    if moment.tzinfo is not None:
        moment, suffix = moment.astimezone(UTC), "Z"
    return (
        f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment.hour:02}{moment.minute:02}{moment.second:02}{suffix}"
    )


def format_duration(days: int, rest: timedelta) -> str:
    """A DURATION of whole nominal days and an exact rest of whole seconds, both not negative."""
    seconds = rest // timedelta(seconds=1)
    time = "".join(
        f"{number}{unit}"
        for number, unit in ((seconds // 3600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
        if number
    )
    if not time:
        return f"P{days}D"
    if seconds >= 3600 and seconds % 60 and not seconds // 60 % 60:
        time = time.replace("H", "H0M")  # the grammar has no hours and seconds without minutes
    return f"P{f'{days}D' if days else ''}T{time}"


def parse_offset(text: str) -> timedelta:
    """A UTC-OFFSET (§3.3.14) such as +0100 or -044140. Raises InvalidValue."""
    match = re.fullmatch(r"([+-]?)([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?", text.strip())
    if match is None:
        raise InvalidValue(text)
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    if size >= timedelta(days=1):
        raise InvalidValue(text)
    return -size if match[1] == "-" else size
