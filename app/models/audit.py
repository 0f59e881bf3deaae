"""The record of every write. PostgreSQL's triggers fill it; the application's role can only read it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.models.base import one_of


class AuditAction(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class AuditEntry(SQLModel, table=True):
    """One row that was written. No foreign keys: the record outlives what it tells of."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "organization_id", "at", "id"),
        Index(None, "organization_id", "actor_id", "at", "id"),
        Index(None, "organization_id", "object_id", "at", "id"),
        Index(None, "organization_id", "object_type", "at", "id"),
        # What an administrator of the installation reads, of all companies.
        Index(
            "ix_audit_log_installation",
            "at",
            "id",
            postgresql_where=text("object_type IN ('organizations', 'users')"),
        ),
        one_of("action", AuditAction),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    # None: what belongs to no company, such as an administrator of the installation.
    organization_id: UUID | None = None
    at: datetime = Field(sa_column_kwargs={"server_default": text("clock_timestamp()")})
    # None: a task, the command line, or somebody who was not signed in.
    actor_id: UUID | None = None
    # The client's address; or of what came from no client, the name of the task or command.
    origin: str | None = Field(default=None, max_length=64)
    request_id: str | None = Field(default=None, max_length=64)
    action: str = Field(max_length=20)
    # The name of the table, and the id of the row.
    object_type: str = Field(max_length=50)
    object_id: UUID
    # Of a change, the columns that changed; otherwise all. Secrets are left out.
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
