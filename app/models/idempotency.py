"""Requests that were sent with an `Idempotency-Key`, and how they were answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.models.base import now


class IdempotencyKey(SQLModel, table=True):
    """A key of one person. Its row is written first and in the transaction of the request itself.

    So a second request with the key waits until the first has ended, and finds its answer, or nothing when it failed.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"], ondelete="CASCADE"),
        Index(None, "organization_id", "user_id", "created_at"),
    )

    organization_id: UUID = Field(primary_key=True, foreign_key="organizations.id", ondelete="CASCADE")
    # Who really asks: a delegate's keys are the delegate's.
    user_id: UUID = Field(primary_key=True)
    key: str = Field(max_length=255, primary_key=True)
    # SHA-256 of what was asked.
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    # The answer; null until the request is done, which nobody but its own transaction sees.
    status: int | None = None
    headers: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    # Null as well when it was larger than what is kept.
    body: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    created_at: datetime = Field(default_factory=now)
