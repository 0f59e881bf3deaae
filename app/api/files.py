"""Files as they come in and go out: the body is the file itself; what is downloaded, no page of ours runs."""

from collections.abc import AsyncIterator
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast

from fastapi import Header, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.api.deps import get_current_user
from app.core.errors import UnsupportedMediaType
from app.core.file_names import attachment_disposition, sent_name
from app.core.media_types import UNKNOWN, served_as
from app.models.discussion import EventAttachment
from app.models.ticket_talk import TicketAttachment
from app.services.stored_files import SentFile, open_content

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
SENT: dict[str, Any] = {"requestBody": {"required": True, "content": {UNKNOWN: _BINARY}}}
CONTENT: dict[int | str, dict[str, Any]] = {
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


IfNoneMatch = Annotated[
    str | None, Header(max_length=1000, description="The ETag that you have; 304 when it is still the same")
]


def as_download(file: EventAttachment | TicketAttachment, if_none_match: str | None) -> Response:
    """The bytes of a file, or 304 where the client has them."""
    etag = f'"{file.sha256}"'
    headers = {**_HARMLESS, "ETag": etag, "Content-Disposition": attachment_disposition(file.name)}
    if _names(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(file.size)
    return StreamingResponse(open_content(file), media_type=served_as(file.media_type), headers=headers)


def _names(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names this ETag; weak ones compare alike (RFC 9110 §13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return not tags.isdisjoint({etag, "*"})
