"""Webhooks: programs elsewhere that the company tells what happens. For its administrators."""

from typing import Any
from uuid import UUID

from app.api.deps import AdminUser, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.models.webhook import Webhook
from app.schemas.common import Page
from app.schemas.webhook import (
    DeliveryDetails,
    DeliveryRead,
    WebhookPatch,
    WebhookRead,
    WebhookSecretRead,
    WebhookSort,
    WebhookWrite,
)
from app.services import webhook_service

# No idempotency keys here: an answer that is kept would keep a secret.
router = PrefixRouter(prefix="/webhooks", tags=["webhooks"], route_class=TransactionRoute)


@router.get("", response_model=Page[WebhookRead], summary="List webhooks", responses=responses(401, 403))
def list_webhooks(
    user: AdminUser, session: SessionDep, page: PageParams, sort: WebhookSort = WebhookSort.CREATED
) -> Any:
    """Those of the company, and how they do."""
    items, cursor = webhook_service.list_webhooks(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=WebhookSecretRead,
    status_code=201,
    summary="Create a webhook",
    responses=responses(401, 403, 409),
)
def create_webhook(data: WebhookWrite, user: AdminUser, session: SessionDep) -> Any:
    """It is told what changes from now on, in the order of changes of each event.

    Each message is signed as Standard Webhooks has it; the secret is told this once. What private events are about is
    not said, nor those in calendars that are not public in the company.
    """
    return _with_secret(webhook_service.create_webhook(session, user, data))


@router.get("/{webhook_id}", response_model=WebhookRead, summary="Read a webhook", responses=responses(401, 403, 404))
def read_webhook(webhook_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """And how it does."""
    return webhook_service.get_webhook(session, user, webhook_id)


@router.put(
    "/{webhook_id}", response_model=WebhookRead, summary="Replace a webhook", responses=responses(401, 403, 404, 412)
)
def replace_webhook(
    webhook_id: UUID, data: WebhookWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """What waits goes to the new address. Switched off, it hears of nothing that changes meanwhile."""
    return webhook_service.change_webhook(session, user, webhook_id, data.model_dump(), if_match)


@router.patch(
    "/{webhook_id}", response_model=WebhookRead, summary="Change a webhook", responses=responses(401, 403, 404, 412)
)
def patch_webhook(
    webhook_id: UUID,
    data: WebhookPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return webhook_service.change_webhook(session, user, webhook_id, values, if_match)


@router.delete("/{webhook_id}", status_code=204, summary="Delete a webhook", responses=responses(401, 403, 404, 412))
def delete_webhook(webhook_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """With its log, and what waits for it."""
    webhook_service.delete_webhook(session, user, webhook_id, if_match)


@router.post(
    "/{webhook_id}/rotate-secret",
    response_model=WebhookSecretRead,
    summary="Give a webhook a new secret",
    responses=responses(401, 403, 404),
)
def rotate_webhook_secret(webhook_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Told this once. The old one signs nothing any more."""
    return _with_secret(webhook_service.rotate_secret(session, user, webhook_id))


@router.post(
    "/{webhook_id}/ping",
    response_model=DeliveryRead,
    status_code=201,
    summary="Send a webhook a ping",
    responses=responses(401, 403, 404, 409),
)
def ping_webhook(webhook_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """To see whether it arrives."""
    return webhook_service.ping(session, user, webhook_id)


@router.get(
    "/{webhook_id}/deliveries",
    response_model=Page[DeliveryRead],
    summary="List what a webhook was told",
    responses=responses(401, 403, 404),
)
def list_webhook_deliveries(webhook_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams) -> Any:
    """The newest first, for OUTBOX_KEEP_DAYS."""
    items, cursor = webhook_service.list_deliveries(session, user, webhook_id, page)
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{webhook_id}/deliveries/{delivery_id}",
    response_model=DeliveryDetails,
    summary="Read what a webhook was told",
    responses=responses(401, 403, 404),
)
def read_webhook_delivery(webhook_id: UUID, delivery_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """With the body that was sent."""
    return webhook_service.read_delivery(session, user, webhook_id, delivery_id)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/replay",
    response_model=DeliveryRead,
    status_code=201,
    summary="Tell a webhook something once more",
    responses=responses(401, 403, 404, 409),
)
def replay_webhook_delivery(webhook_id: UUID, delivery_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """The same body, with the same id inside, newly signed."""
    return webhook_service.replay(session, user, webhook_id, delivery_id)


def _with_secret(webhook: Webhook) -> WebhookSecretRead:
    told = WebhookRead.model_validate(webhook)
    return WebhookSecretRead(**told.model_dump(), secret=webhook_service.shown_secret(webhook))
