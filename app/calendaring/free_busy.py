"""Stretches of time, and how sure they are; working hours are merged here, busy times by PostgreSQL.

A span is half open, [start, end), and counts whole seconds since 1970-01-01 UTC: thousands of them are compared for
one answer, and integers cost a tenth of what datetimes do. Spans without a length are dropped: nobody is busy for them.
"""

from collections.abc import Iterable
from enum import StrEnum

Span = tuple[int, int]


class BusyType(StrEnum):
    """How sure a busy time is (FBTYPE, RFC 5545 §3.2.9)."""

    BUSY = "busy"
    TENTATIVE = "tentative"


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
