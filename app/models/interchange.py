"""What goes in and out as iCalendar: imports and their reports, parts that are only kept, and feeds both ways."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now, one_of


class IcsImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class IcsOutcome(StrEnum):
    """What became of an event of a file, or of another part of it."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    # Left alone: what is stored is newer.
    SKIPPED = "skipped"
    # Kept for the export, though Planner does not show it.
    KEPT = "kept"
    # Repaired on the way in; the event itself has a line of its own.
    REPAIRED = "repaired"
    REFUSED = "refused"


class FeedDetail(StrEnum):
    FREE_BUSY = "free_busy"
    FULL = "full"


class IcsImport(OwnedByOrganization, table=True):
    """An .ics file on its way into a calendar.

    A worker takes it for a while (`claim`, until `claimed_until`) and notes with every batch how many items of the file
    are stored (`position`): whoever takes it after a crash goes on there.
    """

    __tablename__ = "ics_imports"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        Index(
            "ix_ics_imports_open",
            "organization_id",
            "created_at",
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        Index(None, "organization_id", "calendar_id", "created_at"),
        one_of("state", IcsImportState),
    )

    calendar_id: UUID
    user_id: UUID
    state: str = Field(default=IcsImportState.WAITING, max_length=20)
    size: int
    # Items of the file (events by UID, other parts, problems) that are stored.
    position: int = 0
    # VEVENTs in the file, and those that are through: what a progress bar shows.
    events_total: int = 0
    events_done: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    problems: int = 0
    # Lines that the report has, or would have without its bound.
    report_lines: int = 0
    # Why a failed one failed.
    error: str | None = Field(default=None, max_length=50)
    attempts: int = 0
    claim: UUID | None = None
    claimed_until: datetime | None = None
    created_at: datetime = Field(default_factory=now)
    finished_at: datetime | None = None


class IcsImportFile(OwnedByOrganization, table=True):
    """The bytes of an import that is not through; `id` is the import's. Apart, so that nobody reads them by mistake."""

    __tablename__ = "ics_import_files"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "id"], ["ics_imports.organization_id", "ics_imports.id"], ondelete="CASCADE"
        ),
    )

    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IcsImportLine(OwnedByOrganization, table=True):
    """One line of an import's report."""

    __tablename__ = "ics_import_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "import_id"], ["ics_imports.organization_id", "ics_imports.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "import_id", "number"),
        one_of("outcome", IcsOutcome),
    )

    import_id: UUID
    # The order in the report.
    number: int
    # Where it begins in the file, counted from 1.
    line: int | None = None
    uid: str | None = Field(default=None, max_length=500)
    outcome: str = Field(max_length=20)
    code: str | None = Field(default=None, max_length=50)
    params: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    )


class CalendarComponent(OwnedByOrganization, table=True):
    """A part of an imported file that Planner keeps but does not understand: it comes back on export (rule 24).

    VTODO, VJOURNAL and the like; a VTIMEZONE, whose `uid` is its TZID; and as VCALENDAR what a file said of itself.
    """

    __tablename__ = "calendar_components"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "calendar_id", "name", "digest"),
    )

    calendar_id: UUID
    name: str = Field(max_length=100)
    uid: str | None = Field(default=None, max_length=500)
    # What makes it this one: its UID and instance, or its text where it has none.
    digest: str = Field(max_length=64)
    text: str = Field(sa_column=Column(Text, nullable=False))


class CalendarFeed(OwnedByOrganization, table=True):
    """A secret address under which programs read what its owner may see: one calendar, or all. Revoked is deleted."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "user_id"),
        Index(None, "organization_id", "calendar_id", postgresql_where=text("calendar_id IS NOT NULL")),
        one_of("detail", FeedDetail),
    )

    user_id: UUID
    calendar_id: UUID | None = None
    detail: str = Field(max_length=20)
    token_hash: str = Field(max_length=64)
    created_at: datetime = Field(default_factory=now)


class OutsideFeed(OwnedByOrganization, Timestamped, Versioned, table=True):
    """Where the events of an outside calendar come from, and how the last fetch went."""

    __tablename__ = "outside_feeds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "calendar_id"),
        Index(None, "organization_id", "next_at"),
        CheckConstraint("refresh_minutes > 0", name="refresh_minutes"),
    )

    calendar_id: UUID
    # Often a secret itself.
    url: str = Field(max_length=2000)
    refresh_minutes: int
    # What the server said of the version that is stored, and the digest of its bytes.
    etag: str | None = Field(default=None, max_length=500)
    last_modified: str | None = Field(default=None, max_length=100)
    digest: str | None = Field(default=None, max_length=64)
    # When it is fetched next; while a worker fetches it, when another one may try.
    next_at: datetime = Field(default_factory=now)
    checked_at: datetime | None = None
    fetched_at: datetime | None = None
    # Of the last attempt; null after one that went well. Waits grow with the failures in a row.
    error: str | None = Field(default=None, max_length=50)
    error_params: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    )
    failures: int = 0
    # Parts of the feed that could not be taken, at the last change.
    problems: int = 0
