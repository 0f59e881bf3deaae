"""What lists of rooms are asked for, as types."""

from typing import Annotated

from fastapi import Query

from app.models.room import AccessibilityFeature
from app.schemas.room import HIGHEST_FLOOR, LOWEST_FLOOR, EquipmentName

EquipmentParam = Annotated[
    list[Annotated[str, Query(max_length=500)]],
    Query(max_length=20, description="All of these: repeat it, or separate by commas", examples=["projector"]),
]
AccessibilityParam = Annotated[
    list[AccessibilityFeature],
    Query(max_length=len(AccessibilityFeature), description="All of these: repeat it", examples=["step_free"]),
]
FloorParam = Annotated[int | None, Query(ge=LOWEST_FLOOR, le=HIGHEST_FLOOR, description="0 is the ground floor")]


def equipment_names(values: list[str]) -> list[EquipmentName]:
    """The names in repeated or comma-separated values of a query."""
    return [item for value in values for part in value.split(",") if (item := part.strip().lower().replace("\x00", ""))]
