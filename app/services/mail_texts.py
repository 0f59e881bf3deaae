"""What a person wrote in a mail: its text, what is folded away below it (quotes, signature), and its files.

In time that grows with the size only: each line is looked at once, by patterns without repetition inside repetition.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import Message
from html.parser import HTMLParser

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
    cut = next((number for number, _ in enumerate(lines) if _folds_at(lines, number)), len(lines))
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


def _folds_at(lines: list[str], number: int) -> bool:
    """Whether from this line on there is nothing but a quote or a signature."""
    line = lines[number]
    if not line.strip():
        return False
    if _SIGNATURE.fullmatch(line) or (_ORIGINAL.fullmatch(line) and len(line.strip()) > 4):
        return True
    following = next((later for later in lines[number + 1 : number + 4] if later.strip()), "")
    if _WROTE.fullmatch(line.strip()[-600:]) and (following.startswith(">") or not _has_answers(lines, number)):
        return True
    if line.startswith(">"):
        return not _has_answers(lines, number)
    return bool(_HEADER.match(line) and _HEADER.match(following))


def _has_answers(lines: list[str], number: int) -> bool:
    """Whether somebody wrote between or below the lines of a quote."""
    quoted = [place for place in range(number, len(lines)) if lines[place].startswith(">")]
    if not quoted:
        return False
    tail = [line for line in lines[quoted[0] :] if line.strip() and not line.startswith(">")]
    return bool(tail) and not _SIGNATURE.fullmatch(tail[0])


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self._quoted += tag == "blockquote"
        if tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(self._silent - (tag in _SILENT), 0)
        self._quoted = max(self._quoted - (tag == "blockquote"), 0)
        if tag in _BLOCKS and tag != "br":
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split(" ")).replace("\n", " "))

    def _break(self) -> None:
        self.pieces.append("\n" + "> " * min(self._quoted, 1))


def _as_text(markup: str) -> str:
    parser = _Text()
    parser.feed(markup[: 10 * TEXT_MAX])
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.pieces).split("\n")]
    kept = [line for number, line in enumerate(lines) if line not in ("", ">") or (number and lines[number - 1])]
    return "\n".join(kept)


def _printable(text: str) -> str:
    return "".join(character for character in text if character >= " " or character in "\n\t\r")
