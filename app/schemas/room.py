"""Meeting rooms."""

from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.models.room import AccessibilityFeature
from app.schemas.common import Input, Instant, Line, LongLine, Output, Text, example, partial_of

EquipmentName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60, to_lower=True, strip_whitespace=True, pattern=r"^[^\x00-\x1f,]+$"),
]


LOWEST_FLOOR, HIGHEST_FLOOR = -20, 300


class EquipmentState(Input):
    """How many there are of one thing, and how many of these do not work."""

    quantity: int = Field(1, strict=True, ge=1, le=10_000)
    out_of_order: int = Field(0, strict=True, ge=0, le=10_000)
    note: LongLine | None = Field(None, examples=["The lamp flickers"])

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> Self:
        if self.out_of_order > self.quantity:
            raise PydanticCustomError("out_of_order", "out_of_order is at most quantity")
        return self


class EquipmentWrite(EquipmentState):
    """So many of one thing, and how many of these do not work. Only a name means one that works."""

    name: EquipmentName

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


EquipmentPatch = partial_of(EquipmentState, "EquipmentPatch")


class EquipmentRead(Output):
    id: UUID
    name: str
    quantity: int
    out_of_order: int
    note: str | None


class RoomSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"
    CAPACITY = "capacity"
    CAPACITY_DESC = "-capacity"
    FLOOR = "floor"
    FLOOR_DESC = "-floor"


def _without_repeats(items: list[EquipmentWrite]) -> list[EquipmentWrite]:
    return list({item.name: item for item in items}.values())


class RoomWrite(Input):
    model_config = example(name="Синяя", capacity=8, location="3 этаж", equipment=["projector", "whiteboard"])

    name: Line
    description: Text | None = None
    capacity: int = Field(strict=True, ge=1, le=100_000, description="People")
    location: LongLine | None = Field(None, description="How to find it, in your own words")
    building_id: UUID | None = None
    floor: int | None = Field(None, strict=True, ge=LOWEST_FLOOR, le=HIGHEST_FLOOR, description="0 is the ground floor")
    zone: Line | None = Field(None, description="A part of the floor", examples=["north wing"])
    accessibility: Annotated[list[AccessibilityFeature], Field(max_length=len(AccessibilityFeature))] = Field(
        default_factory=list
    )
    equipment: Annotated[list[EquipmentWrite], Field(max_length=50), AfterValidator(_without_repeats)] = Field(
        default_factory=list, examples=[["whiteboard", {"name": "microphone", "quantity": 4, "out_of_order": 1}]]
    )
    is_active: StrictBool = True


RoomPatch = partial_of(RoomWrite, "RoomPatch")


class RoomRead(Output):
    id: UUID
    name: str
    description: str | None
    capacity: int
    location: str | None
    building_id: UUID | None
    floor: int | None
    zone: str | None
    accessibility: list[AccessibilityFeature]
    equipment: list[EquipmentRead]
    photo_url: str | None
    is_active: bool
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int
