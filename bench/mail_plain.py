"""The same mails without any of Planner's promises: composed and sent in a loop over one connection, to compare with.

`python -m bench.mail_plain PORT COUNT GUESTS` tells the seconds as JSON; each mail names so many guests.
"""

import json
import smtplib
import sys
import time

from app.core.ids import new_id
from app.core.mail import CalendarPart, Letter, compose
from app.services.mail_templates import render

SENDER = "Planner <planner@firm.example>"
VALUES = {
    "why": "invited",
    "sender": "person-0@firm.example",
    "title": "Meeting",
    "start": "2027-03-22T08:00:00+00:00",
    "all_day": None,
    "repeats": None,
    "location": "Here",
    "reason": None,
    "time_zone": "Europe/Berlin",
}


def main() -> None:
    port, count, guests = map(int, sys.argv[1:])
    calendar = _calendar(guests)
    with smtplib.SMTP("127.0.0.1", port) as server:
        started = time.perf_counter()
        for number in range(count):
            texts = render("event_notice", "en", VALUES)
            letter = Letter(
                id=new_id(),
                recipient=f"person-{number}@firm.example",
                language="en",
                subject=texts.subject,
                text=texts.text,
                html=texts.html,
                calendar=CalendarPart("REQUEST", calendar),
            )
            server.send_message(compose(letter, SENDER))
        seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds}))


def _calendar(guests: int) -> str:
    attendee = "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:person-{}@firm.example"
    lines = [
        *("BEGIN:VCALENDAR", "PRODID:-//Planner//EN", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT"),
        *("UID:plain@firm.example", "DTSTAMP:20270322T080000Z", "DTSTART:20270322T080000Z", "SUMMARY:Meeting"),
        "ORGANIZER:mailto:person-0@firm.example",
        *(attendee.format(number) for number in range(guests)),
        *("SEQUENCE:0", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines)


if __name__ == "__main__":
    main()
