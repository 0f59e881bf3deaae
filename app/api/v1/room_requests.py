"""Requests for rooms that an approver decides about."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.models.booking import RequestState
from app.schemas.common import Page
from app.schemas.room_request import DecisionWrite, RequestBox, RequestSort, RoomRequestDetails, RoomRequestRead
from app.services import room_decision_service, room_request_service

router = PrefixRouter(prefix="/rooms/requests", tags=["rooms"], route_class=RepeatableRoute)

DryRun = Annotated[bool, Query(description="Answer what would happen. Nothing is changed, and nobody is told")]


@router.get("", response_model=Page[RoomRequestRead], summary="List requests for rooms", responses=responses(401, 403))
def list_room_requests(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    box: Annotated[
        RequestBox, Query(description="to_decide: for rooms that I approve bookings of; mine: what I have asked for")
    ] = RequestBox.TO_DECIDE,
    state: Annotated[
        list[RequestState],
        Query(max_length=5, description="Repeat it for several. Not sent: pending to decide, and all of mine"),
    ] = [],  # noqa: B006 - FastAPI copies it
    sort: RequestSort = RequestSort.CREATED_DESC,
) -> Any:
    """What waits for my decision, or what I wait for. An event's title is there only where I read the event."""
    items, cursor = room_request_service.list_requests(session, user, box, state, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{request_id}",
    response_model=RoomRequestDetails,
    summary="Read a request for a room",
    responses=responses(401, 403, 404),
)
def read_room_request(request_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """For whoever asked, and for those who approve bookings of the room."""
    return room_request_service.read_request(session, user, request_id)


@router.post(
    "/{request_id}/approve",
    response_model=RoomRequestDetails,
    summary="Approve a request for a room",
    responses=responses(401, 403, 404, 409),
)
def approve_room_request(
    request_id: UUID, data: DecisionWrite, user: CurrentUser, session: SessionDep, dry_run: DryRun = False
) -> Any:
    """The rules of the room are checked again, but for those that the request says it breaks.

    What no longer suits the room goes without it, and `occurrences` tells which. For those who approve its bookings:
    the people and departments that its policy lists, else administrators and the IT desk.
    """
    return room_decision_service.approve(session, user, request_id, data.comment, dry_run=dry_run)


@router.post(
    "/{request_id}/decline",
    response_model=RoomRequestDetails,
    summary="Decline a request for a room",
    responses=responses(401, 403, 404, 409),
)
def decline_room_request(
    request_id: UUID, data: DecisionWrite, user: CurrentUser, session: SessionDep, dry_run: DryRun = False
) -> Any:
    """The meetings stand, without the room; who asked and the organizer are told, with the comment."""
    return room_decision_service.decline(session, user, request_id, data.comment, dry_run=dry_run)
