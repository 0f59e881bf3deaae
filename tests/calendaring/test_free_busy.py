"""Merging and laying over, against a reference that looks at every moment by itself."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.calendaring.free_busy import Block, BusyType, blocks, clipped, merged, without

MOMENTS = range(-5, 70)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)

plainly = settings(
    derandomize=True, database=None, deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)


def covers(spans: list[tuple[int, int]], moment: int) -> bool:
    return any(start <= moment < end for start, end in spans)


@plainly
@given(SPANS)
def test_merged_spans_cover_the_same_moments_and_stand_apart(spans: list[tuple[int, int]]) -> None:
    found = merged(spans)
    assert [covers(found, moment) for moment in MOMENTS] == [covers(spans, moment) for moment in MOMENTS]
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@plainly
@given(SPANS, SPANS)
def test_what_is_removed_is_removed_and_nothing_else(
    spans: list[tuple[int, int]], removed: list[tuple[int, int]]
) -> None:
    found = without(merged(spans), merged(removed))
    for moment in MOMENTS:
        assert covers(found, moment) == (covers(spans, moment) and not covers(removed, moment))


@plainly
@given(SPANS, st.integers(0, 60), st.integers(0, 60))
def test_clipped_spans_lie_in_the_window(spans: list[tuple[int, int]], start: int, end: int) -> None:
    found = clipped(merged(spans), start, end)
    for moment in MOMENTS:
        assert covers(found, moment) == (start <= moment < end and covers(spans, moment))


@plainly
@given(SPANS, SPANS)
def test_rule_20_each_moment_is_of_its_strongest_type(
    busy: list[tuple[int, int]], tentative: list[tuple[int, int]]
) -> None:
    found = blocks(busy, tentative)
    for moment in MOMENTS:
        expected = []
        if covers(busy, moment):
            expected = [BusyType.BUSY]
        elif covers(tentative, moment):
            expected = [BusyType.TENTATIVE]
        assert [block.type for block in found if block.start <= moment < block.end] == expected
    assert found == sorted(found)


@plainly
@given(SPANS, SPANS)
def test_rule_20_neighbours_of_one_type_are_one_block(
    busy: list[tuple[int, int]], tentative: list[tuple[int, int]]
) -> None:
    for before, after in pairwise(blocks(busy, tentative)):
        assert before.end < after.start or (before.end == after.start and before.type != after.type)


def test_rule_20_adjacent_busy_times_are_merged() -> None:
    assert blocks([(0, 10), (10, 20)], []) == [Block(0, 20, BusyType.BUSY)]


def test_rule_20_busy_hides_tentative_below_it() -> None:
    assert blocks([(10, 20)], [(0, 30)]) == [
        Block(0, 10, BusyType.TENTATIVE),
        Block(10, 20, BusyType.BUSY),
        Block(20, 30, BusyType.TENTATIVE),
    ]
