"""Calendars."""

from enum import StrEnum
from uuid import UUID

from pydantic import StrictBool

from app.schemas.common import Color, Input, Instant, Line, Output, Text, example, partial_of


class CalendarSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class CalendarWrite(Input):
    model_config = example(name="Команда", description="Встречи команды", color="#2e7d32", is_public=True)

    name: Line
    description: Text | None = None
    color: Color = "#3788d8"
    is_public: StrictBool = False


CalendarPatch = partial_of(CalendarWrite, "CalendarPatch")


class CalendarRead(Output):
    id: UUID
    name: str
    description: str | None
    color: str
    owner_id: UUID
    is_public: bool
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int
