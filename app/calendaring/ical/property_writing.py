"""The lines of a VEVENT's properties, made from EventData or changed to say what it says (RFC 5545 §3.8)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.calendaring.ical.content_lines import ContentLine, escaped
from app.calendaring.ical.event_reading import address_of, name_of, read_attendee
from app.calendaring.ical.model import Attendee, EventData
from app.calendaring.ical.values import InvalidValue, format_duration, format_moment, parse_duration, parse_moment
from app.calendaring.zones import get_zone, to_utc, utc_to_wall, wall_to_utc

_ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "chair": "CHAIR"}
_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How times of an event are written: the parameters, and what follows the digits ("Z" for UTC)."""

    parameters: str
    suffix: str = ""

    def line(self, name: str, *moments: date) -> ContentLine:
        value = ",".join(f"{format_moment(moment)}{self.suffix}" for moment in moments)
        return ContentLine(name, self.parameters, value)


def form_of(data: EventData) -> TimeForm:
    """The form for an event that has none yet."""
    if data.zone is None:
        return TimeForm(";VALUE=DATE")
    if data.zone == "UTC" or _is_second_reading(data):
        return TimeForm("", "Z")
    return TimeForm(f";TZID={data.zone}")


def form_like(line: ContentLine) -> TimeForm | None:
    """The form of a DTSTART in a time zone, or floating; None for a DATE and for what cannot be read."""
    try:
        moment = parse_moment(line.value)
    except InvalidValue:
        return None
    if not isinstance(moment.value, datetime):
        return None
    if moment.is_utc:
        return TimeForm("", "Z")
    return TimeForm("" if line.parameter("TZID") is None else line.with_parameter("VALUE", None).parameters)


def _is_second_reading(data: EventData) -> bool:
    """Whether a single event starts at the second of two equal wall times, which only UTC can say (§3.3.5)."""
    if data.start_utc is None or data.zone is None or data.rule is not None or data.rdates:
        return False
    assert isinstance(data.start, datetime)
    zone = get_zone(data.zone)
    instant = to_utc(data.start_utc)
    return wall_to_utc(data.start, zone) != instant and utc_to_wall(instant, zone) == data.start


def _start(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    return [form.line("DTSTART", _in_form(data, data.start, data.start_utc, form))]


def _in_form(data: EventData, wall: date, instant: datetime | None, form: TimeForm) -> date:
    """A wall time of the event, or its UTC when that is the form of an event in another zone."""
    if form.suffix and instant is not None and data.zone != "UTC":
        return to_utc(instant).replace(tzinfo=None)
    return wall


def _end(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    """DTEND, or a DURATION where there was one or its days are nominal; nothing for an event of no length."""
    length = _length(data)
    if length is None:
        return [form.line("DTEND", _in_form(data, data.end, data.end_utc, form))]
    if old and old[0].name == "DURATION" and _says(old[0], data.nominal_days, length):
        return [old[0]]
    if data.nominal_days or (old and old[0].name == "DURATION"):
        return [ContentLine("DURATION", "", format_duration(data.nominal_days, length))]
    return [form.line("DTEND", _in_form(data, data.end, data.end_utc, form))] if length else []


def _length(data: EventData) -> timedelta | None:
    """The exact part of the length; None when all-day, and when it would be negative."""
    if data.zone is None:
        return None
    assert isinstance(data.start, datetime)
    assert isinstance(data.end, datetime)
    zone = get_zone(data.zone)
    start = data.start_utc or wall_to_utc(data.start, zone)
    end = data.end_utc or wall_to_utc(data.end, zone)
    if data.nominal_days:
        start = wall_to_utc(data.start + timedelta(days=data.nominal_days), zone)
    return end - start if end >= start else None


def _says(line: ContentLine, days: int, rest: timedelta) -> bool:
    try:
        return tuple(parse_duration(line.value)) == (days, rest)
    except InvalidValue:
        return False


def _rule(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    return [] if data.rule is None else [ContentLine("RRULE", "", data.rule)]


def _exdates(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    return [form.line("EXDATE", *data.exdates)] if data.exdates else []


def _rdates(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    return [form.line("RDATE", *data.rdates)] if data.rdates else []


def _recurrence_id(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    identifier = data.recurrence_id
    if identifier is None:
        return []
    if not isinstance(identifier, datetime):
        return [TimeForm(";VALUE=DATE").line("RECURRENCE-ID", identifier)]
    if data.zone is None or form.suffix:
        return [ContentLine("RECURRENCE-ID", "", format_moment(identifier))]
    return [form.line("RECURRENCE-ID", utc_to_wall(identifier, get_zone(data.zone)))]


def _texts(name: str, field: Callable[[EventData], str | None]) -> "Writer":
    def write(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
        text = field(data)
        if not text:
            return []
        before = old[0] if old else ContentLine(name, "", "")
        # ALTREP shows the same text elsewhere, which has not changed with it.
        return [before.with_parameter("ALTREP", None)._replace(name=name, value=escaped(text))]

    return write


def _keywords(name: str, field: Callable[[EventData], str | None]) -> "Writer":
    def write(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
        keyword = field(data)
        return [ContentLine(name, "", keyword)] if keyword else []

    return write


def _related(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    """The first RELATED-TO is ours; the others stay."""
    first = [] if data.related_to is None else [ContentLine("RELATED-TO", "", escaped(data.related_to))]
    return [*first, *old[1:]]


def _organizer(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    if data.organizer is None:
        return []
    email, name = data.organizer
    line = old[0] if old and address_of(old[0]) == email else ContentLine("ORGANIZER", "", f"mailto:{email}")
    return [line if name_of(line) == name else line.with_parameter("CN", name)]


def _attendees(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    """Of those who were there, only what has changed is changed; lines that name nobody's address stay."""
    now = {person.email: person for person in data.attendees}
    lines, seen = [], set()
    for line in old:
        before = read_attendee(line)
        if before is None:
            lines.append(line)
        elif before.email in now and before.email not in seen:
            seen.add(before.email)
            lines.append(_changed_attendee(line, before, now[before.email]))
    return lines + [new_attendee(person) for person in data.attendees if person.email not in seen]


def _changed_attendee(line: ContentLine, before: Attendee, now: Attendee) -> ContentLine:
    if before.name != now.name:
        line = line.with_parameter("CN", now.name)
    if before.role != now.role:
        line = line.with_parameter("ROLE", _ROLES[now.role])
    if before.response != now.response:
        line = line.with_parameter("PARTSTAT", _part_stat(now))
    return line


def new_attendee(person: Attendee) -> ContentLine:
    """The ATTENDEE of somebody new; who has not answered is asked to (RSVP)."""
    parameters = f";ROLE={_ROLES[person.role]};PARTSTAT={_part_stat(person)}"
    if person.response == "needs_action":
        parameters += ";RSVP=TRUE"
    line = ContentLine("ATTENDEE", parameters, f"mailto:{person.email}")
    return line.with_parameter("CN", person.name) if person.name else line


def _part_stat(person: Attendee) -> str:
    return person.response.upper().replace("_", "-")


def _sequence(data: EventData, old: Sequence[ContentLine], form: TimeForm) -> list[ContentLine]:
    return [ContentLine("SEQUENCE", "", str(data.sequence))]


Writer = Callable[[EventData, Sequence[ContentLine], TimeForm], list[ContentLine]]

# In the order in which a new VEVENT has them. A writer gets the lines that there were of its property.
WRITERS: Mapping[str, Writer] = {
    "UID": _texts("UID", lambda data: data.uid),
    "DTSTART": _start,
    "DTEND": _end,
    "RECURRENCE-ID": _recurrence_id,
    "RRULE": _rule,
    "RDATE": _rdates,
    "EXDATE": _exdates,
    "SUMMARY": _texts("SUMMARY", lambda data: data.title),
    "DESCRIPTION": _texts("DESCRIPTION", lambda data: data.description),
    "LOCATION": _texts("LOCATION", lambda data: data.location),
    "STATUS": _keywords("STATUS", lambda data: data.status.upper()),
    "CLASS": _keywords("CLASS", lambda data: None if data.visibility == "default" else data.visibility.upper()),
    "TRANSP": _keywords("TRANSP", lambda data: data.transparency.upper()),
    "ORGANIZER": _organizer,
    "ATTENDEE": _attendees,
    "RELATED-TO": _related,
    "SEQUENCE": _sequence,
}
