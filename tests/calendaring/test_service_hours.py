"""Hours of service against a plain count of minutes, over random hours, holidays, pauses and zones."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.service_hours import ServiceHours, Time, without
from app.calendaring.weekly_hours import DAY_MINUTES, WEEK_MINUTES, merged, spans_of
from app.calendaring.zones import _KEYS, get_zone

MINUTE = timedelta(minutes=1)
ZONES = sorted(_KEYS)
# Where clocks change, also by half an hour, at midnight, and over the date line.
CHANGING = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca")
OFFICE = spans_of((weekday, 9 * 60, 18 * 60) for weekday in range(1, 6))


def instant(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def is_open(hours: ServiceHours, moment: datetime) -> bool:
    """Whether there is service at an instant, by nothing but the wall clock."""
    wall = moment.astimezone(hours.zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute

    def has_hours(weekday: int) -> bool:
        midnight = weekday * DAY_MINUTES
        return any(opens < midnight + DAY_MINUTES and closes > midnight for opens, closes in hours.spans)

    weekday = day.weekday()
    if day in hours.days_off:
        return False
    if day in hours.days_worked and not has_hours(weekday):
        weekday = next((other % 7 for other in range(weekday + 6, weekday, -1) if has_hours(other % 7)), weekday)
    place = weekday * DAY_MINUTES + minute
    return any(opens <= place < closes for opens, closes in hours.spans)


def minutes_by_hand(
    hours: ServiceHours, start: datetime, end: datetime, pauses: list[Time], promised: int
) -> tuple[int, datetime | None]:
    """How many minutes there are, and after which of them the promise is due."""
    count, due, moment = 0, None, start
    while moment < end:
        if is_open(hours, moment) and not any(paused <= moment < resumed for paused, resumed in pauses):
            count += 1
            if count == promised:
                due = moment + MINUTE
        moment += MINUTE
    return count, due


@st.composite
def cases(draw: st.DrawFn) -> tuple[ServiceHours, datetime, datetime, list[Time], int]:
    zone = get_zone(draw(st.sampled_from(ZONES) | st.sampled_from(CHANGING)))
    span = st.tuples(st.integers(0, WEEK_MINUTES - 1), st.integers(1, DAY_MINUTES + 60))
    drawn = draw(st.just([(9 * 60, 500)]) | st.lists(span, max_size=8))
    spans = merged((first, min(first + length, WEEK_MINUTES)) for first, length in drawn)
    # Around the days on which most clocks change, as often as at any other time.
    year = draw(st.integers(2019, 2029))
    month, day = draw(st.sampled_from([(3, 8), (3, 25), (4, 1), (10, 1), (10, 24), (10, 31)]) | month_days())
    start = instant(year, month, day) + draw(st.integers(0, 4 * DAY_MINUTES)) * MINUTE
    end = start + draw(st.integers(0, 6 * DAY_MINUTES)) * MINUTE
    days = st.dictionaries(st.integers(-1, 8).map(lambda ahead: (start + timedelta(days=ahead)).date()), st.just(""))
    pause = st.tuples(st.integers(-100, 8000), st.integers(0, 3000))
    pauses = [
        (start + first * MINUTE, start + (first + length) * MINUTE)
        for first, length in draw(st.lists(pause, max_size=4))
    ]
    return ServiceHours(zone, spans, draw(days), draw(days)), start, end, pauses, draw(st.integers(1, 3000))


def month_days() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(1, 12), st.integers(1, 28))


@settings(max_examples=150, deadline=None)
@given(cases())
def test_service_is_counted_as_minute_by_minute(
    case: tuple[ServiceHours, datetime, datetime, list[Time], int],
) -> None:
    hours, start, end, pauses, promised = case
    count, due = minutes_by_hand(hours, start, end, pauses, promised)
    assert hours.served(start, end, pauses) == count * MINUTE
    assert hours.due_at(start, promised * MINUTE, pauses, end) == due


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # Berlin sets its clocks forward on 28 March 2027 and back on 31 October 2027, both on a Sunday.
        (instant(2027, 3, 27, 23), instant(2027, 3, 28, 22), 23),
        (instant(2027, 10, 30, 22), instant(2027, 10, 31, 23), 25),
        (instant(2027, 6, 5, 22), instant(2027, 6, 6, 22), 24),
    ],
)
def test_a_day_of_a_clock_change_serves_as_long_as_it_is(start: datetime, end: datetime, hours: int) -> None:
    around_the_clock = ServiceHours(get_zone("Europe/Berlin"), [(0, WEEK_MINUTES)])
    assert around_the_clock.served(start, end) == timedelta(hours=hours)


def test_over_a_weekend_and_a_holiday() -> None:
    zone = get_zone("Europe/Moscow")
    # 12 June 2027 is a Saturday, so Monday the 14th is off.
    hours = ServiceHours(zone, OFFICE, {date(2027, 6, 12): "День России", date(2027, 6, 14): "выходной"})
    friday = instant(2027, 6, 11, 14)  # 17:00 in Moscow
    assert hours.due_at(friday, timedelta(hours=1), [], instant(2028, 1, 1)) == instant(2027, 6, 11, 15)
    assert hours.due_at(friday, timedelta(hours=2), [], instant(2028, 1, 1)) == instant(2027, 6, 15, 7)


def test_a_saturday_worked_for_a_day_off_has_the_hours_of_friday() -> None:
    spans = spans_of([*((weekday, 9 * 60, 18 * 60) for weekday in range(1, 5)), (5, 9 * 60, 16 * 60)])
    hours = ServiceHours(get_zone("Europe/Moscow"), spans, {}, {date(2027, 2, 20): "рабочий день"})
    assert hours.served(instant(2027, 2, 19, 21), instant(2027, 2, 20, 21)) == timedelta(hours=7)


def test_what_is_never_served_is_never_due() -> None:
    hours = ServiceHours(get_zone("UTC"), [])
    assert hours.due_at(instant(2027, 1, 1), MINUTE, [], instant(2029, 1, 1)) is None
    assert (
        list(without([(instant(2027, 1, 1), instant(2027, 1, 2))], [(instant(2026, 1, 1), instant(2028, 1, 1))])) == []
    )
