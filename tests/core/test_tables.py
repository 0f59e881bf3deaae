"""Tables in CSV: what is written is what is read, and no cell is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tables import UnreadableTable, csv_rows, csv_text, decoded

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CELLS = st.text(st.sampled_from("'=+-@\t\r\n\",; ＝aя"), max_size=6).map(str.strip)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read_and_is_no_formula(rows: list[list[str]]) -> None:
    text = csv_text(["first", "second"], rows)
    assert text.startswith("\ufeff")
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        assert not any(cell.startswith(FORMULA) for cell in row)
    read, encoding = decoded(text.encode(), ["utf-8"])
    assert encoding == "utf-8"
    assert [cells for _, cells in csv_rows(read, ",")] == [["first", "second"], *(row for row in rows if any(row))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_knows_its_line(delimiter: str) -> None:
    rows = [["a", "one\ntwo"], ["", ""], ["b", "c"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    assert list(csv_rows(text.getvalue(), delimiter)) == [(1, rows[0]), (4, rows[2])]


def test_a_quote_that_does_not_end_is_told_with_its_line() -> None:
    with pytest.raises(UnreadableTable) as caught:
        list(csv_rows('a,b\n"c,d\n', ","))
    assert caught.value.line == 2


@pytest.mark.parametrize("content", [b"\xff\xfea", b"\x98", b"\xff"])
def test_bytes_in_no_expected_encoding_are_refused(content: bytes) -> None:
    encodings = ["utf-8", "cp1251"] if content != b"\xff" else ["utf-8"]
    with pytest.raises(UnreadableTable):
        decoded(content, encodings)
