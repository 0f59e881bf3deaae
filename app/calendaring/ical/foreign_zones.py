"""From the TZIDs of other programs to IANA zones (RFC 5545 §3.2.19; calendar rule 24)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from app.calendaring.ical.vtimezone import FIRST_YEAR, LAST_YEAR, WrittenZone
from app.calendaring.zones import UnknownZone, get_zone, to_utc, utc_to_wall, wall_to_utc

UTC_NAME = "UTC"

_MAX_COMPARISONS = 500
_MAX_INSTANTS = 50_000
_DAY = timedelta(days=1)


class Zone(NamedTuple):
    """What a TZID means: an IANA zone, or when none agrees, the zone as it is written out.

    `is_guess` says that nothing told which zone is meant and the default was taken.
    """

    name: str
    iana: ZoneInfo
    written: WrittenZone | None = None
    is_guess: bool = False

    def to_utc(self, wall: datetime) -> datetime:
        """The aware instant of a naive wall time. Raises TimeOutOfRange."""
        return wall_to_utc(wall, self.iana) if self.written is None else to_utc(self.written.to_utc(wall))

    def to_wall(self, instant: datetime) -> datetime:
        """The naive wall time in `name` of an aware instant. Raises TimeOutOfRange."""
        return utc_to_wall(instant, self.iana)


def iana_zone(name: str) -> Zone:
    """The zone of an IANA name. Raises UnknownZone."""
    return Zone(name, get_zone(name))


UTC_ZONE = iana_zone(UTC_NAME)


@dataclass(slots=True)
class ZoneWork:
    """What the zones of one file may still cost, and what is known of them already.

    A comparison of a VTIMEZONE with the database takes some milliseconds; `instants` are those converted one by one.
    """

    comparisons: int = _MAX_COMPARISONS
    instants: int = _MAX_INSTANTS
    found: dict[tuple[str, WrittenZone | None, str | None, int], Zone] = field(default_factory=dict)


class ForeignZones:
    """The zones of one calendar of a file: what it writes out, its own default, and Planner's."""

    def __init__(
        self, written: Mapping[str, WrittenZone], calendar_zone: str | None, default: str, work: ZoneWork
    ) -> None:
        self._written = written
        self._calendar_zone = known_name(calendar_zone) if calendar_zone else None
        self._default = iana_zone(default)
        self.work = work

    @property
    def floating(self) -> Zone:
        """The zone of times that name none (§3.3.5): the calendar's own, else the default."""
        return self._default if self._calendar_zone is None else iana_zone(self._calendar_zone)

    def text_of(self, tzid: str) -> str | None:
        """The VTIMEZONE of a TZID that is no IANA name; None when there is none or none is needed."""
        if _names().get(tzid.lower()) == tzid:
            return None
        written = self._written.get(tzid)
        return None if written is None else written.text

    def resolve(self, tzid: str, year: int) -> Zone:
        """The zone that a TZID means for something that happens in `year`."""
        year = min(max(year, FIRST_YEAR), LAST_YEAR)
        written = self._written.get(tzid)
        key = (tzid, written, self._calendar_zone, 0 if written is None else year)
        zone = self.work.found.get(key)
        if zone is None:
            zone = self.work.found[key] = self._resolved(tzid, written, year)
        return zone

    def _resolved(self, tzid: str, written: WrittenZone | None, year: int) -> Zone:
        exact = _names().get(tzid.lower())
        if exact is not None:
            return iana_zone(exact)
        hints = [name for name in _hints(tzid, written) if name is not None]
        if written is None:
            return iana_zone(hints[0]) if hints else self.floating._replace(is_guess=True)
        if self.work.comparisons <= 0:
            return iana_zone(hints[0]) if hints else Zone(UTC_NAME, UTC_ZONE.iana, written)
        self.work.comparisons -= 1
        # A zone known by its name keeps its wall time when its offsets have been changed since (rules 1 and 9).
        fallback = iana_zone(hints[0]) if hints else Zone(UTC_NAME, UTC_ZONE.iana, written)
        likely = [name for name in (self._calendar_zone, self._default.name) if name is not None]
        candidates = hints or [*likely, *_usual_names(), *sorted(_names().values())]
        # Lotus Notes puts the changes an hour off, and many write rules that end soon: try the best agreement first.
        for last_year, is_exact in ((min(year + 2, LAST_YEAR), True), (year, True), (year, False)):
            probes = _probes(written, year, last_year, is_exact=is_exact)
            for name in candidates:
                if all(_offset(get_zone(name), instant) == offset for instant, offset in probes):
                    return iana_zone(name)
        return fallback


def known_name(text: str) -> str | None:
    """The IANA name that a TZID or X-WR-TIMEZONE means by itself, without a VTIMEZONE; None when it does not."""
    return _names().get(text.strip().lower()) or next(_hints(text, None), None)


def _hints(tzid: str, written: WrittenZone | None) -> Iterator[str]:
    names = _names()
    if written is not None and written.location and written.location.lower() in names:
        yield names[written.location.lower()]
    plain = tzid.strip().strip('"').strip("/")
    if plain in WINDOWS_TO_OLSON:
        yield WINDOWS_TO_OLSON[plain]
    parts = plain.replace(" ", "_").lower().split("/")
    for start in range(min(len(parts), 8)):
        name = names.get("/".join(parts[start:][:4]))
        if name is not None:
            yield name
            return
    dashed = names.get(plain.lower().replace("-", "/"))
    if dashed is not None:
        yield dashed


def _probes(
    written: WrittenZone, first_year: int, last_year: int, *, is_exact: bool
) -> list[tuple[datetime, timedelta]]:
    """Naive UTC instants around the changes and in the middle of months, and the zone's offsets at them.

    Without `is_exact`, the day of a change itself is left out.
    """
    start, end = datetime(first_year, 1, 1), datetime(last_year, 12, 31)  # noqa: DTZ001
    instants = [datetime(year, month, 15) for year in range(first_year, last_year + 1) for month in range(1, 13)]  # noqa: DTZ001
    for instant, _ in written.transitions:
        if start < instant < end:
            instants += [instant - timedelta(seconds=1), instant] if is_exact else [instant - _DAY, instant + _DAY]
    return [(instant, written.offset_at(instant)) for instant in instants]


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta | None:
    return zone.fromutc(instant.replace(tzinfo=zone)).utcoffset()


@cache
def _names() -> dict[str, str]:
    """The IANA names by their lower case."""
    found = {}
    for name in available_timezones():
        try:
            get_zone(name)
        except UnknownZone:
            continue
        found[name.lower()] = name
    return found


@cache
def _usual_names() -> tuple[str, ...]:
    """The zones that stand for a whole country or region, to be preferred to their many namesakes."""
    return tuple(dict.fromkeys(name for name in WINDOWS_TO_OLSON.values() if name.lower() in _names()))
