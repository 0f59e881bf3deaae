"""Webhooks: programs elsewhere that a company tells what happens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned


class WebhookEvent(StrEnum):
    """What a webhook can be told of."""

    EVENT_CREATED = "event.created"
    EVENT_UPDATED = "event.updated"
    EVENT_DELETED = "event.deleted"
    # Sent by hand, to see whether it works.
    PING = "ping"


class Webhook(OwnedByOrganization, Timestamped, Versioned, table=True):
    """An address that is told. Its secret is made from its id and `secret_number`; nothing of it is stored."""

    __tablename__ = "webhooks"
    __table_args__ = (
        Index(None, "organization_id", "created_at", "id"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    name: str = Field(max_length=200)
    url: str = Field(max_length=2000)
    types: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(30)), nullable=False, server_default=text("'{}'"))
    )
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    secret_number: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    # Since when nothing has come through, and how often in a row it did not; until when it is left alone for that.
    failing_since: datetime | None = None
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    paused_until: datetime | None = None
    # After a day of failures it is switched off.
    disabled_at: datetime | None = None
