"""When rooms are blocked."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams, TimeZoneParam
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.blocking import BlockedRead, BlockingPatch, BlockingRead, BlockingSort, BlockingWrite
from app.schemas.common import DateOrMoment, Page
from app.services import blocking_keeping
from app.services.windows import resolve_moment

router = PrefixRouter(prefix="/room-blockings", tags=["rooms"], route_class=RepeatableRoute)
of_rooms = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)


@router.get("", response_model=Page[BlockingRead], summary="List blockings", responses=responses(401, 403, 404))
def list_blockings(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: BlockingSort = BlockingSort.START,
    room_id: Annotated[UUID | None, Query(description="All that block this room")] = None,
    building_id: Annotated[UUID | None, Query(description="All that block this building's rooms")] = None,
    is_over: Annotated[bool | None, Query(description="Whether their last time has passed")] = None,
) -> Any:
    """Of single rooms, of buildings, and of the whole company."""
    items, cursor = blocking_keeping.list_blockings(
        session, user, sort, page, room_id=room_id, building_id=building_id, is_over=is_over
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=BlockingRead,
    status_code=201,
    summary="Block rooms",
    responses=responses(401, 403, 404, 409),
)
def create_blocking(data: BlockingWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators and the IT desk. What is booked already keeps its room; `bookings_touched` says how many."""
    return blocking_keeping.create_blocking(session, user, data)


@router.get(
    "/{blocking_id}", response_model=BlockingRead, summary="Read a blocking", responses=responses(401, 403, 404)
)
def read_blocking(blocking_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return blocking_keeping.read_blocking(session, user, blocking_id)


@router.put(
    "/{blocking_id}",
    response_model=BlockingRead,
    summary="Replace a blocking",
    responses=responses(401, 403, 404, 412),
)
def replace_blocking(
    blocking_id: UUID, data: BlockingWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """For administrators and the IT desk."""
    return blocking_keeping.change_blocking(session, user, blocking_id, data.model_dump(), if_match)


@router.patch(
    "/{blocking_id}",
    response_model=BlockingRead,
    summary="Change a blocking",
    responses=responses(401, 403, 404, 412),
)
def patch_blocking(
    blocking_id: UUID,
    data: BlockingPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators and the IT desk."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return blocking_keeping.change_blocking(session, user, blocking_id, values, if_match)


@router.delete("/{blocking_id}", status_code=204, summary="Remove a blocking", responses=responses(401, 403, 404, 412))
def delete_blocking(blocking_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """The rooms can be booked again. For administrators and the IT desk."""
    blocking_keeping.delete_blocking(session, user, blocking_id, if_match)


@of_rooms.get(
    "/{room_id}/blocked",
    response_model=Page[BlockedRead],
    summary="When a room is blocked",
    responses=responses(401, 403, 404),
)
def list_blocked(
    room_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    start: Annotated[DateOrMoment, Query(alias="from", examples=["2027-03-22"])],
    end: Annotated[DateOrMoment, Query(alias="to", examples=["2027-03-29"], description="Exclusive")],
    time_zone: TimeZoneParam = None,
) -> Any:
    """Every time within [from, to) in which the room, its building or all rooms are blocked."""
    zone = time_zone or user.time_zone
    starts, ends = resolve_moment(start, zone, "from"), resolve_moment(end, zone, "to")
    return Page(items=blocking_keeping.list_blocked(session, user, room_id, starts, ends), next_cursor=None)
