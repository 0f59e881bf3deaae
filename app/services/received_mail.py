"""Reading messages that strangers sent (RFC 5322, MIME), in time that grows with their size only.

The library's parser of structured headers takes minutes for some headers of 50 KB, and MIME with many parts or many
parameters is slow as well. So headers are read as text and cut, and a message with more structure than any calendar
program writes is not parsed at all.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import Compat32
from email.utils import getaddresses, parsedate_to_datetime

from app.core.config import get_settings
from app.models.base import now

MAX_LINES = 200_000
MAX_PARTS = 100
# Each level of multipart is looked for in each line.
MAX_MULTIPARTS = 20
MAX_HEADER = 5_000
MAX_HEADERS_READ = 20
MAX_ADDRESSES = 50
# Where mail servers note whom a message was really for; the first is what the server that took it says.
ADDRESSED = ("X-Envelope-To", "Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")
CALENDARS = ("text/calendar", "application/ics")
_BY_PROGRAMS = frozenset({"bulk", "junk", "list", "auto_reply"})
# Others are no encodings of mail, or cost too much; their text is read as UTF-8.
CHARSETS = re.compile(
    r"utf-?(?:16|32)(?:[-_]?[bl]e)?|(?:iso-8859-|windows-|cp|koi8-|gb|big5|shift_jis|iso-2022-|euc-)[a-z0-9_-]{0,20}"
)
# What the parser takes for ends of lines.
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DELIMITER = re.compile(rb"(?:\r|\n)--")


class Ignored(Exception):
    """The message is left alone; `reason` is a constant for programs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _CutHeaders(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_HEADER]


_POLICY = _CutHeaders()


def read_message(content: bytes) -> Message:
    """The message, if a person may have sent it.

    Raises:
        Ignored: it is too large, is no mail, or a program sent it of itself (RFC 3834).
    """
    if len(content) > get_settings().INBOUND_MAIL_MAX_BYTES:
        raise Ignored("too_large")
    if _is_entangled(content):
        raise Ignored("too_many_parts")
    try:
        message = message_from_bytes(content, policy=_POLICY)
    except (ValueError, LookupError, RecursionError) as error:
        raise Ignored("unreadable") from error
    if not message.keys():
        raise Ignored("unreadable")
    if header(message, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        raise Ignored("auto_submitted")
    if message.get_content_type() == "multipart/report" or header(message, "Return-Path").strip() == "<>":
        raise Ignored("bounce")
    if header(message, "Precedence").strip().lower() in _BY_PROGRAMS or "List-Id" in message:
        raise Ignored("sent_by_program")
    return message


def _is_entangled(content: bytes) -> bool:
    lines = sum(1 for _ in _LINE_END.finditer(content))
    if lines > MAX_LINES or content.lower().count(b"multipart/") > MAX_MULTIPARTS:
        return True
    # Each part has one delimiter, a multipart one more; text may have lines that look like some.
    return sum(1 for _ in _DELIMITER.finditer(content)) > 10 * MAX_PARTS


def header(message: Message, name: str) -> str:
    """The header's text as it was sent; "" where there is none."""
    return str(message.get(name, ""))


def addresses_of(message: Message, recipient: str | None) -> list[str]:
    """Whom it is for, lower case; the most certain first."""
    found = [recipient or ""]
    for name in ADDRESSED:
        values = [str(value) for value in message.get_all(name, [])[:MAX_HEADERS_READ]]
        try:
            found += [address for _, address in getaddresses(values)]
        except (ValueError, IndexError, RecursionError):
            continue
    return list(dict.fromkeys(address.strip().strip("<>").lower() for address in found if address))[:MAX_ADDRESSES]


def calendars_of(message: Message) -> Iterator[bytes]:
    """What is iCalendar in the message: as a part, or as a file. In UTF-8, where its charset is known.

    Raises:
        Ignored: it has too many parts, or cannot be read.
    """
    try:
        for number, part in enumerate(message.walk()):
            if number >= MAX_PARTS:
                raise Ignored("too_many_parts")
            name = (part.get_filename() or "").lower()
            if part.get_content_type() in CALENDARS or name.endswith(".ics"):
                content = part.get_payload(decode=True)
                if isinstance(content, bytes):
                    yield _as_utf_8(content, part.get_content_charset() or "")
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError) as error:
        raise Ignored("unreadable") from error


def _as_utf_8(content: bytes, charset: str) -> bytes:
    if not CHARSETS.fullmatch(charset):
        return content
    try:
        return content.decode(charset).encode()
    except (LookupError, ValueError):
        return content


def written_at(message: Message) -> datetime:
    """When the message says it was written; not later than now, and now where it does not say."""
    try:
        date = parsedate_to_datetime(header(message, "Date"))
        return min(now(), date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC))
    except (ValueError, TypeError, IndexError, OverflowError):
        return now()
