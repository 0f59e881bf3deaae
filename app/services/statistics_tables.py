"""Reports as CSV for spreadsheets: the columns are the keys of the JSON items."""

from collections.abc import Iterable

from pydantic import BaseModel

from app.core.tables import csv_text
from app.schemas.statistics import BusiestReport, MeetingsReport, OverviewRead, ReportRead, RoomsReport


def table_of(report: ReportRead) -> str:
    """The items of a report; of the overview, a line for each figure."""
    if isinstance(report, OverviewRead):
        return csv_text(["figure", "value"], _figures(report))
    assert isinstance(report, MeetingsReport | RoomsReport | BusiestReport)
    model = type(report).model_fields["items"].annotation
    columns = list(model.__args__[0].model_fields)  # type: ignore[union-attr]
    return csv_text(columns, ([getattr(item, column) for column in columns] for item in report.items))


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
