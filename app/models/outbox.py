"""What leaves the house: rows written with the change that causes them, delivered by a worker."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from app.models.base import OwnedByOrganization, now


class OutboxMessage(OwnedByOrganization, table=True):
    """A mail to one person. `values` fills its template, and is emptied once the mail has left."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index(
            "ix_outbox_messages_due",
            "organization_id",
            "due_at",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
        # What somebody was sent lately.
        Index(None, "organization_id", "recipient", "created_at"),
        Index(None, "organization_id", "created_at"),
    )

    template: str = Field(max_length=50)
    recipient: str = Field(max_length=254)
    language: str = Field(max_length=8)
    values: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb"))
    )
    attempts: int = 0
    created_at: datetime = Field(default_factory=now)
    due_at: datetime = Field(default_factory=now)
    sent_at: datetime | None = None
    # Given up: the address is refused for good, or the last attempt has failed.
    failed_at: datetime | None = None
    error: str | None = Field(default=None, max_length=500)
