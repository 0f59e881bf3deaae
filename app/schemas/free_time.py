"""When people and rooms are free."""

from enum import StrEnum
from uuid import UUID

from app.calendaring.free_busy import BusyType
from app.schemas.common import Instant, Output


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
