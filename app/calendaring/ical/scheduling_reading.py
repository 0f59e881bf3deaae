"""Reading what attendees' programs answer (iTIP REPLY and COUNTER, RFC 5546 §3.2.3 and §3.2.7).

Whatever comes is a stranger's text: its size is the caller's to bound, and nothing in it is believed but what an answer
may say. A reply needs no DTSTART, so this is no reading of events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.calendaring.ical.content_lines import ContentLine, decoded, parse_line, unfolded
from app.calendaring.ical.event_reading import read_attendee
from app.calendaring.ical.foreign_zones import known_name
from app.calendaring.ical.model import Attendee
from app.calendaring.ical.values import InvalidValue, parse_duration, parse_moment
from app.calendaring.zones import get_zone, wall_to_utc

ANSWERS = ("REPLY", "COUNTER")
MAX_LINES = 5_000
MAX_ANSWERS = 50
MAX_COMMENT = 1_000
_MAX_SEQUENCE = 2**31 - 1
_DAY = timedelta(days=1)
# Room enough on both sides for every zone.
_YEARS = range(1902, 2199)


class NoAnswer(ValueError):
    """The text is no REPLY and no COUNTER; `reason` is a constant that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What one attendee answers about an event, a series, or one occurrence.

    Moments are dates, aware instants, or naive where their zone is the event's or unknown. `start` and `end`
    (exclusive) are the times that a COUNTER proposes; that may name everybody who is invited. `stamp` is when the
    answer was written, aware.
    """

    uid: str
    attendees: tuple[Attendee, ...]
    sequence: int
    stamp: datetime | None
    recurrence_id: date | None = None
    comment: str | None = None
    start: date | None = None
    end: date | None = None

    def of(self, email: str) -> Attendee | None:
        """What the person with this address answers; None if it is somebody else's answer."""
        return next((attendee for attendee in self.attendees if attendee.email == email), None)


def read_answers(content: bytes) -> list[ReadAnswer]:
    """The answers of a text/calendar.

    Raises:
        NoAnswer: it is none, or holds more than any program would write.
    """
    lines = []
    for number, line in unfolded(content):
        if number > MAX_LINES:
            raise NoAnswer("calendar_too_long")
        if (parsed := parse_line(decoded(line), number)) is not None:
            lines.append(parsed)
    method = next((line.value.strip().upper() for line in lines if line.name == "METHOD"), None)
    if method not in ANSWERS:
        raise NoAnswer("method_not_an_answer" if method else "method_missing")
    answers = []
    for component in _events(lines):
        answers.append(_answer(component, is_counter=method == "COUNTER"))
        if len(answers) > MAX_ANSWERS:
            raise NoAnswer("too_many_answers")
    if not answers:
        raise NoAnswer("event_missing")
    return answers


def _events(lines: list[ContentLine]) -> Iterator[dict[str, list[ContentLine]]]:
    """The properties of each VEVENT itself, without those of the components inside."""
    depth = 0
    found: dict[str, list[ContentLine]] | None = None
    for line in lines:
        if line.name == "BEGIN":
            if found is None and line.value.strip().upper() == "VEVENT":
                found, depth = {}, 0
            depth += 1
        elif line.name == "END" and found is not None:
            depth -= 1
            if depth == 0:
                yield found
                found = None
        elif found is not None and depth == 1:
            found.setdefault(line.name, []).append(line)


def _answer(properties: dict[str, list[ContentLine]], *, is_counter: bool) -> ReadAnswer:
    uid = _first(properties, "UID")
    attendees = properties.get("ATTENDEE", [])
    people = [person for line in attendees if (person := read_attendee(line)) is not None]
    if uid is None or not uid.text.strip():
        raise NoAnswer("uid_missing")
    if len(people) != 1 and not is_counter:
        raise NoAnswer("attendee_not_one")
    if not people:
        raise NoAnswer("attendee_missing")
    stamp = _moment(_first(properties, "DTSTAMP"))
    comment = _first(properties, "COMMENT")
    start = _moment(_first(properties, "DTSTART")) if is_counter else None
    return ReadAnswer(
        uid=uid.text.strip(),
        attendees=tuple(people),
        sequence=_sequence(_first(properties, "SEQUENCE")),
        stamp=stamp if isinstance(stamp, datetime) and stamp.tzinfo is not None else None,
        recurrence_id=_moment(_first(properties, "RECURRENCE-ID")),
        comment=None if comment is None else _line(comment.text),
        start=start,
        end=None if start is None else _end(properties, start),
    )


def _line(text: str) -> str | None:
    """The text in one line, without what cannot be shown or stored, such as NUL."""
    words = "".join(character if character.isprintable() else " " for character in text).split()
    return " ".join(words)[:MAX_COMMENT].rstrip() or None


def _first(properties: dict[str, list[ContentLine]], name: str) -> ContentLine | None:
    lines = properties.get(name)
    return lines[0] if lines else None


def _sequence(line: ContentLine | None) -> int:
    value = "" if line is None else line.value.strip()
    return min(int(value), _MAX_SEQUENCE) if value.isascii() and value.isdigit() and len(value) <= 10 else 0


def _moment(line: ContentLine | None) -> date | None:
    if line is None:
        return None
    try:
        value, is_utc = parse_moment(line.value)
    except InvalidValue as error:
        raise NoAnswer(f"{line.name.lower().replace('-', '_')}_unreadable") from error
    if value.year not in _YEARS:
        raise NoAnswer(f"{line.name.lower().replace('-', '_')}_out_of_range")
    if not isinstance(value, datetime):
        return value
    if is_utc:
        return value.replace(tzinfo=UTC)
    name = known_name(line.parameter("TZID") or "")
    return value if name is None else wall_to_utc(value, get_zone(name))


def _end(properties: dict[str, list[ContentLine]], start: date) -> date:
    end = _moment(_first(properties, "DTEND"))
    if end is not None:
        return end
    duration = _first(properties, "DURATION")
    if duration is None:
        return start if isinstance(start, datetime) else start + _DAY
    try:
        days, rest = parse_duration(duration.value)
        return start + days * _DAY + rest
    except (InvalidValue, OverflowError) as error:
        raise NoAnswer("duration_unreadable") from error
