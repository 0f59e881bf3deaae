"""Where the components of a file are (RFC 5545 §3.4): one pass in flat memory that looks at BEGIN, END and UID only."""

import codecs
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import IO, BinaryIO, NamedTuple, cast

from app.calendaring.ical.content_lines import decoded, unfolded
from app.calendaring.ical.model import Problem, ReadingLimits

_BLOCK = 256 * 1024
_SPOOL_IN_MEMORY = 1024 * 1024
_LANDMARK = re.compile(
    rb"^(?:(BEGIN|END)[ \t]*:[ \t]*([A-Za-z0-9-]{1,64})[ \t]*\r*$"
    rb"|UID(?:;[^:\r\n]*+)?:([^\r\n]*+(?:\r*\n[ \t][^\r\n]*+)*+))",
    re.MULTILINE | re.IGNORECASE,
)
_WIDE_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"B\0E\0", "utf-16-le"),
    (b"\0B\0E", "utf-16-be"),
)
# These hold no component of their own kind or of each other's: where one begins, the one before has ended.
_OUTERMOST = frozenset({b"VCALENDAR", b"VEVENT", b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VTIMEZONE", b"VAVAILABILITY"})


class Place(NamedTuple):
    """A component of a calendar: bytes [start, end) of the file, from line `line`; `calendar` counts VCALENDARs."""

    name: str
    start: int
    end: int
    line: int
    calendar: int
    uid_hash: int


@dataclass(slots=True)
class Contents:
    """What a file holds. `headers` are the stretches of each calendar outside its components: (start, end, line)."""

    places: list[Place] = field(default_factory=list)
    headers: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@contextmanager
def seekable(source: Iterable[bytes] | BinaryIO) -> Iterator[IO[bytes]]:
    """The source as a file to seek in, of an encoding that extends ASCII, its lines ended by LF or CRLF.

    A file that is both already is taken as it is; anything else goes through a temporary file.
    """
    file = cast("IO[bytes] | None", source if hasattr(source, "read") else None)
    if file is not None and file.seekable():
        file.seek(0)
        head = file.read(_BLOCK)
        file.seek(0)
        if _encoding(head) is None and not _ended_by_cr(head):
            yield file
            return
    chunks = iter(source) if file is None else iter(partial(file.read, _BLOCK), b"")
    with _spooled(chunks) as spool:
        yield spool


def _spooled(chunks: Iterator[bytes]) -> IO[bytes]:
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - the caller reads it
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= 4096:
            break
    encoding = _encoding(head)
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding else None
    replace_cr = _ended_by_cr(head)
    for chunk in _chained(head, chunks):
        if decoder is not None:
            chunk = decoder.decode(chunk).encode(errors="replace")
        spool.write(chunk.replace(b"\r", b"\n") if replace_cr else chunk)
    spool.seek(0)
    return spool


def _chained(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def _encoding(head: bytes) -> str | None:
    """The name of an encoding that does not extend ASCII; None for those that do."""
    return next((name for mark, name in _WIDE_ENCODINGS if head.startswith(mark)), None)


def _ended_by_cr(head: bytes) -> bool:
    return b"\r" in head and b"\n" not in head


def scan(file: IO[bytes], limits: ReadingLimits) -> Contents:
    """The components directly below VCALENDAR, or below nothing, in the order of the file."""
    scanner = _Scanner(limits)
    for block, offset, line in _blocks(file):
        counted, line_of = 0, line
        for match in _LANDMARK.finditer(block):
            line_of += block.count(b"\n", counted, match.start())
            counted = match.start()
            if match[3] is not None:
                scanner.uid(match[3])
            elif match[1].upper() == b"BEGIN":
                scanner.begin(match[2].upper(), offset + match.start(), offset + _line_end(block, match.end()), line_of)
            else:
                scanner.end(match[2].upper(), offset + match.start(), offset + _line_end(block, match.end()), line_of)
            if scanner.is_full:
                return scanner.contents
    scanner.finish(file.tell())
    return scanner.contents


def _line_end(block: bytes, position: int) -> int:
    return position + 1 if block[position : position + 1] == b"\n" else position


def _blocks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Blocks of whole unfolded lines with offset and line number; of a line longer than a block, only its start."""
    file.seek(3 if file.read(3) == codecs.BOM_UTF8 else 0)
    offset, line, carry = file.tell(), 1, b""
    while chunk := file.read(_BLOCK):
        carry += chunk
        cut = _last_break(carry)
        if cut:
            block, carry = carry[:cut], carry[cut:]
        elif len(carry) <= _BLOCK:
            continue
        else:
            block, carry = carry, b""
        yield block, offset, line
        offset += len(block)
        line += block.count(b"\n")
    if carry:
        yield carry, offset, line


def _last_break(block: bytes) -> int:
    """The position behind the last line end that no folded line follows, as far as can be seen; 0 without one."""
    position = block.rfind(b"\n", 0, len(block) - 1)
    for _ in range(1000):
        if position < 0 or block[position + 1] not in b" \t":
            break
        position = block.rfind(b"\n", 0, position)
    return position + 1


class _Scanner:
    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._open: list[bytes] = []  # names, from the component on; VCALENDAR is not among them
        self._too_deep = 0
        self._was_too_deep = False
        self._start = self._line = self._uid_hash = 0
        self._calendar = 0
        self._in_calendar = False
        self._gap = (0, 1)
        self.contents = Contents()
        self.is_full = False

    def begin(self, name: bytes, start: int, after: int, line: int) -> None:
        if name in _OUTERMOST and self._open:
            self._close(start, "end_missing")
        if name == b"VCALENDAR":
            self._end_calendar(start)
            self._calendar += 1
            if self._calendar > self._limits.components:
                self._open, self._line, self.is_full = [name], line, True
                self._refuse("too_many_components", maximum=self._limits.components)
            self._in_calendar = True
            self._gap = (after, line + 1)
            self.contents.headers[self._calendar] = []
        elif not self._open:
            self._add_gap(start)
            self._open = [name]
            self._start, self._line, self._uid_hash = start, line, 0
        elif len(self._open) >= self._limits.depth:
            self._too_deep += 1
            self._was_too_deep = True
        else:
            self._open.append(name)

    def end(self, name: bytes, start: int, after: int, line: int) -> None:
        if name == b"VCALENDAR":
            if self._open:
                self._close(start, "end_missing")
                self._gap = (start, line)
            self._end_calendar(start)
        elif self._too_deep:
            self._too_deep -= 1
        elif name in self._open:
            while self._open.pop() != name:
                pass
            if not self._open:
                self._open = [name]
                self._close(after, None)
                self._gap = (after, line + 1)

    def uid(self, value: bytes) -> None:
        if len(self._open) == 1 and not self._uid_hash:
            self._uid_hash = hash(b"".join(text for _, text in unfolded(value)).strip())

    def finish(self, end: int) -> None:
        """A component that the end of the file cuts is left out: what is missing of it cannot be known."""
        if self._open:
            self._refuse("component_cut")
        else:
            self._end_calendar(end)
        self._open = []

    def _close(self, end: int, code: str | None) -> None:
        name = decoded(self._open[0])
        if self._was_too_deep:
            self._refuse("component_too_deep", maximum=self._limits.depth)
        elif end - self._start > self._limits.component_bytes:
            self._refuse("component_too_large", maximum=self._limits.component_bytes)
        elif len(self.contents.places) >= self._limits.components:
            self._refuse("too_many_components", maximum=self._limits.components)
            self.is_full = True
        else:
            place = Place(name, self._start, end, self._line, self._calendar, self._uid_hash)
            self.contents.places.append(place)
            if code is not None:
                self.contents.problems.append(Problem(line=self._line, uid=None, code=code, params={"component": name}))
        self._open, self._too_deep, self._was_too_deep = [], 0, False

    def _refuse(self, code: str, **params: object) -> None:
        if len(self.contents.problems) <= self._limits.components:
            params["component"] = decoded(self._open[0])
            self.contents.problems.append(Problem(line=self._line, uid=None, code=code, params=params, refused=True))

    def _add_gap(self, end: int) -> None:
        start, line = self._gap
        if self._in_calendar and start < end:
            self.contents.headers[self._calendar].append((start, end, line))

    def _end_calendar(self, end: int) -> None:
        if self._in_calendar:
            self._add_gap(end)
        self._in_calendar = False
