"""Events and their occurrences.

A series is one row in `events`; an instance that differs from it (an override, RFC 5545 §3.8.4.4) is a row of
its own in `events` that names its series and the instance's original start, with participants, room and text of
its own. `event_occurrences` holds every instance up to the horizon and says which `events` row describes it.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from pydantic import NaiveDatetime
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, one_of


class EventStatus(StrEnum):
    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class Visibility(StrEnum):
    """Who reads the details (RFC 5545 §3.8.1.3): for the others the time is busy, nothing else (rule 20)."""

    # As the calendar is shared.
    DEFAULT = "default"
    # Whoever sees the calendar, also only its busy times.
    PUBLIC = "public"
    # Who may write in the calendar, and who takes part.
    PRIVATE = "private"
    # The calendar's owner, the organizer, and who takes part.
    CONFIDENTIAL = "confidential"


class Transparency(StrEnum):
    """Whether an event makes people busy (RFC 5545 §3.8.2.7)."""

    OPAQUE = "opaque"
    TRANSPARENT = "transparent"


class Event(OwnedByOrganization, Timestamped, Versioned, table=True):
    __tablename__ = "events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"],
            ["calendars.organization_id", "calendars.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "organizer_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "sent_by_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        # An override lies in its series' calendar, wherever that moves.
        ForeignKeyConstraint(
            ["organization_id", "series_id", "calendar_id"],
            ["events.organization_id", "events.id", "events.calendar_id"],
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        Column(
            "is_recurring",
            Boolean,
            Computed("recurrence_rule IS NOT NULL OR cardinality(rdates) > 0", persisted=True),
            nullable=False,
        ),
        # The transaction that made it, by which whoever follows all changes knows what is new (`change_following`).
        Column("created_xid", BigInteger, server_default=text("pg_current_xact_id()::text::bigint"), nullable=False),
        Index(None, "organization_id", "created_xid"),
        # Targets of keys that carry a copy: PostgreSQL updates the copies itself (ON UPDATE CASCADE).
        UniqueConstraint("organization_id", "id", "calendar_id"),
        UniqueConstraint("organization_id", "id", "span"),
        # Deferrable, so that all overrides of a series can move at once, each to where another was.
        UniqueConstraint("organization_id", "series_id", "original_start", deferrable=True, initially="IMMEDIATE"),
        Index(
            "uq_events_uid",
            "organization_id",
            "calendar_id",
            "uid",
            unique=True,
            postgresql_where=text("series_id IS NULL"),
        ),
        Index(None, "organization_id", "organizer_id"),
        # A calendar's events by id, for whoever begins to follow it.
        Index(None, "organization_id", "calendar_id", "id"),
        Index("ix_events_organizer_span", "organizer_id", "span", postgresql_using="gist"),
        Index(None, "organization_id", "room_id", postgresql_where=text("room_id IS NOT NULL")),
        # Whose instants an older version of the time zone data made (rule 9).
        Index(None, "organization_id", "tzdata_version", "id"),
        Index(
            "ix_events_expanded_until",
            "organization_id",
            "expanded_until",
            postgresql_where=text("expanded_until IS NOT NULL"),
        ),
        one_of("status", EventStatus),
        one_of("visibility", Visibility),
        one_of("transparency", Transparency),
        CheckConstraint("end_time >= start_time", name="end_not_before_start"),
        CheckConstraint("is_all_day = (time_zone IS NULL)", name="zone_unless_all_day"),
        CheckConstraint("(series_id IS NULL) = (original_start IS NULL)", name="override_names_its_instance"),
        CheckConstraint(
            "series_id IS NULL OR recurrence_rule IS NULL AND cardinality(rdates) = 0", name="override_does_not_recur"
        ),
        CheckConstraint("nominal_days >= 0", name="nominal_days"),
        CheckConstraint("NOT isempty(span)", name="span_not_empty"),
    )

    title: str = Field(max_length=500)
    description: str | None = Field(default=None, sa_column=Column(Text))
    # Instants of the first instance; of an all-day event its dates at 00:00 UTC, only to sort and search by.
    start_time: datetime
    end_time: datetime
    # What people agreed on: wall time, and the zone it is read in. UTC above is derived from these.
    start_wall: NaiveDatetime
    end_wall: NaiveDatetime
    time_zone: str | None = Field(default=None, max_length=64)
    tzdata_version: str = Field(max_length=16)
    location: str | None = Field(default=None, max_length=500)
    calendar_id: UUID
    organizer_id: UUID
    room_id: UUID | None = None
    is_all_day: bool = False
    recurrence_rule: str | None = Field(default=None, max_length=1000)
    exdates: list[datetime] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(DateTime(timezone=False)), nullable=False, server_default=text("'{}'")),
    )
    # Further instances, as wall times (RFC 5545 §3.8.5.2).
    rdates: list[datetime] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(DateTime(timezone=False)), nullable=False, server_default=text("'{}'")),
    )
    # The whole days of a DURATION, which keep their wall time over a change of the clocks (rule 3).
    nominal_days: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    is_recurring: ClassVar[Any]  # made by PostgreSQL from recurrence_rule and rdates
    created_xid: ClassVar[Any]
    status: str = Field(default=EventStatus.CONFIRMED, max_length=20)
    visibility: str = Field(
        default=Visibility.DEFAULT, max_length=20, sa_column_kwargs={"server_default": text("'default'")}
    )
    transparency: str = Field(
        default=Transparency.OPAQUE, max_length=20, sa_column_kwargs={"server_default": text("'opaque'")}
    )
    guests_can_see_guests: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    guests_can_invite: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    guests_can_change: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    # Who made or last changed it for the organizer, acting as their delegate (SENT-BY, RFC 5545 §3.2.18).
    sent_by_id: UUID | None = None
    # Of an event that came in from elsewhere: its organizer there.
    organizer_email: str | None = Field(default=None, max_length=254)
    organizer_name: str | None = Field(default=None, max_length=200)
    series_id: UUID | None = None
    original_start: datetime | None = None
    # The UID of the series that this one was split off (RELATED-TO, rule 12).
    related_to: str | None = Field(default=None, max_length=500)
    # The VEVENT that it came with: what we do not know in it comes back unharmed (rule 24).
    ical: str | None = Field(default=None, sa_column=Column(Text))
    uid: str = Field(max_length=500)
    sequence: int = 0
    # From the first start to the last end; without an upper bound while the series has none.
    span: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    # Every instance that starts before this has its row; null when all have.
    expanded_until: datetime | None = None


class EventOccurrence(SQLModel, table=True):
    """One instance. `original_start` is its RECURRENCE-ID as an instant and never changes when it moves."""

    __tablename__ = "event_occurrences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "series_id", "calendar_id"],
            ["events.organization_id", "events.id", "events.calendar_id"],
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "event_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        CheckConstraint("ends_at >= starts_at", name="end_not_before_start"),
        Index(None, "organization_id", "calendar_id", "starts_at"),
        Index(None, "organization_id", "event_id", "starts_at"),
        Index(
            "ix_event_occurrences_long",
            "calendar_id",
            text("tstzrange(starts_at, ends_at)"),
            postgresql_using="gist",
            postgresql_where=text("ends_at - starts_at > '1 day'::interval"),
        ),
    )

    organization_id: UUID = Field(primary_key=True)
    series_id: UUID = Field(primary_key=True)
    original_start: datetime = Field(primary_key=True)
    event_id: UUID
    calendar_id: UUID
    starts_at: datetime
    ends_at: datetime
