"""Calendars that show a feed from elsewhere."""

from typing import Any
from uuid import UUID

from fastapi import Request

from app.api.deps import CurrentUser, IfMatch
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.interchange import OutsideFeedPatch, OutsideFeedRead, OutsideFeedWrite
from app.services import outside_feed_service

router = PrefixRouter(prefix="/calendars/subscriptions", tags=["feeds"], route_class=RepeatableRoute)


@router.get(
    "", response_model=Page[OutsideFeedRead], summary="List my calendars from elsewhere", responses=responses(401, 403)
)
def list_outside_feeds(user: CurrentUser, session: SessionDep, request: Request) -> Any:
    language = reader_language(request.scope)
    found = outside_feed_service.list_outside(session, user)
    return Page(items=[outside_feed_service.told(*row, language) for row in found])


@router.post(
    "",
    response_model=OutsideFeedRead,
    status_code=201,
    summary="Subscribe to a feed from elsewhere",
    responses=responses(401, 403, 409),
)
def subscribe_to_feed(data: OutsideFeedWrite, user: CurrentUser, session: SessionDep, request: Request) -> Any:
    """A new calendar of mine that shows the feed. A worker fetches it soon, and again every `refresh_minutes`.

    It is deleted like any calendar. Nobody writes in it. Addresses of inner networks are not fetched, unless the
    installation allows them.
    """
    row = outside_feed_service.subscribe(session, user, data)
    return outside_feed_service.told(*row, reader_language(request.scope))


@router.get(
    "/{outside_calendar_id}",
    response_model=OutsideFeedRead,
    summary="Read how a feed from elsewhere is doing",
    responses=responses(401, 403, 404),
)
def read_outside_feed(outside_calendar_id: UUID, user: CurrentUser, session: SessionDep, request: Request) -> Any:
    row = outside_feed_service.get_outside(session, user, outside_calendar_id)
    return outside_feed_service.told(*row, reader_language(request.scope))


@router.patch(
    "/{outside_calendar_id}",
    response_model=OutsideFeedRead,
    summary="Change a subscription",
    responses=responses(401, 403, 404, 412),
)
def patch_outside_feed(
    outside_calendar_id: UUID,
    data: OutsideFeedPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
    request: Request,
) -> Any:
    """Only what is sent changes. Another address is fetched at once."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    row = outside_feed_service.change(session, user, outside_calendar_id, values, if_match)
    return outside_feed_service.told(*row, reader_language(request.scope))


@router.post(
    "/{outside_calendar_id}/refresh",
    response_model=OutsideFeedRead,
    status_code=202,
    summary="Fetch a feed from elsewhere now",
    responses=responses(401, 403, 404),
)
def refresh_outside_feed(outside_calendar_id: UUID, user: CurrentUser, session: SessionDep, request: Request) -> Any:
    """A worker fetches it soon; at most once a minute."""
    row = outside_feed_service.refresh(session, user, outside_calendar_id)
    return outside_feed_service.told(*row, reader_language(request.scope))
