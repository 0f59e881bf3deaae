"""Layers of hours, absences and meetings against a plain look at each minute (calendar rule 21)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.calendaring.availability import (
    STRENGTH,
    Layer,
    State,
    away_between,
    common,
    strength_of,
    timeline,
    without,
    working,
)
from app.calendaring.free_busy import Span, merged
from app.calendaring.service_hours import ServiceHours
from app.calendaring.weekly_hours import DAY_MINUTES, WEEK_MINUTES, spans_of
from app.calendaring.zones import get_zone
from tests.calendaring.test_service_hours import CHANGING, OFFICE, ZONES, instant, is_open

MINUTE = 60
BERLIN = get_zone("Europe/Berlin")


@dataclass(frozen=True)
class Case:
    layers: list[Layer]
    start: int
    end: int
    laid: dict[State, list[Span]]


def is_worked(layers: list[Layer], moment: datetime) -> bool:
    """By the strongest layer that holds on the date that its own clock shows."""
    for layer in reversed(layers):
        day = moment.astimezone(layer.hours.zone).date()
        begins = layer.first_day is None or layer.first_day <= day
        if begins and (layer.last_day is None or day <= layer.last_day):
            return is_open(layer.hours, moment)
    return False


def state_at(case: Case, moment: int) -> State:
    for state in (State.BUSY, State.AWAY, State.TENTATIVE):
        if any(low <= moment < high for low, high in case.laid[state]):
            return state
    return State.FREE if is_worked(case.layers, datetime.fromtimestamp(moment, UTC)) else State.OUTSIDE_HOURS


@st.composite
def cases(draw: st.DrawFn) -> Case:
    year, month, day = draw(
        st.tuples(st.integers(2019, 2029), st.sampled_from([3, 10, 11]), st.sampled_from([1, 8, 24, 28]))
        | st.tuples(st.integers(2019, 2029), st.integers(1, 12), st.integers(1, 28))
    )
    start = int(instant(year, month, day).timestamp()) + draw(st.integers(0, DAY_MINUTES)) * MINUTE
    end = start + draw(st.integers(1, 6 * DAY_MINUTES)) * MINUTE
    around = st.none() | st.integers(-1, 7).map(
        lambda ahead: (datetime.fromtimestamp(start, UTC) + timedelta(days=ahead)).date()
    )
    layers = [draw(layer(around)) for _ in range(draw(st.integers(0, 4)))]
    span = st.tuples(st.integers(-500, 6 * DAY_MINUTES), st.integers(0, 2000)).map(
        lambda drawn: (start + drawn[0] * MINUTE, start + sum(drawn) * MINUTE)
    )
    laid = {state: draw(st.lists(span, max_size=4)) for state in (State.TENTATIVE, State.AWAY, State.BUSY)}
    return Case(layers, start, end, laid)


@st.composite
def layer(draw: st.DrawFn, days: st.SearchStrategy[date | None]) -> Layer:
    zone = get_zone(draw(st.sampled_from(CHANGING) | st.sampled_from(ZONES)))
    span = st.tuples(st.integers(0, WEEK_MINUTES - 1), st.integers(1, DAY_MINUTES))
    drawn = draw(st.just(OFFICE) | st.lists(span, max_size=6).map(_within_week))
    first, last = draw(days), draw(days)
    off = [day for day in (first, last) if day is not None and draw(st.booleans())]
    return Layer(ServiceHours(zone, drawn, dict.fromkeys(off, "")), first, last)


def _within_week(drawn: list[Span]) -> list[Span]:
    return merged((first, min(first + length, WEEK_MINUTES)) for first, length in drawn)


@settings(max_examples=120, deadline=None)
@given(cases())
def test_rule_21_layered_availability_is_what_each_minute_says(case: Case) -> None:
    worked = working(case.layers, case.start, case.end)
    assert worked == merged(worked)
    told = timeline(case.start, case.end, {**case.laid, State.FREE: worked})
    assert (told[0][0], told[-1][1]) == (case.start, case.end)
    assert all(one[1] == next_one[0] and one[2] != next_one[2] for one, next_one in pairwise(told))
    by_minute = {moment: state for low, high, state in told for moment in range(low, high, MINUTE)}
    # Whole minutes only: that is what zones have had since 1972.
    for moment in range(case.start, case.end, MINUTE):
        assert by_minute[moment] is state_at(case, moment), datetime.fromtimestamp(moment, UTC)


@settings(max_examples=100, deadline=None)
@given(*[st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6).map(merged)] * 2)
def test_what_is_common_and_what_is_left(first: list[Span], second: list[Span]) -> None:
    one, other = ({moment for low, high in spans for moment in range(low, high)} for spans in (first, second))
    assert {moment for low, high in common(first, second) for moment in range(low, high)} == one & other
    assert {moment for low, high in without(first, second) for moment in range(low, high)} == one - other


def test_rule_21_priority_0_is_the_weakest_then_9_to_1() -> None:
    assert sorted(range(10), key=strength_of) == [0, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert STRENGTH[-1] is State.BUSY


def test_rule_21_the_day_of_a_clock_change_has_the_hours_that_exist() -> None:
    night = [Layer(ServiceHours(BERLIN, spans_of((weekday, 60, 240) for weekday in range(1, 8))))]
    for day, hours in ((date(2026, 3, 29), 2), (date(2026, 6, 1), 3), (date(2026, 10, 25), 4)):
        start = int(datetime.combine(day, time(), BERLIN).timestamp())
        assert sum(high - low for low, high in working(night, start, start + 20 * 3600)) == hours * 3600


def test_half_days_begin_and_end_at_midday() -> None:
    day, noon = date(2026, 3, 29), time(13)
    length = {
        halves: (lambda span: (span[1] - span[0]) / 3600)(
            away_between(day, day, BERLIN, noon, starts_midday=halves[0], ends_midday=halves[1])
        )
        for halves in ((False, False), (True, False), (False, True))
    }
    # The day has 23 hours: the one that is missing lies before midday.
    assert length == {(False, False): 23, (True, False): 11, (False, True): 12}
