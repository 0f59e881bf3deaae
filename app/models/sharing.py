"""Who else sees and changes a calendar, how people have it in their own list, and who acts for whom."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class ShareLevel(StrEnum):
    """What a share lets people do; each includes those before it. `calendar_level()` counts from 1; owners have 5."""

    FREE_BUSY = "free_busy"
    READ = "read"
    WRITE = "write"
    MANAGE = "manage"


class CalendarShare(OwnedByOrganization, Timestamped, Versioned, table=True):
    """One calendar shared with a colleague, or with a department and those below it."""

    __tablename__ = "calendar_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(
            ["organization_id", "department_id"],
            ["departments.organization_id", "departments.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "calendar_id", "user_id"),
        UniqueConstraint("organization_id", "calendar_id", "department_id"),
        Index(None, "organization_id", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index(None, "organization_id", "department_id", postgresql_where=text("department_id IS NOT NULL")),
        one_of("level", ShareLevel),
        CheckConstraint("num_nonnulls(user_id, department_id) = 1", name="one_kind"),
    )

    calendar_id: UUID
    user_id: UUID | None = None
    department_id: UUID | None = None
    level: str = Field(max_length=20)


class CalendarSubscription(OwnedByOrganization, table=True):
    """How one person has a calendar in their own list: colour, place, or not at all. Without a row: as it is."""

    __tablename__ = "calendar_subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        UniqueConstraint("organization_id", "user_id", "calendar_id"),
        Index(None, "organization_id", "calendar_id"),
    )

    user_id: UUID
    calendar_id: UUID
    # False: unsubscribed; its events are in no list that does not name the calendar.
    is_listed: bool = True
    color: str | None = Field(default=None, max_length=9)
    position: int | None = None


class Delegation(OwnedByOrganization, Versioned, table=True):
    """`delegate_id` may act for `principal_id`: keep their calendars, organize and answer in their name."""

    __tablename__ = "delegations"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "principal_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "delegate_id"], ["users.organization_id", "users.id"]),
        UniqueConstraint("organization_id", "principal_id", "delegate_id"),
        Index(None, "organization_id", "delegate_id"),
        CheckConstraint("principal_id <> delegate_id", name="not_oneself"),
    )

    principal_id: UUID
    delegate_id: UUID
    # Whether private and confidential events are open to the delegate; otherwise they show as busy.
    sees_private: bool = False
    created_at: datetime = Field(default_factory=now)
