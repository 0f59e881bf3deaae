"""Which times can be booked with people: starts within their hours that nothing stands against (calendar rule 21).

Spans are those of `free_busy`: half open, seconds since 1970 UTC. Starts are counted in steps from where hours begin
on each day, so that they do not depend on what was asked for; on the day of a clock change the hours that exist count.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from zoneinfo import ZoneInfo

from app.calendaring.availability import common, days_between, midnight
from app.calendaring.free_busy import Span, merged


@dataclass(frozen=True, slots=True)
class Wish:
    """What has to fit: seconds; `before` and `after` are kept free around it, and may lie outside hours."""

    duration: int
    step: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class HostTime:
    """The hours in which a host can be booked, cut where their days begin; and when they cannot be, merged.

    Around what is `taken` the wish's buffers are kept, around what is `away` none.
    """

    pieces: Sequence[Span]
    taken: Sequence[Span]
    away: Sequence[Span] = ()


def days_of(open_: Sequence[Span], zone: ZoneInfo) -> list[Span]:
    """Merged hours cut at each midnight of a zone."""
    if not open_:
        return []
    bounds = sorted(midnight(day, zone) for day in days_between(open_[0][0], open_[-1][1], zone))
    pieces: list[Span] = []
    for start, end in open_:
        for bound in bounds[bisect_right(bounds, start) : bisect_left(bounds, end)]:
            pieces.append((start, bound))
            start = bound
        pieces.append((start, end))
    return pieces


def together(hosts: Sequence[HostTime]) -> HostTime:
    """Several hosts as one, who can be booked when all of them can."""
    pieces = reduce(common, [list(host.pieces) for host in hosts])
    taken = merged(span for host in hosts for span in host.taken)
    away = merged(span for host in hosts for span in host.away)
    return HostTime(pieces, taken, away)


def starts_of(host: HostTime, wish: Wish, earliest: int, latest: int) -> list[int]:
    """The starts within [earliest, latest) at which a host can be booked, in order."""
    whole = merged(host.pieces)
    found: set[int] = set()
    for opens, closes in host.pieces:
        first = opens + max(0, -(-(earliest - opens) // wish.step)) * wish.step
        for start in range(first, min(closes, latest), wish.step):
            end = start + wish.duration
            if _lies_within(whole, start, end) and not (
                touches(host.away, start, end) or touches(host.taken, start - wish.before, end + wish.after)
            ):
                found.add(start)
    return sorted(found)


def offered(
    hosts: Mapping[int, HostTime], wish: Wish, earliest: int, latest: int, *, all_together: bool
) -> dict[int, list[int]]:
    """The starts that can be booked, in order, with the numbers of the hosts who are free then; all or any of them."""
    if not hosts:
        return {}
    if all_together:
        numbers = list(hosts)
        return dict.fromkeys(starts_of(together(list(hosts.values())), wish, earliest, latest), numbers)
    found: dict[int, list[int]] = {}
    for number, host in hosts.items():
        for start in starts_of(host, wish, earliest, latest):
            found.setdefault(start, []).append(number)
    return dict(sorted(found.items()))


def touches(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether [start, end) meets one of merged spans."""
    place = bisect_left(spans, end, key=lambda span: span[0])
    return place > 0 and spans[place - 1][1] > start


def _lies_within(spans: Sequence[Span], start: int, end: int) -> bool:
    place = bisect_right(spans, start, key=lambda span: span[0])
    return place > 0 and end <= spans[place - 1][1]


def days_full(starts: Iterable[int], zone: ZoneInfo, per_day: int | None, per_week: int | None) -> list[Span]:
    """The days and ISO weeks of a zone in which a host has as many as they may, as spans."""
    days = [days_between(start, start + 1, zone)[0] for start in starts]
    mondays = [day - timedelta(days=day.weekday()) for day in days]
    full: list[Span] = []
    for limit, firsts, length in ((per_day, days, timedelta(days=1)), (per_week, mondays, timedelta(weeks=1))):
        if limit is not None:
            counted = Counter(firsts)
            full += [
                (midnight(first, zone), midnight(first + length, zone))
                for first, count in counted.items()
                if count >= limit
            ]
    return merged(full)
