"""Holding a room for some minutes."""

from typing import Any
from uuid import UUID

from app.api.deps import ActingUser, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.room_hold import HoldRead, HoldSort, HoldWrite
from app.services import room_hold_service

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)


@router.get(
    "/holds", response_model=Page[HoldRead], summary="List the rooms that I hold", responses=responses(401, 403)
)
def list_holds(user: ActingUser, session: SessionDep, page: PageParams, sort: HoldSort = HoldSort.START) -> Any:
    """Those that have not expired."""
    items, cursor = room_hold_service.list_holds(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.delete(
    "/holds/{hold_id}", status_code=204, summary="Let go of a room that I hold", responses=responses(401, 403, 404)
)
def delete_hold(hold_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """For whoever holds it."""
    room_hold_service.delete_hold(session, user, hold_id)


@router.post(
    "/{room_id}/holds",
    response_model=HoldRead,
    status_code=201,
    summary="Hold a room for some minutes",
    responses=responses(401, 403, 404, 409),
)
def create_hold(room_id: UUID, data: HoldWrite, user: ActingUser, session: SessionDep) -> Any:
    """It keeps others out and expires by itself; an event of mine in that room takes the place of the hold.

    What a booking would be refused for, a hold is too: 409 names the rule, or what clashes and which rooms are free.
    """
    return room_hold_service.create_hold(session, user, room_id, data)
