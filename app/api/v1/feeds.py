"""Secret feed addresses, and what is under them."""

from email.utils import format_datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Path, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.api.deps import CurrentUser
from app.api.ical_response import DOCUMENTED, calendar_response
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core.actor import Actor
from app.core.secret_tokens import TOKEN_LENGTH
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.interchange import FeedCreated, FeedRead, FeedWrite
from app.services import calendar_feed_service

router = PrefixRouter(prefix="/feeds", tags=["feeds"], route_class=TransactionRoute)
of_calendars = PrefixRouter(prefix="/calendars", tags=["feeds"], route_class=TransactionRoute)


def _created(session: Any, user: Actor, calendar_id: UUID | None, data: FeedWrite) -> BaseModel:
    feed, url = calendar_feed_service.create_feed(session, user, calendar_id, data.detail)
    return FeedCreated(**FeedRead.model_validate(feed).model_dump(), url=url)


@router.get("", response_model=Page[FeedRead], summary="List my feeds of all that I see", responses=responses(401, 403))
def list_feeds(user: CurrentUser, session: SessionDep) -> Any:
    """Secret addresses of everything in my calendars; those of single calendars are listed there."""
    return Page(items=calendar_feed_service.list_feeds(session, user, None))


@router.post(
    "",
    response_model=FeedCreated,
    status_code=201,
    summary="Make a feed of all that I see",
    responses=responses(401, 403, 409),
)
def create_feed(data: FeedWrite, user: CurrentUser, session: SessionDep) -> Any:
    """A secret address for a calendar program. It is told this once; who has it needs no password."""
    return _created(session, user, None, data)


@router.delete("/{feed_id}", status_code=204, summary="Revoke a feed", responses=responses(401, 403, 404))
def revoke_feed(feed_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """Its address is worth nothing from now on."""
    calendar_feed_service.revoke_feed(session, user, feed_id)


@router.get(
    "/{token}.ics",
    response_class=StreamingResponse,
    summary="Read a feed",
    responses={200: DOCUMENTED, 304: {"description": "It is as the ETag in If-None-Match"}, **responses(404)},
)
def read_feed(
    token: Annotated[str, Path(max_length=TOKEN_LENGTH)],
    session: SessionDep,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """What the owner of a secret address sees now, from FEED_PAST_DAYS ago to FEED_FUTURE_DAYS ahead. No signing in."""
    feed = calendar_feed_service.open_feed(session, token)
    headers = {"ETag": feed.etag, "Cache-Control": "private, no-cache"}
    if feed.changed_at is not None:
        headers["Last-Modified"] = format_datetime(feed.changed_at, usegmt=True)
    named = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if feed.etag in named or "*" in named:
        return Response(status_code=304, headers=headers)
    return calendar_response(feed.export, "calendar", headers)


@of_calendars.get(
    "/{calendar_id}/feeds",
    response_model=Page[FeedRead],
    summary="List my feeds of a calendar",
    responses=responses(401, 403, 404),
)
def list_calendar_feeds(calendar_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return Page(items=calendar_feed_service.list_feeds(session, user, calendar_id))


@of_calendars.post(
    "/{calendar_id}/feeds",
    response_model=FeedCreated,
    status_code=201,
    summary="Make a feed of a calendar",
    responses=responses(401, 403, 404, 409),
)
def create_calendar_feed(calendar_id: UUID, data: FeedWrite, user: CurrentUser, session: SessionDep) -> Any:
    """A secret address for a calendar program. It shows what I may see at the moment when it is read."""
    return _created(session, user, calendar_id, data)
