"""How pushes leave (RFC 8030): encrypted for the browser, handed to its push service. Only the workers import this."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, true, update
from sqlmodel import Session, col

from app.core.outbound import Answer, Limits, OutboundError, request
from app.core.web_push import PAYLOAD_MAX_BYTES, BadPushKey, authorization, encrypt
from app.models.base import now
from app.models.notification import NotificationType, PushSubscription
from app.models.outbox import OutboxChannel, OutboxMessage
from app.services.delivery_service import Delivery, Parcel, Receipt

ANSWER_MAX_BYTES = 64 * 1024
# How long a push service keeps a message for a browser that sleeps; of what is over then, nobody wants to hear.
KEPT_SECONDS = 12 * 3600
URGENT_SECONDS = 900
# Characters of a title, of which each may take four bytes.
TITLE_CUT = 500
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_URGENT = (NotificationType.REMINDER, "test")


@dataclass(frozen=True, slots=True)
class PushContents:
    endpoint: str
    p256dh: str
    auth: str
    kind: str
    event_id: UUID | None
    values: Mapping[str, Any]


class PushWay:
    """Pushes; each browser has a push service of its own, so none waits for another."""

    channel = OutboxChannel.PUSH
    keeps_values = False

    def can_leave(self) -> ColumnElement[bool]:
        return true()

    def pack(self, session: Session, messages: Sequence[OutboxMessage]) -> list[Parcel]:
        wanted = {message.subscription_id for message in messages}
        query = select(PushSubscription).where(
            col(PushSubscription.organization_id) == messages[0].organization_id, col(PushSubscription.id).in_(wanted)
        )
        browsers = {row.id: row for row in session.execute(query).scalars()}
        return [
            Parcel(message.id, message.organization_id, message.recipient, _contents(message, browsers))
            for message in messages
        ]

    def send(self, parcel: Parcel) -> Receipt:
        contents: PushContents = parcel.contents
        try:
            body = encrypt(_payload(contents.values), contents.p256dh, contents.auth)
            limits = Limits.of_settings(ANSWER_MAX_BYTES, tells_secrets=True)
            return _receipt(request("POST", contents.endpoint, limits, headers=_headers(contents), body=body))
        except BadPushKey:
            return Receipt(Delivery.FAILED, "the browser's keys are none")
        except OutboundError as error:
            return Receipt(Delivery.RECIPIENT_DOWN, error.code)

    def settle(self, session: Session, message: OutboxMessage, receipt: Receipt) -> None:
        """Of a browser that is gone, the subscription goes too, with all that waits for it."""
        this_one = (
            col(PushSubscription.organization_id) == message.organization_id,
            col(PushSubscription.id) == message.subscription_id,
        )
        if receipt.delivery is Delivery.SENT:
            session.execute(update(PushSubscription).where(*this_one).values(used_at=now()))
        elif receipt.reason in _REASONS_GONE:
            session.flush()
            session.expunge(message)
            session.execute(delete(PushSubscription).where(*this_one))


def _contents(message: OutboxMessage, browsers: Mapping[UUID, PushSubscription]) -> PushContents:
    assert message.subscription_id is not None
    browser = browsers[message.subscription_id]
    return PushContents(
        browser.endpoint, browser.p256dh, browser.auth, message.template, message.event_id, dict(message.values)
    )


def _headers(contents: PushContents) -> dict[str, str]:
    is_urgent = contents.kind in _URGENT
    headers = {
        "Authorization": authorization(contents.endpoint),
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(URGENT_SECONDS if is_urgent else KEPT_SECONDS),
        "Urgency": "high" if is_urgent else "normal",
    }
    if contents.event_id is not None:
        # Of two about the same event that a sleeping browser has not got yet, it gets the later one (RFC 8030 §5.4).
        headers["Topic"] = hashlib.sha256(contents.kind.encode() + contents.event_id.bytes).hexdigest()[:32]
    return headers


def _payload(values: Mapping[str, Any]) -> bytes:
    """The values as JSON; of what is too long for a push, the title cut short, and if need be no more than that."""
    title = str(values.get("title") or "")
    short = title if len(title) <= TITLE_CUT else f"{title[:TITLE_CUT]}…"
    least = {"type": values.get("type"), "id": values.get("id"), "title": short}
    for told in (values, {**values, "title": short}, least):
        payload = json.dumps(told, ensure_ascii=False).encode()
        if len(payload) <= PAYLOAD_MAX_BYTES:
            break
    return payload


def _receipt(answer: Answer) -> Receipt:
    reason = _reason(answer.status)
    if answer.status in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT):
        return Receipt(Delivery.SENT)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Receipt(Delivery.RECIPIENT_DOWN, reason, after=_retry_after(answer))
    return Receipt(Delivery.FAILED, reason)


def _reason(status: int) -> str:
    return f"the push service answered {status}"


def _retry_after(answer: Answer) -> timedelta | None:
    """Retry-After in seconds (RFC 9110 §10.2.3); a date, which push services do not send, counts as nothing."""
    value = answer.headers.get("retry-after", "")
    return (
        timedelta(seconds=min(int(value), 86_400)) if value.isascii() and value.isdigit() and len(value) < 9 else None
    )


_REASONS_GONE = frozenset(_reason(status) for status in _GONE)
