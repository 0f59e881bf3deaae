"""Pictures as bodies of requests."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.errors import UnsupportedMediaType

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
# For `openapi_extra` of a route that takes one.
PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES},
    }
}


async def read_picture(request: Request) -> bytes:
    """The body, if it says that it is a picture. What it really is, is seen when it is decoded."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise UnsupportedMediaType("unsupported_media_type", accepted=", ".join(MEDIA_TYPES))
    return await request.body()


Picture = Annotated[bytes, Depends(read_picture)]
