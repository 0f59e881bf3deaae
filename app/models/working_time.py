"""When people and companies do not work, or work although it is no working day."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, one_of


class AbsenceKind(StrEnum):
    VACATION = "vacation"
    SICK = "sick"
    TRIP = "trip"
    OTHER = "other"


class Absence(OwnedByOrganization, Timestamped, Versioned, table=True):
    """Days on which somebody is away, in their own time zone, the last one included."""

    __tablename__ = "absences"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "substitute_id"], ["users.organization_id", "users.id"]),
        one_of("kind", AbsenceKind),
        CheckConstraint("first_day <= last_day", name="order"),
        CheckConstraint("substitute_id <> user_id", name="substitute_is_another"),
        Index(None, "organization_id", "user_id", "first_day", "id"),
        Index(None, "organization_id", "first_day", "id"),
        Index(None, "organization_id", "substitute_id"),
    )

    user_id: UUID
    kind: str = Field(max_length=20)
    first_day: date
    last_day: date
    substitute_id: UUID | None = None
    note: str | None = Field(default=None, max_length=500)


class CompanyDay(SQLModel, table=True):
    """A day that a company keeps otherwise than its country does: off, or worked."""

    __tablename__ = "company_days"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    day: date = Field(primary_key=True)
    is_working: bool
    name: str = Field(max_length=200)
