"""What hangs on an event, or on one occurrence of a series: comments and attachments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Timestamped, Versioned, now

_OF_EVENT = (["organization_id", "event_id"], ["events.organization_id", "events.id"])


class EventComment(OwnedByOrganization, Timestamped, Versioned, table=True):
    """A comment. `event_id` is the single event or the series; `original_start` names one occurrence of a series."""

    __tablename__ = "event_comments"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_EVENT, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "author_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "event_id", "created_at", "id"),
    )

    event_id: UUID
    original_start: datetime | None = None
    author_id: UUID
    body: str = Field(sa_column=Column(Text, nullable=False))
    # Colleagues whom the comment mentions.
    mentions: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid()), nullable=False, server_default=text("'{}'"))
    )


class EventAttachment(OwnedByOrganization, table=True):
    """A file. The bytes lie in the file store under `storage_key`; parts of a split series share them."""

    __tablename__ = "event_attachments"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_EVENT, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "uploaded_by_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "event_id", "created_at", "id"),
        Index(None, "organization_id", "storage_key"),
    )

    event_id: UUID
    original_start: datetime | None = None
    uploaded_by_id: UUID
    name: str = Field(max_length=255)
    # What the content itself says it is, not what the client said.
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64)
    storage_key: str = Field(max_length=100)
    created_at: datetime = Field(default_factory=now)
