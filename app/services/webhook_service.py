"""Webhooks: which programs elsewhere a company tells what happens. Its administrators keep them."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.core.ids import new_id
from app.core.outbound import OutboundError, check_receiver
from app.core.security import keyed_digest
from app.models.base import now
from app.models.outbox import OutboxMessage
from app.models.webhook import Webhook, WebhookEvent
from app.schemas.webhook import DeliveryDetails, DeliveryRead, WebhookSort, WebhookWrite
from app.services import change_following, outbox_service
from app.services.nudges import WEBHOOKS, nudge
from app.services.outbox_service import Delivery
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.turns import take_turn

FOLLOWER = "webhooks"
SORTS = {"created_at": SortColumn(col(Webhook.created_at), datetime)}


def visible_to(actor: Actor) -> Select[Webhook]:
    """The webhooks of the company."""
    return select(Webhook).where(col(Webhook.organization_id) == actor.company)


def list_webhooks(
    session: Session, actor: Actor, sort: WebhookSort, page: PageRequest
) -> tuple[list[Webhook], str | None]:
    """A page of them, and the cursor of the next one or None. Raises Forbidden: the actor is no administrator."""
    actor.require_admin()
    return fetch_page(session, visible_to(actor), SORTS, sort, page)


def get_webhook(session: Session, actor: Actor, webhook_id: UUID, *, lock: bool = False) -> Webhook:
    """A webhook.

    Raises:
        NotFound: the company has no such one.
        Forbidden: the actor is no administrator.
    """
    webhook = get_visible(session, visible_to(actor), webhook_id, "webhook_not_found", lock=lock)
    actor.require_admin()
    return webhook


def create_webhook(session: Session, actor: Actor, data: WebhookWrite) -> Webhook:
    """A new webhook, which hears of what changes from now on.

    Raises:
        Invalid: we send nothing to this address.
        Conflict: the company has WEBHOOKS_MAX.
    """
    actor.require_admin()
    _check_url(data.url)
    _lock_company(session, actor.company)
    limit = get_settings().WEBHOOKS_MAX
    if _count(session, actor.company) >= limit:
        raise Conflict("too_many_webhooks", limit=limit)
    webhook = Webhook(**data.model_dump(), organization_id=actor.company)
    session.add(webhook)
    flush(session)
    change_following.begin(session, actor.company, FOLLOWER)
    return webhook


def change_webhook(
    session: Session, actor: Actor, webhook_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Webhook:
    """Change what `values` names. What waits goes to the new address; switched on, past failures are forgiven."""
    get_webhook(session, actor, webhook_id)
    if "url" in values:
        _check_url(values["url"])
    if {"url", "is_active"} & values.keys():
        outbox_service.hasten(session, actor.company, col(OutboxMessage.webhook_id) == webhook_id)
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    check_version(webhook, if_match)
    changed = apply_changes(webhook, values)
    if {"url", "is_active"} & changed and webhook.is_active:
        webhook.failures, webhook.failing_since = 0, None
        webhook.paused_until = webhook.disabled_at = None
        nudge(session, WEBHOOKS)
    flush(session)
    return webhook


def delete_webhook(session: Session, actor: Actor, webhook_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a webhook, with what waits for it and its log."""
    get_webhook(session, actor, webhook_id)
    _lock_company(session, actor.company)
    outbox_service.delete_messages(session, actor.company, col(OutboxMessage.webhook_id) == webhook_id)
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    check_version(webhook, if_match)
    session.delete(webhook)
    flush(session)
    if not _count(session, actor.company):
        change_following.end(session, actor.company, FOLLOWER)


def rotate_secret(session: Session, actor: Actor, webhook_id: UUID) -> Webhook:
    """Give a webhook a new secret; signatures by the old one are made no more."""
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    apply_changes(webhook, {"secret_number": webhook.secret_number + 1})
    flush(session)
    return webhook


def secret_of(company: UUID, webhook_id: UUID, number: int) -> bytes:
    """The key of a webhook's signatures: made from SECRET_KEY, stored nowhere."""
    return keyed_digest("webhook", company.bytes + webhook_id.bytes + number.to_bytes(4))


def shown_secret(webhook: Webhook) -> str:
    """The same as its receiver keeps it (Standard Webhooks)."""
    key = secret_of(webhook.organization_id, webhook.id, webhook.secret_number)
    return f"whsec_{base64.b64encode(key).decode()}"


def ping(session: Session, actor: Actor, webhook_id: UUID) -> DeliveryRead:
    """Tell a webhook something, to see whether it arrives.

    Raises:
        Conflict: it is switched off.
    """
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    _require_active(webhook)
    return _again(session, webhook, WebhookEvent.PING, payload(webhook.organization_id, WebhookEvent.PING, {}))


def list_deliveries(
    session: Session, actor: Actor, webhook_id: UUID, page: PageRequest
) -> tuple[list[DeliveryRead], str | None]:
    """What a webhook was told, newest first. Kept for OUTBOX_KEEP_DAYS."""
    get_webhook(session, actor, webhook_id)
    sorts = {"created_at": SortColumn(col(OutboxMessage.created_at), datetime)}
    rows, cursor = fetch_page(session, _deliveries(actor, webhook_id), sorts, WebhookSort.CREATED_DESC, page)
    return [DeliveryRead.of(row) for row in rows], cursor


def read_delivery(session: Session, actor: Actor, webhook_id: UUID, delivery_id: UUID) -> DeliveryDetails:
    get_webhook(session, actor, webhook_id)
    return DeliveryDetails.of(_get_delivery(session, actor, webhook_id, delivery_id))


def replay(session: Session, actor: Actor, webhook_id: UUID, delivery_id: UUID) -> DeliveryRead:
    """Tell a webhook once more what it was told: the same body, with the same id inside.

    Raises:
        Conflict: the webhook is switched off.
    """
    webhook = get_webhook(session, actor, webhook_id, lock=True)
    told = _get_delivery(session, actor, webhook_id, delivery_id)
    _require_active(webhook)
    return _again(session, webhook, told.template, told.values)


def payload(company: UUID, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The body of a new message. Its id is the same however often it is sent."""
    return {
        "id": str(new_id()),
        "type": kind,
        "created_at": now().isoformat(),
        "organization_id": str(company),
        "data": data,
    }


def _again(session: Session, webhook: Webhook, kind: str, values: dict[str, Any]) -> DeliveryRead:
    (delivery_id,) = outbox_service.enqueue(session, webhook.organization_id, [Delivery(webhook.id, kind, values)])
    return DeliveryRead.of(session.get_one(OutboxMessage, (webhook.organization_id, delivery_id)))


def _get_delivery(session: Session, actor: Actor, webhook_id: UUID, delivery_id: UUID) -> OutboxMessage:
    return get_visible(session, _deliveries(actor, webhook_id), delivery_id, "delivery_not_found")


def _deliveries(actor: Actor, webhook_id: UUID) -> Select[OutboxMessage]:
    return select(OutboxMessage).where(
        col(OutboxMessage.organization_id) == actor.company, col(OutboxMessage.webhook_id) == webhook_id
    )


def _require_active(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Conflict("webhook_is_off")


def _check_url(url: str) -> None:
    try:
        check_receiver(url)
    except OutboundError as error:
        raise Invalid(error.code, field="url", **error.params) from error


def _count(session: Session, company: UUID) -> int:
    counted = select(func.count()).where(col(Webhook.organization_id) == company)
    count: int = session.execute(counted).scalar_one()
    return count


def _lock_company(session: Session, company: UUID) -> None:
    """So that two are not both the last that is possible, or the last that goes."""
    take_turn(session, "webhooks", company)
