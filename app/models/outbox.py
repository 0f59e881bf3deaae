"""What leaves the house: rows written with the change that causes them, delivered by a worker."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import OwnedByOrganization, now, one_of


class OutboxChannel(StrEnum):
    """How a message leaves."""

    MAIL = "mail"
    PUSH = "push"
    WEBHOOK = "webhook"


class OutboxMessage(OwnedByOrganization, table=True):
    """A message to one recipient: a mail, a push to a browser, or a delivery to a webhook.

    `values` is what it says; of mails and pushes it is emptied once they have left. Of messages of one `thread` to one
    recipient, none leaves before an earlier one has left or was given up.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "itip_id"], ["itip_messages.organization_id", "itip_messages.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["organization_id", "subscription_id"],
            ["push_subscriptions.organization_id", "push_subscriptions.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "webhook_id"], ["webhooks.organization_id", "webhooks.id"], ondelete="CASCADE"
        ),
        Index(
            "ix_outbox_messages_due",
            "organization_id",
            "channel",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
        # What has to leave before.
        Index(
            "ix_outbox_messages_thread",
            "organization_id",
            "thread",
            "recipient",
            "id",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL AND thread IS NOT NULL"),
        ),
        # What somebody was sent lately.
        Index(None, "organization_id", "recipient", "created_at"),
        Index(None, "organization_id", "created_at"),
        Index(None, "organization_id", "itip_id", postgresql_where=text("itip_id IS NOT NULL")),
        Index(None, "organization_id", "subscription_id", postgresql_where=text("subscription_id IS NOT NULL")),
        # The log of a webhook.
        Index(
            None, "organization_id", "webhook_id", "created_at", "id", postgresql_where=text("webhook_id IS NOT NULL")
        ),
        # What was given up, the newest first.
        Index(
            "ix_outbox_messages_failed",
            "organization_id",
            "failed_at",
            "id",
            postgresql_where=text("failed_at IS NOT NULL"),
        ),
        one_of("channel", OutboxChannel),
        CheckConstraint("(channel = 'push') = (subscription_id IS NOT NULL)", name="push_has_subscription"),
        CheckConstraint("(channel = 'webhook') = (webhook_id IS NOT NULL)", name="webhook_has_webhook"),
    )

    channel: str = Field(default=OutboxChannel.MAIL, max_length=10, sa_column_kwargs={"server_default": text("'mail'")})
    # Of a mail its template, of a push or a delivery what it is about.
    template: str = Field(max_length=50)
    # An address, or the id of the subscription or webhook.
    recipient: str = Field(max_length=254)
    language: str = Field(max_length=8)
    values: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    )
    # The event or series whose messages leave in their order, and the very row that this one is about.
    thread: UUID | None = None
    event_id: UUID | None = None
    itip_id: UUID | None = None
    subscription_id: UUID | None = None
    webhook_id: UUID | None = None
    # Whether a later message about the same event takes its place for as long as it waits.
    gathers: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    attempts: int = 0
    created_at: datetime = Field(default_factory=now)
    due_at: datetime = Field(default_factory=now)
    # A worker has it in hand; after that it is anybody's again.
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    # Given up: refused for good, or the last attempt has failed.
    failed_at: datetime | None = None
    error: str | None = Field(default=None, max_length=500)


class ItipMessage(OwnedByOrganization, table=True):
    """What calendars are told of an event (RFC 5546), written when it was said; many mails carry the same.

    Its event may be gone by the time it leaves.
    """

    __tablename__ = "itip_messages"
    __table_args__ = (Index(None, "organization_id", "created_at"),)

    method: str = Field(max_length=20)
    content: str = Field(sa_column=Column(Text, nullable=False))
    # Whether each recipient is told of no attendee but themselves.
    hides_guests: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    created_at: datetime = Field(default_factory=now)


class ReplyKey(OwnedByOrganization, table=True):
    """Whose answer it is that comes to a secret address, or by a link, and to which event or series.

    Only a hash of the secret is kept; it is made anew from the row's id for every mail (`reply_key_service`).
    """

    __tablename__ = "reply_keys"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "event_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        Index("uq_reply_keys_event", "organization_id", "event_id", "email", unique=True),
    )

    event_id: UUID
    # A colleague's too: what they answer is found by whoever has this address then.
    email: str = Field(max_length=254)
    key_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=now)
