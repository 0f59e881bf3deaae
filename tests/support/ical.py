"""Short ways to read and write iCalendar in tests."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from app.calendaring.ical.content_lines import decoded, unfolded
from app.calendaring.ical.model import (
    CalendarObject,
    CalendarProperties,
    EventData,
    OtherComponent,
    Problem,
    ReadingLimits,
)
from app.calendaring.ical.reading import Item, read_objects
from app.calendaring.ical.writing import WrittenObject, write_calendar

ICS = Path(__file__).parents[1] / "calendaring" / "ics"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def calendar(*components: str, header: str = "") -> bytes:
    """A VCALENDAR of components whose lines are separated by LF."""
    lines = "\n".join(filter(None, ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", header, *components]))
    return f"{lines}\nEND:VCALENDAR\n".replace("\n", "\r\n").encode()


def vevent(*lines: str, uid: str = "u") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def read(data: bytes, *, limits: ReadingLimits | None = None, default_zone: str = "Europe/Moscow") -> list[Item]:
    return list(read_objects(io.BytesIO(data), limits=limits, default_zone=default_zone))


def objects(items: Iterable[Item]) -> list[CalendarObject]:
    return [item for item in items if isinstance(item, CalendarObject)]


def others(items: Iterable[Item]) -> list[OtherComponent]:
    return [item for item in items if isinstance(item, OtherComponent)]


def problems(items: Iterable[Item]) -> list[Problem]:
    """Those told by themselves, and those of the objects."""
    items = list(items)
    return [item for item in items if isinstance(item, Problem)] + [
        problem for item in objects(items) for problem in item.problems
    ]


def codes(items: Iterable[Item]) -> set[str]:
    return {problem.code for problem in problems(items)}


def properties(items: Iterable[Item]) -> CalendarProperties:
    return next((item for item in items if isinstance(item, CalendarProperties)), CalendarProperties())


def read_one(data: bytes, **more: str) -> CalendarObject:
    (found,) = objects(read(data, **more))  # type: ignore[arg-type]
    return found


def master(*lines: str, zones: str = "", header: str = "") -> EventData:
    """The event of these lines, which must be readable."""
    found = read_one(calendar(zones, vevent(*lines), header=header)).master
    assert found is not None
    return found


def written(found: CalendarObject, **changes: object) -> WrittenObject:
    return WrittenObject(master=found.master, overrides=found.overrides, zones=found.zones, stamp=NOW)


def write(items: Iterable[Item], **more: bool) -> bytes:
    """All of a file, as it was read, in one calendar."""
    items = list(items)
    kept = [
        written(item) if isinstance(item, CalendarObject) else item
        for item in items
        if isinstance(item, CalendarObject | OtherComponent)
    ]
    return b"".join(write_calendar(kept, properties(items), **more))


def components(data: bytes, name: str = "VEVENT") -> list[list[str]]:
    """The unfolded lines of each component of a kind."""
    found: list[list[str]] = []
    is_inside = False
    for _, line in unfolded(data):
        text = decoded(line)
        if text == f"BEGIN:{name}":
            is_inside = True
            found.append([])
        if is_inside:
            found[-1].append(text)
        is_inside = is_inside and text != f"END:{name}"
    return found
