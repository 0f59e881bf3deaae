"""Reminders: what people want, and the rows that become due (calendar rule 22)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, now, one_of
from app.models.notification import ReminderChannel


class ReminderSettings(OwnedByOrganization, table=True):
    """When somebody wants to be reminded: of one occurrence, one event, a calendar's events, or all their events.

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
        # Deferrable, so that all occurrences of a series can move at once, each to where another was.
        UniqueConstraint(
            "organization_id",
            "user_id",
            "event_id",
            "original_start",
            "calendar_id",
            name="uq_reminder_settings_person",
            deferrable=True,
            initially="IMMEDIATE",
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organization_id", "calendar_id", postgresql_where=text("calendar_id IS NOT NULL")),
        Index(None, "organization_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
        CheckConstraint("num_nonnulls(calendar_id, event_id) <= 1", name="one_level"),
        CheckConstraint("original_start IS NULL OR event_id IS NOT NULL", name="occurrence_of_event"),
    )

    user_id: UUID
    calendar_id: UUID | None = None
    # A single event or a series, and of a series perhaps one occurrence.
    event_id: UUID | None = None
    original_start: datetime | None = None
    timed: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    all_day: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    created_at: datetime = Field(default_factory=now)


class DueReminder(SQLModel, table=True):
    """One reminder of one occurrence for one person by one channel; one row, so that it is never sent twice.

    Rows are planned shortly ahead, and wanted once more when they are sent. No key ties them to their occurrence: what
    plans them would wait for those who edit it, and they for it.
    """

    __tablename__ = "due_reminders"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index("ix_due_reminders_unsent", "organization_id", "due_at", postgresql_where=text("sent_at IS NULL")),
        Index(None, "organization_id", "due_at"),
        Index(None, "organization_id", "user_id", postgresql_where=text("sent_at IS NULL")),
        one_of("channel", ReminderChannel),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    series_id: UUID = Field(primary_key=True)
    original_start: datetime = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    minutes: int = Field(primary_key=True)
    channel: str = Field(primary_key=True, max_length=10)
    # The start that it was planned for: of an occurrence that has moved since, it is due anew.
    starts_at: datetime
    due_at: datetime
    sent_at: datetime | None = None


class ReminderPlan(SQLModel, table=True):
    """Up to when a company's reminders are planned. Whoever plans locks it, so that one worker at a time does."""

    __tablename__ = "reminder_plans"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    planned_until: datetime


class ReminderReplan(OwnedByOrganization, table=True):
    """Somebody whose reminders are to be planned anew, of one series or of all: what they want has changed."""

    __tablename__ = "reminder_replans"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "user_id"),
    )

    user_id: UUID
    series_id: UUID | None = None
