"""What a VCALENDAR says of itself, read and written (RFC 5545 §3.7, RFC 7986 §5, and the X-WR- ones in wide use)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from app.calendaring.ical.content_lines import ContentLine, escaped, parse_line
from app.calendaring.ical.foreign_zones import known_name
from app.calendaring.ical.model import CalendarProperties
from app.calendaring.ical.values import InvalidValue, format_duration, parse_duration

PRODUCT = "-//Planner//Planner//EN"

_NAMES = ("NAME", "X-WR-CALNAME")
_DESCRIPTIONS = ("DESCRIPTION", "X-WR-CALDESC")
_COLORS = ("COLOR", "X-APPLE-CALENDAR-COLOR")
_REFRESH = ("REFRESH-INTERVAL", "X-PUBLISHED-TTL")
# Those that say how this text was made; a text that Planner makes says it anew.
_OF_THE_TEXT = frozenset({"BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD"})


def read_properties(lines: Sequence[ContentLine]) -> CalendarProperties:
    """The properties in the lines of a VCALENDAR that are outside its components."""
    found: dict[str, ContentLine] = {}
    for line in lines:
        found.setdefault(line.name, line)
    method = found.get("METHOD")
    zone = found.get("X-WR-TIMEZONE")
    return CalendarProperties(
        method=None if method is None else method.value.strip().upper()[:40] or None,
        name=_text(found, _NAMES),
        description=_text(found, _DESCRIPTIONS),
        color=_text(found, _COLORS),
        zone=None if zone is None else known_name(zone.text[:200]),
        refresh_seconds=_refresh_seconds(found),
        text="\n".join(str(line) for line in lines if line.name not in _OF_THE_TEXT),
    )


def property_lines(properties: CalendarProperties) -> Iterator[str]:
    """The unfolded lines of a VCALENDAR before its components. Kept lines that still say the same stay as they are."""
    yield "VERSION:2.0"
    yield f"PRODID:{PRODUCT}"
    yield "CALSCALE:GREGORIAN"
    if properties.method is not None:
        yield f"METHOD:{escaped(properties.method)}"
    kept = [line for line in map(parse_line, properties.text.split("\n")) if line is not None]
    before = read_properties(kept)
    replaced: set[str] = set()
    for names, now, then, value_type in (
        (_NAMES, properties.name, before.name, ""),
        (_DESCRIPTIONS, properties.description, before.description, ""),
        (_COLORS, properties.color, before.color, ""),
        (_REFRESH, _refresh(properties), _refresh(before), ";VALUE=DURATION"),
        (("X-WR-TIMEZONE",), properties.zone, before.zone, ""),
    ):
        if now != then:
            replaced.update(names)
            if now is not None:
                yield f"{names[0]}{value_type}:{escaped(now)}"
                yield from (f"{name}:{escaped(now)}" for name in names[1:] if name != "X-APPLE-CALENDAR-COLOR")
    yield from (str(line) for line in kept if line.name not in replaced)


def _text(found: dict[str, ContentLine], names: tuple[str, ...]) -> str | None:
    texts = (found[name].text.strip()[:500] for name in names if name in found)
    return next((text for text in texts if text), None)


def _refresh_seconds(found: dict[str, ContentLine]) -> int | None:
    for name in _REFRESH:
        if name in found:
            try:
                duration = parse_duration(found[name].value)
            except InvalidValue:
                continue
            return (timedelta(days=duration.days) + duration.rest) // timedelta(seconds=1)
    return None


def _refresh(properties: CalendarProperties) -> str | None:
    seconds = properties.refresh_seconds
    return None if seconds is None else format_duration(seconds // 86400, timedelta(seconds=seconds % 86400))
