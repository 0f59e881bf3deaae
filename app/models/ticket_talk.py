"""What is said and done about a ticket: answers, internal notes, files, the history, and the words of search."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlmodel import Field, SQLModel

from app.models.base import OwnedByOrganization, now, one_of
from app.models.ticket import TicketSource

_OF_TICKET = (["organization_id", "ticket_id"], ["tickets.organization_id", "tickets.id"])


class EntryKind(StrEnum):
    # For everybody who sees the ticket, its requester too.
    REPLY = "reply"
    # Only for those who work the queue.
    NOTE = "note"


class TicketEntry(OwnedByOrganization, table=True):
    """An answer or a note. What was said stays as it was said."""

    __tablename__ = "ticket_entries"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "author_id"], ["users.organization_id", "users.id"]),
        CheckConstraint("num_nonnulls(author_id, author_email) = 1", name="one_author"),
        CheckConstraint("kind <> 'note' OR author_id IS NOT NULL", name="notes_are_internal"),
        one_of("kind", EntryKind),
        one_of("source", TicketSource),
        Index(None, "organization_id", "ticket_id", "created_at", "id"),
    )

    ticket_id: UUID
    kind: str = Field(max_length=10)
    author_id: UUID | None = None
    author_email: str | None = Field(default=None, max_length=254)
    author_name: str | None = Field(default=None, max_length=200)
    body: str = Field(sa_column=Column(Text, nullable=False))
    # What a mail quoted below itself, and its signature.
    folded: str | None = Field(default=None, sa_column=Column(Text))
    mentions: list[UUID] = Field(
        default_factory=list, sa_column=Column(ARRAY(Uuid()), nullable=False, server_default=text("'{}'"))
    )
    source: str = Field(default=TicketSource.API, max_length=10)
    created_at: datetime = Field(default_factory=now)


class TicketAttachment(OwnedByOrganization, table=True):
    """A file at a ticket. The bytes lie in the file store under `storage_key`."""

    __tablename__ = "ticket_attachments"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "entry_id"], ["ticket_entries.organization_id", "ticket_entries.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["organization_id", "uploaded_by_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "ticket_id", "created_at", "id"),
        Index(None, "organization_id", "storage_key"),
        Index(None, "organization_id", "entry_id", postgresql_where=text("entry_id IS NOT NULL")),
    )

    ticket_id: UUID
    # The answer or note with which it came. Those of notes are internal, the others are not.
    entry_id: UUID | None = None
    # Of a mail from outside: nobody.
    uploaded_by_id: UUID | None = None
    # Seen by those who work the queue only, as notes are.
    is_internal: bool
    name: str = Field(max_length=255)
    # What the content itself says it is.
    media_type: str = Field(max_length=100)
    size: int
    sha256: str = Field(max_length=64)
    storage_key: str = Field(max_length=100)
    created_at: datetime = Field(default_factory=now)


class TicketChange(OwnedByOrganization, table=True):
    """One value of a ticket that changed: who changed it, when and why. Nobody: mail from outside, or the clock."""

    __tablename__ = "ticket_changes"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "actor_id"], ["users.organization_id", "users.id"]),
        Index(None, "organization_id", "ticket_id", "created_at", "id"),
        Index(None, "organization_id", "created_at"),
    )

    ticket_id: UUID
    actor_id: UUID | None = None
    field: str = Field(max_length=30)
    before: str | None = Field(default=None, sa_column=Column(Text))
    after: str | None = Field(default=None, sa_column=Column(Text))
    # A constant for programs where the system did it, else what somebody wrote.
    cause: str | None = Field(default=None, max_length=30)
    reason: str | None = Field(default=None, max_length=1000)
    created_at: datetime = Field(default_factory=now)


class TicketWords(SQLModel, table=True):
    """What search looks through: what everybody may read, and the notes. Triggers keep it (migration 0014)."""

    __tablename__ = "ticket_words"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_TICKET, ondelete="CASCADE"),
        Index("ix_ticket_words_internal", "organization_id", "internal", postgresql_using="gin"),
    )

    organization_id: UUID = Field(primary_key=True)
    ticket_id: UUID = Field(primary_key=True)
    # Of the ticket: what is found is put in this order before any ticket is looked at.
    created_at: datetime
    document: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
    # The same with notes and internal files. Only this has an index: those who see it look through whole queues.
    internal: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
