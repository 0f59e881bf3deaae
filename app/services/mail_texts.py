"""What a person wrote in a mail: its text, what is folded away below it (quotes, signature), and its files.

In time that grows with the size only: each line is looked at once, by patterns without repetition inside repetition.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from html import unescape

from app.services.received_mail import CALENDARS, CHARSETS, MAX_PARTS, Ignored

TEXT_MAX = 100_000
FILES_MAX = 50
# A line before a quote: "On 5 May 2027 Anna wrote:", "5 мая 2027 г., 10:00 Анна написал(а):".
_WROTE = re.compile(
    r"(?:on\s.{1,300}\swrote|.{1,300}\s(?:wrote|writes)|am\s.{1,300}\sschrieb.{0,100}"
    r"|.{1,300}(?:написал|написала|написал\(а\)|пишет|пишут)):\s*",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*(?:-{2,}|_{5,})\s*(?:original message|forwarded message|исходное сообщение|пересылаемое сообщение"
    r"|пересланное сообщение)?\s*-*\s*",
    re.IGNORECASE,
)
# The headers that Outlook puts above what it quotes; two in a row begin a quote.
_HEADER = re.compile(r"\*?(?:from|sent|to|subject|date|cc|от|отправлено|кому|тема|дата|копия)\s*:\*?\s", re.IGNORECASE)
_SIGNATURE = re.compile(r"--\s?|(?:sent from my|отправлено с моего|отправлено из)\b.{0,100}", re.IGNORECASE)
# A tag by its name; what is none ends before the next one begins, so that each sign is looked at once.
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})?[^<>]*>")
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "pre", "table"})
_SILENT = frozenset({"style", "script", "head", "title"})


@dataclass(frozen=True, slots=True)
class MailFile:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailText:
    """What was written, what was folded away, and what came along."""

    body: str
    folded: str | None
    files: list[MailFile] = field(default_factory=list)


def read_text(message: Message) -> MailText:
    """The text of a mail: its plain part, or else its HTML as text.

    Raises:
        Ignored: it has too many parts, or cannot be read.
    """
    plain: list[str] = []
    marked_up: list[str] = []
    files: list[MailFile] = []
    for part in _leaves(message):
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        kind, name = part.get_content_type(), _name_of(part)
        if name is None and kind == "text/plain":
            plain.append(_decoded(part, content))
        elif name is None and kind == "text/html":
            marked_up.append(_decoded(part, content))
        elif kind not in CALENDARS and content and len(files) < FILES_MAX:
            files.append(MailFile(name or "file", content))
    text = "\n".join(plain) if any(piece.strip() for piece in plain) else "\n".join(map(_as_text, marked_up))
    body, folded = fold(_printable(text)[:TEXT_MAX])
    return MailText(body, folded, files)


def fold(text: str) -> tuple[str, str | None]:
    """What somebody wrote, and below it what they quoted or signed; a quote with answers in it stays as it is."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    answered = _answered(lines)
    cut = next((number for number, _ in enumerate(lines) if _folds_at(lines, number, answered[number])), len(lines))
    body, folded = "\n".join(lines[:cut]).strip(), "\n".join(lines[cut:]).strip()
    if not body:
        # All of it is a quote or a signature: better all than nothing.
        return folded, None
    return body, folded or None


def subject_of(message: Message) -> str:
    """The subject as people read it, one line; "" where there is none."""
    raw = str(message.get("Subject", ""))[:2000]
    try:
        text = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, UnicodeError):
        text = raw
    return " ".join(_printable(text).split())


def _leaves(message: Message) -> Iterator[Message]:
    try:
        for number, part in enumerate(message.walk()):
            if number >= MAX_PARTS:
                raise Ignored("too_many_parts")
            if not part.is_multipart():
                yield part
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError) as error:
        raise Ignored("unreadable") from error


def _name_of(part: Message) -> str | None:
    """The name of a part that is a file; None of what is to be read."""
    try:
        name = part.get_filename()
        name = str(make_header(decode_header(name[:1000]))) if name else None
    except (ValueError, LookupError, UnicodeError, TypeError):
        name = "file"
    if name:
        return _printable(name)
    is_text = part.get_content_type() in ("text/plain", "text/html")
    return None if is_text and part.get_content_disposition() != "attachment" else "file"


def _decoded(part: Message, content: bytes) -> str:
    charset = (part.get_content_charset() or "utf-8").lower()
    try:
        return content.decode(charset if CHARSETS.fullmatch(charset) else "utf-8")
    except (LookupError, ValueError):
        return content.decode("utf-8", errors="replace")


def _folds_at(lines: Sequence[str], number: int, is_answered: bool) -> bool:
    """Whether from this line on there is nothing but a quote or a signature."""
    line = lines[number]
    if not line.strip():
        return False
    if _SIGNATURE.fullmatch(line) or (_ORIGINAL.fullmatch(line) and len(line.strip()) > 4):
        return True
    following = next((later for later in lines[number + 1 : number + 4] if later.strip()), "")
    if _WROTE.fullmatch(line.strip()[-600:]) and (following.startswith(">") or not is_answered):
        return True
    if line.startswith(">"):
        return not is_answered
    return bool(_HEADER.match(line) and _HEADER.match(following))


def _answered(lines: Sequence[str]) -> list[bool]:
    """Of each line, whether somebody wrote between or below the lines of the next quote, a signature not counted."""
    found: list[bool] = []
    is_written = is_answered = False
    # From below: what is written behind a line is known when it is met.
    for line in reversed(lines):
        if line.startswith(">"):
            is_answered = is_written
        elif line.strip():
            is_written = not _SIGNATURE.fullmatch(line)
        found.append(is_answered)
    return found[::-1]


def _as_text(markup: str) -> str:
    """HTML as text: blocks are lines, quotes begin with >, and what no reader sees is left out.

    The library's parser takes minutes for some tags that do not end, and fails at others.
    """
    markup = _without_comments(markup[: 10 * TEXT_MAX])
    pieces: list[str] = []
    place = silent = quoted = 0
    for tag in _TAG.finditer(markup):
        if not silent:
            pieces.append(_plain(markup[place : tag.start()]))
        place, name, step = tag.end(), (tag[2] or "").lower(), -1 if tag[1] else 1
        silent = max(silent + step * (name in _SILENT), 0)
        quoted = max(quoted + step * (name == "blockquote"), 0)
        if name in _BLOCKS:
            pieces.append("\n> " if quoted else "\n")
    if not silent:
        pieces.append(_plain(markup[place:]))
    lines = [" ".join(line.split()) for line in "".join(pieces).split("\n")]
    kept = [line for number, line in enumerate(lines) if line not in ("", ">") or (number and lines[number - 1])]
    return "\n".join(kept)


def _without_comments(markup: str) -> str:
    pieces, place = [], 0
    while (start := markup.find("<!--", place)) >= 0:
        pieces.append(markup[place:start])
        end = markup.find("-->", start)
        if end < 0:
            return "".join(pieces)
        place = end + len("-->")
    return "".join([*pieces, markup[place:]])


def _plain(text: str) -> str:
    try:
        return unescape(text).replace("\n", " ")
    except ValueError:
        # A number of a sign with thousands of digits.
        return text.replace("\n", " ")


def _printable(text: str) -> str:
    return "".join(character for character in text if character >= " " or character in "\n\t\r")
