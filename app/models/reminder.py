"""Reminders: what people want, and the rows that become due (calendar rule 22)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Versioned, one_of
from app.models.notification import NotificationChannel


class ReminderSettings(OwnedByOrganization, Versioned, table=True):
    """When somebody wants to be reminded: of one event or occurrence, of a calendar's events, or of all their events.

    The nearest row counts. Lists hold {"minutes": …, "channel": …}: minutes before the start; of all-day events before
    00:00 of their first day on the reader's clock, so a negative number is a time on that day.
    """

    __tablename__ = "reminder_settings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"], ["calendars.organization_id", "calendars.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["organization_id", "event_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        Index(
            "uq_reminder_settings_person",
            "organization_id",
            "user_id",
            "calendar_id",
            "event_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organization_id", "calendar_id", postgresql_where=text("calendar_id IS NOT NULL")),
        Index(None, "organization_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
        CheckConstraint("num_nonnulls(calendar_id, event_id) <= 1", name="one_level"),
    )

    user_id: UUID
    calendar_id: UUID | None = None
    event_id: UUID | None = None
    timed: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    all_day: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )


class DueReminder(SQLModel, table=True):
    """One reminder of one occurrence for one person by one channel; one row, so that it is never sent twice.

    Rows are planned some days ahead. They go with their occurrence. `starts_at` is the start for which they were
    planned: of an occurrence that is elsewhere by now, nobody is reminded.
    """

    __tablename__ = "due_reminders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            [
                "event_occurrences.organization_id",
                "event_occurrences.series_id",
                "event_occurrences.original_start",
            ],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "due_at", postgresql_where=text("sent_at IS NULL")),
        Index(None, "organization_id", "user_id"),
        one_of("channel", NotificationChannel),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    series_id: UUID = Field(primary_key=True)
    original_start: datetime = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    minutes: int = Field(primary_key=True)
    channel: str = Field(primary_key=True, max_length=10)
    starts_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
