"""Pictures of people."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser, IfMatch
from app.api.pictures import PICTURE_BODY, Picture
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.user import UserRead
from app.services import avatar_service

router = PrefixRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)


@router.put(
    "/{user_id}/avatar",
    response_model=UserRead,
    summary="Set a picture",
    responses=responses(401, 403, 404, 412, 413, 415),
    openapi_extra=PICTURE_BODY,
)
def set_avatar(
    user_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    picture: Picture,
    if_match: IfMatch,
) -> Any:
    """The bytes of a JPEG, PNG, WebP or GIF. Its middle is kept, as squares of 64 and 256 pixels, without metadata.

    People set their own; administrators, anybody's.
    """
    return UserRead.shown_to(user, avatar_service.set_avatar(session, user, user_id, picture, if_match))


@router.delete(
    "/{user_id}/avatar", status_code=204, summary="Remove a picture", responses=responses(401, 403, 404, 412)
)
def delete_avatar(user_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """People remove their own; administrators, anybody's."""
    avatar_service.delete_avatar(session, user, user_id, if_match)
