"""The parts of a recurrence rule: their values, ranges and text (RFC 5545 §3.3.10, RFC 7529 §4.1)."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

MAX_INTERVAL = 10_000
MAX_COUNT = 999_999_999
GREGORIAN = "GREGORIAN"
_MAX_ECHO = 40

WEEKDAYS: tuple[str, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_NUMBER = re.compile(r"([+-]?)([0-9]{1,20})")
_WEEKDAY_NUMBER = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")


class InvalidRule(ValueError):
    """A rule that is malformed, forbidden by RFC 5545 §3.3.10, unanswerable or beyond a limit.

    `code` is a constant for programs, `params` the values for a message to people, `str()` English for logs.
    """

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(message)
        self.code = code
        self.params: dict[str, object] = params


class Frequency(StrEnum):
    """The frequencies a calendar offers; SECONDLY, MINUTELY and HOURLY are refused."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Skip(StrEnum):
    """What becomes of a day that its month or year does not have (RFC 7529 §4.1)."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


class WeekdayNumber(NamedTuple):
    """One BYDAY value: weekday 0 = Monday … 6 = Sunday; ordinal 0 means every one, -1 the last."""

    weekday: int
    ordinal: int = 0


class NumberPart(NamedTuple):
    """A part that lists whole numbers; a signed one counts from the end as well and never holds 0."""

    attribute: str
    low: int
    high: int
    signed: bool

    def allows(self, value: int) -> bool:
        return self.low <= (abs(value) if self.signed else value) <= self.high


NUMBER_PARTS: Mapping[str, NumberPart] = {
    "BYSECOND": NumberPart("by_second", 0, 60, False),
    "BYMINUTE": NumberPart("by_minute", 0, 59, False),
    "BYHOUR": NumberPart("by_hour", 0, 23, False),
    "BYMONTHDAY": NumberPart("by_month_day", 1, 31, True),
    "BYYEARDAY": NumberPart("by_year_day", 1, 366, True),
    "BYWEEKNO": NumberPart("by_week_number", 1, 53, True),
    "BYMONTH": NumberPart("by_month", 1, 12, False),
    "BYSETPOS": NumberPart("by_set_position", 1, 366, True),
}


def syntax_error(part: str, value: str) -> InvalidRule:
    return InvalidRule("rule_syntax", f"{part}: cannot read {value[:_MAX_ECHO]!r}", part=part, value=value[:_MAX_ECHO])


def out_of_range(part: str, value: object) -> InvalidRule:
    return InvalidRule("value_out_of_range", f"{part}: {value} is out of range", part=part, value=value)


def parse_frequency(text: str) -> Frequency:
    if text in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise InvalidRule("frequency_too_high", f"{text} repeats more than daily", frequency=text)
    if text not in Frequency.__members__:
        raise syntax_error("FREQ", text)
    return Frequency(text)


def _parse_skip(text: str) -> Skip:
    if text not in Skip.__members__:
        raise syntax_error("SKIP", text)
    return Skip(text)


def _parse_scale(text: str) -> str:
    if text != GREGORIAN:
        scale = text[:_MAX_ECHO]
        raise InvalidRule("rscale_unsupported", f"RSCALE {scale!r} is not supported", part="RSCALE", value=scale)
    return text


def _parse_number(part: str, text: str, signed: bool) -> int:
    match = _NUMBER.fullmatch(text)
    if match is None or (match[1] and not signed):
        raise syntax_error(part, text)
    return int(text)


def _parse_numbers(part: str, text: str) -> tuple[int, ...]:
    signed = NUMBER_PARTS[part].signed
    return tuple(_parse_number(part, item, signed) for item in text.split(","))


def _parse_weekday_numbers(text: str) -> tuple[WeekdayNumber, ...]:
    values = []
    for item in text.split(","):
        match = _WEEKDAY_NUMBER.fullmatch(item)
        if match is None:
            raise syntax_error("BYDAY", item)
        if match[1] and int(match[1]) == 0:  # 0 stands for "every" in WeekdayNumber, so it is caught here
            raise out_of_range("BYDAY", item)
        values.append(WeekdayNumber(WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(values)


def _parse_week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise syntax_error("WKST", text)
    return WEEKDAYS.index(text)


def _parse_until(text: str) -> date:
    match = _UNTIL.fullmatch(text)
    if match is None:
        raise syntax_error("UNTIL", text)
    year, month, day = int(match[1]), int(match[2]), int(match[3])
    try:
        if match[4] is None:
            return date(year, month, day)
        # Second 60 is a leap second, which Python's clock does not have (§3.3.12 reads it as 59).
        second = 59 if match[6] == "60" else int(match[6])
        zone = UTC if match[7] else None
        return datetime(year, month, day, int(match[4]), int(match[5]), second, tzinfo=zone)
    except ValueError:
        raise out_of_range("UNTIL", text) from None


_OTHER_PARTS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "FREQ": ("frequency", parse_frequency),
    "INTERVAL": ("interval", lambda text: _parse_number("INTERVAL", text, signed=False)),
    "COUNT": ("count", lambda text: _parse_number("COUNT", text, signed=False)),
    "UNTIL": ("until", _parse_until),
    "BYDAY": ("by_day", _parse_weekday_numbers),
    "WKST": ("week_start", _parse_week_start),
    "SKIP": ("skip", _parse_skip),
    "RSCALE": ("scale", _parse_scale),
}


def parse_part(part: str, text: str) -> tuple[str, object]:
    """The attribute of Rule that a part fills, and its value, from upper-case text; raises InvalidRule.

    "scale" is no attribute of Rule: it can only be GREGORIAN, and only says that SKIP may follow (RFC 7529 §4.1).
    """
    if part in NUMBER_PARTS:
        return NUMBER_PARTS[part].attribute, _parse_numbers(part, text)
    if part in _OTHER_PARTS:
        attribute, parse = _OTHER_PARTS[part]
        return attribute, parse(text)
    raise InvalidRule("unknown_part", f"unknown part {part[:_MAX_ECHO]!r}", part=part[:_MAX_ECHO])


def format_weekday_numbers(values: tuple[WeekdayNumber, ...]) -> str:
    return ",".join(f"{value.ordinal or ''}{WEEKDAYS[value.weekday]}" for value in values)


def format_until(until: date) -> str:
    if not isinstance(until, datetime):
        return until.isoformat().replace("-", "")
    text = until.replace(tzinfo=None, microsecond=0).isoformat().replace("-", "").replace(":", "")
    return text if until.tzinfo is None else f"{text}Z"
