"""What people leave behind when they go, and who took it over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Versioned, now


class Handover(OwnedByOrganization, Versioned, table=True):
    """One leaving: who went, who took over, and whether it was undone."""

    __tablename__ = "handovers"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "successor_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "user_id", "created_at"),
    )

    user_id: UUID
    successor_id: UUID | None = None
    made_by: UUID | None = None
    created_at: datetime = Field(default_factory=now)
    undone_at: datetime | None = None


class HandoverItem(OwnedByOrganization, table=True):
    """One value that a handover changed: enough to put it back, and to see whether somebody has changed it since."""

    __tablename__ = "handover_items"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "handover_id"], ["handovers.organization_id", "handovers.id"], ondelete="CASCADE"
        ),
        Index(None, "organization_id", "handover_id"),
    )

    handover_id: UUID
    # The table's name, and the id of the row in it.
    object_type: str = Field(max_length=50)
    object_id: UUID
    # The series whose override this is: it moves along, and is neither counted nor shown on its own.
    part_of: UUID | None = None
    field: str = Field(max_length=50)
    before: UUID | None = None
    after: UUID | None = None
    # The row's version once handed over: another one means that somebody changed it by hand.
    version: int | None = None
