"""Reports as CSV for spreadsheets (RFC 4180): the columns are the keys of the JSON items."""

import csv
import io
from collections.abc import Iterable

from pydantic import BaseModel

from app.schemas.statistics import BusiestReport, MeetingsReport, OverviewRead, ReportRead, RoomsReport

# A spreadsheet takes what begins so for a formula, and would run what somebody wrote into a name.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Without it spreadsheets take UTF-8 for something else.
BYTE_ORDER_MARK = "\ufeff"


def table_of(report: ReportRead) -> str:
    """The items of a report; of the overview, a line for each figure."""
    if isinstance(report, OverviewRead):
        return _written(["figure", "value"], _figures(report))
    assert isinstance(report, MeetingsReport | RoomsReport | BusiestReport)
    model = type(report).model_fields["items"].annotation
    columns = list(model.__args__[0].model_fields)  # type: ignore[union-attr]
    return _written(columns, ([getattr(item, column) for column in columns] for item in report.items))


def _figures(report: OverviewRead) -> Iterable[list[object]]:
    for name in ("meetings", "all_day_meetings", "hours", "person_hours", "people"):
        yield [name, getattr(report, name)]
    yield from _prefixed("rooms", report.rooms)
    if report.busiest is not None:
        yield from _prefixed("busiest", report.busiest)
    for item in report.periods:
        yield [f"hours {item.first_date}", item.hours]


def _prefixed(prefix: str, part: BaseModel) -> Iterable[list[object]]:
    for name, value in part:
        yield [f"{prefix} {name}", value]


def _written(columns: list[str], rows: Iterable[list[object]]) -> str:
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    """Text that a spreadsheet would calculate begins with an apostrophe, which makes it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
