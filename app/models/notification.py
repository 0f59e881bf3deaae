"""What people are told in the application, and how they want to be told."""

from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, now, one_of


class NotificationType(StrEnum):
    """What somebody is told of. People choose the channels of each."""

    INVITATION = "invitation"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    # A participant answered, or proposes another time: for the organizer.
    ANSWER = "answer"
    # What became of a time that somebody had proposed.
    PROPOSAL = "proposal"
    COMMENT = "comment"
    MENTION = "mention"
    # What became of a room.
    ROOM = "room"
    # Somebody asks for a room: for whoever decides.
    ROOM_REQUEST = "room_request"
    # From the installation or an administrator.
    MESSAGE = "message"
    # Something begins soon.
    REMINDER = "reminder"
    # What becomes of a ticket that somebody asked for or watches.
    TICKET = "ticket"
    # For who works tickets: a new one, one that is theirs, an answer to it.
    TICKET_WORK = "ticket_work"
    # A ticket is due soon, or was.
    TICKET_DUE = "ticket_due"
    # Somebody asks for what has to be approved.
    TICKET_APPROVAL = "ticket_approval"
    # What becomes of an absence that somebody asked for, or in which they stand in.
    ABSENCE = "absence"
    # Somebody asks to be away: for whoever decides.
    ABSENCE_REQUEST = "absence_request"
    # Somebody books an appointment, moves or cancels it: for those whom they meet.
    APPOINTMENT = "appointment"


class NotificationChannel(StrEnum):
    IN_APP = "in_app"
    MAIL = "mail"
    PUSH = "push"
    # What was told in the application and not read, once a day, for those who have a daily mail.
    DIGEST = "digest"


class ReminderChannel(StrEnum):
    """By what people are reminded."""

    IN_APP = "in_app"
    MAIL = "mail"
    PUSH = "push"


class NotificationReason(StrEnum):
    """Why somebody is told at all."""

    PARTICIPANT = "participant"
    ORGANIZER = "organizer"
    MENTIONED = "mentioned"
    COMMENTED = "commented"
    BOOKED = "booked"
    APPROVER = "approver"
    WAITING = "waiting"
    ADDRESSED = "addressed"
    # Who takes no part and wants to be reminded all the same.
    ASKED = "asked"
    ADMINISTRATOR = "administrator"
    REQUESTER = "requester"
    WATCHER = "watcher"
    ASSIGNEE = "assignee"
    # Who works the queue.
    QUEUE = "queue"
    # Who is to decide about an absence or an appointment.
    DECIDES = "decides"
    # Who stands in for somebody away.
    SUBSTITUTE = "substitute"
    # Whom an appointment is with.
    HOST = "host"


class Notification(OwnedByOrganization, table=True):
    """One thing that one person is told, in their language and zone. Kept NOTIFICATION_KEEP_DAYS."""

    __tablename__ = "notifications"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        # The list, all of it, of one type, and what is not read.
        Index(None, "organization_id", "user_id", "created_at", "id"),
        Index(None, "organization_id", "user_id", "type", "created_at", "id"),
        Index(
            "ix_notifications_unread",
            "organization_id",
            "user_id",
            "created_at",
            "id",
            postgresql_where=text("read_at IS NULL"),
        ),
        # What newer news of the same event makes out of date.
        Index(
            "ix_notifications_event",
            "organization_id",
            "event_id",
            postgresql_where=text("event_id IS NOT NULL AND read_at IS NULL"),
        ),
        Index(None, "organization_id", "created_at"),
        # What somebody's streams have not told yet.
        Index(None, "organization_id", "user_id", "xid", "id"),
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
    # Or the ticket.
    ticket_id: UUID | None = None
    url: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(default_factory=now, sa_column_kwargs={"server_default": text("now()")})
    read_at: datetime | None = None
    # The transaction that wrote it, by which streams go on without a gap (`models.change`).
    xid: int | None = Field(
        default=None,
        sa_column=Column(BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint")),
    )


class NotificationChoice(OwnedByOrganization, table=True):
    """Whether somebody is told of something by a channel: everywhere, or in one calendar."""

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
    )

    user_id: UUID
    type: str = Field(max_length=20)
    channel: str = Field(max_length=10)
    calendar_id: UUID | None = None
    is_on: bool


class NotificationSettings(SQLModel, table=True):
    """Quiet hours, in which mail waits: wall time in the reader's zone, by ISO weekdays.

    Those that end before they begin end on the next day; the weekday is that of their beginning.
    """

    __tablename__ = "notification_settings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        CheckConstraint("quiet_from <> quiet_to", name="quiet_hours_last"),
        CheckConstraint("quiet_days <@ '{1,2,3,4,5,6,7}'::smallint[]", name="quiet_days"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    user_id: UUID = Field(primary_key=True)
    quiet_from: time
    quiet_to: time
    quiet_days: list[int] = Field(
        default_factory=lambda: [1, 2, 3, 4, 5, 6, 7],
        sa_column=Column(ARRAY(SmallInteger), nullable=False, server_default=text("'{1,2,3,4,5,6,7}'")),
    )


class DigestSettings(SQLModel, table=True):
    """When somebody gets their daily mail: wall time in their zone, by ISO weekdays."""

    __tablename__ = "digest_settings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        CheckConstraint("days <@ '{1,2,3,4,5,6,7}'::smallint[] AND cardinality(days) > 0", name="days"),
        Index(None, "organization_id", "due_at"),
    )

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    user_id: UUID = Field(primary_key=True)
    at: time
    days: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    # The next one, and up to what the last one told of.
    due_at: datetime
    told_until: datetime


class PushSubscription(OwnedByOrganization, table=True):
    """A browser that takes pushes (RFC 8030), until its push service answers that it is gone."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "user_id", "created_at", "id"),
        # By which a browser that subscribes anew is known again.
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
