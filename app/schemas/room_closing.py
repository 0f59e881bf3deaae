"""Closing a room, and what becomes of what is booked in it."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.models.booking import BookingSource, BookingState
from app.schemas.common import DateOrMoment, Input, Instant, Line, Output, example


class RoomClosingWrite(Input):
    model_config = example(start="2027-03-22", end="2027-03-27", reason="New carpet")

    start: DateOrMoment | None = Field(
        None, description="Not sent: now. Naive times and dates are read in the zone of the room's building"
    )
    end: DateOrMoment | None = Field(
        None, description="Exclusive. Not sent: closed for good, from now on", examples=["2027-03-27"]
    )
    reason: Line | None = Field(None, description="For the people who lose the room")
    plan: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = Field(
        None,
        description="The plan that you were shown: if it would be another one by now, nothing is done (409)",
        examples=[None],
    )


class Becomes(StrEnum):
    MOVED = "moved"
    # It keeps its time, without a room.
    LOST = "lost"


class RoomNamed(Output):
    id: UUID
    name: str


class ClosedBooking(Output):
    """One occurrence that asks for the room, and what becomes of it."""

    event_id: UUID | None = Field(description="Null unless you read the event, and so the title")
    title: str | None
    original_start: Instant
    start_time: Instant
    end_time: Instant
    state: BookingState | None = Field(description="What it has of the room. Null: it is not booked yet")
    becomes: Becomes
    room: RoomNamed | None = Field(description="The room that it gets instead")


class DroppedBooking(Output):
    """A hold, an offer, or what was booked at the door: no event's, and gone with the room."""

    source: BookingSource
    start_time: Instant
    end_time: Instant


class ClosingCounts(Output):
    moved: int
    lost: int
    dropped: int


class RoomClosingRead(Output):
    """A plan for closing a room, carried out or only shown."""

    dry_run: bool
    room_id: UUID
    start: Instant
    end: Instant | None = Field(description="Null: for good")
    plan: str = Field(description="Names this plan. Send it to have this one carried out, or none")
    blocking_id: UUID | None = Field(description="The blocking that closes the room for a time: delete it to reopen")
    counts: ClosingCounts
    bookings: list[ClosedBooking] = Field(description="In order of time")
    dropped: list[DroppedBooking]
