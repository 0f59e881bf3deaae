"""The desk behind the tickets: queues, who works them, what they promise, categories, saved views."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, JSONB
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of
from app.models.ticket import TicketPriority, TicketType


class QueueRight(StrEnum):
    """What a member may do in a queue; each holds those before it."""

    READ = "read"
    WORK = "work"
    # Is told of escalations, and keeps the queue's members.
    MANAGE = "manage"


class TicketAssignment(StrEnum):
    """How a new ticket of a queue gets an assignee."""

    MANUAL = "manual"
    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"


class UnknownSenders(StrEnum):
    """What becomes of mail from an address that no colleague has."""

    IGNORE = "ignore"
    ACCEPT = "accept"


class TicketApprover(StrEnum):
    """Who has to approve the tickets of a category."""

    NOBODY = "nobody"
    MANAGER = "manager"
    PERSON = "person"


class TicketQueue(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A queue. What it leaves open (hours, zone, country) is as in the company."""

    __tablename__ = "ticket_queues"
    __table_args__ = (
        Index("uq_ticket_queues_name", "organization_id", text("lower(name::text)"), unique=True),
        # Mail finds its queue by the address alone.
        Index("uq_ticket_queues_email", "email", unique=True, postgresql_where=text("email IS NOT NULL")),
        Index("uq_ticket_queues_default", "organization_id", unique=True, postgresql_where=text("is_default")),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("service_hours <@ '{[0,10080)}'::int4multirange", name="service_hours"),
        CheckConstraint("reopen_days >= 0", name="reopen_days"),
        one_of("assignment", TicketAssignment),
        one_of("unknown_senders", UnknownSenders),
    )

    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=1000)
    # Where no category says another.
    is_default: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    # Whether everybody of the IT desk works it, besides its members.
    is_for_it: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    assignment: str = Field(default=TicketAssignment.MANUAL, max_length=20)
    email: str | None = Field(default=None, max_length=254)
    unknown_senders: str = Field(default=UnknownSenders.IGNORE, max_length=10)
    # Minutes of the week on the queue's clock, from Monday 00:00; null: the company's working hours.
    service_hours: Any = Field(default=None, sa_column=Column(INT4MULTIRANGE, nullable=True))
    time_zone: str | None = Field(default=None, max_length=64)
    # ISO 3166-1 alpha-2: whose holidays it keeps.
    holiday_country: str | None = Field(default=None, max_length=2)
    # How long a resolved ticket can be reopened; then it is closed for good.
    reopen_days: int = Field(default=14, sa_column_kwargs={"server_default": text("14")})


class TicketQueueMember(SQLModel, table=True):
    """Somebody with a right in a queue."""

    __tablename__ = "ticket_queue_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        one_of("queue_right", QueueRight),
        CheckConstraint("NOT takes_tickets OR queue_right <> 'read'", name="takes_tickets"),
        Index(None, "organization_id", "user_id"),
    )

    organization_id: UUID = Field(primary_key=True)
    queue_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    queue_right: str = Field(max_length=10)
    # Whether new tickets are given to them.
    takes_tickets: bool
    # When one was last given, to them or to who stood in for them.
    last_given_at: datetime | None = None


class TicketSla(SQLModel, table=True):
    """What a queue promises for a priority, in minutes of its service hours; null: nothing."""

    __tablename__ = "ticket_slas"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "queue_id"],
            ["ticket_queues.organization_id", "ticket_queues.id"],
            ondelete="CASCADE",
        ),
        one_of("priority", TicketPriority),
        CheckConstraint("first_answer_minutes > 0 AND resolution_minutes > 0", name="minutes"),
        CheckConstraint("num_nonnulls(first_answer_minutes, resolution_minutes) > 0", name="promises"),
        CheckConstraint("warn_minutes >= 0 AND again_minutes >= 0", name="escalation"),
    )

    organization_id: UUID = Field(primary_key=True)
    queue_id: UUID = Field(primary_key=True)
    priority: str = Field(max_length=20, primary_key=True)
    first_answer_minutes: int | None = None
    resolution_minutes: int | None = None
    # So long before and after a breach people are told; 0: not before, and only at the breach.
    warn_minutes: int
    again_minutes: int


class TicketCategory(OwnedByOrganization, Timestamped, Versioned, table=True):
    """What a ticket is about, and with it where it goes and who has to approve it."""

    __tablename__ = "ticket_categories"
    __table_args__ = (
        Index("uq_ticket_categories_name", "organization_id", text("lower(name::text)"), unique=True),
        ForeignKeyConstraint(["organization_id", "queue_id"], ["ticket_queues.organization_id", "ticket_queues.id"]),
        ForeignKeyConstraint(["organization_id", "approver_id"], ["users.organization_id", "users.id"]),
        one_of("approval", TicketApprover),
        one_of("type", TicketType),
        one_of("priority", TicketPriority),
        CheckConstraint("approval <> 'person' OR approver_id IS NOT NULL", name="approver"),
        Index(None, "organization_id", "queue_id"),
        Index(None, "organization_id", "approver_id", postgresql_where=text("approver_id IS NOT NULL")),
    )

    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=1000)
    queue_id: UUID | None = None
    # Of a ticket that does not say.
    type: str | None = Field(default=None, max_length=20)
    priority: str | None = Field(default=None, max_length=20)
    approval: str = Field(default=TicketApprover.NOBODY, max_length=10)
    # Who approves: the person, or where the requester has no manager.
    approver_id: UUID | None = None
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})


class TicketView(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A list of tickets as somebody wants to see it again."""

    __tablename__ = "ticket_views"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "owner_id", "name"),
        Index(None, "organization_id", "created_at", "id"),
    )

    owner_id: UUID
    name: str = Field(max_length=200)
    # Shown to all who work tickets.
    is_shared: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    filters: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    sort: str = Field(max_length=20)


class TicketMail(SQLModel, table=True):
    """A mail that became a ticket or an entry: taken in twice, it is known again; answers to it find the ticket."""

    __tablename__ = "ticket_mails"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "ticket_id"], ["tickets.organization_id", "tickets.id"], ondelete="CASCADE"
        ),
        Index(None, "organization_id", "ticket_id"),
        Index(None, "organization_id", "sender", "created_at"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    # SHA-256 of the Message-ID, hexadecimal.
    message_hash: str = Field(max_length=64, primary_key=True)
    ticket_id: UUID
    sender: str = Field(max_length=254)
    created_at: datetime = Field(default_factory=now)
