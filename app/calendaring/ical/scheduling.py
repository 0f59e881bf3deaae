"""Scheduling messages (iTIP, RFC 5546): what an organizer's or an attendee's program is told of an event.

A message is written once for everybody whom it goes to; `for_recipient` then gives each their own: a secret address of
the organizer, so that an answer can be told from a forgery (RFC 6047 §3), and where guests do not see each other, no
attendee but themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from app.calendaring.ical.content_lines import escaped, folded, parse_line
from app.calendaring.ical.model import Attendee, CalendarProperties, EventData
from app.calendaring.ical.property_writing import new_attendee
from app.calendaring.ical.writing import WrittenObject, write_calendar

_ADDRESSED = ("ORGANIZER", "ATTENDEE")


class Method(StrEnum):
    """What a message wants (RFC 5546 §1.4); those of them that Planner sends."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    REPLY = "REPLY"
    COUNTER = "COUNTER"
    DECLINE_COUNTER = "DECLINECOUNTER"


def write_request(
    master: EventData | None, overrides: Sequence[EventData], stamp: datetime, sent_by: str | None = None
) -> str:
    """The unfolded text of a REQUEST (§3.2.2): an event, a series with its overrides, or overrides alone.

    Args:
        stamp: when this was said, aware.
        sent_by: the e-mail of who acted for the organizer.
    """
    return _text(Method.REQUEST, master, overrides, stamp, sent_by)


def write_cancel(event: EventData, sequence: int, stamp: datetime, sent_by: str | None = None) -> str:
    """The unfolded text of a CANCEL (§3.2.5) of an event, a whole series, or of the occurrence that an override is."""
    cancelled = replace(
        event, status="cancelled", sequence=sequence, rule=None, exdates=(), rdates=(), description=None
    )
    if event.recurrence_id is None:
        return _text(Method.CANCEL, cancelled, (), stamp, sent_by)
    return _text(Method.CANCEL, None, (cancelled,), stamp, sent_by)


def write_decline(event: EventData, stamp: datetime, sent_by: str | None = None) -> str:
    """The unfolded text of a DECLINECOUNTER (§3.2.8): the time stays."""
    plain = replace(event, rule=None, exdates=(), rdates=(), description=None)
    if event.recurrence_id is None:
        return _text(Method.DECLINE_COUNTER, plain, (), stamp, sent_by)
    return _text(Method.DECLINE_COUNTER, None, (plain,), stamp, sent_by)


def write_reply(
    event: EventData, attendee: Attendee, stamp: datetime, *, comment: str | None = None, method: Method = Method.REPLY
) -> str:
    """The unfolded text of what an attendee answers (§3.2.3), or of another time that they propose (§3.2.7).

    Args:
        event: for a COUNTER with the times that are proposed.
    """
    data = replace(event, attendees=(), rule=None, exdates=(), rdates=(), description=None)
    answer = new_attendee(attendee)
    lines = [str(answer.with_parameter("RSVP", None))]
    if comment:
        lines.append(f"COMMENT:{escaped(comment)}")
    master, overrides = (data, ()) if event.recurrence_id is None else (None, (data,))
    text = _text(method, master, overrides, stamp, None)
    return text.replace("\nEND:VEVENT", "".join(f"\n{line}" for line in lines) + "\nEND:VEVENT", 1)


def as_sent(text: str) -> bytes:
    """A message as it is sent to a program that needs nothing of its own."""
    return b"".join(map(folded, filter(None, text.split("\n"))))


def for_recipient(text: str, recipient: str, reply_to: str | None, *, hides_guests: bool) -> bytes:
    """The message as one attendee gets it, folded.

    Args:
        recipient: their e-mail, in lower case. Who has no ATTENDEE line gets one: somebody of an invited department.
        reply_to: where their answer is to go; None: to the organizer's own address.
        hides_guests: whether the other attendees are left out.
    """
    return b"".join(map(folded, _lines_for(text, recipient, reply_to, hides_guests)))


def _lines_for(text: str, recipient: str, reply_to: str | None, hides_guests: bool) -> Iterator[str]:
    is_listed = in_event = False
    for raw in text.split("\n"):
        if raw.startswith("BEGIN:VEVENT"):
            in_event, is_listed = True, False
        elif raw.startswith("END:VEVENT"):
            if not is_listed:
                yield str(new_attendee(Attendee(recipient)))
            in_event = False
        line = parse_line(raw) if in_event and raw.startswith(_ADDRESSED) else None
        if line is None:
            if raw:
                yield raw
            continue
        address = line.value.lower().removeprefix("mailto:")
        if line.name == "ORGANIZER":
            yield raw if reply_to is None else str(line._replace(value=f"mailto:{reply_to}"))
            continue
        is_listed = is_listed or address == recipient
        if address == recipient or not hides_guests:
            yield raw


def _text(
    method: Method, master: EventData | None, overrides: Sequence[EventData], stamp: datetime, sent_by: str | None
) -> str:
    # What came with an event from elsewhere stays here: it is we who ask.
    written = WrittenObject(
        master=None if master is None else replace(master, ical=None),
        overrides=tuple(replace(data, ical=None) for data in overrides),
        stamp=stamp,
    )
    content = b"".join(write_calendar([written], CalendarProperties(method=method)))
    text = content.decode().replace("\r\n ", "").replace("\r\n", "\n")
    if sent_by is None:
        return text
    lines = (
        str(line.with_parameter("SENT-BY", f"mailto:{sent_by}"))
        if raw.startswith("ORGANIZER") and (line := parse_line(raw)) is not None
        else raw
        for raw in text.split("\n")
    )
    return "\n".join(lines)
