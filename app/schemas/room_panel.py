"""The panel at a room's door: what it shows, and what can be done there."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.schemas.common import Input, Instant, Output, example

# What can be booked at the door, or added to what goes on.
QUICK_MINUTES = (15, 30, 60)
QuickMinutes = Literal[15, 30, 60]


class PanelStatus(StrEnum):
    FREE = "free"
    BUSY = "busy"
    # Kept for some minutes for somebody who decides.
    HELD = "held"
    # Blocked, outside its opening hours, or out of use.
    CLOSED = "closed"


class PanelToken(Output):
    """The address of a room's panel, told this once."""

    token: str
    page_url: str = Field(description="For the browser of the tablet")
    version: int = Field(description="The room's")


class PanelMinutes(Input):
    model_config = example(minutes=30)

    minutes: QuickMinutes


class PanelEquipment(Output):
    name: str
    quantity: int
    out_of_order: int


class PanelRoom(Output):
    id: UUID
    name: str
    capacity: int
    location: str | None
    building: str | None
    floor: int | None
    zone: str | None
    equipment: list[PanelEquipment]


class PanelMeeting(Output):
    """Who and what as the room's rules let the panel tell; of private meetings neither."""

    start_time: Instant
    end_time: Instant
    title: str | None
    organizer: str | None
    is_held: bool
    is_pending: bool = Field(description="An approver has not decided yet")
    is_walk_up: bool = Field(description="Booked at the door")
    is_checked_in: bool


class PanelClosed(Output):
    """Why nobody can come in now."""

    kind: str = Field(description="hours, out_of_use, or the kind of the blocking", examples=["cleaning"])
    title: str | None
    until: Instant | None


class PanelCheckIn(Output):
    """Somebody has to check in to this meeting, or the room is released."""

    start_time: Instant
    end_time: Instant
    until: Instant


class PanelChoice(Output):
    minutes: int
    end_time: Instant


class PanelRead(Output):
    room: PanelRoom
    server_time: Instant
    time_zone: str
    utc_offset_minutes: int = Field(description="Of the room's clock, now")
    status: PanelStatus
    now: PanelMeeting | None
    next: PanelMeeting | None
    today: list[PanelMeeting] = Field(description="All of the room's day, what is over too")
    free_until: Instant | None = Field(description="Of a free room; null: for all that is known of the next 24 hours")
    busy_until: Instant | None = Field(description="Of a busy one: when nobody has it any more")
    closed: PanelClosed | None
    check_in: PanelCheckIn | None
    code: str | None = Field(description="To check in by another device; changes every few minutes")
    quick_bookings: list[PanelChoice] = Field(description="What can be booked now")
    extensions: list[PanelChoice] = Field(description="By how much the present meeting can be longer")
    can_end: bool = Field(description="There is a meeting that can end now")
