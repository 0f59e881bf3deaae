"""What is said at tickets, and their files."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.deps import CurrentUser, PageParams
from app.api.files import CONTENT, SENT, IfNoneMatch, as_download, file_name, receive_file
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.ticket_talk import EntryRead, EntryWrite, TalkSort, TicketFileRead
from app.services import ticket_file_service, ticket_talk_service
from app.services.stored_files import SentFile

router = PrefixRouter(prefix="/tickets", tags=["tickets"], route_class=RepeatableRoute)


@router.get(
    "/{ticket_id}/entries",
    response_model=Page[EntryRead],
    summary="List answers and notes",
    responses=responses(401, 403, 404),
)
def list_ticket_entries(
    ticket_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams, sort: TalkSort = TalkSort.CREATED
) -> Any:
    """The oldest first. Notes only for those who work the queue, and never for the requester."""
    items, cursor = ticket_talk_service.list_entries(session, user, ticket_id, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{ticket_id}/entries",
    response_model=EntryRead,
    status_code=201,
    summary="Answer, or write a note",
    responses=responses(401, 403, 404, 409),
)
def create_ticket_entry(ticket_id: UUID, data: EntryWrite, user: CurrentUser, session: SessionDep) -> Any:
    """An answer goes to the requester, by mail too; theirs brings back what waits or is resolved."""
    return ticket_talk_service.create_entry(session, user, ticket_id, data)


@router.get(
    "/{ticket_id}/attachments",
    response_model=Page[TicketFileRead],
    summary="List a ticket's files",
    responses=responses(401, 403, 404),
)
def list_ticket_files(
    ticket_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams, sort: TalkSort = TalkSort.CREATED
) -> Any:
    """The oldest first. Internal ones only for those who work the queue."""
    items, cursor = ticket_file_service.list_files(session, user, ticket_id, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/{ticket_id}/attachments",
    response_model=TicketFileRead,
    status_code=201,
    summary="Attach a file to a ticket",
    responses=responses(401, 403, 404, 409, 413, 415, 503),
    openapi_extra=SENT,
)
def attach_to_ticket(
    ticket_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    file: Annotated[SentFile, Depends(receive_file)],
    name: Annotated[str | None, Depends(file_name)],
    is_internal: Annotated[bool, Query(description="Only for those who work the queue, as notes are")] = False,
) -> Any:
    """The body is the file itself, no form. What kind of file it is, its content says."""
    return ticket_file_service.attach(session, user, ticket_id, name, file, is_internal=is_internal)


@router.get(
    "/{ticket_id}/attachments/{file_id}/content",
    response_class=Response,
    summary="Download a ticket's file",
    responses={**CONTENT, **responses(401, 403, 404, 503)},
)
def read_ticket_file(
    ticket_id: UUID, file_id: UUID, user: CurrentUser, session: SessionDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Always a download; what a browser might run comes as mere bytes."""
    return as_download(ticket_file_service.find_content(session, user, ticket_id, file_id), if_none_match)


@router.delete(
    "/{ticket_id}/attachments/{file_id}",
    status_code=204,
    summary="Delete a ticket's file",
    responses=responses(401, 403, 404),
)
def delete_ticket_file(ticket_id: UUID, file_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """For who attached it, and for those who work the ticket."""
    ticket_file_service.delete_file(session, user, ticket_id, file_id)
