"""Content lines: folding, parameters and text values (RFC 5545 §3.1 and §3.3.11, RFC 6868).

This layer is ours because what came must go out as it was: icalendar 7.3 parses each line into typed values and writes
those, reads a backslash before an "n" as a line break, keeps what VTIMEZONEs say in a cache of the process, and takes
several times as long. Its typed values are the reference that the tests compare with.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_OCTETS = 75

_NAME = re.compile(r"[A-Za-z0-9-]+")
# Possessive throughout: an unbalanced quote makes it fail at once, not after trying every way to split.
_HEAD = re.compile(r'([^;:"]*+)((?:;[^;:"]*+(?:"[^"]*+"[^;:"]*+)*+)*+):')
_PARAMETER = re.compile(r';([^=;:"]*+)=((?:"[^"]*+"|[^;"])*+)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^([n^'])")
_CARET_CHARACTERS = {"n": "\n", "^": "^", "'": '"'}
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOLD = re.compile(rb"\r*\n[ \t]")


class ContentLine(NamedTuple):
    """One unfolded line. `name` is in upper case; `parameters` is raw, from its first ";"; `value` is raw."""

    name: str
    parameters: str
    value: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.name}{self.parameters}:{self.value}"

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, its quotes taken off; None when it is not there."""
        if not self.parameters:
            return None
        for match in _PARAMETER.finditer(self.parameters):
            if match[1].strip().upper() == name:
                return _CARET.sub(lambda found: _CARET_CHARACTERS[found[1]], match[2].strip().strip('"'))
        return None

    def with_parameter(self, name: str, value: str | None) -> "ContentLine":
        """The line with a parameter set, or removed when `value` is None; the others stay as they are."""
        kept, done = [], value is None
        for match in _PARAMETER.finditer(self.parameters):
            if match[1].strip().upper() != name:
                kept.append(match[0])
            elif not done and value is not None:
                kept.append(f";{name}={quoted(value)}")
                done = True
        if not done and value is not None:
            kept.append(f";{name}={quoted(value)}")
        return self._replace(parameters="".join(kept))

    @property
    def text(self) -> str:
        """The value as TEXT (§3.3.11)."""
        return unescaped(self.value)


def parse_line(text: str, number: int = 0) -> ContentLine | None:
    """A content line from unfolded text; None for what is none. A quote that is never closed is taken as it is."""
    head, colon, value = text.partition(":")
    if '"' in head:
        match = _HEAD.match(text)
        if match is not None:
            head, value = match[1] + match[2], text[match.end() :]
    if not colon:
        return None
    name, semicolon, parameters = head.partition(";")
    name = name.strip().upper()
    if _NAME.fullmatch(name) is None:
        return None
    return ContentLine(name, semicolon + parameters, value, number)


def unescaped(value: str) -> str:
    """TEXT from its written form; a backslash before any other character than it should be stands for nothing."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def escaped(text: str) -> str:
    """TEXT in its written form, without the control characters that no content line may hold."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    return _CONTROLS.sub("", text)


def quoted(value: str) -> str:
    """A parameter value, in quotes where it must be (§3.2), and in the escapes of RFC 6868."""
    value = value.replace("^", "^^").replace("\r\n", "\n").replace("\n", "^n").replace('"', "^'")
    value = _CONTROLS.sub("", value)
    must_be_quoted = value != value.strip() or any(mark in value for mark in ",;:")
    return f'"{value}"' if must_be_quoted else value


def without_controls(text: str) -> str:
    """Unfolded text without the characters that no line may hold and PostgreSQL does not store; tabs stay."""
    return _CONTROLS.sub("", text) if _CONTROLS.search(text) else text


def unfolded(data: bytes, first_number: int = 1) -> Iterator[tuple[int, bytes]]:
    """The unfolded lines of a stretch of a file, without the empty ones, and the numbers of the lines they begin in."""
    number = first_number
    for piece in _logical_lines(data):
        if piece.strip():
            yield number, _FOLD.sub(b"", piece).rstrip(b"\r")
        number += piece.count(b"\n") + 1


def _logical_lines(data: bytes) -> Iterator[bytes]:
    parts: list[bytes] = []
    for line in data.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            parts.append(line)
            continue
        if parts:
            yield b"\n".join(parts)
        parts = [line]
    if parts:
        yield b"\n".join(parts)


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, else Windows-1252, which programs of old wrote and which holds Latin-1."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def folded(line: str) -> bytes:
    """A line in UTF-8, folded at 75 octets between characters, with its CRLF."""
    data = line.encode(errors="replace")
    if len(data) <= MAX_OCTETS:
        return data + b"\r\n"
    pieces, start, room = [], 0, MAX_OCTETS
    while len(data) - start > room:
        end = start + room
        while data[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        pieces.append(data[start:end])
        start, room = end, MAX_OCTETS - 1
    pieces.append(data[start:])
    return b"\r\n ".join(pieces) + b"\r\n"
