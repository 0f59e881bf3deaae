"""Comments on events."""

from typing import Any
from uuid import UUID

from app.api.deps import ActingUser, IfMatch, OccurrenceParam, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.discussion import CommentPatch, CommentRead, CommentWrite, DiscussionSort
from app.services import comment_service

router = PrefixRouter(prefix="/events", tags=["discussion"], route_class=RepeatableRoute)


@router.get(
    "/{event_id}/comments",
    response_model=Page[CommentRead],
    summary="List comments",
    responses=responses(401, 403, 404),
)
def list_comments(
    event_id: UUID,
    user: ActingUser,
    session: SessionDep,
    page: PageParams,
    occurrence: OccurrenceParam = None,
    sort: DiscussionSort = DiscussionSort.CREATED,
) -> Any:
    """The oldest first, unless told otherwise. Of an occurrence: its own, and those on the whole series."""
    items, cursor = comment_service.list_comments(session, user, event_id, occurrence, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{event_id}/comments",
    response_model=CommentRead,
    status_code=201,
    summary="Write a comment",
    responses=responses(401, 403, 404, 409),
)
def create_comment(
    event_id: UUID, data: CommentWrite, user: ActingUser, session: SessionDep, occurrence: OccurrenceParam = None
) -> Any:
    """For everybody who reads the event's details. Only they can be mentioned."""
    return comment_service.create_comment(session, user, event_id, occurrence, data)


@router.patch(
    "/{event_id}/comments/{comment_id}",
    response_model=CommentRead,
    summary="Change a comment",
    responses=responses(401, 403, 404, 412),
)
def patch_comment(
    event_id: UUID,
    comment_id: UUID,
    data: CommentPatch,  # type: ignore[valid-type]
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """For who wrote it. Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return comment_service.change_comment(session, user, event_id, comment_id, values, if_match)


@router.delete(
    "/{event_id}/comments/{comment_id}",
    status_code=204,
    summary="Delete a comment",
    responses=responses(401, 403, 404, 412),
)
def delete_comment(event_id: UUID, comment_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch) -> None:
    """For who wrote it, and for whoever keeps the event."""
    comment_service.delete_comment(session, user, event_id, comment_id, if_match)
