"""When people and companies do not work, or work although it is no working day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, one_of


class AbsenceKind(StrEnum):
    VACATION = "vacation"
    SICK = "sick"
    TRIP = "trip"
    OTHER = "other"


class AbsenceState(StrEnum):
    """An absence that needs nobody's approval is approved from the beginning."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


class AbsenceAnswer(StrEnum):
    """What becomes of invitations to meetings that lie in the absence."""

    LEAVE = "leave"
    DECLINE = "decline"
    TELL = "tell"


class OwnAbsenceKind(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A kind of absence that a company has besides those that all have; it counts as one of them."""

    __tablename__ = "absence_kinds"
    __table_args__ = (
        one_of("kind", AbsenceKind),
        Index("uq_absence_kinds_name", "organization_id", text("lower(name)"), unique=True),
    )

    name: str = Field(max_length=200)
    kind: str = Field(default=AbsenceKind.OTHER, max_length=20)
    needs_approval: bool = True
    is_active: bool = True


class Absence(OwnedByOrganization, Timestamped, Versioned, table=True):
    """Days on which somebody is away, in their own time zone, the last one included.

    The first may begin at the company's midday, the last end with it.
    """

    __tablename__ = "absences"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "substitute_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "decided_by_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "kind_id"], ["absence_kinds.organization_id", "absence_kinds.id"]),
        one_of("kind", AbsenceKind),
        one_of("state", AbsenceState),
        one_of("invitations", AbsenceAnswer),
        CheckConstraint("first_day <= last_day", name="order"),
        CheckConstraint("first_day < last_day OR NOT (starts_midday AND ends_midday)", name="lasts"),
        CheckConstraint("substitute_id <> user_id", name="substitute_is_another"),
        CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="decision_is_whole"),
        Index(None, "organization_id", "user_id", "first_day", "id"),
        Index(None, "organization_id", "first_day", "id"),
        Index(None, "organization_id", "substitute_id"),
        Index(None, "organization_id", "kind_id", postgresql_where=text("kind_id IS NOT NULL")),
        Index(None, "organization_id", "decided_by_id", postgresql_where=text("decided_by_id IS NOT NULL")),
        Index("ix_absences_unanswered", "organization_id", "id", postgresql_where=text("NOT is_answered")),
        # What is to be answered in the absences that are not over.
        Index(
            "ix_absences_answering",
            "organization_id",
            "last_day",
            postgresql_where=text("invitations <> 'leave' AND state = 'approved'"),
        ),
    )

    user_id: UUID
    kind: str = Field(max_length=20)
    # One of the company's own; `kind` is then what it counts as.
    kind_id: UUID | None = None
    first_day: date
    last_day: date
    starts_midday: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    ends_midday: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    substitute_id: UUID | None = None
    note: str | None = Field(default=None, max_length=500)
    state: str = Field(
        default=AbsenceState.APPROVED, max_length=20, sa_column_kwargs={"server_default": text("'approved'")}
    )
    invitations: str = Field(
        default=AbsenceAnswer.LEAVE, max_length=20, sa_column_kwargs={"server_default": text("'leave'")}
    )
    # Whether it has looked at all that it covers; what comes later, the change feed names.
    is_answered: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    decided_by_id: UUID | None = None
    decided_at: datetime | None = None
    decision_note: str | None = Field(default=None, max_length=500)


class AnsweredInvitation(SQLModel, table=True):
    """An occurrence that an absence has answered: once, whatever the person answers afterwards."""

    __tablename__ = "answered_invitations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "absence_id"], ["absences.organization_id", "absences.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["organization_id", "series_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        Index(None, "organization_id", "series_id"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    absence_id: UUID = Field(primary_key=True)
    series_id: UUID = Field(primary_key=True)
    original_start: datetime = Field(primary_key=True)


class CompanyDay(SQLModel, table=True):
    """A day that a company keeps otherwise than its country does: off, or worked."""

    __tablename__ = "company_days"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    day: date = Field(primary_key=True)
    is_working: bool
    name: str = Field(max_length=200)
