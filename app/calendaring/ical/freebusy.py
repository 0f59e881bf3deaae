"""VFREEBUSY: when somebody is busy, and nothing else (RFC 5545 §3.6.4)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.calendaring.ical.calendar_properties import property_lines
from app.calendaring.ical.content_lines import escaped, folded
from app.calendaring.ical.model import CalendarProperties
from app.calendaring.ical.values import format_moment

_TYPES = {"busy": "BUSY", "tentative": "BUSY-TENTATIVE", "unavailable": "BUSY-UNAVAILABLE"}


@dataclass(frozen=True, slots=True)
class BusyTime:
    """A stretch [start, end) of aware instants; "unavailable" is time out of working hours or away."""

    start: datetime
    end: datetime
    kind: Literal["busy", "tentative", "unavailable"] = "busy"


def write_freebusy(
    busy: Iterable[BusyTime],
    start: datetime,
    end: datetime,
    properties: CalendarProperties,
    *,
    uid: str,
    stamp: datetime,
    organizer: str | None = None,
) -> Iterator[bytes]:
    """A VCALENDAR with one VFREEBUSY that covers [start, end), aware instants, in pieces.

    What is not named is free. The busy times are expected in order, merged, and within the bounds. `organizer` is the
    e-mail address of whom the times are.
    """
    lines = ["BEGIN:VCALENDAR", *property_lines(properties), "BEGIN:VFREEBUSY", f"UID:{escaped(uid)}"]
    lines += [f"DTSTAMP:{format_moment(stamp)}", f"DTSTART:{format_moment(start)}", f"DTEND:{format_moment(end)}"]
    if organizer is not None:
        lines.append(f"ORGANIZER:mailto:{organizer}")
    yield b"".join(map(folded, lines))
    for time in busy:
        period = f"{format_moment(time.start)}/{format_moment(time.end)}"
        yield folded(f"FREEBUSY;FBTYPE={_TYPES[time.kind]}:{period}")
    yield b"END:VFREEBUSY\r\nEND:VCALENDAR\r\n"
