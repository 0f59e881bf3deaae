"""Which times can be booked: against a look at each minute, and the same whatever was asked for."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.availability import Layer, midnight, working
from app.calendaring.free_busy import Span, merged
from app.calendaring.service_hours import ServiceHours
from app.calendaring.slots import HostTime, Wish, days_full, days_of, offered, starts_of
from app.calendaring.weekly_hours import DAY_MINUTES, WEEK_MINUTES, spans_of
from app.calendaring.zones import get_zone
from tests.calendaring.test_service_hours import CHANGING, ZONES, instant

MINUTE, DAY = 60, 86_400
BERLIN = get_zone("Europe/Berlin")


@dataclass(frozen=True)
class Case:
    hosts: dict[int, HostTime]
    wish: Wish
    start: int
    end: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    year, month, day = draw(st.tuples(st.integers(2024, 2028), st.sampled_from([3, 10]), st.integers(24, 28)))
    start = int(instant(year, month, day).timestamp())
    end = start + draw(st.integers(1, 4)) * DAY
    zone = get_zone(draw(st.sampled_from(CHANGING) | st.sampled_from(ZONES)))
    hosts = {}
    for number in range(draw(st.integers(1, 3))):
        span = st.tuples(st.integers(0, WEEK_MINUTES // 15 - 1), st.integers(1, 64))
        drawn = draw(st.lists(span, min_size=1, max_size=8))
        spans = spans_of_quarters(drawn)
        open_ = working([Layer(ServiceHours(zone, spans))], start - 2 * DAY, end + 2 * DAY)
        taken = draw(st.lists(st.tuples(st.integers(-50, 500), st.integers(1, 40)), max_size=4))
        away = draw(st.lists(st.tuples(st.integers(-50, 500), st.integers(1, 40)), max_size=2))
        hosts[number] = HostTime(days_of(open_, zone), quarters(start, taken), quarters(start, away))
    minutes = st.sampled_from([15, 30, 45, 60, 90])
    wish = Wish(draw(minutes) * MINUTE, draw(minutes) * MINUTE, *(15 * MINUTE * draw(st.integers(0, 2)) for _ in "12"))
    return Case(hosts, wish, start, end)


def spans_of_quarters(drawn: list[tuple[int, int]]) -> list[Span]:
    return merged((first * 15, min((first + length) * 15, WEEK_MINUTES)) for first, length in drawn)


def quarters(start: int, drawn: list[tuple[int, int]]) -> list[Span]:
    unit = 15 * MINUTE
    return merged((start + first * unit, start + (first + length) * unit) for first, length in drawn)


def by_hand(case: Case, host: HostTime) -> set[int]:
    """Each step of each day's hours, looked at minute by minute."""
    open_minutes = {moment for low, high in host.pieces for moment in range(low, high, MINUTE)}
    taken = {moment for low, high in host.taken for moment in range(low, high, MINUTE)}
    away = {moment for low, high in host.away for moment in range(low, high, MINUTE)}
    wish, found = case.wish, set()
    for opens, closes in host.pieces:
        for start in range(opens, closes, wish.step):
            meeting = set(range(start, start + wish.duration, MINUTE))
            around = set(range(start - wish.before, start + wish.duration + wish.after, MINUTE))
            if case.start <= start < case.end and meeting <= open_minutes and not (around & taken or meeting & away):
                found.add(start)
    return found


@settings(max_examples=100, deadline=None)
@given(cases())
def test_rule_21_what_is_offered_is_what_each_minute_says(case: Case) -> None:
    any_one = offered(case.hosts, case.wish, case.start, case.end, all_together=False)
    each = {number: by_hand(case, host) for number, host in case.hosts.items()}
    assert {start: set(numbers) for start, numbers in any_one.items()} == {
        start: {number for number, starts in each.items() if start in starts}
        for start in sorted(set().union(*each.values()))
    }
    assert list(any_one) == sorted(any_one)


@settings(max_examples=60, deadline=None)
@given(cases(), st.integers(0, 4 * DAY_MINUTES), st.integers(0, 4 * DAY_MINUTES))
def test_a_narrower_question_is_a_part_of_the_answer(case: Case, first: int, length: int) -> None:
    low = case.start + first * MINUTE
    high = min(low + length * MINUTE, case.end)
    for together in (True, False):
        whole = offered(case.hosts, case.wish, case.start, case.end, all_together=together)
        part = offered(case.hosts, case.wish, low, high, all_together=together)
        assert part == {start: hosts for start, hosts in whole.items() if low <= start < high}


@settings(max_examples=60, deadline=None)
@given(cases())
def test_together_means_that_each_of_them_is_free(case: Case) -> None:
    for start in offered(case.hosts, case.wish, case.start, case.end, all_together=True):
        for host in case.hosts.values():
            alone = Wish(case.wish.duration, MINUTE, case.wish.before, case.wish.after)
            assert start in starts_of(host, alone, start, start + MINUTE)


def test_rule_21_steps_are_counted_from_where_hours_begin_also_when_clocks_change() -> None:
    night = ServiceHours(BERLIN, spans_of((weekday, 60, 240) for weekday in range(1, 8)))
    for day, walls in (
        (date(2026, 3, 29), ["01:00", "03:00"]),
        (date(2026, 3, 30), ["01:00", "02:00", "03:00"]),
        (date(2026, 10, 25), ["01:00", "02:00", "02:00", "03:00"]),
    ):
        start = midnight(day, BERLIN)
        host = HostTime(days_of(working([Layer(night)], start, start + DAY), BERLIN), [])
        found = starts_of(host, Wish(3600, 3600), start, start + DAY)
        assert [f"{datetime.fromtimestamp(one, UTC).astimezone(BERLIN):%H:%M}" for one in found] == walls


def test_whole_days_and_weeks_are_full() -> None:
    monday = datetime.combine(date(2026, 3, 23), time(9), BERLIN)
    starts = [int((monday + timedelta(days=days)).timestamp()) for days in (0, 0, 1, 6)]
    days = [(midnight(date(2026, 3, 23), BERLIN), midnight(date(2026, 3, 24), BERLIN))]
    assert days_full(starts, BERLIN, 2, None) == days
    week = (midnight(date(2026, 3, 23), BERLIN), midnight(date(2026, 3, 30), BERLIN))
    # An hour is missing: the clocks change on its Sunday.
    assert days_full(starts, BERLIN, None, 4) == [week]
    assert week[1] - week[0] == 7 * DAY - 3600
    assert days_full(starts, BERLIN, 3, 5) == []
