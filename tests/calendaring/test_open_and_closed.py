"""When hours of the week that hold end, and when they begin again."""

from datetime import datetime

import pytest

from app.calendaring.weekly_hours import closes_at, opens_at, spans_of

NINE, SIX, MIDNIGHT = 9 * 60, 18 * 60, 0
WEEKDAYS = spans_of((day, NINE, SIX) for day in range(1, 6))
ALWAYS = spans_of((day, MIDNIGHT, MIDNIGHT) for day in range(1, 8))
# From Sunday evening to Monday morning, and on Wednesday.
NIGHT = spans_of([(7, 20 * 60, 6 * 60), (3, NINE, SIX)])


def on(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A time in the week of Monday 2027-03-22."""
    return datetime(2027, 3, 21 + day, hour, minute, second)


def test_hours_go_on_until_they_close() -> None:
    assert closes_at(WEEKDAYS, on(1, 9)) == on(1, 18)
    assert closes_at(WEEKDAYS, on(5, 17, 59, 59)) == on(5, 18)
    assert closes_at(NIGHT, on(7, 21)) == on(8, 6)
    assert closes_at(NIGHT, on(1, 3)) == on(1, 6)
    assert closes_at(ALWAYS, on(4, 12)) is None


@pytest.mark.parametrize(("spans", "wall"), [(WEEKDAYS, on(1, 18)), (WEEKDAYS, on(6, 12)), ([], on(1, 12))])
def test_hours_that_do_not_hold_have_no_end(spans: list[tuple[int, int]], wall: datetime) -> None:
    with pytest.raises(ValueError, match="not open"):
        closes_at(spans, wall)


def test_hours_begin_again_in_this_week_or_the_next() -> None:
    assert opens_at(WEEKDAYS, on(1, 8, 59, 30)) == on(1, 9)
    assert opens_at(WEEKDAYS, on(1, 18)) == on(2, 9)
    assert opens_at(WEEKDAYS, on(5, 18)) == on(8, 9)
    assert opens_at(NIGHT, on(3, 18)) == on(7, 20)
    assert opens_at([], on(1, 12)) is None
