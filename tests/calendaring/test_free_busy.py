"""Merging, against a reference that looks at every moment by itself."""

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.calendaring.free_busy import merged

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
