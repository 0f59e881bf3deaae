"""What people are told in the application, and how they want to be told."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Versioned, now, one_of


class NotificationType(StrEnum):
    """What somebody is told of. People choose the channels of each."""

    INVITATION = "invitation"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    # A participant answered, or proposes another time: for the organizer.
    ANSWER = "answer"
    # What became of a time that somebody had proposed.
    PROPOSAL = "proposal"
    REMINDER = "reminder"
    COMMENT = "comment"
    MENTION = "mention"
    # What became of a room.
    ROOM = "room"
    # Somebody asks for a room: for whoever decides.
    ROOM_REQUEST = "room_request"
    # From the installation or an administrator.
    MESSAGE = "message"


class NotificationChannel(StrEnum):
    IN_APP = "in_app"
    MAIL = "mail"
    PUSH = "push"


class NotificationReason(StrEnum):
    """Why somebody is told at all."""

    PARTICIPANT = "participant"
    ORGANIZER = "organizer"
    # They asked to be reminded, or their calendar's defaults say so.
    REMINDER = "reminder"
    MENTIONED = "mentioned"
    COMMENTED = "commented"
    BOOKED = "booked"
    APPROVER = "approver"
    WAITING = "waiting"
    ADMINISTRATOR = "administrator"
    ADDRESSED = "addressed"


class ChannelChoice(StrEnum):
    ON = "on"
    OFF = "off"
    # Mail only: once a day, with all the others.
    DIGEST = "digest"


class Notification(OwnedByOrganization, table=True):
    """One thing that one person is told, in their language and zone. Kept NOTIFICATION_KEEP_DAYS."""

    __tablename__ = "notifications"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(
            "ix_notifications_list",
            "organization_id",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("is_shown"),
        ),
        Index(
            "ix_notifications_unread",
            "organization_id",
            "user_id",
            postgresql_where=text("is_shown AND read_at IS NULL"),
        ),
        Index("ix_notifications_digest", "organization_id", "user_id", postgresql_where=text("in_digest")),
        # Whoever streams goes on from the last transaction that they have seen.
        Index(None, "organization_id", "user_id", "xid", "id"),
        Index(None, "organization_id", "created_at"),
        one_of("type", NotificationType),
        one_of("reason", NotificationReason),
    )

    user_id: UUID
    type: str = Field(max_length=20)
    reason: str = Field(max_length=20)
    # For people: what happened, more of it, and why they are told.
    title: str = Field(max_length=1000)
    body: str | None = Field(default=None, sa_column=Column(Text))
    reason_text: str = Field(max_length=500)
    # The row that it is about, which may be gone; of an occurrence, also its original start.
    event_id: UUID | None = None
    calendar_id: UUID | None = None
    original_start: datetime | None = None
    url: str | None = Field(default=None, sa_column=Column(Text))
    # Not shown in the application is what waits for the digest only.
    is_shown: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    in_digest: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    created_at: datetime = Field(default_factory=now, sa_column_kwargs={"server_default": text("now()")})
    read_at: datetime | None = None
    # The transaction that wrote it last; a trigger keeps it (migration 0012). See `models.change` for why.
    xid: int | None = Field(default=None, sa_type=BigInteger)


class NotificationChoice(OwnedByOrganization, table=True):
    """By which channel somebody is told of something: everywhere, or in one calendar."""

    __tablename__ = "notification_choices"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "calendar_id"], ["calendars.organization_id", "calendars.id"], ondelete="CASCADE"
        ),
        Index(
            "uq_notification_choices_person",
            "organization_id",
            "user_id",
            "type",
            "channel",
            "calendar_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organization_id", "calendar_id", postgresql_where=text("calendar_id IS NOT NULL")),
        one_of("type", NotificationType),
        one_of("channel", NotificationChannel),
        one_of("choice", ChannelChoice),
        CheckConstraint("choice <> 'digest' OR channel = 'mail'", name="digest_is_mail"),
    )

    user_id: UUID
    type: str = Field(max_length=20)
    channel: str = Field(max_length=10)
    calendar_id: UUID | None = None
    choice: str = Field(max_length=10)


class NotificationSettings(Versioned, SQLModel, table=True):
    """When somebody is told: quiet hours and the daily digest, as wall time in their zone, by ISO weekdays.

    Quiet hours that end before they begin end on the next day; the weekday is that of their beginning.
    """

    __tablename__ = "notification_settings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "digest_at", postgresql_where=text("digest_at IS NOT NULL")),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_hours_are_whole"),
        CheckConstraint("quiet_from <> quiet_to", name="quiet_hours_last"),
        CheckConstraint("quiet_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name="quiet_days"),
        CheckConstraint("digest_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name="digest_days"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    user_id: UUID = Field(primary_key=True)
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_days: list[int] = Field(
        default_factory=lambda: [1, 2, 3, 4, 5, 6, 7],
        sa_column=Column(ARRAY(SmallInteger), nullable=False, server_default=text("'{1,2,3,4,5,6,7}'")),
    )
    # Whether reminders come through in quiet hours too.
    reminders_pass: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    digest_at: time | None = None
    digest_days: list[int] = Field(
        default_factory=lambda: [1, 2, 3, 4, 5],
        sa_column=Column(ARRAY(SmallInteger), nullable=False, server_default=text("'{1,2,3,4,5}'")),
    )
    # The last day, in their zone, whose digest was written.
    digest_sent_on: date | None = None


class PushSubscription(OwnedByOrganization, table=True):
    """A browser that takes pushes (RFC 8030), until it is refused with 404 or 410."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "user_id", "created_at"),
        # Also the key under which a browser that subscribes anew is known again.
        Index("uq_push_subscriptions_endpoint", "organization_id", "endpoint_hash", unique=True),
    )

    user_id: UUID
    endpoint: str = Field(max_length=2000)
    endpoint_hash: str = Field(max_length=64)
    # The browser's keys (RFC 8291), URL-safe base 64: its public point, and the shared secret.
    p256dh: str = Field(max_length=200)
    auth: str = Field(max_length=100)
    device: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(default_factory=now)
    # When a push was last taken.
    used_at: datetime | None = None
