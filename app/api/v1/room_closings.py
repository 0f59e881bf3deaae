"""Closing a room. For administrators and the IT desk."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.room_closing import RoomClosingRead, RoomClosingWrite
from app.services import room_closing_service

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)


@router.post(
    "/{room_id}/closing",
    response_model=RoomClosingRead,
    summary="Close a room and move its bookings",
    responses=responses(401, 403, 404, 409),
)
def close_room(
    room_id: UUID,
    data: RoomClosingWrite,
    user: CurrentUser,
    session: SessionDep,
    dry_run: Annotated[bool, Query(description="Answer the plan. Nothing is changed, and nobody is told")] = False,
) -> Any:
    """For a time, or without `end` for good. What is booked then moves to equal rooms, all of it in one transaction.

    Equal is a room that holds as many, or all who come, with all equipment that works and as accessible, free then,
    that the organizer may book without an approver; the nearest first. A series moves as a whole if it can. What finds
    no room keeps its time and loses the room. Organizers are told. What has begun is left to its end; holds and offers
    go, what was booked at the door ends with the start.

    To reopen: PATCH `is_active: true`, or delete the blocking.
    """
    return room_closing_service.close_room(session, user, room_id, data, dry_run=dry_run)
