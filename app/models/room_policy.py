"""The rules of rooms: who may book them, when and for how long; and when they are blocked."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import NaiveDatetime
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, one_of


class CapacityRule(StrEnum):
    """What happens when more people are invited than the room holds."""

    IGNORE = "ignore"
    WARN = "warn"
    ENFORCE = "enforce"


class BookableBy(StrEnum):
    EVERYONE = "everyone"
    LISTED = "listed"


class InPolicy(StrEnum):
    """What happens to a booking that breaks no rule."""

    BOOK = "book"
    REQUEST = "request"


class OutOfPolicy(StrEnum):
    """What happens to a booking that breaks a rule."""

    REFUSE = "refuse"
    REQUEST = "request"


class PanelDetails(StrEnum):
    """What the tablet at the door tells of a meeting; of private ones always only that there is one."""

    BUSY = "busy"
    ORGANIZER = "organizer"
    TITLE = "title"


class RoomRule(StrEnum):
    """A rule that a booking can break; each is the code of an error."""

    WHO = "room_not_for_you"
    RECURRING = "room_not_for_series"
    CAPACITY = "room_too_small"
    WINDOW = "room_beyond_window"
    TOO_SHORT = "room_booking_too_short"
    TOO_LONG = "room_booking_too_long"
    HOURS = "room_not_open"
    BLOCKED = "room_blocked"


class PolicyPurpose(StrEnum):
    """What somebody is listed for."""

    BOOKER = "booker"
    # Books without an approver what breaks no rule.
    EXEMPT = "exempt"
    APPROVER = "approver"


class BookingPolicy(OwnedByOrganization, Timestamped, Versioned, table=True):
    """The rules of one room, of all rooms of a building, or of all rooms of the company; null is inherited."""

    __tablename__ = "booking_policies"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "building_id"], ["buildings.organization_id", "buildings.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"], ondelete="CASCADE"),
        CheckConstraint("num_nonnulls(building_id, room_id) <= 1", name="one_place"),
        Index(
            "uq_booking_policies_place",
            "organization_id",
            "building_id",
            "room_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("booking_window_days > 0", name="booking_window_days"),
        CheckConstraint("min_minutes > 0", name="min_minutes"),
        CheckConstraint("max_minutes > 0", name="max_minutes"),
        CheckConstraint("opening_hours <@ '{[0,10080)}'::int4multirange", name="opening_hours"),
        CheckConstraint("buffer_before_minutes >= 0 AND buffer_after_minutes >= 0", name="buffers"),
        CheckConstraint("approval_hours > 0", name="approval_hours"),
        CheckConstraint("check_in_minutes >= 0", name="check_in_minutes"),
        one_of("capacity_rule", CapacityRule),
        one_of("bookable_by", BookableBy),
        one_of("in_policy", InPolicy),
        one_of("out_of_policy", OutOfPolicy),
        one_of("panel_details", PanelDetails),
    )

    building_id: UUID | None = None
    room_id: UUID | None = None
    booking_window_days: int | None = None
    min_minutes: int | None = None
    max_minutes: int | None = None
    # Minutes of the week on the place's wall clock, from Monday 00:00; empty is never open.
    opening_hours: Any = Field(default=None, sa_column=Column(INT4MULTIRANGE, nullable=True))
    buffer_before_minutes: int | None = None
    buffer_after_minutes: int | None = None
    capacity_rule: str | None = Field(default=None, max_length=20)
    recurring_allowed: bool | None = None
    bookable_by: str | None = Field(default=None, max_length=20)
    in_policy: str | None = Field(default=None, max_length=20)
    out_of_policy: str | None = Field(default=None, max_length=20)
    # How long a request waits for an approver, at most until the meeting begins.
    approval_hours: int | None = None
    # Minutes after the start, when a room is released where nobody has checked in; 0: nobody needs to.
    check_in_minutes: int | None = None
    panel_details: str | None = Field(default=None, max_length=20)


class BookingPolicyPerson(OwnedByOrganization, table=True):
    """A colleague, or a department with those below it, whom a policy lists."""

    __tablename__ = "booking_policy_people"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "policy_id"],
            ["booking_policies.organization_id", "booking_policies.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint(
            "organization_id", "policy_id", "purpose", "user_id", "department_id", postgresql_nulls_not_distinct=True
        ),
        one_of("purpose", PolicyPurpose),
        CheckConstraint("num_nonnulls(user_id, department_id) = 1", name="one_kind"),
        Index(None, "organization_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index(None, "organization_id", "department_id", postgresql_where=text("department_id IS NOT NULL")),
    )

    policy_id: UUID
    purpose: str = Field(max_length=20)
    user_id: UUID | None = None
    department_id: UUID | None = None


class BlockingKind(StrEnum):
    CLEANING = "cleaning"
    MAINTENANCE = "maintenance"
    HOLIDAY = "holiday"
    CLOSED = "closed"
    OTHER = "other"


class RoomBlocking(OwnedByOrganization, Timestamped, Versioned, table=True):
    """When a room, the rooms of a building, or all rooms cannot be booked: once, or again and again.

    The times are wall time in the zone of each place.
    """

    __tablename__ = "room_blockings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "building_id"], ["buildings.organization_id", "buildings.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"], ondelete="CASCADE"),
        CheckConstraint("num_nonnulls(building_id, room_id) <= 1", name="one_place"),
        CheckConstraint("start_wall < end_wall", name="start_before_end"),
        one_of("kind", BlockingKind),
        # Those that can still matter: by the last wall time that they reach.
        Index(None, "organization_id", "last_end_wall"),
    )

    building_id: UUID | None = None
    room_id: UUID | None = None
    kind: str = Field(default=BlockingKind.OTHER, max_length=20)
    title: str | None = Field(default=None, max_length=200)
    start_wall: NaiveDatetime
    end_wall: NaiveDatetime
    recurrence_rule: str | None = Field(default=None, max_length=1000)
    # Null where the rule has no end.
    last_end_wall: NaiveDatetime | None = None
