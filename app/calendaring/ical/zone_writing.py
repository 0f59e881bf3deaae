"""The VTIMEZONEs that Planner writes for IANA zones (RFC 5545 §3.6.5).

icalendar's `Timezone.from_tzinfo` is not used: 7.3 writes an onset in the wall time after the change, an hour late.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.calendaring.ical.values import format_moment
from app.calendaring.rule_parts import WEEKDAYS
from app.calendaring.zones import get_zone

_FIRST_YEAR, _LAST_YEAR = 1970, 2037
_STEP = timedelta(days=7)  # no zone changes twice within a week of the years above
_SECOND = timedelta(seconds=1)
_YEARS_OF_A_HABIT = 5


class _Kind(NamedTuple):
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


@lru_cache(maxsize=128)
def generated_zone(name: str) -> str:
    """The unfolded text of a VTIMEZONE for an IANA name, from 1970 on. Raises UnknownZone."""
    zone = get_zone(name)
    start = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)
    offset = _offset(start, zone)
    first = _Kind(offset, offset, start.astimezone(zone).tzname() or name, False)
    onsets: dict[_Kind, list[datetime]] = {}
    for instant in _changes(start, zone):
        before = _offset(instant - _SECOND, zone)
        local = instant.astimezone(zone)
        kind = _Kind(before, _offset(instant, zone), local.tzname() or name, bool(local.dst()))
        onsets.setdefault(kind, []).append((instant + before).replace(tzinfo=None))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", *_part(first, [start.replace(tzinfo=None)], None)]
    for kind, moments in onsets.items():
        habit = _habit(moments)
        single = moments[: len(moments) - habit]
        if single:
            lines += _part(kind, single, None)
        if habit:
            lines += _part(kind, moments[len(single) :][:1], _yearly(moments[-habit:]))
    return "\n".join([*lines, "END:VTIMEZONE"])


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _changes(start: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants at which offset, name or daylight saving change."""
    found = []
    end = datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    while start < end:
        following = start + _STEP
        if _state(start, zone) != _state(following, zone):
            same, changed = start, following
            while changed - same > _SECOND:
                middle = same + (changed - same) // _SECOND // 2 * _SECOND
                if _state(middle, zone) == _state(same, zone):
                    same = middle
                else:
                    changed = middle
            found.append(changed)
        start = following
    return found


def _state(instant: datetime, zone: ZoneInfo) -> tuple[timedelta | None, str | None, timedelta | None]:
    local = instant.astimezone(zone)
    return local.utcoffset(), local.tzname(), local.dst()


def _habit(moments: list[datetime]) -> int:
    """How many of the last moments one yearly rule names, up to the end; 0 when that is no habit that lasts."""
    if moments[-1].year != _LAST_YEAR:
        return 0
    length = 1
    while length < len(moments) and _yearly(moments[-length - 1 :]) is not None:
        length += 1
    return length if length >= _YEARS_OF_A_HABIT else 0


def _yearly(moments: list[datetime]) -> str | None:
    last = moments[-1]
    for ordinal in (-1, (last.day - 1) // 7 + 1):
        if all(
            moment.month == last.month
            and moment.weekday() == last.weekday()
            and moment.time() == last.time()
            and _has_ordinal(moment, ordinal)
            for moment in moments
        ) and all(later.year == earlier.year + 1 for earlier, later in pairwise(moments)):
            return f"FREQ=YEARLY;BYMONTH={last.month};BYDAY={ordinal}{WEEKDAYS[last.weekday()]}"
    return None


def _has_ordinal(moment: datetime, ordinal: int) -> bool:
    if ordinal > 0:
        return (moment.day - 1) // 7 + 1 == ordinal
    return (moment + timedelta(days=7)).month != moment.month


def _part(kind: _Kind, moments: list[datetime], rule: str | None) -> list[str]:
    name = "DAYLIGHT" if kind.is_daylight else "STANDARD"
    lines = [
        f"BEGIN:{name}",
        f"DTSTART:{format_moment(moments[0])}",
        f"TZNAME:{kind.name}",
        f"TZOFFSETFROM:{_format_offset(kind.before)}",
        f"TZOFFSETTO:{_format_offset(kind.after)}",
    ]
    if rule is not None:
        lines.append(f"RRULE:{rule}")
    if moments[1:]:
        lines.append(f"RDATE:{','.join(map(format_moment, moments[1:]))}")
    return [*lines, f"END:{name}"]


def _format_offset(offset: timedelta) -> str:
    sign, size = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    seconds = size // _SECOND
    text = f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text
