"""When people can be met: their hours, where they work, and what they are from moment to moment."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.calendaring.availability import State
from app.models.availability import WorkPlace
from app.schemas.common import Date, Input, Instant, Output, ZoneName, example, partial_of
from app.schemas.discussion import Colleague
from app.schemas.organization import Country, Weekday
from app.schemas.room_policy import OpeningSpan, OpeningSpanRead


class HoursSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class PlaceOfWeekdays(Input):
    """Where somebody works on some weekdays."""

    weekdays: list[Weekday] = Field(min_length=1, max_length=7, description="1 is Monday", examples=[[1, 3]])
    place: WorkPlace


class HoursWrite(Input):
    """Weekly hours between two days; in these days they replace weaker ones (RFC 7953).

    Of a person they are stronger than those of the department, and these than the company's. Among one's own,
    `priority` decides: 0 is the weakest, then 9, and 1 the strongest; of two with the same, that which begins later.
    """

    model_config = example(
        first_day="2027-06-01",
        last_day="2027-08-31",
        hours=[
            {"weekdays": [1, 2, 3, 4], "start": "08:00", "end": "12:00"},
            {"weekdays": [1, 2, 3, 4], "start": "13:00", "end": "17:00"},
        ],
        time_zone="Europe/Berlin",
        places=[{"weekdays": [1, 3], "place": "home"}],
    )

    first_day: Date | None = Field(None, description="Null: it has always been so")
    last_day: Date | None = Field(None, description="Included. Null: until others begin")
    priority: Annotated[int, Field(strict=True, ge=0, le=9)] = 0
    hours: list[OpeningSpan] = Field(max_length=50, description="Empty: no work at all")
    time_zone: ZoneName | None = Field(None, description="Of the hours. Null: the person's own")
    holiday_country: Country | None = Field(None, description="Whose holidays are kept. Null: as the company does")
    keeps_holidays: StrictBool = Field(True, description="False: worked on holidays, too")
    places: list[PlaceOfWeekdays] = Field(default_factory=list, max_length=7)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.first_day is not None and self.last_day is not None and self.first_day > self.last_day:
            raise PydanticCustomError("hours_order", "Hours end on their first day or after it")
        return self


class HoursCreate(HoursWrite):
    user_id: UUID | None = Field(None, description="Whose; not sent with department_id: yours")
    department_id: UUID | None = Field(None, description="Of all who are in it or below it")

    @model_validator(mode="after")
    def _has_one_owner(self) -> Self:
        if self.user_id is not None and self.department_id is not None:
            raise PydanticCustomError("hours_of_one", "Name either user_id or department_id")
        return self


HoursPatch = partial_of(HoursWrite, "HoursPatch")


class PlaceOfWeekdaysRead(Output):
    weekdays: list[int]
    place: WorkPlace


class HoursRead(Output):
    id: UUID
    user_id: UUID | None
    department_id: UUID | None
    first_day: date | None
    last_day: date | None
    priority: int
    hours: list[OpeningSpanRead]
    time_zone: str | None
    holiday_country: str | None
    keeps_holidays: bool
    places: list[PlaceOfWeekdaysRead]
    created_at: Instant
    updated_at: Instant
    version: int


class HoursQuery(Input):
    user_id: UUID | None = None
    department_id: UUID | None = None
    sort: HoursSort = HoursSort.CREATED
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class PlaceWrite(Input):
    """Where somebody works on one day, otherwise than on that weekday."""

    model_config = example(day="2027-07-05", place="home")

    user_id: UUID | None = Field(None, description="Whose; only administrators name somebody else")
    day: Date = Field(examples=["2027-07-05"])
    place: WorkPlace


class PlaceRead(Output):
    user: Colleague
    day: date
    place: WorkPlace


class AvailabilitySpanRead(Output):
    """A stretch of one state; neighbours differ, and together they are the whole window."""

    start: Instant
    end: Instant
    state: State


class AvailabilityDayRead(Output):
    """A date of the person's own clock."""

    day: date
    place: WorkPlace | None = Field(description="Null: nobody said")
    holiday: str | None = Field(description="Its name, where the person keeps it")


class AvailabilityRead(Output):
    """One person.

    `busy` is stronger than `away`, `away` than `tentative` (a meeting that is not promised yet, or an absence that is
    not approved yet), that than `free`; the rest is `outside_hours`.
    """

    user: Colleague
    time_zone: str
    spans: list[AvailabilitySpanRead]
    days: list[AvailabilityDayRead]


class FreeSpanRead(Output):
    start: Instant
    end: Instant


class GroupAvailabilityRead(Output):
    """Everybody who was asked for, in the order of their names."""

    start: Instant
    end: Instant
    people: list[AvailabilityRead]
    all_free: list[FreeSpanRead] = Field(description="When all of them are free")
