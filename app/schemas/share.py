"""Shares: with whom a calendar is shared, and how far."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.models.sharing import ShareLevel
from app.schemas.common import Input, Instant, Output, example


class ShareSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class ShareWrite(Input):
    model_config = example(user_id="0190a0d8-0000-7000-8000-000000000000", level="read")

    user_id: UUID | None = Field(None, description="An active colleague; either this or a department")
    department_id: UUID | None = Field(None, description="A department, and with it those below it")
    level: ShareLevel

    @model_validator(mode="after")
    def _is_with_one(self) -> Self:
        if (self.user_id is None) == (self.department_id is None):
            raise PydanticCustomError("share_needs_one", "Name either user_id or department_id")
        return self


class SharePatch(Input):
    model_config = example(level="write")

    level: ShareLevel


class ShareRead(Output):
    id: UUID
    calendar_id: UUID
    user_id: UUID | None
    department_id: UUID | None
    level: ShareLevel
    created_at: Instant
    updated_at: Instant
    version: int
