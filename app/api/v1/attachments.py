"""Files attached to events."""

from collections.abc import AsyncIterator
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.deps import ActingUser, OccurrenceParam, PageParams, get_current_user
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.core.errors import UnsupportedMediaType
from app.core.file_names import attachment_disposition, sent_name
from app.core.media_types import UNKNOWN, served_as
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.discussion import AttachmentRead, DiscussionSort
from app.services import attachment_service
from app.services.attachment_service import SentFile

router = PrefixRouter(prefix="/events", tags=["discussion"], route_class=RepeatableRoute)

# A file above this waits on disk until it is whole.
MEMORY_BYTES = 256 * 1024
HEADER_MAX = 4096
# Whatever the file is, no page of ours runs it or shows it (RFC 6266 says how it is named).
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "none",
}
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_SENT: dict[str, Any] = {"requestBody": {"required": True, "content": {UNKNOWN: _BINARY}}}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes", "content": {"*/*": _BINARY}},
    304: {"description": "The client has them already"},
}


async def receive_file(request: Request) -> AsyncIterator[SentFile]:
    """The body, of somebody with a token. No connection to the database waits for it, and no memory holds it."""
    await get_current_user.claims(request)
    if request.headers.get("content-type", "").strip().lower().startswith("multipart/"):
        raise UnsupportedMediaType("unsupported_media_type", accepted=UNKNOWN)
    digest, size = sha256(), 0
    spooled = SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed below
    file = UploadFile(cast(BinaryIO, spooled))
    try:
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
            await file.write(piece)
        request.state.body_digest = digest.digest()
        yield SentFile(file.file, size, digest.hexdigest())
    except ClientDisconnect as error:
        raise HTTPException(400) from error
    finally:
        await file.close()


async def file_name(
    request: Request,
    name: Annotated[
        str | None, Query(max_length=1000, description="What the file is called; or in Content-Disposition")
    ] = None,
) -> str | None:
    """The name that the client gives the file; the address before the header."""
    return name or sent_name(request.headers.get("content-disposition", "")[:HEADER_MAX])


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
    openapi_extra=_SENT,
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
    responses={**_CONTENT, **responses(401, 403, 404, 503)},
)
def read_content(
    event_id: UUID,
    attachment_id: UUID,
    user: ActingUser,
    session: SessionDep,
    if_none_match: Annotated[
        str | None, Header(max_length=1000, description="The ETag that you have; 304 when it is still the same")
    ] = None,
) -> Response:
    """For who reads the event's details. Always a download; what a browser might run comes as mere bytes."""
    file = attachment_service.find_content(session, user, event_id, attachment_id)
    etag = f'"{file.sha256}"'
    headers = {**_HARMLESS, "ETag": etag, "Content-Disposition": attachment_disposition(file.name)}
    if _names(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(file.size)
    return StreamingResponse(
        attachment_service.open_content(file), media_type=served_as(file.media_type), headers=headers
    )


@router.delete(
    "/{event_id}/attachments/{attachment_id}",
    status_code=204,
    summary="Delete a file",
    responses=responses(401, 403, 404),
)
def delete_attachment(event_id: UUID, attachment_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """For who attached it, and for whoever keeps the event."""
    attachment_service.delete_attachment(session, user, event_id, attachment_id)


def _names(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names this ETag; weak ones compare alike (RFC 9110 §13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return not tags.isdisjoint({etag, "*"})
