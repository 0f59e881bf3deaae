"""Finding a time, against a reference that looks at each start, person and room by itself."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.calendaring.finding import (
    HOUR,
    PAIN_HOURS_MAX,
    PAIN_MISSING,
    PAIN_TENTATIVE,
    PAIN_TENTATIVE_REQUIRED,
    Finder,
    Hours,
    Order,
    Person,
    Question,
    Why,
)
from app.calendaring.free_busy import Span, merged
from app.calendaring.start_grid import StartGrid, at_least, places, runs

MOMENT = st.integers(-4, 60).map(lambda half_hours: half_hours * 1800)
SPANS = st.lists(st.tuples(MOMENT, MOMENT).map(lambda pair: (min(pair), max(pair))), max_size=5)
GRID = st.builds(
    StartGrid,
    first=st.integers(-3, 3).map(lambda quarters: quarters * 900),
    step=st.sampled_from([900, 1800, 3600]),
    count=st.integers(1, 40),
    duration=st.sampled_from([900, 1800, 2700, 3600, 7200]),
)
PERSON = st.builds(
    lambda busy, tentative, working, role: Person(
        busy, tentative, tuple(merged(working)), is_required=role == "required", is_optional=role == "optional"
    ),
    SPANS,
    SPANS,
    SPANS,
    st.sampled_from(["required", "required", "optional", "neither"]),
)

plainly = settings(
    derandomize=True, database=None, deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    people = draw(st.lists(PERSON, max_size=4))
    anybody = st.lists(st.integers(0, len(people) - 1), min_size=1, max_size=3, unique=True)
    groups = draw(st.lists(anybody, max_size=2)) if people else []
    rooms = draw(st.lists(SPANS, max_size=3))
    return Question(
        grid=draw(GRID),
        people=people,
        groups=groups,
        rooms=rooms,
        room_count=draw(st.integers(0, 2)),
        before=draw(st.sampled_from([0, 900])),
        after=draw(st.sampled_from([0, 600])),
        hours=draw(st.sampled_from(Hours)),
        tentative_is_busy=draw(st.booleans()),
        order=draw(st.sampled_from(Order)),
        limit=draw(st.integers(1, 6)),
    )


def overlaps(spans: Any, start: int, end: int) -> bool:
    return any(begins < end and ends > start for begins, ends in spans if begins < ends)


def hours_away(working: tuple[Span, ...], start: int, duration: int) -> int:
    """Hours begun by which the meeting would have to move to lie in working time; 99 when there is none long enough."""
    moves = [max(begins - start, start + duration - ends, 0) for begins, ends in working if ends - begins >= duration]
    return -(-min(moves) // HOUR) if moves else 99


def judged(question: Question, start: int) -> dict[str, Any]:
    """What holds for one start."""
    duration = question.grid.duration
    around = (start - question.before, start + duration + question.after)
    uses_hours = question.hours is not Hours.IGNORE
    pain = conflicts = obstacles = 0
    absent, outside, comes = [], [], []
    for place, person in enumerate(question.people):
        busy, tentative = overlaps(person.busy, *around), overlaps(person.tentative, *around)
        away = hours_away(person.working, start, duration) if uses_hours else 0
        blocked = busy or (tentative and question.tentative_is_busy)
        if not blocked and not away:
            comes.append(place)
        if not (person.is_required or person.is_optional):
            continue
        if busy or tentative:
            absent.append((place, Why.BUSY if busy else Why.TENTATIVE))
            conflicts += 1
        if away:
            outside.append(place)
        pain += min(away, PAIN_HOURS_MAX) * (2 if person.is_required else 1)
        if blocked and person.is_optional:
            pain += PAIN_MISSING
        elif tentative and not blocked:
            pain += PAIN_TENTATIVE_REQUIRED if person.is_required else PAIN_TENTATIVE
        if person.is_required and (blocked or (away and question.hours is Hours.STRICT)):
            obstacles += 1
    free = [place for place, bookings in enumerate(question.rooms) if not overlaps(bookings, start, start + duration)]
    present = [[place for place in group if place in comes] for group in question.groups]
    obstacles += sum(not group for group in present) + (len(free) < question.room_count)
    return {
        "start": start,
        "rooms": free[: question.room_count],
        "absent": absent,
        "outside": outside,
        "present": present,
        "pain": pain,
        "conflicts": conflicts,
        "obstacles": obstacles,
    }


def reference(question: Question, *, near: bool) -> list[dict[str, Any]]:
    """The choices, found one by one."""
    keys = {
        Order.EARLIEST: lambda one: (one["start"],),
        Order.LEAST_PAIN: lambda one: (one["pain"], one["start"]),
        Order.FEWEST_CONFLICTS: lambda one: (one["conflicts"], one["pain"], one["start"]),
    }
    key = keys[question.order]
    grid = question.grid
    all_of_them = [judged(question, grid.first + place * grid.step) for place in range(grid.count)]
    if near:
        ranked = sorted(all_of_them, key=lambda one: (one["obstacles"], *key(one)))
    else:
        ranked = sorted((one for one in all_of_them if not one["obstacles"]), key=key)
    chosen: list[dict[str, Any]] = []
    for one in ranked:
        if len(chosen) < question.limit and all(
            abs(one["start"] - other["start"]) >= grid.duration for other in chosen
        ):
            chosen.append(one)
    return chosen


def told(choice: Any) -> dict[str, Any]:
    return {name: getattr(choice, name) for name in choice.__slots__}


@plainly
@given(questions())
def test_proposals_are_those_of_the_reference(question: Question) -> None:
    assert [told(choice) for choice in Finder(question).proposals()] == reference(question, near=False)


@plainly
@given(questions())
def test_the_parts_of_a_price_are_the_pain(question: Question) -> None:
    finder = Finder(question)
    for choice in finder.near_misses():
        assert sum(pain for _, pain in finder.price(choice).values()) == choice.pain


@plainly
@given(questions())
def test_near_misses_are_those_of_the_reference(question: Question) -> None:
    assert [told(choice) for choice in Finder(question).near_misses()] == reference(question, near=True)


@plainly
@given(questions())
def test_blockers_count_the_starts_that_they_block(question: Question) -> None:
    grid = question.grid
    blockers = Finder(question).blockers()
    states = [judged(question, grid.first + place * grid.step) for place in range(grid.count)]
    strict = question.hours is Hours.STRICT
    for place, person in enumerate(question.people):
        if person.is_required:
            blocks = [
                any(who == place and (why is Why.BUSY or question.tentative_is_busy) for who, why in state["absent"])
                or (strict and place in state["outside"])
                for state in states
            ]
            expected = (
                sum(blocks),
                sum(b and state["obstacles"] == 1 for b, state in zip(blocks, states, strict=True)),
            )
            found = [(one.starts, one.alone) for one in blockers.people if one.place == place]
            assert found == ([expected] if expected[0] else [])
            assert all(sum(one.reasons.values()) == one.starts for one in blockers.people)
    for place in range(len(question.groups)):
        count = sum(not state["present"][place] for state in states)
        assert [one.starts for one in blockers.groups if one.place == place] == ([count] if count else [])
    lacking = sum(len(state["rooms"]) < question.room_count for state in states)
    assert (blockers.any_room.starts if blockers.any_room else 0) == lacking


@plainly
@given(st.sets(st.integers(0, 200)))
def test_bits_come_back_as_runs_and_places(wanted: set[int]) -> None:
    bits = sum(1 << place for place in wanted)
    assert places(bits) == sorted(wanted)
    assert all(low < high for low, high in runs(bits))


@plainly
@given(st.lists(st.integers(0, 255), max_size=6), st.integers(0, 4))
def test_at_least_counts_maps(maps: list[int], count: int) -> None:
    found = at_least(count, maps, 255)
    for place in range(8):
        assert (found >> place & 1) == (sum(bits >> place & 1 for bits in maps) >= count)


@pytest.mark.parametrize("order", Order)
def test_an_empty_question_finds_the_first_starts(order: Order) -> None:
    grid = StartGrid(first=0, step=900, count=9, duration=1800)
    assert [choice.start for choice in Finder(Question(grid, [], order=order, limit=3)).proposals()] == [0, 1800, 3600]
