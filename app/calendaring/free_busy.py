"""Stretches of time laid over each other and merged (RFC 4791 §7.10, RFC 7953 §4).

A span is half open, [start, end), and counts whole seconds since 1970-01-01 UTC: thousands of them are compared for
one answer, and integers cost a tenth of what datetimes do. Spans without a length are dropped: nobody is busy for them.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

Span = tuple[int, int]


class BusyType(StrEnum):
    """How sure a busy time is (FBTYPE, RFC 5545 §3.2.9)."""

    BUSY = "busy"
    TENTATIVE = "tentative"


class Block(NamedTuple):
    """A stretch of one type; no other block of it overlaps or touches it."""

    start: int
    end: int
    type: BusyType


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that neither overlap nor touch, in order."""
    found: list[Span] = []
    last_start, last_end = 0, None
    for start, end in sorted(spans):
        if start >= end:
            continue
        if last_end is None or start > last_end:
            if last_end is not None:
                found.append((last_start, last_end))
            last_start, last_end = start, end
        elif end > last_end:
            last_end = end
    if last_end is not None:
        found.append((last_start, last_end))
    return found


def without(spans: Sequence[Span], removed: Sequence[Span]) -> list[Span]:
    """The time of `spans` that is not in `removed`; both as `merged` makes them."""
    found = []
    first = 0
    for start, end in spans:
        while first < len(removed) and removed[first][1] <= start:
            first += 1
        begins, place = start, first
        while place < len(removed) and removed[place][0] < end:
            if removed[place][0] > begins:
                found.append((begins, removed[place][0]))
            begins = removed[place][1]
            place += 1
        if begins < end:
            found.append((begins, end))
    return found


def clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The part of each span that lies in [start, end)."""
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]


def blocks(busy: Iterable[Span], tentative: Iterable[Span]) -> list[Block]:
    """Who is busy when, in order: busy hides what is tentative below it, and neighbours of one type are one block."""
    certain = merged(busy)
    found = [Block(start, end, BusyType.BUSY) for start, end in certain]
    found += [Block(start, end, BusyType.TENTATIVE) for start, end in without(merged(tentative), certain)]
    found.sort()
    return found
