"""Finding rooms."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.room import AccessibilityFeature
from app.schemas.common import DateOrInstant, DateOrMoment, Input, Instant, Output, ZoneName, example
from app.schemas.event import RuleText
from app.schemas.room import HIGHEST_FLOOR, LOWEST_FLOOR, EquipmentName, RoomRead

LONGEST_MINUTES = 7 * 24 * 60


class AvailableRoomRead(RoomRead):
    """A room that is free for the time that is asked for."""

    free_from: Instant = Field(description="When it is free, or becomes free, for as long as is asked")
    free_until: Instant = Field(
        description="When the next thing begins or the room closes; at the latest, the end of the window or the day"
    )
    needs_approval: bool = Field(description="What you book waits for an approver")


class Nearness(StrEnum):
    SAME_ZONE = "same_zone"
    SAME_FLOOR = "same_floor"
    SAME_BUILDING = "same_building"
    ELSEWHERE = "elsewhere"


class NearRoomRead(AvailableRoomRead):
    """A room near a place, and how near."""

    nearness: Nearness
    floors_apart: int | None = Field(description="Null: in another building, or nobody has said on which floor")


class NearestRooms(Output):
    """The nearest first."""

    items: list[NearRoomRead]


class SeriesRoomsWrite(Input):
    """The times of a series, as an event has them, and what its room must have."""

    model_config = example(
        start_time="2027-03-22T09:00:00",
        end_time="2027-03-22T10:00:00",
        time_zone="Europe/Berlin",
        recurrence_rule="FREQ=WEEKLY;BYDAY=MO;COUNT=20",
        capacity=6,
        equipment=["projector"],
    )

    start_time: DateOrMoment = Field(examples=["2027-03-22T09:00:00"])
    end_time: DateOrMoment | None = Field(None, examples=["2027-03-22T10:00:00"], description="As of an event")
    time_zone: ZoneName | None = Field(None, description="IANA name. Not sent: your own zone")
    is_all_day: bool = False
    recurrence_rule: RuleText | None = Field(None, examples=["FREQ=WEEKLY;BYDAY=MO;COUNT=20"])
    exdates: list[DateOrMoment] = Field(default_factory=list, max_length=5000)
    rdates: list[DateOrMoment] = Field(default_factory=list, max_length=5000)
    capacity: int = Field(1, strict=True, ge=1, le=100_000, description="For at least so many people")
    equipment: list[EquipmentName] = Field(default_factory=list, max_length=20, description="All of these, working")
    accessibility: Annotated[list[AccessibilityFeature], Field(max_length=len(AccessibilityFeature))] = Field(
        default_factory=list, description="All of these"
    )
    building_id: UUID | None = None
    floor: int | None = Field(None, strict=True, ge=LOWEST_FLOOR, le=HIGHEST_FLOOR)
    limit: int = Field(10, strict=True, ge=1, le=50)


class ClashReason(StrEnum):
    # By another booking.
    TAKEN = "taken"
    # Outside the opening hours, or blocked.
    CLOSED = "closed"


class RoomClashRead(Output):
    """An occurrence for which the room cannot be had."""

    original_start: DateOrInstant
    start_time: Instant
    end_time: Instant
    reason: ClashReason


class SeriesRoomRead(RoomRead):
    """A room, and for how many of the occurrences it can be had."""

    needs_approval: bool = Field(description="What you book waits for an approver")
    free: int
    clashing: int
    later: int = Field(description="How many of the free ones lie beyond the room's booking window: booked in time")
    clashes: list[RoomClashRead] = Field(description="The first of them, at most 50")


class SeriesRooms(Output):
    """The rooms that are free for the most occurrences first, then the smallest."""

    occurrences: int = Field(description="Up to the horizon to which rooms are booked")
    items: list[SeriesRoomRead]
