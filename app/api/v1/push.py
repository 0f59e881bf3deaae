"""Being told on my devices (RFC 8030): the browsers that I have subscribed."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core import web_push
from app.db import SessionDep
from app.schemas.push import PushKeyRead, SubscriptionRead, SubscriptionsRead, SubscriptionWrite
from app.services import push_subscriptions

router = PrefixRouter(prefix="/push", tags=["notifications"], route_class=TransactionRoute)


@router.get(
    "/key", response_model=PushKeyRead, summary="Read the key to subscribe a browser with", responses=responses(401)
)
def read_push_key(user: CurrentUser, session: SessionDep) -> Any:
    """The same for everybody, for as long as this installation keeps its SECRET_KEY."""
    return PushKeyRead(public_key=web_push.public_key())


@router.get(
    "/subscriptions", response_model=SubscriptionsRead, summary="List my browsers", responses=responses(401, 403)
)
def list_push_subscriptions(user: CurrentUser, session: SessionDep) -> Any:
    """The oldest first. One that its push service calls gone is not here any more."""
    return SubscriptionsRead(subscriptions=push_subscriptions.list_subscriptions(session, user))


@router.post(
    "/subscriptions",
    response_model=SubscriptionRead,
    status_code=201,
    summary="Subscribe a browser",
    responses=responses(401, 403, 409),
)
def subscribe_browser(data: SubscriptionWrite, user: CurrentUser, session: SessionDep) -> Any:
    """A browser that is known already is mine from now on. Of more than PUSH_SUBSCRIPTIONS_PER_USER the oldest goes."""
    return push_subscriptions.subscribe(session, user, data)


@router.delete(
    "/subscriptions/{push_subscription_id}",
    status_code=204,
    summary="Unsubscribe a browser",
    responses=responses(401, 403, 404),
)
def unsubscribe_browser(push_subscription_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """Nothing is sent to it any more."""
    push_subscriptions.unsubscribe(session, user, push_subscription_id)


@router.post(
    "/subscriptions/{push_subscription_id}/test",
    status_code=204,
    summary="Send a browser something",
    responses=responses(401, 403, 404),
)
def test_push_subscription(push_subscription_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """To see whether it arrives."""
    push_subscriptions.send_test(session, user, push_subscription_id)
