"""When rooms are blocked: cleaning, holidays, repairs."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.models.room_policy import BlockingKind
from app.schemas.common import DateOrMoment, Input, Instant, Line, Output, example, partial_of
from app.schemas.event import RuleText


def _on_the_wall(value: date) -> date:
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise PydanticCustomError("wall_time_expected", "Wall time of the place, without an offset")
    return value


WallTime = Annotated[DateOrMoment, AfterValidator(_on_the_wall)]
# RFC 3339, and with it "date-time", knows no time without an offset.
WallTimeRead = Annotated[
    datetime, WithJsonSchema({"type": "string", "examples": ["2027-03-22T19:00:00"], "description": "Wall time"})
]


class BlockingSort(StrEnum):
    START = "start"
    START_DESC = "-start"


class BlockingWrite(Input):
    """A time in which a room, the rooms of a building, or with neither all rooms cannot be booked.

    Wall time of each place. A date is its midnight, so two dates block whole days.
    """

    model_config = example(
        kind="cleaning",
        title="Cleaning",
        start="2027-03-22T19:00:00",
        end="2027-03-22T20:00:00",
        recurrence_rule="FREQ=WEEKLY;BYDAY=MO,WE,FR",
    )

    room_id: UUID | None = None
    building_id: UUID | None = None
    kind: BlockingKind = BlockingKind.OTHER
    title: Line | None = None
    start: WallTime = Field(examples=["2027-03-22T19:00:00"])
    end: WallTime = Field(examples=["2027-03-22T20:00:00"], description="Exclusive")
    recurrence_rule: RuleText | None = Field(None, examples=["FREQ=WEEKLY;BYDAY=MO,WE,FR"])

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.room_id is not None and self.building_id is not None:
            raise PydanticCustomError("one_place", "Name a room or a building, or neither for all rooms")
        return self


BlockingPatch = partial_of(BlockingWrite, "BlockingPatch")


class BlockingRead(Output):
    id: UUID
    room_id: UUID | None
    building_id: UUID | None
    kind: BlockingKind
    title: str | None
    start: WallTimeRead
    end: WallTimeRead
    recurrence_rule: str | None
    bookings_touched: int | None = Field(
        None, description="In the answer to a write: coming bookings in this time. They keep their room"
    )
    created_at: Instant
    updated_at: Instant
    version: int


class BlockedRead(Output):
    """One time in which a room cannot be booked."""

    start_time: Instant
    end_time: Instant
    kind: BlockingKind
    title: str | None
