"""Tables as files for spreadsheets: CSV (RFC 4180) in and out, XLSX out.

A spreadsheet takes text that begins in a certain way for a formula, and would run what somebody wrote into a name.
In CSV such a cell begins with an apostrophe, which makes it text; reading takes the apostrophe away again, so what was
written is what is read. Cells of an XLSX say of themselves that they are text.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from types import ModuleType

# Without it spreadsheets take UTF-8 for something else.
BYTE_ORDER_MARK = "\ufeff"
DELIMITERS = (",", ";", "\t")
# What begins a formula, in the letters of East Asian keyboards too. Apostrophes before it are there already.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class UnreadableTable(ValueError):
    """The bytes are no text in the expected encoding, or a quote does not end.

    Args:
        line: where, counted from 1; None where the file as a whole is not to be read.
    """

    def __init__(self, line: int | None = None) -> None:
        self.line = line
        super().__init__(f"unreadable at line {line}")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as CSV, with a byte order mark; None is an empty cell."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def xlsx_bytes(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """The table as a workbook with one sheet of this name, every cell of which is text."""
    content: bytes = _workbooks().one_sheet(name, columns, rows)
    return content


def decoded(content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """The text of a file, and which of the encodings it is in: the first that fits; UTF-16 where it says so itself.

    Raises:
        UnreadableTable: none fits.
    """
    for encoding in ("utf-16",) if content.startswith(_UTF_16) else encodings:
        try:
            return content.decode(encoding).removeprefix(BYTE_ORDER_MARK), encoding
        except UnicodeDecodeError:
            continue
    raise UnreadableTable


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins, counted from 1; cells without outer white space.

    Raises:
        UnreadableTable: the rest of the file is no CSV.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableTable(line) from error
        if row is None:
            return
        cells = [_as_written(cell) for cell in row]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _as_written(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


@lru_cache(maxsize=1)
def _workbooks() -> ModuleType:
    # Few requests write a workbook, and the library is a large one.
    return import_module("app.core.workbooks")
