"""With whom a calendar is shared, how I have it in my list, and whose it is."""

from typing import Any
from uuid import UUID

from app.api.deps import ActingUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.calendar import CalendarRead, OwnerWrite, SubscriptionWrite
from app.schemas.common import Page
from app.schemas.share import SharePatch, ShareRead, ShareSort, ShareWrite
from app.services import share_service, subscription_service, transfer_service

router = PrefixRouter(prefix="/calendars", tags=["calendars"], route_class=RepeatableRoute)

_SHARES = "/{calendar_id}/shares"
_SUBSCRIPTION = "/{calendar_id}/subscription"


@router.get(_SHARES, response_model=Page[ShareRead], summary="List shares", responses=responses(401, 403, 404))
def list_shares(
    calendar_id: UUID,
    user: ActingUser,
    session: SessionDep,
    page: PageParams,
    sort: ShareSort = ShareSort.CREATED,
) -> Any:
    """All of them for whoever manages the calendar; for others the one with themselves."""
    items, cursor = share_service.list_shares(session, user, calendar_id, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    _SHARES,
    response_model=ShareRead,
    status_code=201,
    summary="Share a calendar",
    responses=responses(401, 403, 404, 409),
)
def create_share(calendar_id: UUID, data: ShareWrite, user: ActingUser, session: SessionDep) -> Any:
    """With a colleague, or with a department and those below it.

    `free_busy` shows when something is on, `read` shows what, `write` also changes events, `manage` also the calendar
    and its shares. For whoever manages the calendar, and not for delegates.
    """
    return share_service.create_share(session, user, calendar_id, data)


@router.patch(
    _SHARES + "/{share_id}",
    response_model=ShareRead,
    summary="Change a share",
    responses=responses(401, 403, 404, 412),
)
def patch_share(
    calendar_id: UUID,
    share_id: UUID,
    data: SharePatch,
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """For whoever manages the calendar."""
    return share_service.change_share(session, user, calendar_id, share_id, data, if_match)


@router.delete(
    _SHARES + "/{share_id}",
    status_code=204,
    summary="Remove a share",
    responses=responses(401, 403, 404, 412),
)
def delete_share(calendar_id: UUID, share_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch) -> None:
    """For whoever manages the calendar, and for the person with whom it is shared."""
    share_service.delete_share(session, user, calendar_id, share_id, if_match)


@router.put(
    _SUBSCRIPTION,
    response_model=CalendarRead,
    summary="Arrange a calendar in my list",
    responses=responses(401, 403, 404),
)
def replace_subscription(calendar_id: UUID, data: SubscriptionWrite, user: ActingUser, session: SessionDep) -> Any:
    """Subscribe or unsubscribe, and give it a colour and a place of my own. Others have it as before."""
    return subscription_service.arrange(session, user, calendar_id, data)


@router.delete(
    _SUBSCRIPTION,
    status_code=204,
    summary="Have a calendar as it comes",
    responses=responses(401, 403, 404),
)
def delete_subscription(calendar_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """In my list, in the calendar's own colour, and at no place of mine."""
    subscription_service.reset(session, user, calendar_id)


@router.put(
    "/{calendar_id}/owner",
    status_code=204,
    summary="Give a calendar to another owner",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_owner(
    calendar_id: UUID, data: OwnerWrite, user: ActingUser, session: SessionDep, if_match: IfMatch
) -> None:
    """Its events keep their organizers, and its shares stay.

    For the owner, and for administrators in what they manage, such as public calendars; not for delegates.
    """
    transfer_service.transfer(session, user, calendar_id, data, if_match)
