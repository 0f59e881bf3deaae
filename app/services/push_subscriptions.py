"""The browsers on which people are told things by push: subscribing, listing, forgetting."""

import hashlib
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.outbound import OutboundError, check_receiver
from app.core.web_push import BadPushKey, read_keys
from app.models.notification import PushSubscription
from app.models.outbox import OutboxMessage
from app.schemas.push import SubscriptionWrite
from app.services import outbox_service
from app.services.calendar_service import lock_people
from app.services.notification_choices import readers_of
from app.services.outbox_service import Push
from app.services.rows import flush, get_visible

TEST_TEXTS = {"en": "Planner can reach this device.", "ru": "Planner может присылать сюда уведомления."}


def of_people(session: Session, company: UUID, people: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The subscriptions of those of these people who have any. They stay until the commit."""
    query = (
        select(col(PushSubscription.user_id), col(PushSubscription.id))
        .where(
            col(PushSubscription.organization_id) == company, col(PushSubscription.user_id) == func.any(list(people))
        )
        .order_by(col(PushSubscription.created_at), col(PushSubscription.id))
        .with_for_update(read=True, key_share=True)
    )
    found: dict[UUID, list[UUID]] = {}
    for person, subscription in session.execute(query):
        found.setdefault(person, []).append(subscription)
    return found


def visible_to(actor: Actor) -> Select[PushSubscription]:
    """The actor's own."""
    return select(PushSubscription).where(
        col(PushSubscription.organization_id) == actor.company, col(PushSubscription.user_id) == actor.user_id
    )


def list_subscriptions(session: Session, actor: Actor) -> list[PushSubscription]:
    """The actor's browsers, the oldest first; there are at most PUSH_SUBSCRIPTIONS_PER_USER."""
    query = visible_to(actor).order_by(col(PushSubscription.created_at), col(PushSubscription.id))
    return list(session.execute(query).scalars())


def subscribe(session: Session, actor: Actor, data: SubscriptionWrite) -> PushSubscription:
    """Note a browser, which may have been somebody else's before; of too many, the oldest goes.

    Raises:
        Invalid: its keys are none, or its address is not one that we send to.
    """
    try:
        read_keys(data.keys.p256dh, data.keys.auth)
    except BadPushKey as error:
        raise Invalid("bad_push_keys", field="keys") from error
    try:
        check_receiver(data.endpoint)
    except OutboundError as error:
        raise Invalid(error.code, field="endpoint", **error.params) from error
    lock_people(session, actor.company, {actor.user_id})
    digest = hashlib.sha256(data.endpoint.encode()).hexdigest()
    known = select(PushSubscription).where(
        col(PushSubscription.organization_id) == actor.company, col(PushSubscription.endpoint_hash) == digest
    )
    _forget(session, session.execute(known).scalars().all())
    own = list_subscriptions(session, actor)
    _forget(session, own[: max(len(own) + 1 - get_settings().PUSH_SUBSCRIPTIONS_PER_USER, 0)])
    subscription = PushSubscription(
        organization_id=actor.company,
        user_id=actor.user_id,
        endpoint=data.endpoint,
        endpoint_hash=digest,
        p256dh=data.keys.p256dh,
        auth=data.keys.auth,
        device=data.device,
    )
    session.add(subscription)
    flush(session, {"uq_push_subscriptions_endpoint": ("subscribed_just_now", {})})
    return subscription


def unsubscribe(session: Session, actor: Actor, subscription_id: UUID) -> None:
    """Forget a browser and what waits for it. Raises NotFound: the actor has no such one."""
    _forget(session, [_get(session, actor, subscription_id)])


def send_test(session: Session, actor: Actor, subscription_id: UUID) -> None:
    """Send a browser something, to see whether it arrives. Raises NotFound: the actor has no such one."""
    subscription = _get(session, actor, subscription_id, lock=True)
    language = readers_of(session, actor.company, {actor.user_id})[actor.user_id].language
    push_to(session, actor.company, [subscription.id], "test", language, {"title": TEST_TEXTS[language]})


def push_to(
    session: Session,
    company: UUID,
    subscriptions: Collection[UUID],
    kind: str,
    language: str,
    values: dict[str, str | None],
) -> None:
    """Send the same to some browsers."""
    pushes = [Push(subscription, kind, language, {"type": kind, **values}) for subscription in subscriptions]
    outbox_service.enqueue(session, company, pushes)


def _forget(session: Session, subscriptions: Sequence[PushSubscription]) -> None:
    for subscription in subscriptions:
        waits_for_it = col(OutboxMessage.subscription_id) == subscription.id
        outbox_service.delete_messages(session, subscription.organization_id, waits_for_it)
        session.delete(subscription)
    flush(session)


def _get(session: Session, actor: Actor, subscription_id: UUID, *, lock: bool = False) -> PushSubscription:
    return get_visible(session, visible_to(actor), subscription_id, "push_subscription_not_found", lock=lock)
