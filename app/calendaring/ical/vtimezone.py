"""VTIMEZONE: what a zone that a file writes out says (RFC 5545 §3.6.5)."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.calendaring.expansion import expand, times_per_day
from app.calendaring.ical.content_lines import ContentLine
from app.calendaring.ical.values import InvalidValue, list_items, parse_moment, parse_offset
from app.calendaring.rule import Frequency, InvalidRule, Rule

_MAX_OBSERVANCES = 100
_MAX_RDATES = 1000
_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Observance:
    """A STANDARD or DAYLIGHT part: from each of its onsets, naive wall times before the change, `offset` is kept."""

    onset: datetime
    offset_before: timedelta
    offset: timedelta
    rule: Rule | None
    others: tuple[datetime, ...]

    def onsets(self, first_year: int, last_year: int) -> list[datetime]:
        """The onsets in these years, and the last one before them, all in UTC as naive datetimes."""
        found = [self.onset, *self.others]
        if self.rule is not None:
            found += self._ruled(self.rule, first_year, last_year)
        last_day = datetime(last_year, 12, 31, 23, 59, 59)  # noqa: DTZ001
        return [_shifted(moment, -self.offset_before) for moment in found if moment <= last_day]

    def _ruled(self, rule: Rule, first_year: int, last_year: int) -> list[datetime]:
        last = datetime(last_year, 12, 31, 23, 59, 59)  # noqa: DTZ001
        if isinstance(rule.until, datetime):
            utc = rule.until.tzinfo is not None
            last = min(last, _shifted(rule.until.replace(tzinfo=None), self.offset_before if utc else _ZERO))
        first = date(max(min(first_year - 1, last.year), self.onset.year, 1), 1, 1)
        moments = expand(rule, self.onset, first, last.date())
        return [moment for moment in moments if isinstance(moment, datetime) and moment <= last]


@dataclass(frozen=True, slots=True)
class WrittenZone:
    """A VTIMEZONE. `location` is its X-LIC-LOCATION; `text` is its unfolded text."""

    tzid: str
    location: str | None
    observances: tuple[Observance, ...]
    text: str

    def transitions(self, first_year: int, last_year: int) -> list[tuple[datetime, timedelta]]:
        """The naive UTC instants of changes up to the end of `last_year`, and the offset from each on."""
        found = {
            onset: observance.offset
            for observance in self.observances
            for onset in observance.onsets(first_year, last_year)
        }
        return sorted(found.items())

    def to_utc(self, wall: datetime) -> datetime:
        """The aware instant of a naive wall time: in a gap by the offset before it, else the first of two (§3.3.5)."""
        transitions = self.transitions(wall.year - 1, min(wall.year + 1, 9999))
        before = self._first_offset()
        for instant, offset in transitions:
            if _shifted(instant, max(before, offset)) > wall:
                break
            before = offset
        return _shifted(wall, -before).replace(tzinfo=UTC)

    def offsets_at(self, instants: list[datetime], transitions: list[tuple[datetime, timedelta]]) -> list[timedelta]:
        """The offsets at naive UTC instants, by these transitions."""
        keys = [instant for instant, _ in transitions]
        found = []
        for instant in instants:
            index = bisect_right(keys, instant) - 1
            found.append(transitions[index][1] if index >= 0 else self._first_offset())
        return found

    def _first_offset(self) -> timedelta:
        first = min(self.observances, key=lambda observance: observance.onset)
        return first.offset_before


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
