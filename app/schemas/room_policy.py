"""The rules of rooms, as administrators set them and everybody reads them."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.models.room_policy import BookableBy, CapacityRule, InPolicy, OutOfPolicy, PanelDetails
from app.schemas.common import Input, Instant, Output, example, partial_of

YEAR_MINUTES = 366 * 24 * 60
ClockTime = Annotated[str, StringConstraints(pattern=r"^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
Weekday = Annotated[int, Field(strict=True, ge=1, le=7)]


class OpeningSpan(Input):
    """Hours of some weekdays, wall time. An end at or before the start is on the next day; 24:00 ends the day."""

    weekdays: list[Weekday] = Field(min_length=1, max_length=7, description="1 is Monday", examples=[[1, 2, 3, 4, 5]])
    start: ClockTime = Field(examples=["08:00"])
    end: ClockTime = Field(examples=["20:00"])

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.start in (self.end, "24:00"):
            raise PydanticCustomError("hours_without_length", "start and end are two different times of day")
        return self


class PolicyPerson(Input):
    """A colleague, or a department with those below it."""

    user_id: UUID | None = None
    department_id: UUID | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.user_id is None) == (self.department_id is None):
            raise PydanticCustomError("share_needs_one", "Name either user_id or department_id")
        return self


def _people(description: str) -> Any:
    return Field(default_factory=list, max_length=10_000, description=description)


class PolicyWrite(Input):
    """The rules of a room, a building or the company. Null is inherited: from the building, from the company."""

    model_config = example(
        booking_window_days=90,
        max_minutes=240,
        opening_hours=[{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "20:00"}],
        buffer_after_minutes=10,
        in_policy="request",
    )

    booking_window_days: int | None = Field(None, strict=True, ge=1, le=3660, description="How far ahead")
    min_minutes: int | None = Field(None, strict=True, ge=1, le=YEAR_MINUTES)
    max_minutes: int | None = Field(None, strict=True, ge=1, le=YEAR_MINUTES)
    opening_hours: list[OpeningSpan] | None = Field(
        None, max_length=50, description="In the time zone of the building; an empty list is never open"
    )
    buffer_before_minutes: int | None = Field(None, strict=True, ge=0, le=1440)
    buffer_after_minutes: int | None = Field(None, strict=True, ge=0, le=1440)
    capacity_rule: CapacityRule | None = Field(None, description="When more people come than the room holds")
    recurring_allowed: StrictBool | None = None
    bookable_by: BookableBy | None = Field(None, description="listed: only `bookers`")
    bookers: list[PolicyPerson] = _people("Who may book, where bookable_by is listed here")
    in_policy: InPolicy | None = Field(None, description="request: every booking waits for an approver, but `exempt`")
    exempt: list[PolicyPerson] = _people("Who books without an approver, where in_policy is request here")
    out_of_policy: OutOfPolicy | None = Field(
        None, description="request: what breaks a rule may be asked for, and waits for an approver"
    )
    approvers: list[PolicyPerson] = _people(
        "Who decides. Empty: as inherited, and where nobody is named, administrators and the IT desk"
    )
    approval_hours: int | None = Field(None, strict=True, ge=1, le=24 * 90, description="How long requests wait")
    check_in_minutes: int | None = Field(
        None, strict=True, ge=0, le=1440, description="After so many without a check-in the room is released. 0: never"
    )
    panel_details: PanelDetails | None = Field(None, description="What the tablet at the door tells of meetings")


PolicyPatch = partial_of(PolicyWrite, "PolicyPatch")


class OpeningSpanRead(Output):
    weekdays: list[int]
    start: str
    end: str


class PolicyPersonRead(Output):
    user_id: UUID | None
    department_id: UUID | None


class RuleRead(Output):
    """What holds, and which level says so."""

    value: Any
    source: Literal["room", "building", "company", "default"]


class PolicyRead(Output):
    """The rules of one place: what it says itself, and what holds there."""

    building_id: UUID | None
    room_id: UUID | None
    booking_window_days: int | None
    min_minutes: int | None
    max_minutes: int | None
    opening_hours: list[OpeningSpanRead] | None
    buffer_before_minutes: int | None
    buffer_after_minutes: int | None
    capacity_rule: CapacityRule | None
    recurring_allowed: bool | None
    bookable_by: BookableBy | None
    bookers: list[PolicyPersonRead]
    in_policy: InPolicy | None
    exempt: list[PolicyPersonRead]
    out_of_policy: OutOfPolicy | None
    approvers: list[PolicyPersonRead]
    approval_hours: int | None
    check_in_minutes: int | None
    panel_details: PanelDetails | None
    effective: dict[str, RuleRead] = Field(description="Each of the rules as it holds here")
    updated_at: Instant | None = Field(description="Null: nothing was set here yet")
    version: int
