"""XLSX workbooks. Loaded on first use: few requests write one."""

import io
from collections.abc import Iterable, Sequence

import xlsxwriter  # type: ignore[import-untyped]

_WIDTH = 24


def one_sheet(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> bytes:
    """A workbook with one sheet: a heading that stays in sight, and cells that are text whatever they begin with."""
    content = io.BytesIO()
    # Rows go to a temporary file one by one: a large table does not lie in memory twice.
    with xlsxwriter.Workbook(content, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet(name)
        heading = workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, heading)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                if cell is not None:
                    sheet.write_string(number, place, cell)
    return content.getvalue()
