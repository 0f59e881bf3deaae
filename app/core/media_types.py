"""What kind of file it is, by its content; and as what it may leave the house."""

import re
from pathlib import PurePath
from typing import BinaryIO

import puremagic

UNKNOWN = "application/octet-stream"
PLAIN, HTML, SVG, ZIP = "text/plain", "text/html", "image/svg+xml", "application/zip"
_HEAD_BYTES = 4096
# Signatures of one or two bytes are found in any text.
_SURE = 0.3
_TAGS = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe|svg|style|title|img|a|div|meta)\b", re.IGNORECASE)
_ZIP_SIGNATURE = b"PK\x03\x04"
# Kinds that are written in letters. Whatever else a text seems to be by its first letters, it is a text.
_WRITTEN = frozenset({"application/json", "application/xml", "application/rtf", "application/pdf", "message/rfc822"})
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")
_WELL_FORMED = re.compile(r"[a-z0-9][a-z0-9.+\-]*/[a-z0-9][a-z0-9.+\-]*")
# What no browser runs. Anything else is sent as bytes that nobody interprets.
_HARMLESS = re.compile(
    r"image/(?:png|jpeg|gif|webp|bmp|tiff|heic|avif)|(?:audio|video)/[a-z0-9.+\-]+|text/(?:plain|csv|calendar)"
    r"|application/(?:pdf|zip|json|rtf|msword|gzip|vnd\.(?:ms-|openxmlformats-|oasis\.)[a-z0-9.+\-]+)"
)


def media_type_of(file: BinaryIO, name: str) -> str:
    """The media type that the content of `file` shows; the file is read from its beginning, and not unpacked.

    `name` only decides between kinds that share a signature, such as the many that are ZIP archives.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if markup := _markup(head):
        return markup
    suffix = PurePath(name).suffix.lower()
    found = _signatures(file)
    of_that_name = [kind for kind, extension in found if extension == suffix]
    kinds = [*of_that_name, *(kind for kind, _ in found)]
    if head.startswith(_ZIP_SIGNATURE):
        return of_that_name[0] if of_that_name else ZIP
    if _is_text(head):
        return next((kind for kind in kinds if kind.startswith("text/") or kind in _WRITTEN), PLAIN)
    return kinds[0] if kinds else UNKNOWN


def served_as(media_type: str) -> str:
    """The media type to send a file with: its own, or that of mere bytes where a browser might run it."""
    return media_type if _HARMLESS.fullmatch(media_type) else UNKNOWN


def _markup(head: bytes) -> str | None:
    """HTML or SVG, if that is what the file begins with; as browsers look for it, and a little wider."""
    begin = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not begin.startswith(b"<"):
        return None
    tags = {tag.lower() for tag in _TAGS.findall(begin)}
    if begin.startswith(b"<?xml"):
        tags &= {b"svg", b"html"}
    if b"svg" in tags:
        return SVG
    return HTML if tags else None


def _signatures(file: BinaryIO) -> list[tuple[str, str]]:
    """(media type, extension) of the signatures in the file, the surest first."""
    try:
        matches = puremagic.magic_stream(file)
    except (puremagic.PureError, ValueError):
        return []
    finally:
        file.seek(0)
    return [
        (match.mime_type, match.extension)
        for match in matches
        if match.confidence >= _SURE and len(match.mime_type) <= 100 and _WELL_FORMED.fullmatch(match.mime_type)
    ]


def _is_text(head: bytes) -> bool:
    try:
        # The last character may be cut.
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3 or len(head) < _HEAD_BYTES:
            return False
    return all(byte >= 32 or byte in _TEXT_CONTROLS for byte in head)
