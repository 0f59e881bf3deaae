"""Waiting for rooms that are taken."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import ActingUser, PageParams
from app.api.event_writes import EVENT_OR_PREVIEW, EventOrPreview, write_event
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.event import WriteQuery
from app.schemas.waiting import WaitingRead, WaitingSort, WaitingWrite
from app.services import waiting_service

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)


@router.get("/waiting", response_model=Page[WaitingRead], summary="List what I wait for", responses=responses(401, 403))
def list_waiting(
    user: ActingUser, session: SessionDep, page: PageParams, sort: WaitingSort = WaitingSort.CREATED_DESC
) -> Any:
    """The rooms that I wait for or have waited for, with my place in the queue, and until when an offer is good."""
    items, cursor = waiting_service.list_waiting(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{room_id}/waiting",
    response_model=WaitingRead,
    status_code=201,
    summary="Wait for a room",
    responses=responses(401, 403, 404, 409),
)
def join_waiting(room_id: UUID, data: WaitingWrite, user: ActingUser, session: SessionDep) -> Any:
    """For an event that I may change, or one occurrence of a series, while the room is taken at that time.

    As soon as it is free for all of that time it is held for the first in the queue, for some minutes, and they are
    told by mail. A meeting that is moved or cancelled waits no more.
    """
    return waiting_service.join(session, user, room_id, data)


@router.get(
    "/waiting/{waiting_id}",
    response_model=WaitingRead,
    summary="Read what I wait for",
    responses=responses(401, 403, 404),
)
def read_waiting(waiting_id: UUID, user: ActingUser, session: SessionDep) -> Any:
    return waiting_service.read_waiting(session, user, waiting_id)


@router.delete("/waiting/{waiting_id}", status_code=204, summary="Wait no more", responses=responses(401, 403, 404))
def leave_waiting(waiting_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """What was offered to me is offered to whoever comes next."""
    waiting_service.leave(session, user, waiting_id)


@router.post(
    "/waiting/{waiting_id}/accept",
    response_model=EventOrPreview,
    summary="Take the room that is offered",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409)},
)
def accept_offer(waiting_id: UUID, user: ActingUser, session: SessionDep, query: Annotated[WriteQuery, Query()]) -> Any:
    """The meeting gets the room; an occurrence of a series becomes one of its own. 409 when the offer is over."""
    entry = waiting_service.read_waiting(session, user, waiting_id)
    return write_event(session, user, entry.event_id, query, lambda: waiting_service.accept(session, user, waiting_id))
