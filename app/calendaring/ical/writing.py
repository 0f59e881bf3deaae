"""Writing iCalendar (RFC 5545): objects become a stream of folded lines, each VTIMEZONE before its first use."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_OID, uuid4, uuid5

from app.calendaring.ical.calendar_properties import property_lines
from app.calendaring.ical.content_lines import folded, quoted
from app.calendaring.ical.event_writing import is_implied, is_unchanged, new_event, write_event
from app.calendaring.ical.foreign_zones import known_name
from app.calendaring.ical.model import CalendarProperties, EventData, OtherComponent
from app.calendaring.ical.zone_writing import generated_zone

__all__ = ["WrittenObject", "anonymous", "as_busy", "new_uid", "write_calendar", "write_event"]

BUSY = "Busy"

# In a text value the semicolon would have a backslash before it.
_TZID = re.compile(r'(?<!\\);TZID=("[^"\n]*"|[^;:"\n]*)')
_ZONE_NAME = re.compile(r"^TZID(?:;[^:\n]*)?:(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenObject:
    """What is written of one UID; `stamp`, an aware instant, is when it was changed last."""

    master: EventData | None
    overrides: tuple[EventData, ...] = ()
    stamp: datetime
    zones: str = ""


def new_uid() -> str:
    """A UID that is random and names no host or user (RFC 7986 §5.3)."""
    return str(uuid4())


def write_calendar(
    objects: Iterable[WrittenObject | OtherComponent], properties: CalendarProperties, *, busy_only: bool = False
) -> Iterator[bytes]:
    """A VCALENDAR in pieces, one an object. The same objects give the same bytes.

    With `busy_only`, nothing but times is told: events are named "Busy", their UIDs are replaced, and whoever does not
    block time, and all that is no event, is left out.
    """
    yield _folded(["BEGIN:VCALENDAR", *property_lines(properties)])
    zones = _Zones()
    for item in objects:
        if isinstance(item, OtherComponent):
            if not busy_only:
                yield _folded(zones.with_zones(item.text, item.zones, None))
            continue
        shown = as_busy(item) if busy_only else item
        if shown.master is not None or shown.overrides:
            text = _object_text(shown, properties.zone)
            yield _folded(zones.with_zones(text, shown.zones, _zone_of(shown)))
    yield b"END:VCALENDAR\r\n"


def _folded(lines: Iterable[str]) -> bytes:
    return b"".join(map(folded, lines))


def _object_text(item: WrittenObject, calendar_zone: str | None) -> str:
    """The components of an object. Those that another implies are left out while nothing else has changed either."""
    events = [*([] if item.master is None else [item.master]), *item.overrides]
    # Nothing else implies the master of an object.
    if len(events) > (item.master is not None) and all(is_unchanged(data) for data in events):
        events = [data for data in events if not is_implied(data)]
    return "\n".join(write_event(data, item.stamp, calendar_zone) or new_event(data, item.stamp) for data in events)


def _zone_of(item: WrittenObject) -> str | None:
    data = item.master or item.overrides[0]
    return data.zone


def as_busy(item: WrittenObject) -> WrittenObject:
    """The object without what is nobody's business; an override of an instance that blocks must stay to say so."""
    uid = str(uuid5(NAMESPACE_OID, item.master.uid if item.master is not None else item.overrides[0].uid))
    master = None if item.master is None or not _blocks(item.master) else anonymous(item.master, uid)
    overrides = tuple(anonymous(data, uid) for data in item.overrides if master is not None or _blocks(data))
    return replace(item, master=master, overrides=overrides, zones="")


def _blocks(data: EventData) -> bool:
    return data.status != "cancelled" and data.transparency == "opaque"


def anonymous(data: EventData, uid: str) -> EventData:
    """When the event is and whether it blocks, and nothing else, under this UID."""
    return EventData(
        uid=uid,
        start=data.start,
        end=data.end,
        zone=data.zone,
        start_utc=data.start_utc,
        end_utc=data.end_utc,
        nominal_days=data.nominal_days,
        title=BUSY,
        rule=data.rule,
        exdates=data.exdates,
        rdates=data.rdates,
        status=data.status,
        visibility=data.visibility,
        transparency=data.transparency,
        recurrence_id=data.recurrence_id,
        sequence=data.sequence,
    )


class _Zones:
    """The VTIMEZONEs that a calendar has so far."""

    def __init__(self) -> None:
        self._written: dict[str, str] = {}

    def with_zones(self, text: str, own: str, zone: str | None) -> list[str]:
        """The lines of components, behind the VTIMEZONEs that they need and that the calendar does not have yet.

        `own` is the text of VTIMEZONEs that came with them, `zone` the IANA zone that they are in.
        """
        if ";TZID=" not in text:
            return text.split("\n")
        definitions = _definitions(own)
        needed = []
        for tzid in dict.fromkeys(match[1].strip('"') for match in _TZID.finditer(text)):
            definition = definitions.get(tzid) or _generated(tzid, zone)
            if definition is None:
                continue
            name = self._name_for(tzid, definition)
            if name != tzid:
                text = _renamed(text, tzid, name)
                definition = _named(definition, name)
            if name not in self._written:
                self._written[name] = definition
                needed += definition.split("\n")
        return needed + text.split("\n")

    def _name_for(self, tzid: str, definition: str) -> str:
        """The TZID, or another one when the calendar has it with another meaning already."""
        name, number = tzid, 1
        while self._written.get(name) not in (None, _named(definition, name)):
            number += 1
            name = f"{tzid}/{number}"
        return name


def _named(definition: str, name: str) -> str:
    return _ZONE_NAME.sub(lambda _: f"TZID:{name}", definition, count=1)


def _definitions(text: str) -> dict[str, str]:
    found = {}
    for part in text.split("BEGIN:VTIMEZONE\n")[1:]:
        match = _ZONE_NAME.search(part)
        if match is not None:
            found[match[1].strip()] = f"BEGIN:VTIMEZONE\n{part}".rstrip("\n")
    return found


def _generated(tzid: str, zone: str | None) -> str | None:
    """A VTIMEZONE for an IANA name, and for the name that another program has for one."""
    name = known_name(tzid) or zone
    if name is None:
        return None
    text = generated_zone(name)
    return text if name == tzid else text.replace(f"TZID:{name}", f"TZID:{tzid}", 1)


def _renamed(text: str, tzid: str, name: str) -> str:
    return _TZID.sub(lambda match: f";TZID={quoted(name)}" if match[1].strip('"') == tzid else match[0], text)
