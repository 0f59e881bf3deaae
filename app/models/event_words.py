"""What search in events looks through."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel


class EventWords(SQLModel, table=True):
    """The words of one row of `events`: its title (A), people (B), place (C) and description (D).

    Triggers keep it (migration 0010), but for imports, which make the words of a batch in one go. It is a table of its
    own so that a renamed colleague changes no event.
    """

    __tablename__ = "event_words"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "event_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        Index("ix_event_words_document", "organization_id", "document", postgresql_using="gin"),
    )

    organization_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    document: Any = Field(sa_column=Column(TSVECTOR, nullable=False))
