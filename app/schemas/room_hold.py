"""Rooms that are held for some minutes, while somebody decides."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.schemas.common import Input, Instant, Moment, Output, ZoneName, example


class HoldSort(StrEnum):
    START = "start_time"
    START_DESC = "-start_time"


class HoldWrite(Input):
    """From when to when the room is wanted, and for how many minutes it is kept."""

    model_config = example(
        start="2027-03-22T09:00:00", end="2027-03-22T10:00:00", time_zone="Europe/Berlin", minutes=10
    )

    start: Moment = Field(examples=["2027-03-22T09:00:00"])
    end: Moment = Field(examples=["2027-03-22T10:00:00"], description="Exclusive")
    time_zone: ZoneName | None = Field(None, description="IANA zone of naive times; yours when not sent")
    minutes: int | None = Field(
        None, ge=1, le=24 * 60, description="Not sent: as long as the installation lets anybody hold a room"
    )


class HoldRead(Output):
    id: UUID
    room_id: UUID
    start_time: Instant = Field(validation_alias="starts_at")
    end_time: Instant = Field(validation_alias="ends_at")
    expires_at: Instant
    created_at: Instant
