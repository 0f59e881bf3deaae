"""Buildings, in which rooms are."""

from typing import Any
from uuid import UUID

from app.api.deps import AdminOrIt, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.building import BuildingPatch, BuildingRead, BuildingSort, BuildingWrite
from app.schemas.common import Page
from app.services import building_service

router = PrefixRouter(prefix="/buildings", tags=["rooms"], route_class=RepeatableRoute)


@router.get("", response_model=Page[BuildingRead], summary="List buildings", responses=responses(401, 403))
def list_buildings(
    user: CurrentUser, session: SessionDep, page: PageParams, sort: BuildingSort = BuildingSort.NAME
) -> Any:
    """The buildings of the company."""
    items, cursor = building_service.list_buildings(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "", response_model=BuildingRead, status_code=201, summary="Create a building", responses=responses(401, 403, 409)
)
def create_building(data: BuildingWrite, user: AdminOrIt, session: SessionDep) -> Any:
    """For administrators and the IT desk. Without a time zone it has the company's."""
    return building_service.create_building(session, user, data)


@router.get(
    "/{building_id}", response_model=BuildingRead, summary="Read a building", responses=responses(401, 403, 404)
)
def read_building(building_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Everybody in the company may."""
    return building_service.get_building(session, user, building_id)


@router.put(
    "/{building_id}",
    response_model=BuildingRead,
    summary="Replace a building",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_building(
    building_id: UUID, data: BuildingWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """For administrators and the IT desk.

    In another time zone, opening hours and blockings of its rooms keep their wall times; bookings that are there stay.
    """
    return building_service.change_building(session, user, building_id, data.model_dump(), if_match)


@router.patch(
    "/{building_id}",
    response_model=BuildingRead,
    summary="Change a building",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_building(
    building_id: UUID,
    data: BuildingPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators and the IT desk."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return building_service.change_building(session, user, building_id, values, if_match)


@router.delete(
    "/{building_id}",
    status_code=204,
    summary="Delete a building",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_building(building_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """Its policy and its blockings go with it. Refused while rooms lie in it, those out of use included."""
    building_service.delete_building(session, user, building_id, if_match)
