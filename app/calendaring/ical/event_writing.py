"""A VEVENT from EventData: a new one, or the one it came with, changed where it no longer says the same."""

from collections.abc import Iterator
from datetime import datetime

from app.calendaring.ical.as_read import MARK, AsRead
from app.calendaring.ical.content_lines import ContentLine, parse_line
from app.calendaring.ical.model import EventData
from app.calendaring.ical.property_writing import WRITERS, TimeForm, form_like, form_of
from app.calendaring.ical.values import format_moment

# Other properties that hold the same as one of ours, under the name of ours.
_ALIASES = {"DURATION": "DTEND", "EXRULE": "RRULE"}
# What would contradict a property of ours once that is changed.
_COMPANIONS = {
    "X-ALT-DESC": "DESCRIPTION",
    "X-APPLE-STRUCTURED-LOCATION": "LOCATION",
    "X-MICROSOFT-CDO-BUSYSTATUS": "TRANSP",
    "X-MICROSOFT-CDO-ALLDAYEVENT": "DTSTART",
}
_TIMES = frozenset({"DTSTART", "DTEND", "EXDATE", "RDATE"})


def write_event(data: EventData, stamp: datetime, calendar_zone: str | None = None) -> str:
    """The unfolded text of a VEVENT, its lines separated by LF; "" for one that another component implies.

    With `data.ical`, that text comes back as it was but for the properties whose meaning has changed; DTSTAMP and
    LAST-MODIFIED then become `stamp`, an aware instant: when this version was made. Times that name no zone are given
    theirs in a calendar of another one (`calendar_zone`, its X-WR-TIMEZONE).
    """
    if data.ical is None:
        return _new(data, stamp)
    head, mark, rest = _split(data.ical)
    as_read = AsRead(mark)
    changed = as_read.changed(data, calendar_zone)
    if as_read.is_derived:
        return _new(data, stamp) if changed else ""
    if not changed:
        dated = "\nDTSTAMP" in data.ical
        return f"{head}\n{rest}" if dated else f"{head}\n{_stamp_line(stamp)}\n{rest}"
    lines = [line for line in map(parse_line, f"{head}\n{rest}".split("\n")) if line is not None]
    return "\n".join(map(str, _merged(lines, data, changed, stamp, as_read)))


def is_implied(data: EventData) -> bool:
    """Whether another component of the object implies this one as it is, so that it need not be written."""
    as_read = None if data.ical is None else AsRead(_split(data.ical)[1])
    return as_read is not None and as_read.is_derived and not as_read.changed(data)


def is_unchanged(data: EventData) -> bool:
    """Whether the event is what was read from the text it came with."""
    return data.ical is not None and not AsRead(_split(data.ical)[1]).changed(data)


def new_event(data: EventData, stamp: datetime) -> str:
    """The unfolded text of a VEVENT made from the fields alone."""
    return _new(data, stamp)


def _split(text: str) -> tuple[str, str | None, str]:
    """BEGIN:VEVENT, the mark behind it if there is one, and the rest."""
    head, _, rest = text.partition("\n")
    if not rest.startswith(MARK):
        return head, None, rest
    mark, _, rest = rest.partition("\n")
    return head, mark, rest


def _stamp_line(stamp: datetime) -> str:
    return f"DTSTAMP:{format_moment(stamp)}"


def _new(data: EventData, stamp: datetime) -> str:
    form = form_of(data)
    lines = ["BEGIN:VEVENT", _stamp_line(stamp), f"LAST-MODIFIED:{format_moment(stamp)}"]
    lines += [str(line) for write in WRITERS.values() for line in write(data, (), form)]
    return "\n".join([*lines, "END:VEVENT"])


def _merged(
    lines: list[ContentLine], data: EventData, changed: frozenset[str], stamp: datetime, as_read: AsRead
) -> Iterator[ContentLine]:
    old = _own(lines)
    form, changed = _form(old, data, changed, as_read)
    missing = [name for name in WRITERS if name in changed and name not in old]
    written: set[str] = set()
    depth = 0
    for line in lines:
        depth += line.name == "BEGIN"
        if (line.name, depth) in (("BEGIN", 2), ("END", 1)):
            # What was not there comes before the components inside, or at the end.
            for name in missing:
                yield from WRITERS[name](data, (), form)
            missing = []
            if depth == 1 and "DTSTAMP" not in old:
                yield ContentLine("DTSTAMP", "", format_moment(stamp))
        name = _ALIASES.get(line.name, line.name)
        if depth != 1 or line.name in ("BEGIN", "END"):
            yield line
        elif name in ("DTSTAMP", "LAST-MODIFIED"):
            yield line._replace(value=format_moment(stamp))
        elif name not in changed and _COMPANIONS.get(name) not in changed:
            yield line
        elif name in changed and name not in written:
            written.add(name)
            yield from WRITERS[name](data, old[name], form)
        depth -= line.name == "END"


def _own(lines: list[ContentLine]) -> dict[str, list[ContentLine]]:
    """The lines of the component itself by the name of the property of ours that they hold."""
    found: dict[str, list[ContentLine]] = {}
    depth = 0
    for line in lines:
        depth += (line.name == "BEGIN") - (line.name == "END")
        if depth == 1 and line.name not in ("BEGIN", "END"):
            found.setdefault(_ALIASES.get(line.name, line.name), []).append(line)
    return found


def _form(
    old: dict[str, list[ContentLine]], data: EventData, changed: frozenset[str], as_read: AsRead
) -> tuple[TimeForm, frozenset[str]]:
    """The form of times: as it was while the zone is the same; where it cannot stay, all times are written anew."""
    start = old.get("DTSTART")
    form = None if start is None or data.zone is None else form_like(start[0])
    is_date = start is not None and data.zone is None and form_like(start[0]) is None
    if form is not None and "ZONE" not in changed and not as_read.in_written_zone:
        return form, changed
    if is_date or not changed & {"ZONE", *_TIMES}:
        return form_of(data), changed
    return form_of(data), changed | _TIMES
