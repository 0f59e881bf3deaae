"""Webhooks: programs elsewhere that a company tells what happens; and who else follows the change feed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now


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
    __table_args__ = (Index(None, "organization_id", "created_at", "id"),)

    name: str = Field(max_length=200)
    url: str = Field(max_length=2000)
    types: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(30)), nullable=False, server_default=text("'{}'"))
    )
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    secret_number: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    # Since when nothing has come through. After a day of it the webhook is switched off.
    failing_since: datetime | None = None
    disabled_at: datetime | None = None


class ChangeFollower(SQLModel, table=True):
    """How far something of ours that follows a company's whole change feed has come (`models.change`)."""

    __tablename__ = "change_followers"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    name: str = Field(primary_key=True, max_length=20)
    # Every transaction below was looked at.
    xid: int = Field(sa_type=BigInteger)
    # In which life of the database: after a restore, transactions are counted from somewhere else.
    cluster: str = Field(max_length=60)
    updated_at: datetime = Field(default_factory=now)
