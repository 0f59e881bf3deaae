"""Appointments that others book: what is offered and by whom, the times that are taken, and who took them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, INT4MULTIRANGE, JSONB, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class AppointmentMode(StrEnum):
    # With one person.
    ONE = "one"
    # With all hosts together.
    COLLECTIVE = "collective"
    # With whoever of the hosts is free and has had least.
    ROUND_ROBIN = "round_robin"


class AppointmentState(StrEnum):
    # Kept while somebody fills in the form.
    HELD = "held"
    # Waits for the link in the mail.
    UNCONFIRMED = "unconfirmed"
    # Waits for a host.
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


# In these it takes a seat.
TAKING = (
    AppointmentState.HELD,
    AppointmentState.UNCONFIRMED,
    AppointmentState.PENDING,
    AppointmentState.CONFIRMED,
)
TAKING_SQL = f"state IN ({', '.join(repr(state.value) for state in TAKING)})"


def _numbers(default: str) -> Any:
    return Column(ARRAY(Integer), nullable=False, server_default=text(f"'{default}'"))


class AppointmentKind(OwnedByOrganization, Timestamped, Versioned, table=True):
    """What can be booked: how long, when, with whom and by which rules."""

    __tablename__ = "appointment_kinds"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "owner_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        UniqueConstraint("public_key"),
        one_of("mode", AppointmentMode),
        CheckConstraint("cardinality(durations) > 0 AND 0 < ALL (durations)", name="durations"),
        CheckConstraint("buffer_before_minutes >= 0 AND buffer_after_minutes >= 0", name="buffers"),
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("step_minutes > 0", name="step"),
        CheckConstraint("max_per_day > 0 AND max_per_week > 0", name="at_most"),
        Index(None, "organization_id", "name", "id"),
        Index(None, "organization_id", "owner_id"),
        Index(None, "organization_id", "room_id", postgresql_where=text("room_id IS NOT NULL")),
    )

    owner_id: UUID
    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=5000)
    mode: str = Field(default=AppointmentMode.ONE, max_length=20)
    # In minutes; the first is the usual one.
    durations: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    buffer_before_minutes: int = Field(default=0)
    buffer_after_minutes: int = Field(default=0)
    notice_minutes: int = Field(default=0)
    # How many days ahead it can be booked.
    window_days: int = Field(default=60)
    # None: as long as it lasts.
    step_minutes: int | None = None
    # Of each host.
    max_per_day: int | None = None
    max_per_week: int | None = None
    # How many can have the same time.
    capacity: int = Field(default=1)
    place: str | None = Field(default=None, max_length=500)
    room_id: UUID | None = None
    needs_approval: bool = False
    # Minutes of the week; None: the hosts' working hours.
    hours: Any = Field(default=None, sa_column=Column(INT4MULTIRANGE))
    # Of the hours and days; None: each host's own.
    time_zone: str | None = Field(default=None, max_length=64)
    questions: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    reminder_minutes: list[int] = Field(default_factory=list, sa_column=_numbers("{}"))
    # Until so long before the beginning whoever booked can move or cancel it, and move it so often.
    change_until_minutes: int = Field(default=60)
    max_moves: int = Field(default=3)
    is_public: bool = False
    is_active: bool = True
    # What the address of its public page ends with.
    public_key: str = Field(max_length=32)


class AppointmentHost(SQLModel, table=True):
    """Somebody with whom a kind is booked. Who has twice the weight, gets twice as many."""

    __tablename__ = "appointment_hosts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        CheckConstraint("weight > 0", name="weight"),
        Index(None, "organization_id", "user_id"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    kind_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    weight: int = Field(default=1)
    last_given_at: datetime | None = None


class AppointmentDay(SQLModel, table=True):
    """A day on which a kind has other hours than usual: empty for none."""

    __tablename__ = "appointment_days"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    kind_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    # Minutes of the week, of which those of its weekday count.
    hours: Any = Field(sa_column=Column(INT4MULTIRANGE, nullable=False))


class AvailabilitySlot(OwnedByOrganization, table=True):
    """A time of a kind that somebody has taken, with the meeting that it became.

    When hosts move the meeting, the slot follows (trigger `follow_event`).
    """

    __tablename__ = "availability_slots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "kind_id"],
            ["appointment_kinds.organization_id", "appointment_kinds.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "event_id"],
            ["events.organization_id", "events.id"],
            ondelete="SET NULL (event_id)",
        ),
        UniqueConstraint("organization_id", "id", "capacity"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index(None, "organization_id", "kind_id", "starts_at"),
        Index(None, "organization_id", "event_id", unique=True),
    )

    kind_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    event_id: UUID | None = None
    created_at: datetime = Field(default_factory=now)


class SlotHost(SQLModel, table=True):
    """Whom a slot keeps, with its buffers. Nobody is kept twice at a time: PostgreSQL refuses it.

    A slot that hosts have moved keeps nobody any more (`during` is empty): the meeting makes them busy by itself.
    """

    __tablename__ = "slot_hosts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "slot_id"],
            ["availability_slots.organization_id", "availability_slots.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ExcludeConstraint(("user_id", "="), ("during", "&&"), name="ex_slot_hosts_no_overlap", using="gist"),
        Index(None, "organization_id", "user_id"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    slot_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))


class Appointment(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A seat in a slot, and who has it: somebody from outside by e-mail, or a colleague."""

    __tablename__ = "appointments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "slot_id", "capacity"],
            [
                "availability_slots.organization_id",
                "availability_slots.id",
                "availability_slots.capacity",
            ],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        one_of("state", AppointmentState),
        CheckConstraint("seat BETWEEN 1 AND capacity", name="seat"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("state NOT IN ('pending', 'confirmed') OR email IS NOT NULL", name="is_somebodys"),
        CheckConstraint("state NOT IN ('held', 'unconfirmed') OR act_at IS NOT NULL", name="held_ends"),
        Index(
            "uq_appointments_seat",
            "organization_id",
            "slot_id",
            "seat",
            unique=True,
            postgresql_where=text(TAKING_SQL),
        ),
        Index(None, "organization_id", "slot_id"),
        Index(None, "organization_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index(None, "organization_id", "email", postgresql_where=text(TAKING_SQL)),
        Index(None, "organization_id", "address", "created_at", postgresql_where=text("address IS NOT NULL")),
        Index("ix_appointments_due", "organization_id", "act_at", postgresql_where=text("act_at IS NOT NULL")),
        Index(None, "organization_id", "created_at", "id"),
    )

    slot_id: UUID
    capacity: int
    seat: int
    state: str = Field(default=AppointmentState.HELD, max_length=20)
    name: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=254)
    user_id: UUID | None = None
    # By the key of each question.
    answers: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'"))
    )
    language: str = Field(default="ru", max_length=8)
    time_zone: str = Field(max_length=64)
    # From where it was held; forgotten with the cleanup.
    address: str | None = Field(default=None, max_length=64)
    moves: int = Field(default=0)
    # When the clock does the next thing: what is held expires, a reminder is due.
    act_at: datetime | None = None
    # Minutes before the beginning at which they were reminded.
    reminded: list[int] = Field(default_factory=list, sa_column=_numbers("{}"))
    reason: str | None = Field(default=None, max_length=500)
