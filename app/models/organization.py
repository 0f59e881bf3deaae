"""Companies, and the e-mail domains that are theirs."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.core.ids import new_id
from app.models.base import OwnedByOrganization, Timestamped, Versioned, now

WORKING_DAYS = [1, 2, 3, 4, 5]


class Organization(Timestamped, Versioned, table=True):
    __tablename__ = "organizations"
    __table_args__ = (
        CheckConstraint("working_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name="working_days"),
        CheckConstraint("workday_start < workday_end", name="workday"),
        CheckConstraint("absences_to_approve <@ '{vacation,sick,trip,other}'::text[]", name="absences_to_approve"),
        # The lists of an administrator of the installation.
        Index(None, "name", "id"),
        Index(None, "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    time_zone: str = Field(max_length=64)
    locale: str = Field(default="ru", max_length=8)
    # ISO 8601 weekdays, 1 for Monday; the hours are wall time in the company's zone.
    working_days: list[int] = Field(
        default_factory=lambda: list(WORKING_DAYS),
        sa_column=Column(ARRAY(SmallInteger), nullable=False, server_default=text("'{1,2,3,4,5}'")),
    )
    workday_start: time = Field(default=time(9), sa_column_kwargs={"server_default": text("'09:00'")})
    workday_end: time = Field(default=time(18), sa_column_kwargs={"server_default": text("'18:00'")})
    # ISO 3166-1 alpha-2: whose public holidays the company keeps.
    holiday_country: str | None = Field(default=None, max_length=2)
    # When half a day ends, and the other half begins: wall time of whoever is away.
    midday: time = Field(default=time(13), sa_column_kwargs={"server_default": text("'13:00'")})
    # The kinds of absence that a manager approves; the company's own kinds say so themselves.
    absences_to_approve: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    # Set at once when a company is deleted, which shuts everybody out; a task then removes the rows.
    deleted_at: datetime | None = None


class OrganizationDomain(OwnedByOrganization, table=True):
    """An e-mail domain of one company, in lower case. No two companies have the same."""

    __tablename__ = "organization_domains"

    domain: str = Field(max_length=253, unique=True)
    created_at: datetime = Field(default_factory=now)
