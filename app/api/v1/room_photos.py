"""Photos of rooms."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser, IfMatch
from app.api.pictures import PICTURE_BODY, Picture
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.room import RoomRead
from app.services import room_photo_service

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=TransactionRoute)


@router.put(
    "/{room_id}/photo",
    response_model=RoomRead,
    summary="Set the photo of a room",
    responses=responses(401, 403, 404, 412, 413, 415),
    openapi_extra=PICTURE_BODY,
)
def set_photo(room_id: UUID, user: CurrentUser, session: SessionDep, picture: Picture, if_match: IfMatch) -> Any:
    """The bytes of a JPEG, PNG, WebP or GIF. Kept whole, with at most 1280 pixels a side and without metadata.

    For administrators and the IT desk.
    """
    return room_photo_service.set_photo(session, user, room_id, picture, if_match)


@router.delete(
    "/{room_id}/photo", status_code=204, summary="Remove the photo of a room", responses=responses(401, 403, 404, 412)
)
def delete_photo(room_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """For administrators and the IT desk."""
    room_photo_service.delete_photo(session, user, room_id, if_match)
