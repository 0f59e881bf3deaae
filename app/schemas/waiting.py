"""Waiting for rooms."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from app.models.booking import WaitingState
from app.schemas.common import DateOrInstant, DateOrMoment, Input, Instant, Output, example


class WaitingSort(StrEnum):
    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class WaitingWrite(Input):
    model_config = example(event_id="0190a0d8-0000-7000-8000-000000000000", occurrence="2027-03-29T09:00:00")

    event_id: UUID = Field(description="The event, or the series, that needs the room; you may change it")
    occurrence: DateOrMoment | None = Field(
        None, description="Of a series, the original start of one occurrence; naive times are read in the event's zone"
    )


class WaitingRead(Output):
    """One meeting that waits for a room. A meeting that is moved or cancelled waits no more: `expired`."""

    id: UUID
    room_id: UUID
    event_id: UUID = Field(description="The row that describes the meeting: the event, the series, or an override")
    series_id: UUID = Field(description="The series, or the event itself")
    original_start: DateOrInstant
    start_time: Instant = Field(description="From when the room is needed; its buffers come on top")
    end_time: Instant
    state: WaitingState = Field(
        description="waiting; offered: the room is held for you until expires_at; taken; expired: it ended without"
    )
    place: int | None = Field(description="1 comes first, among those who wait for this room at that time")
    expires_at: Instant | None = Field(description="Until when the offer is good")
    created_at: Instant
