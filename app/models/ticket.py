"""Tickets: what somebody asks of a queue, where it stands, and when it is due."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class TicketState(StrEnum):
    NEW = "new"
    OPEN = "open"
    # Waits until a date, or for an approval.
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


OPEN_STATES = frozenset({TicketState.NEW, TicketState.OPEN, TicketState.PENDING})
DONE_STATES = frozenset({TicketState.RESOLVED, TicketState.CLOSED})
# The database holds it too (migration 0014).
TRANSITIONS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.NEW: frozenset({TicketState.OPEN, TicketState.PENDING, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.OPEN: frozenset({TicketState.PENDING, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.PENDING: frozenset({TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED}),
    TicketState.RESOLVED: frozenset({TicketState.OPEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}


class TicketType(StrEnum):
    INCIDENT = "incident"
    REQUEST = "request"
    QUESTION = "question"


class TicketPriority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class TicketSource(StrEnum):
    API = "api"
    MAIL = "mail"


class TicketApproval(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class TicketLinkKind(StrEnum):
    """What the first ticket is to the second."""

    BLOCKS = "blocks"
    DUPLICATES = "duplicates"
    CAUSED_BY = "caused_by"


_OPEN = "state IN ('new', 'open', 'pending')"
_OF_TICKET = (["organization_id", "ticket_id"], ["tickets.organization_id", "tickets.id"])
_OF_USER = ["users.organization_id", "users.id"]


class Ticket(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A ticket. Nothing of its row tells of internal notes: they change neither `version` nor `updated_at`."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("organization_id", "number"),
        ForeignKeyConstraint(["organization_id", "queue_id"], ["ticket_queues.organization_id", "ticket_queues.id"]),
        ForeignKeyConstraint(
            ["organization_id", "category_id"], ["ticket_categories.organization_id", "ticket_categories.id"]
        ),
        ForeignKeyConstraint(["organization_id", "requester_id"], _OF_USER),
        ForeignKeyConstraint(["organization_id", "created_by_id"], _OF_USER),
        ForeignKeyConstraint(["organization_id", "assignee_id"], _OF_USER),
        ForeignKeyConstraint(["organization_id", "approver_id"], _OF_USER),
        ForeignKeyConstraint(
            ["organization_id", "merged_into_id"], ["tickets.organization_id", "tickets.id"], ondelete="RESTRICT"
        ),
        one_of("state", TicketState),
        one_of("type", TicketType),
        one_of("priority", TicketPriority),
        one_of("source", TicketSource),
        one_of("approval", TicketApproval),
        CheckConstraint("num_nonnulls(requester_id, requester_email) = 1", name="one_requester"),
        CheckConstraint(
            "CASE WHEN state <> 'pending' THEN num_nonnulls(pending_reason, pending_until) = 0"
            " ELSE num_nonnulls(pending_reason, pending_until) = 2 OR approval IS NOT DISTINCT FROM 'waiting' END",
            name="pending_says_why",
        ),
        CheckConstraint("approval IS DISTINCT FROM 'waiting' OR approver_id IS NOT NULL", name="somebody_approves"),
        CheckConstraint("(state IN ('resolved', 'closed')) = (resolved_at IS NOT NULL)", name="resolved_at"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("merged_into_id IS NULL OR state = 'closed'", name="merged_is_closed"),
        Column("is_open", Boolean, Computed(_OPEN, persisted=True), nullable=False),
        Column(
            "priority_rank",
            SmallInteger,
            Computed(
                "CASE priority WHEN 'urgent' THEN 4 WHEN 'high' THEN 3 WHEN 'normal' THEN 2 ELSE 1 END",
                persisted=True,
            ),
            nullable=False,
        ),
        # A queue's pages: what is open, in each order; and all of it.
        Index(None, "organization_id", "queue_id", "is_open", "created_at", "id"),
        Index(None, "organization_id", "queue_id", "is_open", "updated_at", "id"),
        Index(None, "organization_id", "queue_id", "is_open", "next_due_at", "id"),
        Index(None, "organization_id", "queue_id", "is_open", "priority_rank", "id"),
        Index(None, "organization_id", "queue_id", "created_at", "id"),
        # What is open in each column of a board, which has few that are new or pending.
        Index(None, "organization_id", "queue_id", "state", "updated_at", "id"),
        # All of the company that somebody sees.
        Index(None, "organization_id", "is_open", "created_at", "id"),
        Index(None, "organization_id", "created_at", "id"),
        Index(None, "organization_id", "requester_id", "created_at", "id"),
        Index(None, "organization_id", "assignee_id", "is_open", "created_at", "id"),
        Index(None, "organization_id", "approver_id", postgresql_where=text("approver_id IS NOT NULL")),
        Index(None, "organization_id", "category_id", postgresql_where=text("category_id IS NOT NULL")),
        Index(None, "organization_id", "room_id", "created_at", "id", postgresql_where=text("room_id IS NOT NULL")),
        Index(None, "organization_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
        Index(None, "organization_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL")),
        Index(None, "organization_id", "requester_email", "created_at", postgresql_where=text("requester_id IS NULL")),
        # What the clock has to do next.
        Index(None, "organization_id", "act_at", postgresql_where=text("act_at IS NOT NULL")),
    )

    # Made by PostgreSQL.
    is_open: ClassVar[Any]
    priority_rank: ClassVar[Any]

    # Counted in each company from 1.
    number: int
    title: str = Field(max_length=200)
    body: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    # What a mail quoted below itself, and its signature.
    folded: str | None = Field(default=None, sa_column=Column(Text))
    type: str = Field(default=TicketType.REQUEST, max_length=20)
    priority: str = Field(default=TicketPriority.NORMAL, max_length=20)
    state: str = Field(default=TicketState.NEW, max_length=20)
    category_id: UUID | None = None
    queue_id: UUID
    # A colleague, or somebody outside who wrote a mail.
    requester_id: UUID | None = None
    requester_email: str | None = Field(default=None, max_length=254)
    requester_name: str | None = Field(default=None, max_length=200)
    created_by_id: UUID | None = None
    assignee_id: UUID | None = None
    # The room, thing, event and department that it is about. They may go; the ticket stays.
    room_id: UUID | None = None
    equipment_id: UUID | None = None
    event_id: UUID | None = None
    department_id: UUID | None = None
    source: str = Field(default=TicketSource.API, max_length=10)
    pending_reason: str | None = Field(default=None, max_length=500)
    pending_until: datetime | None = None
    approval: str | None = Field(default=None, max_length=10)
    approver_id: UUID | None = None
    # What was promised and kept: `ticket_clock` counts them. While the clock stands, nothing becomes due.
    first_answered_at: datetime | None = None
    first_answer_due_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution_due_at: datetime | None = None
    closed_at: datetime | None = None
    # The next of what is due, for sorting: `NEVER_DUE` where nothing is.
    next_due_at: datetime
    # Which escalations were told: "first_answer:before" and so on.
    escalated: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(30)), nullable=False, server_default=text("'{}'"))
    )
    # When the clock has to do something next: wake, escalate, close, count anew.
    act_at: datetime | None = None
    reopened_count: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    merged_into_id: UUID | None = None


class TicketNumber(SQLModel, table=True):
    """The last number that a company gave. Its row is locked until the ticket is committed: no gaps, no doubles."""

    __tablename__ = "ticket_numbers"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    last: int


class TicketWatcher(SQLModel, table=True):
    """A colleague who is told what happens to a ticket, and sees what its requester sees."""

    __tablename__ = "ticket_watchers"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "user_id"], _OF_USER, ondelete="CASCADE"),
        Index(None, "organization_id", "user_id", "ticket_id"),
    )

    organization_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    created_at: datetime = Field(default_factory=now)


class TicketMark(SQLModel, table=True):
    """One of a thing in a room that counts as out of order because of a ticket.

    A row of its own, so that a mark can go from one ticket to another that nobody has locked; whoever writes it holds
    the lock of the thing.
    """

    __tablename__ = "ticket_marks"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        Index(None, "organization_id", "equipment_id"),
    )

    organization_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
    equipment_id: UUID


class TicketPause(OwnedByOrganization, table=True):
    """A time in which the clock of a ticket stood: pending, resolved or closed. Without an end it still does."""

    __tablename__ = "ticket_pauses"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        CheckConstraint("ended_at >= started_at", name="order"),
        Index(None, "organization_id", "ticket_id", "started_at"),
        # The clock stands once, or runs.
        Index(
            "uq_ticket_pauses_running",
            "organization_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        one_of("state", TicketState),
    )

    ticket_id: UUID
    state: str = Field(max_length=20)
    started_at: datetime
    ended_at: datetime | None = None


class TicketLink(OwnedByOrganization, table=True):
    """What one ticket is to another. A trigger refuses circles of one kind."""

    __tablename__ = "ticket_links"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "other_id"], ["tickets.organization_id", "tickets.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "ticket_id", "kind", "other_id"),
        CheckConstraint("ticket_id <> other_id", name="two_tickets"),
        one_of("kind", TicketLinkKind),
        Index(None, "organization_id", "other_id"),
    )

    ticket_id: UUID
    kind: str = Field(max_length=20)
    other_id: UUID
    created_by_id: UUID
    created_at: datetime = Field(default_factory=now)
