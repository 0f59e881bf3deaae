"""How webhooks are told: signed as Standard Webhooks has it (version 1.0). Only the workers import this."""

import base64
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from app import __version__
from app.core.config import get_settings
from app.core.outbound import Limits, OutboundError, request
from app.models.base import now
from app.models.notification import NotificationReason, NotificationType
from app.models.outbox import OutboxChannel, OutboxMessage
from app.models.user import Role, User
from app.models.webhook import Webhook
from app.services.announcement_service import Announcement, announce
from app.services.delivery_service import Delivery, Parcel, Receipt, wait_after
from app.services.webhook_service import secret_of

ANSWER_MAX_BYTES = 1024 * 1024
# A receiver that does not answer is asked again this often at least.
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WebhookContents:
    url: str
    secret: bytes
    values: Mapping[str, Any]


class WebhookWay:
    """Deliveries to webhooks. One that fails is left alone for a while, with all that waits for it."""

    channel = OutboxChannel.WEBHOOK
    keeps_values = True

    def can_leave(self) -> ColumnElement[bool]:
        resting = or_(col(Webhook.paused_until).is_(None), col(Webhook.paused_until) <= now())
        return (
            select(col(Webhook.id))
            .where(
                col(Webhook.organization_id) == col(OutboxMessage.organization_id),
                col(Webhook.id) == col(OutboxMessage.webhook_id),
                col(Webhook.is_active),
                resting,
            )
            .exists()
        )

    def pack(self, session: Session, messages: Sequence[OutboxMessage]) -> list[Parcel]:
        company = messages[0].organization_id
        wanted = {message.webhook_id for message in messages}
        query = select(Webhook).where(col(Webhook.organization_id) == company, col(Webhook.id).in_(wanted))
        webhooks: dict[UUID | None, Webhook] = {row.id: row for row in session.execute(query).scalars()}
        return [
            Parcel(message.id, company, message.recipient, _contents(webhooks[message.webhook_id], message))
            for message in messages
        ]

    def send(self, parcel: Parcel) -> Receipt:
        contents: WebhookContents = parcel.contents
        body = json.dumps(contents.values, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Planner/{__version__}",
            **signature(contents.secret, str(contents.values["id"]), int(time.time()), body),
        }
        limits = Limits.of_settings(ANSWER_MAX_BYTES, tells_secrets=True)
        try:
            answer = request("POST", contents.url, limits, headers=headers, body=body)
        except OutboundError as error:
            return Receipt(Delivery.RECIPIENT_DOWN, error.code)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Receipt(Delivery.SENT)
        return Receipt(Delivery.RECIPIENT_DOWN, f"answered {answer.status}")

    def settle(self, session: Session, message: OutboxMessage, receipt: Receipt) -> None:
        """Note how the webhook does; after WEBHOOK_DISABLE_HOURS of failures it is switched off, and that is told."""
        query = select(Webhook).where(
            col(Webhook.organization_id) == message.organization_id, col(Webhook.id) == message.webhook_id
        )
        webhook: Webhook = session.execute(query.with_for_update(key_share=True)).scalar_one()
        if receipt.delivery is Delivery.SENT:
            if webhook.failures:
                webhook.failures, webhook.failing_since, webhook.paused_until = 0, None, None
            return
        webhook.failures += 1
        webhook.failing_since = webhook.failing_since or now()
        webhook.paused_until = now() + min(wait_after(webhook.failures), LONGEST_PAUSE)
        limit = timedelta(hours=get_settings().WEBHOOK_DISABLE_HOURS)
        if webhook.is_active and now() - webhook.failing_since >= limit:
            webhook.is_active, webhook.disabled_at = False, now()
            webhook.version += 1
            _tell_administrators(session, webhook, receipt.reason or "")


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that a message is ours and not an old one; `timestamp` is Unix time."""
    signed = hmac.digest(secret, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _contents(webhook: Webhook, message: OutboxMessage) -> WebhookContents:
    secret = secret_of(webhook.organization_id, webhook.id, webhook.secret_number)
    return WebhookContents(webhook.url, secret, dict(message.values))


def _tell_administrators(session: Session, webhook: Webhook, error: str) -> None:
    query = select(col(User.id)).where(
        col(User.organization_id) == webhook.organization_id, col(User.role) == Role.ADMIN, col(User.is_active)
    )
    announcement = Announcement(
        type=NotificationType.MESSAGE,
        reason=NotificationReason.ADMINISTRATOR,
        people=list(session.execute(query).scalars()),
        text="webhook_disabled",
        params={"name": webhook.name, "error": error},
    )
    announce(session, webhook.organization_id, [announcement])
