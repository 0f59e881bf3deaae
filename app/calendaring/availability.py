"""When somebody can be met: hours of work in layers, absences, and meetings on top (RFC 7953 §4, calendar rule 21).

Spans are those of `free_busy`: half open, whole seconds since 1970 UTC, merged and in order wherever they come out.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.calendaring.free_busy import Span, merged
from app.calendaring.service_hours import DAY, ServiceHours
from app.calendaring.zones import wall_to_utc


class State(StrEnum):
    """What somebody is at an instant."""

    FREE = "free"
    OUTSIDE_HOURS = "outside_hours"
    # A meeting that is not promised yet, or an absence that is not approved yet.
    TENTATIVE = "tentative"
    AWAY = "away"
    BUSY = "busy"


# Where several hold, the last of these does: whoever is in a meeting is busy, wherever else they might be.
STRENGTH = (State.OUTSIDE_HOURS, State.FREE, State.TENTATIVE, State.AWAY, State.BUSY)


@dataclass(frozen=True)
class Layer:
    """A VAVAILABILITY: between two days on its own clock only these hours are worked, whatever weaker layers say.

    Args:
        first_day: from the beginning of this date on; None: it has always held.
        last_day: this date included; None: it goes on.
    """

    hours: ServiceHours
    first_day: date | None = None
    last_day: date | None = None

    def reach(self, start: int, end: int) -> Span:
        """Where in [start, end) it holds."""
        zone = self.hours.zone
        if self.first_day is not None:
            start = max(start, midnight(self.first_day, zone))
        if self.last_day is not None:
            end = min(end, midnight(self.last_day + DAY, zone))
        return start, end


def strength_of(priority: int) -> int:
    """PRIORITY as a rank, the strongest last: 0 is the weakest, then 9 down to 1 (RFC 7953 §3.1)."""
    return 0 if priority == 0 else 10 - priority


def working(layers: Sequence[Layer], start: int, end: int) -> list[Span]:
    """When there is work within [start, end): where a layer holds, it replaces all before it.

    Args:
        layers: the weakest first.
    """
    found: list[Span] = []
    for layer in layers:
        low, high = layer.reach(start, end)
        if low >= high:
            continue
        opens = layer.hours.open_times(_instant(low), _instant(high))
        kept = without(found, [(low, high)])
        found = merged([*kept, *((int(begins.timestamp()), int(ends.timestamp())) for begins, ends in opens)])
    return found


def away_between(
    first_day: date, last_day: date, zone: ZoneInfo, midday: time, *, starts_midday: bool, ends_midday: bool
) -> Span:
    """When an absence is, on the clock of whoever is away; half days begin or end at `midday`."""
    start = wall_to_utc(datetime.combine(first_day, midday if starts_midday else time()), zone)
    end = wall_to_utc(datetime.combine(last_day, midday), zone) if ends_midday else None
    return int(start.timestamp()), midnight(last_day + DAY, zone) if end is None else int(end.timestamp())


def timeline(start: int, end: int, laid: Mapping[State, Iterable[Span]]) -> list[tuple[int, int, State]]:
    """[start, end) whole, in stretches of one state: nothing laid means outside hours, and the strongest holds.

    Neighbours differ.
    """
    spans = {state: merged(laid.get(state, ())) for state in STRENGTH[1:]}
    bounds = {start, end}
    for found in spans.values():
        bounds.update(bound for span in found for bound in span if start < bound < end)
    told: list[tuple[int, int, State]] = []
    for low, high in pairwise(sorted(bounds)):
        state = next((one for one in reversed(STRENGTH[1:]) if covers(spans[one], low)), State.OUTSIDE_HOURS)
        if told and told[-1][2] is state:
            told[-1] = (told[-1][0], high, state)
        else:
            told.append((low, high, state))
    return told


def covers(spans: Sequence[Span], moment: int) -> bool:
    """Whether an instant lies in merged spans."""
    place = bisect_right(spans, moment, key=lambda span: span[0])
    return place > 0 and moment < spans[place - 1][1]


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What of merged spans lies in none of others, which are merged as well."""
    found: list[Span] = []
    place = 0
    for start, end in spans:
        while place < len(taken) and taken[place][1] <= start:
            place += 1
        look = place
        while look < len(taken) and taken[look][0] < end:
            if start < taken[look][0]:
                found.append((start, taken[look][0]))
            start = max(start, taken[look][1])
            look += 1
        if start < end:
            found.append((start, end))
    return found


def common(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """What lies in both of two rows of merged spans. Spans that only touch stay apart."""
    found: list[Span] = []
    one = other = 0
    while one < len(first) and other < len(second):
        start, end = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if start < end:
            found.append((start, end))
        if first[one][1] < second[other][1]:
            one += 1
        else:
            other += 1
    return found


def midnight(day: date, zone: ZoneInfo) -> int:
    """When a date begins in a zone."""
    return int(wall_to_utc(datetime.combine(day, time()), zone).timestamp())


def days_between(start: int, end: int, zone: ZoneInfo) -> list[date]:
    """The dates of a zone that [start, end) touches."""
    day, last = _instant(start).astimezone(zone).date(), _instant(end - 1).astimezone(zone).date()
    return [day + timedelta(days=number) for number in range((last - day).days + 1)]


def _instant(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
