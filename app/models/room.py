"""Meeting rooms and their bookings."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class BookingState(StrEnum):
    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    # The nightly extension of a series found the room taken: the occurrence stands, without the room.
    DECLINED = "declined"


# The states in which a booking keeps others out.
BLOCKING_STATES = (BookingState.HELD, BookingState.PENDING, BookingState.CONFIRMED)
BLOCKING_SQL = "state IN ('held', 'pending', 'confirmed')"


class Room(OwnedByOrganization, Timestamped, Versioned, table=True):
    __tablename__ = "rooms"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("jsonb_typeof(equipment) = 'array'", name="equipment_is_list"),
        Index(None, "organization_id", "capacity"),
    )

    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=5000)
    capacity: int
    location: str | None = Field(default=None, max_length=500)
    equipment: list[str] = Field(
        default_factory=list,
        sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    )
    is_active: bool = True


class RoomBooking(OwnedByOrganization, table=True):
    """One room for one occurrence. PostgreSQL itself refuses a second booking that overlaps."""

    __tablename__ = "room_bookings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            [
                "event_occurrences.organization_id",
                "event_occurrences.series_id",
                "event_occurrences.original_start",
            ],
            ondelete="CASCADE",
            # The bookings of a series that is split go with its occurrences.
            onupdate="CASCADE",
        ),
        UniqueConstraint("organization_id", "series_id", "original_start"),
        one_of("state", BookingState),
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        ExcludeConstraint(
            ("organization_id", "="),
            ("room_id", "="),
            ("during", "&&"),
            where=text(BLOCKING_SQL),
            using="gist",
            name="ex_room_bookings_no_overlap",
        ),
    )

    room_id: UUID
    series_id: UUID
    original_start: datetime
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    state: str = Field(default=BookingState.CONFIRMED, max_length=20)
    created_at: datetime = Field(default_factory=now)
