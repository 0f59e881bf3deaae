"""Bookings of rooms, requests that wait for an approver, and people who wait for a room."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from app.models.base import OwnedByOrganization, Versioned, now, one_of


class BookingState(StrEnum):
    # Nobody's meeting yet: kept for some minutes while somebody decides.
    HELD = "held"
    # An approver decides.
    PENDING = "pending"
    CONFIRMED = "confirmed"
    # The occurrence stands, without the room; `reason` says why.
    DECLINED = "declined"
    # The occurrence lies beyond the room's booking window: it is booked when the window reaches it.
    LATER = "later"
    # Nobody came, or the room was given back: it is free again.
    RELEASED = "released"


# The states in which a booking keeps others out.
BLOCKING_STATES = (BookingState.HELD, BookingState.PENDING, BookingState.CONFIRMED)
BLOCKING_SQL = "state IN ('held', 'pending', 'confirmed')"
# Bookings to which people were asked to check in, and those of them that wait for somebody to do so.
ASKED_SQL = "check_in_asked_at IS NOT NULL"
UNUSED_SQL = "check_in_asked_at IS NOT NULL AND checked_in_at IS NULL AND state = 'confirmed'"


class BookingSource(StrEnum):
    """What a booking is for."""

    EVENT = "event"
    HOLD = "hold"
    # A hold for whoever waits for the room.
    OFFER = "offer"
    # Made at the door; there is no event.
    WALK_UP = "walk_up"


class BookingReason(StrEnum):
    """Why an occurrence does not have the room that it asked for."""

    TAKEN = "taken"
    REJECTED = "rejected"
    EXPIRED = "expired"
    # A rule of the room forbids it now: it was closed or blocked, or the policy has changed.
    RULE = "rule"
    NO_SHOW = "no_show"
    GIVEN_BACK = "given_back"


class RequestState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    # The event no longer asks for the room: it was moved, cancelled, or has another room.
    WITHDRAWN = "withdrawn"


class WaitingState(StrEnum):
    WAITING = "waiting"
    # The room is held for whoever waits, for some minutes.
    OFFERED = "offered"
    TAKEN = "taken"
    EXPIRED = "expired"


class RoomBooking(OwnedByOrganization, table=True):
    """One room for one occurrence, or for nobody's meeting yet. PostgreSQL itself refuses what overlaps.

    `starts_at` and `ends_at` are what was asked for; `during` is what is taken: with the room's buffers, and shorter or
    longer where the meeting ended early or was extended.
    """

    __tablename__ = "room_bookings"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            [
                "event_occurrences.organization_id",
                "event_occurrences.series_id",
                "event_occurrences.original_start",
            ],
            ondelete="CASCADE",
            # The bookings of a series that is split go with its occurrences.
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "request_id"],
            ["room_requests.organization_id", "room_requests.id"],
            ondelete="SET NULL (request_id)",
        ),
        ForeignKeyConstraint(
            ["organization_id", "waiting_id"],
            ["room_waiting.organization_id", "room_waiting.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "held_by_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "checked_in_by_id"], ["users.organization_id", "users.id"]),
        UniqueConstraint("organization_id", "series_id", "original_start"),
        one_of("state", BookingState),
        one_of("source", BookingSource),
        one_of("reason", BookingReason),
        CheckConstraint("NOT isempty(during)", name="during_not_empty"),
        CheckConstraint("starts_at < ends_at", name="start_before_end"),
        CheckConstraint(
            "(source = 'event') = (series_id IS NOT NULL) AND (series_id IS NULL) = (original_start IS NULL)",
            name="event_has_occurrence",
        ),
        CheckConstraint("(source IN ('hold', 'offer')) = (state = 'held')", name="held_is_hold"),
        CheckConstraint(
            "(state = 'held') = (held_by_id IS NOT NULL) AND (state <> 'held' OR expires_at IS NOT NULL)",
            name="hold_has_holder",
        ),
        CheckConstraint("(source = 'offer') = (waiting_id IS NOT NULL)", name="offer_has_waiting"),
        CheckConstraint("(state IN ('declined', 'released')) = (reason IS NOT NULL)", name="lost_has_reason"),
        ExcludeConstraint(
            ("organization_id", "="),
            ("room_id", "="),
            ("during", "&&"),
            where=text(BLOCKING_SQL),
            using="gist",
            name="ex_room_bookings_no_overlap",
        ),
        Index(None, "organization_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index(None, "organization_id", "waiting_id", postgresql_where=text("waiting_id IS NOT NULL")),
        # Whose holds these are.
        Index(None, "organization_id", "held_by_id", postgresql_where=text("state = 'held'")),
        Index(None, "expires_at", postgresql_where=text("state IN ('held', 'pending')")),
        # To which meetings people were asked to check in, and of these, to which nobody has.
        Index("ix_room_bookings_asked", "organization_id", "starts_at", postgresql_where=text(ASKED_SQL)),
        Index("ix_room_bookings_unused", "organization_id", "starts_at", postgresql_where=text(UNUSED_SQL)),
        # What is before, within and after some hours of a room: finding free rooms asks thousands of times.
        Index(None, "organization_id", "room_id", "starts_at", postgresql_where=text(BLOCKING_SQL)),
        # What becomes bookable next.
        Index("ix_room_bookings_later", "organization_id", "starts_at", postgresql_where=text("state = 'later'")),
    )

    room_id: UUID
    series_id: UUID | None = None
    original_start: datetime | None = None
    starts_at: datetime
    ends_at: datetime
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    state: str = Field(default=BookingState.CONFIRMED, max_length=20)
    source: str = Field(
        default=BookingSource.EVENT, max_length=20, sa_column_kwargs={"server_default": text("'event'")}
    )
    reason: str | None = Field(default=None, max_length=20)
    request_id: UUID | None = None
    waiting_id: UUID | None = None
    held_by_id: UUID | None = None
    # Of what is held or pending.
    expires_at: datetime | None = None
    # When somebody was asked to check in, and when somebody did; on a tablet, nobody knows who.
    check_in_asked_at: datetime | None = None
    checked_in_at: datetime | None = None
    checked_in_by_id: UUID | None = None
    # Until when the room is really used, where that is not `ends_at`.
    used_until: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class RoomRequest(OwnedByOrganization, Versioned, table=True):
    """What one change of an event asks an approver for: one room, for one occurrence or many."""

    __tablename__ = "room_requests"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        ForeignKeyConstraint(
            ["organization_id", "event_id"], ["events.organization_id", "events.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["organization_id", "requested_by_id"], ["users.organization_id", "users.id"]),
        ForeignKeyConstraint(["organization_id", "decided_by_id"], ["users.organization_id", "users.id"]),
        one_of("state", RequestState),
        CheckConstraint("(decided_at IS NULL) = (state = 'pending')", name="decided"),
        Index(None, "organization_id", "room_id", "created_at", "id"),
        Index(None, "organization_id", "event_id"),
        Index(None, "organization_id", "requested_by_id", "created_at", "id"),
        Index("ix_room_requests_open", "organization_id", "expires_at", postgresql_where=text("state = 'pending'")),
    )

    room_id: UUID
    # The series, or the single event.
    event_id: UUID
    requested_by_id: UUID
    # The rules that the request breaks, as refusals tell them; empty where the room is only ever lent by an approver.
    broken: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    state: str = Field(default=RequestState.PENDING, max_length=20)
    expires_at: datetime
    decided_by_id: UUID | None = None
    decided_at: datetime | None = None
    comment: str | None = Field(default=None, max_length=1000)
    created_at: datetime = Field(default_factory=now)


class RoomWaiting(OwnedByOrganization, table=True):
    """Somebody who waits for a room for one occurrence. PostgreSQL offers the room as soon as it is free, in order."""

    __tablename__ = "room_waiting"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "room_id"], ["rooms.organization_id", "rooms.id"]),
        ForeignKeyConstraint(
            ["organization_id", "series_id", "original_start"],
            [
                "event_occurrences.organization_id",
                "event_occurrences.series_id",
                "event_occurrences.original_start",
            ],
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        ForeignKeyConstraint(["organization_id", "user_id"], ["users.organization_id", "users.id"]),
        UniqueConstraint("organization_id", "room_id", "series_id", "original_start"),
        one_of("state", WaitingState),
        CheckConstraint("starts_at < ends_at AND NOT isempty(during)", name="start_before_end"),
        Index(
            "ix_room_waiting_open",
            "organization_id",
            "room_id",
            "created_at",
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index(None, "organization_id", "user_id", "created_at"),
        Index(None, "organization_id", "series_id", "original_start"),
    )

    room_id: UUID
    user_id: UUID
    series_id: UUID
    original_start: datetime
    # When the occurrence needs the room; `during` with the room's buffers.
    starts_at: datetime
    ends_at: datetime
    during: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    state: str = Field(default=WaitingState.WAITING, max_length=20)
    # Minutes that an offer is kept.
    offer_minutes: int
    # Whoever waits was told of the offer.
    told_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)
