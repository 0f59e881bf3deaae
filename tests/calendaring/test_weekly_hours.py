"""Opening hours against a plain reference that looks at every minute."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.calendaring.weekly_hours import DAY_MINUTES, WEEK_MINUTES, covers, hours_of, merged, minute_of_week, spans_of

MONDAY = datetime(2027, 3, 22)
minutes = st.integers(0, DAY_MINUTES - 1)
hours = st.lists(st.tuples(st.integers(1, 7), minutes, st.integers(1, DAY_MINUTES)), max_size=6).map(
    lambda items: [item for item in items if item[1] != item[2]]
)


def open_minutes(items: list[tuple[int, int, int]]) -> set[int]:
    """Every minute of the week in which it is open, the plain way."""
    found = set()
    for weekday, start, end in items:
        length = end - start if end > start else end + DAY_MINUTES - start
        found |= {((weekday - 1) * DAY_MINUTES + start + minute) % WEEK_MINUTES for minute in range(length)}
    return found


@given(hours)
def test_spans_hold_just_the_minutes_that_are_open(items: list[tuple[int, int, int]]) -> None:
    spans = spans_of(items)
    assert {minute for start, end in spans for minute in range(start, end)} == open_minutes(items)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert all(0 <= start < end <= WEEK_MINUTES for start, end in spans)


@given(hours)
def test_hours_come_back_as_the_same_spans(items: list[tuple[int, int, int]]) -> None:
    spans = spans_of(items)
    assert spans_of(hours_of(spans)) == spans
    assert all(0 <= start < end <= DAY_MINUTES for _, start, end in hours_of(spans))


@given(hours, st.integers(0, 2 * WEEK_MINUTES), st.integers(1, WEEK_MINUTES + 60))
def test_a_meeting_is_covered_when_every_minute_of_it_is_open(
    items: list[tuple[int, int, int]], first: int, length: int
) -> None:
    start = MONDAY + timedelta(minutes=first)
    is_open = open_minutes(items)
    expected = all((first + minute) % WEEK_MINUTES in is_open for minute in range(length))
    assert covers(spans_of(items), start, start + timedelta(minutes=length)) == expected


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 30)), max_size=8))
def test_merged_spans_neither_touch_nor_overlap(items: list[tuple[int, int]]) -> None:
    spans = [(start, start + length) for start, length in items]
    result = merged(spans)
    assert {minute for start, end in result for minute in range(start, end)} == {
        minute for start, end in spans for minute in range(start, end)
    }
    assert all(a[1] < b[0] for a, b in pairwise(result))


def test_seconds_count_too() -> None:
    spans = spans_of([(1, 8 * 60, 20 * 60)])
    at = MONDAY.replace(hour=19)
    assert covers(spans, at, at + timedelta(hours=1))
    assert not covers(spans, at, at + timedelta(hours=1, seconds=1))
    assert covers(spans, MONDAY.replace(hour=8), MONDAY.replace(hour=8, second=30))
    assert not covers(spans, MONDAY.replace(hour=7, minute=59, second=59), MONDAY.replace(hour=9))
    assert minute_of_week(MONDAY + timedelta(days=6, hours=23, minutes=59)) == WEEK_MINUTES - 1
