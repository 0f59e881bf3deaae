"""Sending what stands in the outbox. Only the workers import this.

A worker takes messages in hand in one short transaction, sends them in none, and notes what became of each in another.
So a slow server holds no transaction open, and who is killed half way leaves messages that are anybody's again after
LEASE: what had left by then leaves once more, as the same mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, exists, select, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.mail import REASON_LENGTH
from app.models.base import now
from app.models.outbox import OutboxChannel, OutboxMessage
from app.services.outbox_service import is_waiting

log = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=8)
# How long a worker has what it took in hand; it sends nothing any more in the last part of that.
LEASE = timedelta(minutes=3)
LEASE_MARGIN = timedelta(minutes=1)


class Delivery(StrEnum):
    """What became of a message."""

    SENT = "sent"
    # It will be tried again, after twice the wait of the time before.
    DELAYED = "delayed"
    # Given up.
    FAILED = "failed"
    # It will be tried again; and the server takes nothing else either.
    SERVER_DOWN = "server_down"
    # It will be tried again; and this recipient takes nothing else either.
    RECIPIENT_DOWN = "recipient_down"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message in hand, with all that sending it needs."""

    id: UUID
    company: UUID
    recipient: str
    contents: Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said, and when it wants to be asked again, if it said that."""

    delivery: Delivery
    reason: str | None = None
    after: timedelta | None = None


class Way(Protocol):
    """How messages leave. `keeps_values`: whether what they said is kept once they have left."""

    channel: OutboxChannel
    keeps_values: bool

    def can_leave(self) -> ColumnElement[bool]:
        """The condition on a message, besides that it is due, under which it may be tried."""

    def pack(self, session: Session, messages: Sequence[OutboxMessage]) -> list[Parcel]:
        """What sending needs, for each message in this order; no server is asked yet."""

    def send(self, parcel: Parcel) -> Receipt:
        """Hand it over; outside of any transaction. Raises nothing: what fails is a receipt."""

    def settle(self, session: Session, message: OutboxMessage, receipt: Receipt) -> None:
        """What else follows from the receipt, which the message bears already."""


def companies_with_messages(session: Session, channel: OutboxChannel) -> list[UUID]:
    """The companies that have messages to send now by this channel."""
    return list(session.execute(text("SELECT companies_with_outbox(:channel)"), {"channel": channel}).scalars())


def claim(session: Session, company: UUID, way: Way, limit: int) -> list[Parcel]:
    """Take in hand up to `limit` messages of the entered company that have waited longest and nobody else has."""
    earlier = aliased(OutboxMessage)
    in_turn = ~exists().where(
        col(earlier.organization_id) == company,
        col(earlier.thread) == col(OutboxMessage.thread),
        col(earlier.recipient) == col(OutboxMessage.recipient),
        col(earlier.sent_at).is_(None),
        col(earlier.failed_at).is_(None),
        col(earlier.id) < col(OutboxMessage.id),
    )
    due = (
        select(OutboxMessage)
        .where(
            col(OutboxMessage.organization_id) == company,
            col(OutboxMessage.channel) == way.channel,
            col(OutboxMessage.due_at) <= now(),
            is_waiting(),
            in_turn,
            way.can_leave(),
        )
        .order_by(col(OutboxMessage.due_at), col(OutboxMessage.id))
        .limit(limit)
        .with_for_update(of=OutboxMessage, skip_locked=True)
    )
    messages = list(session.execute(due).scalars())
    for message in messages:
        # Counted when it is taken: what kills a worker each time is given up some day, too.
        message.attempts += 1
        message.claimed_until = now() + LEASE
    session.flush()
    return way.pack(session, messages) if messages else []


def settle(session: Session, way: Way, parcel: Parcel, receipt: Receipt) -> Receipt:
    """Note what became of a message in hand; one that is gone by now is nobody's business."""
    query = (
        select(OutboxMessage)
        .where(col(OutboxMessage.organization_id) == parcel.company, col(OutboxMessage.id) == parcel.id)
        .with_for_update(of=OutboxMessage)
    )
    message: OutboxMessage | None = session.execute(query).scalar_one_or_none()
    if message is None or message.sent_at is not None:
        return receipt
    message.claimed_until = None
    if receipt.delivery is Delivery.SENT:
        message.sent_at, message.error = now(), None
        if not way.keeps_values:
            message.values = {}
    else:
        receipt = _after_failure(message, receipt)
    way.settle(session, message, receipt)
    session.flush()
    log.info(
        message.channel,
        outcome=receipt.delivery.value,
        template=message.template,
        id=str(message.id),
        attempts=message.attempts,
    )
    return receipt


def release(session: Session, parcels: Sequence[Parcel]) -> None:
    """Give back what is in hand and was not tried."""
    for parcel in parcels:
        session.execute(
            update(OutboxMessage)
            .where(
                col(OutboxMessage.organization_id) == parcel.company,
                col(OutboxMessage.id) == parcel.id,
                col(OutboxMessage.sent_at).is_(None),
            )
            .values(claimed_until=None, attempts=col(OutboxMessage.attempts) - 1)
            .execution_options(synchronize_session=False)
        )


def _after_failure(message: OutboxMessage, receipt: Receipt) -> Receipt:
    message.error = (receipt.reason or "")[:REASON_LENGTH]
    permanent = receipt.delivery is Delivery.FAILED
    if permanent or message.attempts >= get_settings().OUTBOX_MAX_ATTEMPTS:
        # What it says is kept: an administrator may have it tried again.
        message.failed_at = now()
        is_alone = receipt.delivery not in (Delivery.SERVER_DOWN, Delivery.RECIPIENT_DOWN)
        return Receipt(Delivery.FAILED if is_alone else receipt.delivery, receipt.reason)
    message.due_at = now() + min(max(wait_after(message.attempts), receipt.after or FIRST_WAIT), LONGEST_WAIT)
    return receipt


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures: twice as long each time."""
    return min(FIRST_WAIT * (1 << min(failures - 1, 20)), LONGEST_WAIT)
