"""Departments of a company: a tree with a head for each."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned


class Department(OwnedByOrganization, Timestamped, Versioned, table=True):
    """PostgreSQL refuses a parent that would close a circle (migration 0002)."""

    __tablename__ = "departments"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "parent_id"], ["departments.organization_id", "departments.id"]),
        ForeignKeyConstraint(["organization_id", "head_id"], ["users.organization_id", "users.id"], use_alter=True),
        Index(None, "organization_id", "parent_id"),
        Index(None, "organization_id", "head_id"),
        # Siblings have different names.
        Index(
            "uq_departments_name",
            "organization_id",
            "parent_id",
            text("lower(name)"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    name: str = Field(max_length=200)
    parent_id: UUID | None = None
    head_id: UUID | None = None
