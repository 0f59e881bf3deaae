"""Meeting rooms."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from app.schemas.common import Input, Instant, Line, LongLine, Output, Text, example, partial_of

Equipment = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60, to_lower=True, strip_whitespace=True, pattern=r"^[^\x00-\x1f,]+$"),
]


class RoomSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"
    CAPACITY = "capacity"
    CAPACITY_DESC = "-capacity"


def _without_repeats(items: list[str]) -> list[str]:
    return list(dict.fromkeys(items))


class RoomWrite(Input):
    model_config = example(name="Синяя", capacity=8, location="3 этаж", equipment=["projector", "whiteboard"])

    name: Line
    description: Text | None = None
    capacity: int = Field(strict=True, ge=1, le=100_000, description="People")
    location: LongLine | None = None
    equipment: Annotated[list[Equipment], Field(max_length=50), AfterValidator(_without_repeats)] = Field(
        default_factory=list, examples=[["projector", "whiteboard"]]
    )
    is_active: StrictBool = True


RoomPatch = partial_of(RoomWrite, "RoomPatch")


class RoomRead(Output):
    id: UUID
    name: str
    description: str | None
    capacity: int
    location: str | None
    equipment: list[str]
    is_active: bool
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int
