"""VTIMEZONE: what a zone that a file writes out says (RFC 5545 §3.6.5)."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import islice

from app.calendaring.expansion import expand, times_per_day
from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.values import InvalidValue, list_items, parse_moment, parse_offset
from app.calendaring.rule import Frequency, InvalidRule, Rule

FIRST_YEAR, LAST_YEAR = 1960, 2060  # leap years both

_MAX_OBSERVANCES = 50
_MAX_ONSETS = 400
_MAX_RDATES = 400
_NEARBY = 10
_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Observance:
    """A STANDARD or DAYLIGHT part: from each of its onsets, naive wall times before the change, `offset` is kept."""

    onset: datetime
    offset_before: timedelta
    offset: timedelta
    rule: Rule | None
    others: tuple[datetime, ...]

    def onsets(self) -> list[datetime]:
        """The onsets in UTC as naive datetimes; a rule is followed through the years that are looked at."""
        found = [self.onset, *self.others]
        if self.rule is not None:
            found += islice(self._ruled(self.rule), _MAX_ONSETS)
        return [_shifted(moment, -self.offset_before) for moment in found]

    def _ruled(self, rule: Rule) -> Iterator[datetime]:
        last = datetime(LAST_YEAR, 12, 31, 23, 59, 59)  # noqa: DTZ001
        if isinstance(rule.until, datetime):
            utc = rule.until.tzinfo is not None
            last = min(last, _shifted(rule.until.replace(tzinfo=None), self.offset_before if utc else _ZERO))
        first = date(max(min(FIRST_YEAR, last.year), self.onset.year), 1, 1)
        for moment in expand(rule, self.onset, first, last.date()):
            if isinstance(moment, datetime) and moment <= last:
                yield moment


@dataclass(frozen=True, eq=False)
class WrittenZone:
    """A VTIMEZONE. `location` is its X-LIC-LOCATION; `text` is its unfolded text.

    Outside FIRST_YEAR … LAST_YEAR its offsets are those of the nearest of these years.
    """

    tzid: str
    location: str | None
    observances: tuple[Observance, ...]
    text: str

    @cached_property
    def transitions(self) -> list[tuple[datetime, timedelta]]:
        """The naive UTC instants of changes in order, and the offset from each on."""
        found = {onset: observance.offset for observance in self.observances for onset in observance.onsets()}
        return sorted(found.items())

    @cached_property
    def _instants(self) -> list[datetime]:
        return [instant for instant, _ in self.transitions]

    @cached_property
    def _first_offset(self) -> timedelta:
        return min(self.observances, key=lambda observance: observance.onset).offset_before

    def to_utc(self, wall: datetime) -> datetime:
        """The aware instant of a naive wall time: in a gap by the offset before it, else the first of two (§3.3.5)."""
        near = wall.replace(year=min(max(wall.year, FIRST_YEAR), LAST_YEAR))
        index = bisect_right(self._instants, near - timedelta(days=1))
        before = self.transitions[index - 1][1] if index else self._first_offset
        for instant, offset in self.transitions[index : index + _NEARBY]:
            if _shifted(instant, max(before, offset)) > near:
                break
            before = offset
        return _shifted(wall, -before).replace(tzinfo=UTC)

    def offset_at(self, instant: datetime) -> timedelta:
        """The offset at a naive UTC instant."""
        index = bisect_right(self._instants, instant)
        return self.transitions[index - 1][1] if index else self._first_offset


def parse_zone(lines: list[ContentLine]) -> WrittenZone | None:
    """The zone of a VTIMEZONE's lines; None when it has no TZID or no part that can be read."""
    tzid = location = None
    observances: list[Observance] = []
    part: dict[str, list[ContentLine]] | None = None
    for line in lines:
        if line.name == "BEGIN" and line.value.strip().upper() in ("STANDARD", "DAYLIGHT"):
            part = {}
        elif line.name == "END" and part is not None:
            observance = _observance(part)
            if observance is not None and len(observances) < _MAX_OBSERVANCES:
                observances.append(observance)
            part = None
        elif part is not None:
            part.setdefault(line.name, []).append(line)
        elif line.name == "TZID":
            tzid = line.value.strip()
        elif line.name == "X-LIC-LOCATION":
            location = line.value.strip()
    if not tzid or not observances:
        return None
    return WrittenZone(tzid, location, tuple(observances), "\n".join(map(str, lines)))


def _observance(part: dict[str, list[ContentLine]]) -> Observance | None:
    try:
        onset = _wall(part["DTSTART"][0].value)
        offset_before = parse_offset(part["TZOFFSETFROM"][0].value)
        offset = parse_offset(part["TZOFFSETTO"][0].value)
        items = [item for line in part.get("RDATE", ()) for item in list_items(line.value)]
        others = tuple(_wall(item) for item in items[:_MAX_RDATES])
        rule = Rule.parse(part["RRULE"][0].value.rstrip(";")) if "RRULE" in part else None
    except (KeyError, InvalidValue, InvalidRule):
        return None
    if rule is not None and (times_per_day(rule) > 1 or rule.frequency is not Frequency.YEARLY):
        return None
    return Observance(onset, offset_before, offset, rule, others)


def _wall(text: str) -> datetime:
    value = parse_moment(text).value
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _shifted(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.min if by < _ZERO else datetime.max  # noqa: DTZ901
