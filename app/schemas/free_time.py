"""When people and rooms are free."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.calendaring.finding import Hours, Order, Why
from app.calendaring.free_busy import BusyType
from app.schemas.common import DateOrMoment, Input, Instant, Output, ZoneName
from app.schemas.event import FreeRoomRead
from app.schemas.room import EquipmentName


class SubjectKind(StrEnum):
    USER = "user"
    ROOM = "room"


class BusyEventRead(Output):
    """Why a time is busy, told only to who reads the event's details."""

    id: UUID
    title: str


class BusyBlockRead(Output):
    """A stretch of one type; blocks of a subject never overlap, and neighbours of one type are one block."""

    start: Instant
    end: Instant
    type: BusyType
    events: list[BusyEventRead]


class SubjectRead(Output):
    """A person or a room, and when they are not free."""

    kind: SubjectKind
    id: UUID
    name: str
    time_zone: str
    blocks: list[BusyBlockRead]


class FreeBusyRead(Output):
    """Everybody who was asked for, people first, in the order of their names."""

    start: Instant
    end: Instant
    subjects: list[SubjectRead]


class DepartmentWish(Input):
    """People of a department and those below it: anyone of them, or all."""

    id: UUID
    any_of: bool = Field(True, description="True: one of them is enough. False: all are required")


class RoomWish(Input):
    """Rooms that the meeting needs. Not named: any that fit, the smallest first."""

    ids: list[UUID] | None = Field(None, min_length=1, max_length=1000)
    count: int = Field(1, ge=1, le=20)
    capacity: int = Field(1, ge=1, le=100_000, description="Of each room")
    equipment: list[EquipmentName] = Field(default_factory=list, max_length=20, description="All of these")


class FindTimeWrite(Input):
    """What is looked for. Nothing is booked and nobody is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "duration_minutes": 60,
                    "required": ["01990292-d016-79a0-8e19-9f78c24d025b"],
                    "rooms": {"capacity": 6, "equipment": ["projector"]},
                    "from": "2027-03-22",
                    "to": "2027-03-27",
                }
            ]
        }
    )

    duration_minutes: int = Field(ge=5, le=7 * 24 * 60)
    required: list[UUID] = Field(default_factory=list, max_length=1000)
    optional: list[UUID] = Field(default_factory=list, max_length=1000)
    departments: list[DepartmentWish] = Field(default_factory=list, max_length=100)
    rooms: RoomWish | None = Field(None, description="Not sent: no room is needed")
    start: DateOrMoment = Field(alias="from", examples=["2027-03-22"], description="What has passed is left out")
    end: DateOrMoment = Field(alias="to", examples=["2027-03-27"], description="Exclusive: the meeting ends by then")
    time_zone: ZoneName | None = Field(None, description="IANA zone of naive times and of the steps. Not sent: yours")
    hours: Hours = Field(Hours.PREFER, description="Working hours of each person in their own zone")
    buffer_before_minutes: int = Field(0, ge=0, le=24 * 60, description="Kept free by people, not by rooms")
    buffer_after_minutes: int = Field(0, ge=0, le=24 * 60)
    step_minutes: Literal[5, 10, 15, 20, 30, 60] = 15
    tentative_is_busy: bool = Field(True, description="False: what is not promised yet costs, but does not block")
    order: Order = Order.EARLIEST
    limit: int = Field(10, ge=1, le=50)


class PersonRead(Output):
    id: UUID
    name: str


class AbsentRead(PersonRead):
    """Somebody who cannot come, or (`tentative`) has not promised their other meeting yet."""

    is_required: bool
    why: Why


class OutsideRead(PersonRead):
    """Somebody who would meet outside their working hours, at this time of their own wall clock."""

    is_required: bool
    # RFC 3339, which is what "date-time" means, knows no time without an offset.
    local_start: datetime = Field(json_schema_extra={"format": "date-time-local"}, examples=["2027-03-22T18:00:00"])
    time_zone: str


class AnyoneRead(Output):
    """Who of a department could come."""

    department_id: UUID
    people: list[PersonRead]


class PriceRead(Output):
    """A part of the pain.

    `busy`, `away`: optional people who cannot come, five points each. `tentative`: meetings not promised yet, one
    point, or three of somebody required; five where they count as busy. `outside_hours`: a point for each hour begun
    between the meeting and working hours, at most eight, twice for the required.
    """

    why: Why
    people: int
    pain: int


class ProposalRead(Output):
    """A time, its rooms, and its price. Of a near miss, `obstacles` stand in the way."""

    start: Instant
    end: Instant
    rooms: list[FreeRoomRead]
    missing: list[AbsentRead]
    outside_hours: list[OutsideRead]
    anyone: list[AnyoneRead]
    pain: int
    explained: list[PriceRead]
    obstacles: int


class BlockerKind(StrEnum):
    USER = "user"
    DEPARTMENT = "department"
    # One room; a room by itself blocks nothing while others are free.
    ROOM = "room"
    # Too few of the rooms that fit.
    ROOMS = "rooms"


class BlockerRead(Output):
    """Who or what blocks so many starts, and how many of them alone. `reasons` counts them by the strongest one."""

    kind: BlockerKind
    id: UUID | None
    name: str | None
    starts: int
    alone: int
    reasons: dict[Why, int]


class FindTimeRead(Output):
    """Proposals, the best first. Only when there is none: who stands in the way, and the times that come closest."""

    proposals: list[ProposalRead]
    starts: int = Field(description="How many possible starts were looked at")
    blockers: list[BlockerRead]
    near_misses: list[ProposalRead]
