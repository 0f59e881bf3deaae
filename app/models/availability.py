"""When people work and where: weekly hours of people and departments, laid over those of the company (RFC 7953)."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, INT4MULTIRANGE
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, one_of


class WorkPlace(StrEnum):
    OFFICE = "office"
    HOME = "home"
    AWAY = "away"


_PLACES = ",".join(('""', *WorkPlace))


class UserAvailability(OwnedByOrganization, Timestamped, Versioned, table=True):
    """Weekly hours of a person or a department between two days: a VAVAILABILITY (RFC 7953 §3.1).

    `priority` is that of the RFC: 0 is the weakest, then 9, and 1 the strongest; of two with the same, the one that
    begins later holds. Without a first day it has always held, without a last day it goes on.
    """

    __tablename__ = "user_availability"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("num_nonnulls(user_id, department_id) = 1", name="one_owner"),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        CheckConstraint("first_day <= last_day", name="order"),
        CheckConstraint(f"cardinality(places) IN (0, 7) AND places <@ '{{{_PLACES}}}'::text[]", name="places"),
        Index(
            "uq_user_availability_layer",
            "organization_id",
            "user_id",
            "department_id",
            "priority",
            "first_day",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organization_id", "department_id"),
    )

    user_id: UUID | None = None
    department_id: UUID | None = None
    priority: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default=text("0")))
    first_day: date | None = None
    last_day: date | None = None
    # Minutes of the week from Monday 00:00, half open; empty where nobody works.
    hours: Any = Field(sa_column=Column(INT4MULTIRANGE, nullable=False))
    # None: the clock of each person.
    time_zone: str | None = Field(default=None, max_length=64)
    # ISO 3166-1 alpha-2: whose public holidays are kept; None: the company's.
    holiday_country: str | None = Field(default=None, max_length=2)
    keeps_holidays: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    # From Monday on, '' where nothing is said; or none at all.
    places: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )


class WorkPlaceDay(SQLModel, table=True):
    """Where somebody works on one day, otherwise than that weekday."""

    __tablename__ = "work_place_days"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        one_of("place", WorkPlace),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    user_id: UUID = Field(primary_key=True)
    day: date = Field(primary_key=True)
    place: str = Field(max_length=20)
