"""Who takes part in an event: people, whole departments, and guests from outside by e-mail."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlmodel import Field

from app.models.base import OwnedByOrganization, now, one_of


class ParticipantRole(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    CHAIR = "chair"


class ParticipantResponse(StrEnum):
    NEEDS_ACTION = "needs_action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


class EventParticipant(OwnedByOrganization, table=True):
    """A colleague, a department, or an outside guest. An override has participants of its own, all of them.

    A department stays a department: whoever is in it, or below it, takes part. One of its people who answers gets a row
    of their own, which names the department.
    """

    __tablename__ = "event_participants"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "event_id", "span"],
            ["events.organization_id", "events.id", "events.span"],
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "via_department_id"],
            ["departments.organization_id", "departments.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "event_id", "user_id"),
        UniqueConstraint("organization_id", "event_id", "department_id"),
        UniqueConstraint("organization_id", "event_id", "email"),
        Index("ix_event_participants_span", "user_id", "span", postgresql_using="gist"),
        Index(
            "ix_event_participants_department_span",
            "department_id",
            "span",
            postgresql_using="gist",
            postgresql_where=text("department_id IS NOT NULL"),
        ),
        Index(
            None,
            "organization_id",
            "via_department_id",
            postgresql_where=text("via_department_id IS NOT NULL"),
        ),
        one_of("role", ParticipantRole),
        one_of("response", ParticipantResponse),
        CheckConstraint("num_nonnulls(user_id, department_id, email) = 1", name="one_kind"),
        CheckConstraint("via_department_id IS NULL OR user_id IS NOT NULL", name="via_department"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("(proposed_start IS NULL) = (proposed_end IS NULL)", name="proposal_is_whole"),
    )

    event_id: UUID
    user_id: UUID | None = None
    department_id: UUID | None = None
    email: str | None = Field(default=None, max_length=254)
    # What an outside guest is called; colleagues and departments have names of their own.
    name: str | None = Field(default=None, max_length=200)
    # Somebody of an invited department who answered, or was told apart.
    via_department_id: UUID | None = None
    role: str = Field(default=ParticipantRole.REQUIRED, max_length=20)
    response: str = Field(default=ParticipantResponse.NEEDS_ACTION, max_length=20)
    comment: str | None = Field(default=None, max_length=1000)
    # Another time that this participant proposes (COUNTER, RFC 5546 §3.2.7).
    proposed_start: datetime | None = None
    proposed_end: datetime | None = None
    # Replies are ordered by the SEQUENCE that they answer, then by when they were written (rule 15).
    replied_sequence: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    replied_at: datetime | None = None
    # Whether this meeting makes this participant busy; null: as the event says (rule 17).
    transparency: str | None = Field(default=None, max_length=20)
    # The event's span, kept equal by the key: "what does this person have that week" is one index scan.
    span: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    created_at: datetime = Field(default_factory=now)
