"""A mark in the kept text of a component that says what was read from it.

Whether a property must be written anew is a question of what Planner's fields were when they were read, not of what the
text says: the text may need a VTIMEZONE or a default that is gone, hold a rule that was refused, or a title that was
shortened. So each kept component begins with a line that holds a checksum of what each property became. The line never
leaves: `writing` takes it out, and reading ignores one that comes from outside.
"""

from collections.abc import Callable, Mapping
from datetime import date
from zlib import crc32

from app.calendaring.ical.model import EventData
from app.calendaring.ical.values import format_moment

MARK = "X-PLANNER-AS-READ"
_DERIVED = "DERIVED"
_IN_WRITTEN_ZONE = "ZONE-OF-FILE"
_FLOATING = "FLOATING"


def _dates(values: tuple[date, ...]) -> str:
    return ",".join(sorted(map(format_moment, values)))


def _zoned(data: EventData, text: str) -> str:
    return f"{data.zone}/{text}" if text else ""


# Only what differs from an empty event is marked, which keeps the line short.
_FIELDS: Mapping[str, Callable[[EventData], str]] = {
    "UID": lambda data: data.uid,
    "ZONE": lambda data: data.zone or "",
    "DTSTART": lambda data: _zoned(data, format_moment(data.start)),
    "DTEND": lambda data: _zoned(data, f"{format_moment(data.start)}/{format_moment(data.end)}/{data.nominal_days}"),
    "RRULE": lambda data: data.rule or "",
    "EXDATE": lambda data: _zoned(data, _dates(data.exdates)),
    "RDATE": lambda data: _zoned(data, _dates(data.rdates)),
    "RECURRENCE-ID": lambda data: "" if data.recurrence_id is None else format_moment(data.recurrence_id),
    "SUMMARY": lambda data: data.title,
    "DESCRIPTION": lambda data: data.description or "",
    "LOCATION": lambda data: data.location or "",
    "STATUS": lambda data: "" if data.status == "confirmed" else data.status,
    "CLASS": lambda data: "" if data.visibility == "default" else data.visibility,
    "TRANSP": lambda data: "" if data.transparency == "opaque" else data.transparency,
    "ORGANIZER": lambda data: "" if data.organizer is None else f"{data.organizer[0]}/{data.organizer[1] or ''}",
    "ATTENDEE": lambda data: ";".join(
        sorted(f"{person.email}/{person.name or ''}/{person.role}/{person.response}" for person in data.attendees)
    ),
    "RELATED-TO": lambda data: data.related_to or "",
    "SEQUENCE": lambda data: str(data.sequence or ""),
}
_TIMES = frozenset({"ZONE", "DTSTART", "DTEND", "RRULE", "EXDATE", "RDATE"})


def mark(data: EventData, *, derived: bool = False, in_written_zone: bool = False, floating: bool = False) -> str:
    """The line that goes right behind BEGIN:VEVENT.

    `derived` is a component that the file does not hold, because another one implies it: an RDATE with a length, or
    RANGE. `in_written_zone` is one whose times were converted, and its rule made into dates, because only the file
    knows its zone. `floating` is one that names no zone.
    """
    texts = [(name, field(data)) for name, field in _FIELDS.items()]
    parts = [f"{name}={_checksum(text)}" for name, text in texts if text]
    parts += [_DERIVED] * derived + [_IN_WRITTEN_ZONE] * in_written_zone + [_FLOATING] * floating
    return f"{MARK}:{';'.join(parts)}"


def _checksum(text: str) -> str:
    return f"{crc32(text.encode(errors='replace')):08x}"


class AsRead:
    """What the mark of a kept text says; without a mark, everything has changed."""

    def __init__(self, line: str | None) -> None:
        value = None if line is None else line.removeprefix(f"{MARK}:")
        parts = value.split(";") if value else []
        self._sums = dict(part.split("=", 1) for part in parts if "=" in part)
        self._is_marked = value is not None
        self.is_derived = _DERIVED in parts
        self._is_floating = _FLOATING in parts
        self.in_written_zone = _IN_WRITTEN_ZONE in parts

    def changed(self, data: EventData, calendar_zone: str | None = None) -> frozenset[str]:
        """The properties, and "ZONE", whose meaning is not what was read, or would not be in a calendar of that zone.

        Times that were converted out of a zone that only the file knows change together.
        """
        if not self._is_marked:
            return frozenset(_FIELDS)
        found = set()
        for name, field in _FIELDS.items():
            text = field(data)
            if self._sums.get(name) != (_checksum(text) if text else None):
                found.add(name)
        is_misread = self._is_floating and calendar_zone not in (None, data.zone)
        if is_misread or (self.in_written_zone and found & _TIMES):
            found |= _TIMES
        return frozenset(found)
