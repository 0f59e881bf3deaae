"""Time zones: IANA names, and wall time to and from UTC (RFC 5545 §3.3.5).

Importing this module makes `zoneinfo` read the `tzdata` package only, never the host's own files, so that
every process derives the same UTC from the same wall time.
"""

import importlib.resources
import zoneinfo
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

TZDATA_VERSION: str = tzdata.IANA_VERSION

zoneinfo.reset_tzpath(to=())
# Zones that something else loaded earlier may have come from the host's files.
ZoneInfo.clear_cache()

# "Factory" is the database's way to say "not configured"; it is nobody's zone.
_KEYS: frozenset[str] = frozenset(
    importlib.resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
) - {"Factory"}


class UnknownZone(ValueError):
    """The name is not a key of the IANA time zone database."""


class TimeOutOfRange(ValueError):
    """The moment lies before year 1 or after year 9999 in UTC or in the zone."""


@cache
def _load(key: str) -> ZoneInfo:
    return ZoneInfo(key)


def get_zone(name: str) -> ZoneInfo:
    """The zone of an IANA key such as "Europe/Berlin", cached; raises UnknownZone for anything else.

    Only names listed by `tzdata` reach the file system, so a path or an overlong name costs one look-up in
    a set.
    """
    if name not in _KEYS:
        raise UnknownZone("not an IANA time zone")
    return _load(name)


def wall_to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """The aware UTC instant of an explicit naive wall time in `zone` (RFC 5545 §3.3.5).

    A time inside a gap is read with the offset before the gap, an ambiguous one is the first of the two;
    `fold` is ignored. Raises TimeOutOfRange, and ValueError for an aware `wall`.
    """
    try:
        return _first_reading(wall, zone).astimezone(UTC)
    except OverflowError:
        raise TimeOutOfRange("wall time has no UTC between the years 1 and 9999") from None


def recurring_wall_to_utc(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """Like wall_to_utc, but None inside a gap, where no recurring instance exists (RFC 5545 §3.3.10)."""
    reading = _first_reading(wall, zone)
    try:
        instant = reading.astimezone(UTC)
    except OverflowError:
        raise TimeOutOfRange("wall time has no UTC between the years 1 and 9999") from None
    # Both carry `zone`, so this compares wall times: out of a gap another one comes back.
    return instant if instant.astimezone(zone) == reading else None


def wall_exists(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` ever show the naive `wall`; False inside a gap."""
    first = _first_reading(wall, zone)
    earlier, later = first.utcoffset(), first.replace(fold=1).utcoffset()
    assert earlier is not None  # a ZoneInfo always knows its offset at a datetime
    assert later is not None
    # PEP 495: the later reading has the larger offset inside a gap and nowhere else.
    return later <= earlier


def utc_to_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    """The naive wall time in `zone` at an aware instant; `fold` is always 0.

    Raises TimeOutOfRange, and ValueError for a naive `instant`.
    """
    _require_aware(instant)
    try:
        return instant.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise TimeOutOfRange("instant has no wall time between the years 1 and 9999") from None


def to_utc(instant: datetime) -> datetime:
    """An aware instant in UTC; raises TimeOutOfRange, and ValueError for a naive `instant`."""
    _require_aware(instant)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise TimeOutOfRange("instant has no UTC between the years 1 and 9999") from None


def _require_aware(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError("an instant needs an offset")


def _first_reading(wall: datetime, zone: ZoneInfo) -> datetime:
    if wall.tzinfo is not None:
        raise ValueError("a wall time carries no offset")
    if wall.fold:
        wall = wall.replace(fold=0)
    # For Python 3.11 this is several times as fast as replace(tzinfo=zone), and it runs once per instance.
    return datetime.combine(wall, wall.time(), zone)
