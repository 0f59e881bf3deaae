"""What all tables share: names of constraints, keys, time stamps, versions, and rows that a company owns."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, MetaData, text
from sqlmodel import Field, SQLModel

from app.core.ids import new_id

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """The current instant, aware, UTC."""
    return datetime.now(UTC)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A CHECK that the column holds a member of the enum."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Timestamped(SQLModel):
    created_at: datetime = Field(
        default_factory=now,
        sa_column_kwargs={"server_default": text("now()")},
    )
    updated_at: datetime = Field(
        default_factory=now,
        sa_column_kwargs={"server_default": text("now()"), "onupdate": now},
    )


class Versioned(SQLModel):
    """Rows that people edit. The version rises with every change: ETag out, If-Match in."""

    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})


class OwnedByOrganization(SQLModel):
    """Rows of one company. The key begins with the company, so that a company's rows lie together."""

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
