"""Files attached to events."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from app.api.deps import ActingUser, OccurrenceParam, PageParams
from app.api.files import CONTENT, SENT, IfNoneMatch, as_download, file_name, receive_file
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.discussion import AttachmentRead, DiscussionSort
from app.services import attachment_service
from app.services.stored_files import SentFile

router = PrefixRouter(prefix="/events", tags=["discussion"], route_class=RepeatableRoute)


@router.get(
    "/{event_id}/attachments",
    response_model=Page[AttachmentRead],
    summary="List files",
    responses=responses(401, 403, 404),
)
def list_attachments(
    event_id: UUID,
    user: ActingUser,
    session: SessionDep,
    page: PageParams,
    occurrence: OccurrenceParam = None,
    sort: DiscussionSort = DiscussionSort.CREATED,
) -> Any:
    """The oldest first, unless told otherwise. Of an occurrence: its own, and those of the whole series."""
    items, cursor = attachment_service.list_attachments(session, user, event_id, occurrence, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{event_id}/attachments",
    response_model=AttachmentRead,
    status_code=201,
    summary="Attach a file",
    responses=responses(401, 403, 404, 409, 413, 415, 503),
    openapi_extra=SENT,
)
def attach(
    event_id: UUID,
    user: ActingUser,
    session: SessionDep,
    file: Annotated[SentFile, Depends(receive_file)],
    name: Annotated[str | None, Depends(file_name)],
    occurrence: OccurrenceParam = None,
) -> Any:
    """The body is the file itself, no form. For participants and whoever keeps the event.

    What kind of file it is, its content says. Folders and invisible signs in its name go.
    """
    return attachment_service.attach(session, user, event_id, occurrence, name, file)


@router.get(
    "/{event_id}/attachments/{attachment_id}",
    response_model=AttachmentRead,
    summary="Read what is known of a file",
    responses=responses(401, 403, 404),
)
def read_attachment(event_id: UUID, attachment_id: UUID, user: ActingUser, session: SessionDep) -> Any:
    return attachment_service.read_attachment(session, user, event_id, attachment_id)


@router.get(
    "/{event_id}/attachments/{attachment_id}/content",
    response_class=Response,
    summary="Download a file",
    responses={**CONTENT, **responses(401, 403, 404, 503)},
)
def read_content(
    event_id: UUID,
    attachment_id: UUID,
    user: ActingUser,
    session: SessionDep,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """For who reads the event's details. Always a download; what a browser might run comes as mere bytes."""
    return as_download(attachment_service.find_content(session, user, event_id, attachment_id), if_none_match)


@router.delete(
    "/{event_id}/attachments/{attachment_id}",
    status_code=204,
    summary="Delete a file",
    responses=responses(401, 403, 404),
)
def delete_attachment(event_id: UUID, attachment_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """For who attached it, and for whoever keeps the event."""
    attachment_service.delete_attachment(session, user, event_id, attachment_id)
