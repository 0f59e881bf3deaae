"""Finding rooms. For those whom you act for, by their rights."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import ActingUser, PageParams, TimeZoneParam
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.room_params import AccessibilityParam, EquipmentParam, FloorParam, equipment_names
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import DateOrMoment, Line, Page
from app.schemas.room_finding import (
    LONGEST_MINUTES,
    AvailableRoomRead,
    NearestRooms,
    SeriesRooms,
    SeriesRoomsWrite,
)
from app.services import room_finding_service
from app.services.room_finding_service import RoomNeeds, Spot
from app.services.windows import resolve_moment

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=TransactionRoute)

CapacityParam = Annotated[int, Query(ge=1, le=100_000, description="For at least so many people")]


@router.get(
    "/available", response_model=Page[AvailableRoomRead], summary="Find free rooms", responses=responses(401, 403, 404)
)
def list_available_rooms(
    user: ActingUser,
    session: SessionDep,
    page: PageParams,
    start: Annotated[DateOrMoment, Query(alias="from", examples=["2027-03-22T09:00:00+01:00"])],
    end: Annotated[DateOrMoment | None, Query(alias="to", examples=["2027-03-22T10:00:00+01:00"])] = None,
    duration_minutes: Annotated[
        int | None,
        Query(
            ge=1,
            le=LONGEST_MINUTES,
            description="With to: free for so long somewhere in between. Without: from the start on",
        ),
    ] = None,
    time_zone: TimeZoneParam = None,
    capacity: CapacityParam = 1,
    equipment: EquipmentParam = [],  # noqa: B006 - FastAPI copies it
    accessibility: AccessibilityParam = [],  # noqa: B006
    building_id: UUID | None = None,
    floor: FloorParam = None,
) -> Any:
    """Rooms that are free for all of [from, to), or for a while in it; the smallest that fit come first.

    Only rooms that you may book then: who may, how far ahead, how long, opening hours, what blocks a room, and the
    buffers that it needs around a meeting. What somebody else holds is not free; what you hold yourself is.
    """
    zone = time_zone or user.time_zone
    body = room_finding_service.list_available(
        session,
        user,
        resolve_moment(start, zone, "from"),
        None if end is None else resolve_moment(end, zone, "to"),
        duration_minutes,
        zone,
        page,
        RoomNeeds(capacity, equipment_names(equipment), accessibility, building_id, floor),
    )
    return Response(body, media_type="application/json")


@router.get("/nearest", response_model=NearestRooms, summary="Find a room nearby", responses=responses(401, 403, 404))
def list_nearest_rooms(
    user: ActingUser,
    session: SessionDep,
    near_room_id: Annotated[UUID | None, Query(description="Near this room, which is left out")] = None,
    building_id: Annotated[UUID | None, Query(description="Or in this building, on this floor, in this zone")] = None,
    floor: FloorParam = None,
    zone: Annotated[Line | None, Query(description="A part of the floor", examples=["north wing"])] = None,
    duration_minutes: Annotated[int, Query(ge=1, le=24 * 60, description="Free for so long")] = 30,
    within_minutes: Annotated[int, Query(ge=0, le=24 * 60, description="From now on, at the latest")] = 60,
    capacity: CapacityParam = 1,
    equipment: EquipmentParam = [],  # noqa: B006 - FastAPI copies it
    accessibility: AccessibilityParam = [],  # noqa: B006
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Any:
    """Rooms that are free, or become free soon: first those in the same zone of the floor, on the floor, on the floors
    next to it, in the building, elsewhere; equally near ones by when they become free, then by size. Where no place is
    named, all are elsewhere.
    """
    body = room_finding_service.list_nearest(
        session,
        user,
        Spot(near_room_id, building_id, floor, zone),
        duration_minutes,
        within_minutes,
        limit,
        RoomNeeds(capacity, equipment_names(equipment), accessibility),
    )
    return Response(body, media_type="application/json")


@router.post(
    "/for-series", response_model=SeriesRooms, summary="Find one room for a series", responses=responses(401, 403)
)
def find_rooms_for_series(data: SeriesRoomsWrite, user: ActingUser, session: SessionDep) -> Any:
    """Rooms by how many occurrences of a series they can be had for, with those for which they cannot.

    Nothing is booked. What then clashes can be left out when the series is made: `room_clashes_percent`.
    """
    return Response(room_finding_service.rooms_for_series(session, user, data), media_type="application/json")
