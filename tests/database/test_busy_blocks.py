"""How PostgreSQL merges busy times and lays them over each other, against a look at every moment by itself."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import RawCursor
from psycopg.types.range import TimestamptzRange

from app.core.hot import hot_statement
from app.services.busy_statement import BLOCK_SQL, SPANS_SQL

ZERO = datetime(2027, 3, 22, tzinfo=UTC)
MOMENTS = range(-5, 70)
WHO = UUID(int=1)
BLOCKS = hot_statement(f"""
    WITH taken (who, during, is_tentative) AS (
        SELECT %(who)s::uuid, tstzrange(starts_at, ends_at), is_tentative
        FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[], %(tentative)s::boolean[])
            span (starts_at, ends_at, is_tentative)
    ), {BLOCK_SQL} {SPANS_SQL}
""")
Spans = list[tuple[int, int]]
SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends))), max_size=12
)

plainly = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def moment(seconds: int) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def blocks(database: psycopg.Connection, busy: Spans, tentative: Spans, window: tuple[int, int]) -> list[Spans]:
    """What is busy, and what is tentative."""
    values = {
        "who": WHO,
        "starts": [moment(start) for start, _ in (*busy, *tentative)],
        "ends": [moment(end) for _, end in (*busy, *tentative)],
        "tentative": [False] * len(busy) + [True] * len(tentative),
        "asked": TimestamptzRange(moment(window[0]), moment(window[1])),
    }
    found: list[Spans] = [[], []]
    base = int(ZERO.timestamp())
    for _, is_tentative, starts, ends in RawCursor(database).execute(BLOCKS.sql, BLOCKS.values(values)):
        found[is_tentative] = [(start - base, end - base) for start, end in zip(starts, ends, strict=True)]
    return found


def covers(spans: Spans, second: int) -> bool:
    return any(start <= second < end for start, end in spans)


@plainly
@given(SPANS, SPANS, st.integers(0, 30), st.integers(31, 60))
def test_rule_20_each_moment_of_the_window_is_of_its_strongest_type(
    database: psycopg.Connection, busy: Spans, tentative: Spans, first: int, last: int
) -> None:
    found = blocks(database, busy, tentative, (first, last))
    for second in MOMENTS:
        inside = first <= second < last
        assert covers(found[0], second) == (inside and covers(busy, second))
        assert covers(found[1], second) == (inside and covers(tentative, second) and not covers(busy, second))


@plainly
@given(SPANS, SPANS)
def test_rule_20_neighbours_of_one_type_are_one_block(
    database: psycopg.Connection, busy: Spans, tentative: Spans
) -> None:
    for spans in blocks(database, busy, tentative, (-5, 70)):
        assert all(start < end for start, end in spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans))
