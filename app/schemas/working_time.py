"""When people are away, and which days the company keeps."""

from datetime import date
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.models.working_time import AbsenceKind
from app.schemas.common import Date, Input, Instant, Line, LongLine, Output, example, partial_of
from app.schemas.discussion import Colleague


class AbsenceSort(StrEnum):
    FIRST_DAY = "first_day"
    FIRST_DAY_DESC = "-first_day"


class AbsenceWrite(Input):
    """Days on which somebody is away, the last one included. Whoever has their place takes what comes meanwhile."""

    model_config = example(kind="vacation", first_day="2027-07-05", last_day="2027-07-16")

    kind: AbsenceKind = AbsenceKind.VACATION
    first_day: Date = Field(examples=["2027-07-05"])
    last_day: Date = Field(examples=["2027-07-16"])
    substitute_id: UUID | None = Field(None, description="A colleague who stands in")
    note: LongLine | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.first_day > self.last_day:
            raise PydanticCustomError("absence_order", "An absence ends on its first day or after it")
        return self


class AbsenceCreate(AbsenceWrite):
    user_id: UUID | None = Field(None, description="Whose; only administrators name somebody else")


AbsencePatch = partial_of(AbsenceWrite, "AbsencePatch")


class AbsenceRead(Output):
    id: UUID
    user: Colleague
    kind: AbsenceKind | None = Field(description="For themselves, their managers and administrators; others see null")
    first_day: date
    last_day: date
    substitute: Colleague | None
    note: str | None = Field(description="Likewise")
    created_at: Instant
    updated_at: Instant
    version: int


class CompanyDayWrite(Input):
    model_config = example(day="2027-07-05", is_working=False, name="Founders' day")

    day: Date = Field(examples=["2027-07-05"])
    is_working: StrictBool = Field(description="Worked although it is none of the working days, or off although it is")
    name: Line


class HolidayRead(Output):
    """A day that is not as its weekday is."""

    day: date
    is_working: bool
    name: str
    source: Literal["country", "company"]
