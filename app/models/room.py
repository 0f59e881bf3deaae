"""Meeting rooms, and what stands in them."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned


class AccessibilityFeature(StrEnum):
    """What makes a room usable for people with disabilities."""

    STEP_FREE = "step_free"
    WIDE_DOOR = "wide_door"
    ACCESSIBLE_TOILET = "accessible_toilet"
    ADJUSTABLE_TABLE = "adjustable_table"
    HEARING_LOOP = "hearing_loop"
    BRAILLE_SIGNS = "braille_signs"


_FEATURES = ",".join(AccessibilityFeature)


class Room(OwnedByOrganization, Timestamped, Versioned, table=True):
    __tablename__ = "rooms"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "building_id"], ["buildings.organization_id", "buildings.id"]),
        UniqueConstraint("organization_id", "name"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint(f"accessibility <@ '{{{_FEATURES}}}'::text[]", name="accessibility"),
        Index(None, "organization_id", "capacity"),
        Index(None, "organization_id", "building_id", postgresql_where=text("building_id IS NOT NULL")),
    )

    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=5000)
    capacity: int
    # In the words of the company, for people: how to find it.
    location: str | None = Field(default=None, max_length=500)
    building_id: UUID | None = None
    # 0 is the ground floor.
    floor: int | None = None
    # A part of the floor: "north wing".
    zone: str | None = Field(default=None, max_length=200)
    accessibility: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    photo_url: str | None = Field(default=None, max_length=500)
    # Of the address of the tablet at the door; null while it has none.
    panel_token_hash: str | None = Field(default=None, max_length=64)
    is_active: bool = True


class RoomEquipment(OwnedByOrganization, table=True):
    """So many of one thing in a room, and how many of these do not work."""

    __tablename__ = "room_equipment"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"], ondelete="CASCADE"),
        UniqueConstraint("organization_id", "room_id", "name"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("out_of_order BETWEEN 0 AND quantity", name="out_of_order"),
    )

    room_id: UUID
    # In lower case, so that it is found however it is written.
    name: str = Field(max_length=60)
    quantity: int = 1
    out_of_order: int = 0
    note: str | None = Field(default=None, max_length=500)
