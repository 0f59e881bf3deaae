"""Calendars, and how each person has them in their own list."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from app.schemas.common import Color, Input, Instant, Line, Output, Text, example, partial_of

# Places in a list: numbers that clients choose, with room between them.
POSITION_MAX = 1_000_000


class CalendarSort(StrEnum):
    NAME = "name"
    NAME_DESC = "-name"
    CREATED = "created_at"
    CREATED_DESC = "-created_at"
    POSITION = "position"
    POSITION_DESC = "-position"


class CalendarAccess(StrEnum):
    """What somebody may do in a calendar; each includes those before it."""

    FREE_BUSY = "free_busy"
    READ = "read"
    WRITE = "write"
    MANAGE = "manage"
    OWNER = "owner"


class CalendarWrite(Input):
    model_config = example(name="Команда", description="Встречи команды", color="#2e7d32", is_public=True)

    name: Line
    description: Text | None = None
    color: Color = Field("#3788d8", description="For everybody who has no colour of their own for it")
    is_public: StrictBool = False


CalendarPatch = partial_of(CalendarWrite, "CalendarPatch")


class CalendarRead(Output):
    """A calendar as the asker has it."""

    id: UUID
    name: str
    description: str | None
    color: str = Field(description="The asker's own colour for it, or else `shared_color`")
    shared_color: str = Field(description="Its colour for everybody who has none of their own")
    owner_id: UUID
    is_public: bool
    is_outside: bool = Field(description="Its events come from a feed elsewhere; nobody writes in it")
    access: CalendarAccess = Field(description="What the asker may do in it")
    is_listed: bool = Field(description="False: the asker has unsubscribed from it")
    position: int | None = Field(description="Its place in the asker's list; null: after those that have one")
    organization_id: UUID
    created_at: Instant
    updated_at: Instant
    version: int


class SubscriptionWrite(Input):
    model_config = example(is_listed=True, color="#8e24aa", position=10)

    is_listed: StrictBool = Field(True, description="False: its events are in no list that does not name the calendar")
    color: Color | None = Field(None, description="For the asker alone; null: as the calendar has it")
    position: Annotated[int, Field(strict=True, ge=0, le=POSITION_MAX)] | None = Field(
        None, description="The lowest comes first"
    )


class OwnerWrite(Input):
    model_config = example(user_id="0190a0d8-0000-7000-8000-000000000000", keep_access=True)

    user_id: UUID = Field(description="An active colleague")
    keep_access: StrictBool = Field(False, description="The owner until now goes on managing it, by a share")
