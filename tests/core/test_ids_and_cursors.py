"""Identifiers and the cursors of lists."""

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
import time_machine

from app.core.errors import Invalid
from app.core.ids import new_id
from app.services.rows import decode_cursor, encode_cursor


def test_an_id_is_a_uuid_of_version_7_that_tells_its_time() -> None:
    with time_machine.travel(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), tick=False):
        made = new_id()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == 1_774_746_000_000


def test_later_ids_sort_after_earlier_ones() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    made = []
    for milliseconds in (0, 10, 20, 1000, 10**9, 10**12):
        with time_machine.travel(start + milliseconds / 1000, tick=False):
            made.append(new_id())
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    with time_machine.travel(0, tick=False):
        assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_cursor_gives_back_the_keys_it_was_made_of() -> None:
    row_id, moment = new_id(), datetime(2026, 3, 29, 1, 2, 3, 456789, tzinfo=UTC)
    assert decode_cursor(encode_cursor([moment, row_id]), [datetime, UUID]) == [moment, row_id]
    assert decode_cursor(encode_cursor(["Ёлка 🚀", row_id]), [str, UUID]) == ["Ёлка 🚀", row_id]


def test_a_cursor_fits_into_an_address() -> None:
    cursor = encode_cursor(["я" * 200 + "?&=/+", new_id()])
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert cursor.isascii()


SOME_ID = "0193a5c0-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "content",
    ["", "[", "{}", "null", "[]", f'["{SOME_ID}"]',
     f'["a", "{SOME_ID}", 1]', f'[1, "{SOME_ID}"]', f'[null, "{SOME_ID}"]',
     '["a", "b"]', '["a", 1]', '["a", null]', f'["\\u0000", "{SOME_ID}"]', f'["\\ud800", "{SOME_ID}"]', "[" * 100_000],
    ids=lambda content: content[:20],
)  # fmt: skip
def test_a_cursor_with_other_keys_is_refused(content: str) -> None:
    cursor = base64.urlsafe_b64encode(content.encode()).decode()
    with pytest.raises(Invalid) as refusal:
        decode_cursor(cursor, [str, UUID])
    assert refusal.value.code == "bad_cursor"


@pytest.mark.parametrize(
    "moment", ["2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "x", 5]
)
def test_a_cursor_needs_a_moment_that_the_database_can_compare(moment: str | int) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps([moment, SOME_ID]).encode()).decode()
    with pytest.raises(Invalid):
        decode_cursor(cursor, [datetime, UUID])
