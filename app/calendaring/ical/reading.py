"""Reading iCalendar (RFC 5545): a file becomes objects, one a UID, in flat memory, whatever the file holds."""

from collections.abc import Iterable, Iterator
from typing import IO, BinaryIO

from app.calendaring.ical.calendar_properties import read_properties
from app.calendaring.ical.content_lines import ContentLine, decoded, parse_line, unfolded, without_controls
from app.calendaring.ical.context import Context
from app.calendaring.ical.event_reading import own_properties
from app.calendaring.ical.foreign_zones import ForeignZones, ZoneWork
from app.calendaring.ical.model import CalendarObject, CalendarProperties, OtherComponent, Problem, ReadingLimits
from app.calendaring.ical.objects import Component, build_object, zone_texts
from app.calendaring.ical.scanning import Contents, Place, scan, seekable
from app.calendaring.ical.vtimezone import WrittenZone, parse_zone
from app.calendaring.zones import get_zone

_MAX_ZONES = 200

Item = CalendarProperties | CalendarObject | OtherComponent | Problem


def read_objects(
    source: Iterable[bytes] | BinaryIO, *, limits: ReadingLimits | None = None, default_zone: str
) -> Iterator[Item]:
    """What a file holds: for each VCALENDAR its properties, then its objects in the order of the file.

    `source` is a file to be read, best one to seek in, or its bytes in pieces of any size. `default_zone` is the IANA
    name for times that name no zone, in a calendar that names none. Nothing in the file raises: what cannot be taken
    becomes a Problem that is `refused`, and harms nothing else; what was repaired is among the problems of its object.
    Components of one UID make one object, wherever in the file they are. Raises UnknownZone for a wrong `default_zone`.
    """
    get_zone(default_zone)
    return _items(source, limits or ReadingLimits(), default_zone)


def _items(source: Iterable[bytes] | BinaryIO, limits: ReadingLimits, default_zone: str) -> Iterator[Item]:
    with seekable(source) as file:
        yield from _Reader(file, scan(file, limits), limits, default_zone).items()


class _Reader:
    def __init__(self, file: IO[bytes], contents: Contents, limits: ReadingLimits, default_zone: str) -> None:
        self._file = file
        self._contents = contents
        self._limits = limits
        self._properties = {calendar: self._read_header(parts) for calendar, parts in contents.headers.items()}
        self._zones = self._read_zones(default_zone)

    def items(self) -> Iterator[Item]:
        yield from self._contents.problems
        if not (self._properties or self._contents.places or self._contents.problems):
            yield Problem(line=1, uid=None, code="not_a_calendar", refused=True)
        members: dict[int, list[Place]] = {}
        for place in self._contents.places:
            if place.name == "VEVENT" and place.uid_hash:
                members.setdefault(place.uid_hash, []).append(place)
        told = 0
        for place in self._contents.places:
            if place.calendar > told:
                yield from (self._properties[calendar] for calendar in range(told + 1, place.calendar + 1))
                told = place.calendar
            if place.name != "VEVENT":
                yield from self._other(place)
            elif not place.uid_hash:
                yield from build_object([self._component(place)])
            elif place.uid_hash in members:
                yield from build_object(map(self._component, members.pop(place.uid_hash)))
        yield from (self._properties[calendar] for calendar in range(told + 1, len(self._properties) + 1))

    def _component(self, place: Place) -> Component:
        context = Context(self._zones[place.calendar], self._limits, place.line)
        lines = self._lines(place.start, place.end, place.line, context)
        return Component(_balanced(lines), context)

    def _other(self, place: Place) -> Iterator[OtherComponent | Problem]:
        if place.name == "VTIMEZONE":
            return
        component = self._component(place)
        uid = next((line.text.strip() for line in own_properties(component.lines).get("UID", ())), None)
        yield from component.context.problems
        yield OtherComponent(
            name=place.name,
            uid=uid,
            text="\n".join(map(str, component.lines)),
            zones="\n".join(zone_texts(component.lines, component.context.zones)),
            line=place.line,
        )

    def _read_header(self, parts: list[tuple[int, int, int]]) -> CalendarProperties:
        lines: list[ContentLine] = []
        room = self._limits.component_bytes
        for start, end, number in parts:
            end = min(end, start + room)
            room -= end - start
            lines += self._lines(start, end, number, None)
        return read_properties(lines)

    def _read_zones(self, default_zone: str) -> dict[int, ForeignZones]:
        written: dict[int, dict[str, WrittenZone]] = {}
        known: dict[str, WrittenZone | None] = {}
        for place in self._contents.places:
            if place.name != "VTIMEZONE":
                continue
            lines = self._lines(place.start, place.end, place.line, None)
            text = "\n".join(map(str, lines))
            if text not in known and len(known) < _MAX_ZONES:
                known[text] = parse_zone(lines)
            zone = known.get(text)
            if zone is not None:
                written.setdefault(place.calendar, {}).setdefault(zone.tzid, zone)
        work = ZoneWork()
        calendars = {0, *self._properties}
        return {
            calendar: ForeignZones(
                written.get(calendar, {}),
                self._properties[calendar].zone if calendar in self._properties else None,
                default_zone,
                work,
            )
            for calendar in calendars
        }

    def _lines(self, start: int, end: int, first_number: int, context: Context | None) -> list[ContentLine]:
        """The content lines of a stretch of the file; those that are none are reported and left out."""
        self._file.seek(start)
        found = []
        for number, data in unfolded(self._file.read(end - start), first_number):
            if len(data) > self._limits.line_bytes:
                if context is not None:
                    context.report("line_too_long", number, maximum=self._limits.line_bytes)
                continue
            text = decoded(data)
            line = parse_line(without_controls(text), number)
            if line is not None:
                found.append(line)
            elif context is not None:
                context.report("line_unreadable", number, value=text[:40])
        return found


def _balanced(lines: list[ContentLine]) -> list[ContentLine]:
    """The lines of a component, each BEGIN with its END; those that are missing are added, those too many left out."""
    found: list[ContentLine] = []
    names: list[str] = []
    for line in lines:
        name = line.value.strip().upper()
        if line.name == "BEGIN":
            names.append(name)
        elif line.name == "END":
            if name not in names:
                continue
            while names[-1] != name:
                found.append(ContentLine("END", "", names.pop()))
            names.pop()
        found.append(line)
        if not names:
            break
    return found + [ContentLine("END", "", name) for name in reversed(names)]
