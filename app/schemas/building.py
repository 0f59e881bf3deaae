"""Buildings."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.schemas.common import Input, Instant, Line, LongLine, Output, ZoneName, example, partial_of


class BuildingSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"


class BuildingWrite(Input):
    model_config = example(name="Main office", address="Unter den Linden 1, Berlin", time_zone="Europe/Berlin")

    name: Line
    address: LongLine | None = None
    time_zone: ZoneName | None = Field(
        None, description="In which opening hours and blockings of its rooms are; null: the company's"
    )


BuildingPatch = partial_of(BuildingWrite, "BuildingPatch")


class BuildingRead(Output):
    id: UUID
    name: str
    address: str | None
    time_zone: str
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int
