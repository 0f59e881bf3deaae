"""From the lines of a VEVENT to EventData (RFC 5545 §3.6.1)."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from app.calendaring.ical.as_read import MARK, mark
from app.calendaring.ical.content_lines import ContentLine, escaped
from app.calendaring.ical.context import Context, Properties
from app.calendaring.ical.model import Attendee, EventData, Response, Role, Status, Transparency, Visibility
from app.calendaring.ical.recurrence_reading import read_schedule
from app.calendaring.ical.schedule_reading import Schedule
from app.calendaring.ical.values import InvalidValue, parse_moment

_MAX_SEQUENCE = 2**31 - 1
_MAX_UID = 1000
_ROLES: dict[str, Role] = {"CHAIR": "chair", "OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "optional"}
_RESPONSES: dict[str, Response] = {"ACCEPTED": "accepted", "TENTATIVE": "tentative", "DECLINED": "declined"}
_STATUSES: dict[str, Status] = {"TENTATIVE": "tentative", "CANCELLED": "cancelled"}
# A class that is not known is to be treated as PRIVATE (§3.8.1.3).
_VISIBILITIES: dict[str, Visibility] = {"PUBLIC": "public", "CONFIDENTIAL": "confidential"}
# Properties whose change makes no other event: a file that is exported again differs in them.
_VOLATILE = ("DTSTAMP", "LAST-MODIFIED", "CREATED")


def own_properties(lines: Sequence[ContentLine]) -> dict[str, list[ContentLine]]:
    """The properties of a component by name, those of the components inside it left out."""
    found: dict[str, list[ContentLine]] = {}
    depth = 0
    for line in lines:
        if line.name == "BEGIN":
            depth += 1
        elif line.name == "END":
            depth -= 1
        elif depth == 1:
            found.setdefault(line.name, []).append(line)
    return found


def read_uid(lines: Sequence[ContentLine], properties: Properties, context: Context) -> str:
    """The UID; for a component without one, a UID made from what it says, so that the same file gives the same."""
    for line in properties.get("UID", ()):
        uid = line.text.strip()
        if 0 < len(uid) <= _MAX_UID:
            return uid
        context.report("uid_unusable", line.number)
    digest = hashlib.sha256("\n".join(str(line) for line in lines if line.name not in _VOLATILE).encode()).hexdigest()
    context.report("uid_missing")
    return str(uuid5(NAMESPACE_OID, digest))


def read_event(lines: Sequence[ContentLine], properties: Properties, context: Context) -> tuple[EventData, Schedule]:
    """The event of a VEVENT without its RECURRENCE-ID, and its schedule. Raises Refused.

    Its `ical` is not set: see `with_text`.
    """
    schedule = read_schedule(properties, context)
    data = EventData(
        uid=context.uid or read_uid(lines, properties, context),
        start=schedule.start,
        end=schedule.end,
        zone=None if schedule.zone is None else schedule.zone.name,
        start_utc=schedule.start_utc,
        end_utc=schedule.end_utc,
        nominal_days=schedule.nominal_days,
        title=" ".join(_text(properties, "SUMMARY", context, context.limits.title_characters).split()),
        description=_text(properties, "DESCRIPTION", context, context.limits.description_characters) or None,
        location=_text(properties, "LOCATION", context, context.limits.location_characters).strip() or None,
        sequence=_sequence(properties, context),
        rule=None if schedule.rule is None else str(schedule.rule),
        exdates=schedule.exdates,
        rdates=schedule.rdates,
        status=_STATUSES.get(_keyword(properties, "STATUS"), "confirmed"),
        visibility=_visibility(properties),
        transparency=_transparency(properties),
        organizer=_organizer(properties),
        attendees=_attendees(properties, context),
        related_to=_text(properties, "RELATED-TO", context, _MAX_UID).strip() or None,
    )
    return _with_stamp(data, properties), schedule


def with_text(data: EventData, lines: Sequence[ContentLine], schedule: Schedule) -> str:
    """The text to keep for an event: its lines, the mark that says what was read, and a UID where there was none."""
    kept = [str(line) for line in lines if line.name != MARK]
    if not any(line.name == "UID" for line in lines):
        kept.insert(1, f"UID:{escaped(data.uid)}")
    kept.insert(1, mark(data, in_written_zone=schedule.written is not None, floating=schedule.is_floating))
    return "\n".join(kept)


def _first(properties: Properties, name: str) -> ContentLine | None:
    lines = properties.get(name)
    return lines[0] if lines else None


def _keyword(properties: Properties, name: str) -> str:
    line = _first(properties, name)
    return "" if line is None else line.value.strip().upper()


def _text(properties: Properties, name: str, context: Context, maximum: int) -> str:
    line = _first(properties, name)
    if line is None:
        return ""
    text = line.text
    if len(text) > maximum:
        context.report("text_shortened", line.number, property=name, maximum=maximum)
        text = text[:maximum]
    return text


def _sequence(properties: Properties, context: Context) -> int:
    line = _first(properties, "SEQUENCE")
    if line is None:
        return 0
    value = line.value.strip()
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        context.report("sequence_unreadable", line.number, value=value[:40])
        return 0
    return min(int(value), _MAX_SEQUENCE)


def _visibility(properties: Properties) -> Visibility:
    keyword = _keyword(properties, "CLASS")
    return _VISIBILITIES.get(keyword, "private") if keyword else "default"


def _transparency(properties: Properties) -> Transparency:
    return "transparent" if _keyword(properties, "TRANSP") == "TRANSPARENT" else "opaque"


def _with_stamp(data: EventData, properties: Properties) -> EventData:
    line = _first(properties, "DTSTAMP")
    if line is None:
        return data
    try:
        moment = parse_moment(line.value).value
    except InvalidValue:
        return data
    return replace(data, stamp=moment.replace(tzinfo=UTC)) if isinstance(moment, datetime) else data


def address_of(line: ContentLine) -> str | None:
    """The e-mail address of an ATTENDEE or ORGANIZER, in lower case; None when it names none."""
    value = line.value.strip()
    if value[:7].lower() == "mailto:":
        value = value[7:]
    if "@" not in value or ":" in value or "/" in value:
        value = line.parameter("EMAIL") or ""
    value = value.strip().strip("<>").lower()
    name, at, domain = value.rpartition("@")
    is_usable = bool(name and at and domain) and len(value) <= 254 and value.isprintable() and " " not in value
    return value if is_usable else None


def read_attendee(line: ContentLine) -> Attendee | None:
    """The person of an ATTENDEE line; None when it names no e-mail address."""
    email = address_of(line)
    if email is None:
        return None
    role = _ROLES.get((line.parameter("ROLE") or "").upper(), "required")
    response = _RESPONSES.get((line.parameter("PARTSTAT") or "").upper(), "needs_action")
    return Attendee(email, name_of(line), role, response)


def name_of(line: ContentLine) -> str | None:
    """The name (CN) in an ATTENDEE or ORGANIZER line."""
    return " ".join((line.parameter("CN") or "").split())[:200] or None


def _organizer(properties: Properties) -> tuple[str, str | None] | None:
    line = _first(properties, "ORGANIZER")
    email = None if line is None else address_of(line)
    return None if line is None or email is None else (email, name_of(line))


def _attendees(properties: Properties, context: Context) -> tuple[Attendee, ...]:
    found: dict[str, Attendee] = {}
    for line in properties.get("ATTENDEE", ()):
        person = read_attendee(line)
        if person is None:
            context.report("attendee_without_address", line.number, value=line.value[:100])
        elif person.email not in found:
            if len(found) >= context.limits.attendees:
                context.report("too_many_attendees", line.number, maximum=context.limits.attendees)
                break
            found[person.email] = person
    return tuple(found.values())
