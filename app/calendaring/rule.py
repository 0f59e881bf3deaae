"""Recurrence rules: parsing, checking and writing RRULE text (RFC 5545 §3.3.10, RFC 7529 §4.1)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from app.calendaring.rule_parts import (
    GREGORIAN,
    MAX_COUNT,
    MAX_INTERVAL,
    NUMBER_PARTS,
    Frequency,
    InvalidRule,
    Skip,
    WeekdayNumber,
    format_until,
    format_weekday_numbers,
    out_of_range,
    parse_part,
    syntax_error,
)
from app.calendaring.zones import to_utc

__all__ = ["MAX_TEXT", "Frequency", "InvalidRule", "Rule", "Skip", "WeekdayNumber"]

MAX_TEXT = 1_000

_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A valid recurrence rule; every way to make one raises InvalidRule instead of making an invalid one.

    `until` is a date, an aware UTC datetime, or a naive datetime to be read in the series' zone; it is
    inclusive. Lists are kept sorted and without repetitions. `week_start` is 0 = Monday … 6 = Sunday.
    """

    frequency: Frequency
    until: date | None = None
    count: int | None = None
    interval: int = 1
    by_second: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_day: tuple[WeekdayNumber, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_week_number: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    week_start: int = 0
    skip: Skip = Skip.OMIT

    def __post_init__(self) -> None:
        for attribute in ("by_day", *(part.attribute for part in NUMBER_PARTS.values())):
            object.__setattr__(self, attribute, tuple(sorted(set(getattr(self, attribute)))))
        if isinstance(self.until, datetime) and self.until.tzinfo is not None:
            object.__setattr__(self, "until", to_utc(self.until))
        _check_numbers(self)
        _check_ends(self)
        _check_combinations(self)
        _check_days_exist(self)

    @property
    def moves_month_days(self) -> bool:
        """Whether SKIP puts another day in the place of a BYMONTHDAY, or DTSTART's, that a month does not have.

        DAILY and WEEKLY only go over days that exist, and so do BYWEEKNO and BYYEARDAY, which a day must match too.
        """
        counts_in_months = self.frequency in (Frequency.MONTHLY, Frequency.YEARLY)
        return self.skip is not Skip.OMIT and counts_in_months and not (self.by_week_number or self.by_year_day)

    @property
    def moves_year_days(self) -> bool:
        """Whether SKIP puts another day in the place of day 366 of a year without 29 February.

        With BYMONTH, BYMONTHDAY or BYWEEKNO a day of the year must match these too, and one that is not there does not.
        """
        return (
            self.skip is not Skip.OMIT
            and bool(self.by_year_day)
            and not (self.by_month or self.by_month_day or self.by_week_number)
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads RRULE text of at most MAX_TEXT characters, any letter case, with or without "RRULE:".

        Raises InvalidRule.
        """
        if len(text) > MAX_TEXT:
            raise InvalidRule("rule_too_long", f"longer than {MAX_TEXT} characters", maximum=MAX_TEXT)
        body = text.strip()
        if not body.isascii() or not body.isprintable():
            raise syntax_error("RRULE", body)
        values: dict[str, Any] = {}
        for item in body.upper().removeprefix("RRULE:").split(";"):
            name, equals, value = item.partition("=")
            if not (name and equals and value):
                raise syntax_error("RRULE", item)
            attribute, parsed = parse_part(name, value)
            if attribute in values:
                raise InvalidRule("duplicate_part", f"{name} is given twice", part=name)
            values[attribute] = parsed
        if values.pop("scale", None) is None and "skip" in values:
            raise InvalidRule("skip_without_rscale", "SKIP needs RSCALE", part="SKIP")
        if "frequency" not in values:
            raise InvalidRule("frequency_missing", "FREQ is missing")
        return cls(**values)

    def __str__(self) -> str:
        """Canonical RRULE text without "RRULE:"; what equals its default is left out, RSCALE without SKIP too."""
        parts = [f"FREQ={self.frequency}"]
        if self.skip is not Skip.OMIT:
            parts.insert(0, f"RSCALE={GREGORIAN}")
        if self.until is not None:
            parts.append(f"UNTIL={format_until(self.until)}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        parts.append(f"BYDAY={format_weekday_numbers(self.by_day)}")
        for name, part in NUMBER_PARTS.items():
            parts.append(f"{name}={','.join(map(str, getattr(self, part.attribute)))}")
        if self.week_start != 0:
            parts.append(f"WKST={format_weekday_numbers((WeekdayNumber(self.week_start),))}")
        if self.skip is not Skip.OMIT:
            parts.append(f"SKIP={self.skip}")
        return ";".join(part for part in parts if not part.endswith("="))


def _check_numbers(rule: Rule) -> None:
    if rule.interval < 1:
        raise InvalidRule("interval_zero", "INTERVAL must be at least 1")
    if rule.interval > MAX_INTERVAL:
        raise InvalidRule("interval_too_large", f"INTERVAL is above {MAX_INTERVAL}", maximum=MAX_INTERVAL)
    for name, part in NUMBER_PARTS.items():
        for value in getattr(rule, part.attribute):
            if not part.allows(value):
                raise out_of_range(name, value)
    for value in rule.by_day:
        if not (0 <= value.weekday <= 6 and -53 <= value.ordinal <= 53):
            raise out_of_range("BYDAY", value.ordinal)
    if not 0 <= rule.week_start <= 6:
        raise out_of_range("WKST", rule.week_start)


def _check_ends(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        raise InvalidRule("until_and_count", "UNTIL and COUNT exclude each other")
    if rule.count is not None and rule.count < 1:
        raise InvalidRule("count_zero", "COUNT must be at least 1")
    if rule.count is not None and rule.count > MAX_COUNT:
        raise out_of_range("COUNT", rule.count)


def _check_combinations(rule: Rule) -> None:
    yearly = rule.frequency is Frequency.YEARLY
    forbidden = {
        "BYWEEKNO": rule.by_week_number and not yearly,
        "BYYEARDAY": rule.by_year_day and not yearly,
        "BYMONTHDAY": rule.by_month_day and rule.frequency is Frequency.WEEKLY,
    }
    for part, is_forbidden in forbidden.items():
        if is_forbidden:
            raise InvalidRule(
                "part_not_allowed",
                f"{part} is not allowed with {rule.frequency}",
                part=part,
                frequency=rule.frequency.value,
            )
    ordinals_allowed = rule.frequency is Frequency.MONTHLY or (yearly and not rule.by_week_number)
    if not ordinals_allowed and any(value.ordinal for value in rule.by_day):
        raise InvalidRule(
            "ordinal_not_allowed",
            "numbered weekdays need MONTHLY, or YEARLY without BYWEEKNO",
            part="BYDAY",
            frequency=rule.frequency.value,
        )
    others = (part.attribute for name, part in NUMBER_PARTS.items() if name != "BYSETPOS")
    if rule.by_set_position and not (rule.by_day or any(getattr(rule, name) for name in others)):
        raise InvalidRule("set_position_alone", "BYSETPOS needs another BY part", part="BYSETPOS")


def _check_days_exist(rule: Rule) -> None:
    """Refuses what no calendar year can hold: 30 February where SKIP does not move it, a sixth Monday in a month."""
    if rule.by_month and rule.by_month_day and not rule.moves_month_days:
        longest = max(_LONGEST_MONTHS[month - 1] for month in rule.by_month)
        if all(abs(day) > longest for day in rule.by_month_day):
            raise InvalidRule("rule_never_matches", "none of these months has such a day", part="BYMONTHDAY")
    within_month = rule.frequency is Frequency.MONTHLY or rule.by_month
    if within_month and rule.by_day and all(abs(value.ordinal) > 5 for value in rule.by_day):
        raise InvalidRule("rule_never_matches", "no month has six of one weekday", part="BYDAY")
