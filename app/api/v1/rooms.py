"""Meeting rooms."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import AdminOrIt, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.api.room_params import AccessibilityParam, EquipmentParam, FloorParam, equipment_names
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.room import (
    EquipmentPatch,
    RoomPatch,
    RoomRead,
    RoomSort,
    RoomWrite,
)
from app.services import room_service

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)


@router.get("", response_model=Page[RoomRead], summary="List rooms", responses=responses(401, 403))
def list_rooms(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: RoomSort = RoomSort.NAME,
    capacity: Annotated[int | None, Query(ge=1, le=100_000, description="For at least so many people")] = None,
    equipment: EquipmentParam = [],  # noqa: B006 - FastAPI copies it
    building_id: UUID | None = None,
    floor: FloorParam = None,
    accessibility: AccessibilityParam = [],  # noqa: B006 - FastAPI copies it
    is_active: bool | None = True,
) -> Any:
    """The rooms of the company. Sorted by floor, those without one come after all others."""
    items, cursor = room_service.list_rooms(
        session,
        user,
        sort,
        page,
        capacity=capacity,
        equipment=equipment_names(equipment),
        building_id=building_id,
        floor=floor,
        accessibility=accessibility,
        is_active=is_active,
    )
    return Page(items=items, next_cursor=cursor)


@router.post("", response_model=RoomRead, status_code=201, summary="Create a room", responses=responses(401, 403, 409))
def create_room(data: RoomWrite, user: AdminOrIt, session: SessionDep) -> Any:
    """For administrators and the IT desk."""
    return room_service.create_room(session, user, data)


@router.get("/{room_id}", response_model=RoomRead, summary="Read a room", responses=responses(401, 403, 404))
def read_room(room_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return room_service.read_room(session, user, room_id)


@router.put(
    "/{room_id}",
    response_model=RoomRead,
    summary="Replace a room",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_room(
    room_id: UUID,
    data: RoomWrite,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """For administrators and the IT desk. A room with bookings ahead cannot go out of use."""
    return room_service.change_room(session, user, room_id, data.model_dump(), if_match)


@router.patch(
    "/{room_id}",
    response_model=RoomRead,
    summary="Change a room",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_room(
    room_id: UUID,
    data: RoomPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators and the IT desk."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return room_service.change_room(session, user, room_id, values, if_match)


@router.delete(
    "/{room_id}",
    status_code=204,
    summary="Take a room out of use",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_room(room_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """It can no longer be booked; the history of its bookings stays. Refused while bookings lie ahead."""
    room_service.delete_room(session, user, room_id, if_match)


@router.patch(
    "/{room_id}/equipment/{equipment_id}",
    response_model=RoomRead,
    summary="Say what works",
    responses=responses(401, 403, 404, 412),
)
def patch_equipment(
    room_id: UUID,
    equipment_id: UUID,
    data: EquipmentPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """How many of one thing in the room are out of order, and why. For administrators and the IT desk.

    A room where none of them works is not found by that equipment; bookings that are there stay. The version is the
    room's.
    """
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return room_service.change_equipment(session, user, room_id, equipment_id, values, if_match)
