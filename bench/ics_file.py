"""A file of events as calendars of companies export it: single events and series, with places, texts and guests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

SERIES_EVERY, GUESTS_EVERY, ALARM_EVERY = 10, 4, 5
GUESTS = 3
EVENTS_A_DAY = 20
_ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE"""
_ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Reminder", "END:VALARM")


def write_file(path: Path, count: int) -> None:
    """Write a file of `count` events from today on, between 8 and 18 o'clock."""
    first = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    events = ("\n".join(_event(number, first)) for number in range(count))
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Planner//Benchmark//EN", _ZONE)
    text = "\n".join([*head, *events, "END:VCALENDAR", ""])
    path.write_bytes(text.replace("\n", "\r\n").encode())


def _event(number: int, first: datetime) -> Iterator[str]:
    day, place = divmod(number, EVENTS_A_DAY)
    start = first + timedelta(days=day, minutes=30 * place)
    yield "BEGIN:VEVENT"
    yield f"UID:{UUID(int=number + 1)}"
    yield "DTSTAMP:20260101T000000Z"
    yield "CREATED:20260101T000000Z"
    yield f"DTSTART;TZID=Europe/Berlin:{start:%Y%m%dT%H%M%S}"
    yield f"DTEND;TZID=Europe/Berlin:{start + timedelta(minutes=30):%Y%m%dT%H%M%S}"
    yield f"SUMMARY:Встреча с заказчиком {number}"
    yield f"LOCATION:Room {number % 20}"
    yield "DESCRIPTION:What we talk about:\\nfirst the plan\\, then the money."
    yield "STATUS:CONFIRMED"
    yield "SEQUENCE:0"
    yield "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"
    if number % SERIES_EVERY == 0:
        yield "RRULE:FREQ=WEEKLY;COUNT=10"
    if number % GUESTS_EVERY == 0:
        yield "ORGANIZER;CN=Customer:mailto:customer@elsewhere.example"
        for guest in range(GUESTS):
            yield f"ATTENDEE;CN=Guest {guest};PARTSTAT=ACCEPTED:mailto:guest-{guest}-{number % 50}@elsewhere.example"
    if number % ALARM_EVERY == 0:
        yield from _ALARM
    yield "END:VEVENT"
