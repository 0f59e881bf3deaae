"""Reports on meetings and rooms. All of them are cut in the company's time zone."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field

from app.calendaring.periods import Unit
from app.schemas.common import DateOrMoment, Input, Instant, Output


class ReportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    SVG = "svg"


class MeetingsBy(StrEnum):
    PERSON = "person"
    DEPARTMENT = "department"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class StatisticsQuery(Input):
    """What a report is asked for."""

    start: DateOrMoment | None = Field(
        None,
        alias="from",
        examples=["2027-03-01"],
        description="In the company's time zone. Not sent: the first day of this month",
    )
    end: DateOrMoment | None = Field(
        None, alias="to", examples=["2027-04-01"], description="Exclusive. Not sent: the first day of the next month"
    )
    department_id: UUID | None = Field(None, description="Its people and those of all departments below it")
    user_id: UUID | None = None
    format: ReportFormat | None = Field(None, description="Not sent: as the Accept header prefers, else JSON")


class MeetingsQuery(StatisticsQuery):
    by: MeetingsBy = MeetingsBy.PERSON
    limit: int | None = Field(
        None, ge=1, description="Rows at most, those with most hours. Not sent: 100, in CSV all, in a chart 30"
    )


class ScopeKind(StrEnum):
    COMPANY = "company"
    DEPARTMENTS = "departments"
    PERSON = "person"


class ReportRead(Output):
    """From when to when, in which zone, and whose meetings: the company's, of departments with all below, or one's."""

    model_config = ConfigDict(
        from_attributes=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    time_zone: str
    scope: ScopeKind


class MeetingFigures(Output):
    """Meetings with their hours.

    `hours` counts each meeting once, `person_hours` once for everybody in it. Meetings that last all day count as
    meetings and have no hours.
    """

    meetings: int
    all_day_meetings: int
    hours: float
    person_hours: float


class MeetingsOf(Output):
    """A person, a department, or a period, which then has its first date."""

    id: UUID | None = Field(description="Null for a period, and for the people without a department")
    name: str | None = Field(description="Null for a period, and for the people without a department")
    first_date: date | None


class MeetingsItem(MeetingFigures, MeetingsOf):
    """A row of a report: whose or when, and the figures."""


class MeetingsReport(ReportRead):
    """`total` counts the rows that there are, of which `items` shows those with most hours, or every period."""

    by: MeetingsBy
    total: int
    items: list[MeetingsItem]


class RoomItem(Output):
    """`share` is what part of the working hours was booked, from 0 to 1; null without working hours."""

    id: UUID
    name: str
    capacity: int
    bookings: int
    booked_hours: float
    booked_working_hours: float
    working_hours: float
    share: float | None


class RoomsReport(ReportRead):
    """`total` counts the rooms that there are, of which `items` shows those most booked in working hours."""

    total: int
    working_hours: float = Field(description="Of one room")
    items: list[RoomItem]


class BusyHour(Output):
    """Minutes of meetings in one hour of the week: `weekday` is 1 for Monday, `hour` 0 to 23."""

    weekday: int
    hour: int
    minutes: float


class BusiestReport(ReportRead):
    """All 168 hours of the week, from Monday 0:00; each meeting counts once, those that last all day not at all."""

    items: list[BusyHour]


class RoomFigures(Output):
    rooms: int
    bookings: int
    booked_hours: float
    booked_working_hours: float
    working_hours: float
    share: float | None


class OverviewRead(MeetingFigures, ReportRead):
    """The key figures. `periods` are days, or weeks or months of a longer stretch."""

    people: int = Field(description="Who had a meeting")
    rooms: RoomFigures
    busiest: BusyHour | None = Field(description="The hour of the week with most minutes")
    by: Unit
    periods: list[MeetingsItem]
