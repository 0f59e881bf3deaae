"""The rules of rooms: of one, of a building's, of the company's."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from app.api.deps import CurrentUser, IfMatch
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.room_policy import PolicyPatch, PolicyRead, PolicyWrite
from app.services import room_policy_service
from app.services.room_policy_service import Place

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)
of_buildings = PrefixRouter(prefix="/buildings", tags=["rooms"], route_class=RepeatableRoute)


async def _company() -> Place:
    return Place()


async def _building(building_id: UUID) -> Place:
    return Place(building_id=building_id)


async def _room(room_id: UUID) -> Place:
    return Place(room_id=room_id)


def _add(routes: APIRouter, path: str, place_of: Callable[..., Any], kind: str, whose: str) -> None:
    """The three routes of the rules of one kind of place."""
    Named = Annotated[Place, Depends(place_of)]

    @routes.get(
        path,
        response_model=PolicyRead,
        operation_id=f"read_{kind}_policy",
        summary=f"Read the rules of {whose}",
        responses=responses(401, 403, 404),
    )
    def read_policy(place: Named, user: CurrentUser, session: SessionDep) -> Any:
        """What is set here, and with `effective` what holds here, level by level."""
        return room_policy_service.read_policy(session, user, place)

    @routes.put(
        path,
        response_model=PolicyRead,
        operation_id=f"replace_{kind}_policy",
        summary=f"Replace the rules of {whose}",
        responses=responses(401, 403, 404, 412),
    )
    def replace_policy(
        place: Named, data: PolicyWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
    ) -> Any:
        """For administrators and the IT desk. What is not sent is inherited. Bookings that are there stay."""
        return room_policy_service.change_policy(session, user, place, data.model_dump(), if_match)

    @routes.patch(
        path,
        response_model=PolicyRead,
        operation_id=f"patch_{kind}_policy",
        summary=f"Change the rules of {whose}",
        responses=responses(401, 403, 404, 412),
    )
    def patch_policy(
        place: Named,
        data: PolicyPatch,  # type: ignore[valid-type]
        user: CurrentUser,
        session: SessionDep,
        if_match: IfMatch,
    ) -> Any:
        """Only what is sent changes; null is inherited. For administrators and the IT desk."""
        values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        return room_policy_service.change_policy(session, user, place, values, if_match)


# Before the routes of single rooms, to which "policy" would be a wrong id.
_add(router, "/policy", _company, "company", "all rooms")
_add(router, "/{room_id}/policy", _room, "room", "a room")
_add(of_buildings, "/{building_id}/policy", _building, "building", "a building's rooms")
