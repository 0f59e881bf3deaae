"""Calendars."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned


class Calendar(OwnedByOrganization, Timestamped, Versioned, table=True):
    __tablename__ = "calendars"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "owner_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "owner_id"),
        Index(
            "ix_calendars_public",
            "organization_id",
            "id",
            postgresql_where=text("is_public"),
        ),
        # Pages of the public ones, by name and by age.
        Index(
            "ix_calendars_public_name",
            "organization_id",
            "name",
            "id",
            postgresql_where=text("is_public"),
        ),
        Index(
            "ix_calendars_public_created_at",
            "organization_id",
            "created_at",
            "id",
            postgresql_where=text("is_public"),
        ),
    )

    name: str = Field(max_length=200)
    description: str | None = Field(default=None, max_length=5000)
    color: str = Field(default="#3788d8", max_length=9)
    owner_id: UUID
    is_public: bool = False
    # Its events come from a feed outside; nobody writes in it.
    is_outside: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
