"""What changed lately, for whom: the rows behind the change feed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from app.models.base import now, one_of


class ChangeKind(StrEnum):
    """What the change of an object means to those who follow the stream."""

    EVENT = "event"
    CALENDAR = "calendar"
    # Who sees this calendar, and how much of it: with it, all its events come or go.
    ACCESS = "access"


class Change(SQLModel, table=True):
    """The last change of an object in a stream; triggers write it (migration 0009).

    A stream is a calendar (its events), a person or a department (what they take part in, what is shared with them), or
    the company (its public calendars). Rows only say that something changed: what it is now, the reader looks up. They
    are forgotten after CHANGES_KEEP_DAYS.

    `xid` is the transaction that made the change. Everything below the oldest running transaction is finished, so a
    reader who stays below it misses nothing, in whatever order transactions commit (`change_service`).
    """

    __tablename__ = "changes"
    __table_args__ = (
        Index(None, "organization_id", "stream_id", "xid", "object_id"),
        # All streams of a company in the order of transactions (`change_following`). It holds every row, and is partial
        # so that whoever reads one stream is never planned to walk through all of them.
        Index("ix_changes_followed", "organization_id", "xid", postgresql_where=text("kind <> ''")),
        one_of("kind", ChangeKind),
    )

    organization_id: UUID = Field(primary_key=True, foreign_key="organizations.id", ondelete="CASCADE")
    stream_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=8)
    object_id: UUID = Field(primary_key=True)
    xid: int = Field(sa_type=BigInteger)
    at: datetime


class ChangeFollower(SQLModel, table=True):
    """How far something of ours that follows a company's whole change feed has come."""

    __tablename__ = "change_followers"

    organization_id: UUID = Field(foreign_key="organizations.id", ondelete="CASCADE", primary_key=True)
    name: str = Field(primary_key=True, max_length=20)
    # Every transaction below was looked at.
    xid: int = Field(sa_type=BigInteger)
    # In which life of the database: after a restore, transactions are counted from somewhere else.
    cluster: str = Field(max_length=60)
    updated_at: datetime = Field(default_factory=now)
