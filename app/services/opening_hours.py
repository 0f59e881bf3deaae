"""Hours of the week between what people write and what is stored: an int4multirange of minutes from Monday 00:00."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange

from app.calendaring.weekly_hours import Span, hours_of, spans_of


def as_multirange(hours: Sequence[Mapping[str, Any]]) -> MultiRange[int]:
    """What is stored for hours as `OpeningSpan` has them."""
    spans = spans_of(
        (weekday, _minutes(span["start"]), _minutes(span["end"])) for span in hours for weekday in span["weekdays"]
    )
    return MultiRange(Range(start, end) for start, end in spans)


def as_spans(stored: Any) -> list[Span]:
    """Minutes of the week, as `calendaring.weekly_hours` has them."""
    return [(span.lower, span.upper) for span in stored]


def as_written(stored: Any) -> list[dict[str, Any]] | None:
    """Hours as `OpeningSpanRead` has them: days with the same hours together, cut at midnight."""
    return None if stored is None else spans_as_written(as_spans(stored))


def spans_as_written(spans: Sequence[Span]) -> list[dict[str, Any]]:
    """The same of minutes of the week."""
    days: dict[tuple[int, int], list[int]] = {}
    for weekday, start, end in hours_of(spans):
        days.setdefault((start, end), []).append(weekday)
    return [
        {"weekdays": weekdays, "start": _clock(start), "end": _clock(end)} for (start, end), weekdays in days.items()
    ]


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
