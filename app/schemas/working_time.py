"""When people are away, and which days the company keeps."""

from datetime import date
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.models.working_time import AbsenceAnswer, AbsenceKind, AbsenceState
from app.schemas.common import Date, Input, Instant, Line, LongLine, Output, example, partial_of
from app.schemas.discussion import Colleague


class AbsenceSort(StrEnum):
    FIRST_DAY = "first_day"
    FIRST_DAY_DESC = "-first_day"


class AbsenceWrite(Input):
    """Days on which somebody is away, the last one included. Whoever has their place takes what comes meanwhile."""

    model_config = example(kind="vacation", first_day="2027-07-05", last_day="2027-07-16", invitations="decline")

    kind: AbsenceKind = AbsenceKind.VACATION
    kind_id: UUID | None = Field(None, description="One of the company's own kinds, which says what it counts as")
    first_day: Date = Field(examples=["2027-07-05"])
    last_day: Date = Field(examples=["2027-07-16"])
    starts_midday: StrictBool = Field(False, description="Only the second half of the first day")
    ends_midday: StrictBool = Field(False, description="Only the first half of the last day")
    substitute_id: UUID | None = Field(None, description="A colleague who stands in")
    note: LongLine | None = None
    invitations: AbsenceAnswer = Field(
        AbsenceAnswer.LEAVE,
        description="What becomes of invitations to what lies in it: nothing; declined for you; or the organizers are "
        "told. Each is answered once; what you answer afterwards counts",
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.first_day > self.last_day:
            raise PydanticCustomError("absence_order", "An absence ends on its first day or after it")
        if self.first_day == self.last_day and self.starts_midday and self.ends_midday:
            raise PydanticCustomError("absence_without_length", "An absence of one day has at least one half of it")
        return self


class AbsenceCreate(AbsenceWrite):
    user_id: UUID | None = Field(None, description="Whose; only administrators name somebody else")


AbsencePatch = partial_of(AbsenceWrite, "AbsencePatch")


class AbsenceDecision(Input):
    model_config = example(is_approved=False, note="Everybody is away that week")

    is_approved: StrictBool
    note: LongLine | None = None


class AbsenceRead(Output):
    id: UUID
    user: Colleague
    kind: AbsenceKind | None = Field(description="For themselves, their managers and administrators; others see null")
    kind_id: UUID | None = Field(description="Likewise")
    kind_name: str | None = Field(description="Likewise; of the company's own kinds")
    first_day: date
    last_day: date
    starts_midday: bool
    ends_midday: bool
    substitute: Colleague | None
    note: str | None = Field(description="Likewise")
    state: AbsenceState
    invitations: AbsenceAnswer | None = Field(description="Likewise")
    decided_by: Colleague | None = Field(description="Likewise")
    decided_at: Instant | None = Field(description="Likewise")
    decision_note: str | None = Field(description="Likewise")
    may_decide: bool = Field(description="Whether it waits for you")
    created_at: Instant
    updated_at: Instant
    version: int


class AbsenceFilters(Input):
    """Whose absences, and which."""

    user_id: UUID | None = None
    department_id: UUID | None = Field(None, description="Of its people and those below it")
    manager_id: UUID | None = Field(None, description="Of those who report to this person")
    state: AbsenceState | None = None
    first: Date | None = Field(None, alias="from", examples=["2027-07-01"])
    last: Date | None = Field(None, alias="to", examples=["2027-08-01"], description="Exclusive")


class AbsenceQuery(AbsenceFilters):
    sort: AbsenceSort = AbsenceSort.FIRST_DAY
    limit: int | None = Field(None, ge=1, description="Rows a page; capped by the installation")
    cursor: str | None = Field(None, max_length=500, description="next_cursor of the page before")


class OwnKindWrite(Input):
    """A kind of absence of the company's own."""

    model_config = example(name="Study leave", kind="other", needs_approval=True)

    name: Line
    kind: AbsenceKind = Field(AbsenceKind.OTHER, description="What it counts as")
    needs_approval: StrictBool = True
    is_active: StrictBool = Field(True, description="False: nobody can choose it any more")


OwnKindPatch = partial_of(OwnKindWrite, "OwnKindPatch")


class OwnKindSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"


class OwnKindRead(Output):
    id: UUID
    name: str
    kind: AbsenceKind
    needs_approval: bool
    is_active: bool
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
