"""Answers to invitations as the programs of guests write and send them."""

import base64
import quopri
from collections.abc import Callable

# What each calls the zone, what it leaves out, how it folds and encodes, and where it puts the calendar.
_OUTLOOK = """BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={answer};CN="Guest, Gus":MAILTO:{email}
COMMENT;LANGUAGE=de-DE:{comment}\\n
UID:{uid}
SUMMARY;LANGUAGE=de-DE:Zugesagt: Meeting
DTSTART;TZID=W. Europe Standard Time:20270322T090000
DTEND;TZID=W. Europe Standard Time:20270322T100000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:{stamp}
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:{sequence}
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
END:VCALENDAR
"""
_GMAIL = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20270322T080000Z
DTEND:20270322T090000Z
DTSTAMP:{stamp}
ORGANIZER;CN=Anna:mailto:planner@in.firm.example
UID:{uid}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer};CN=Gus;X
 -NUM-GUESTS=0;X-RESPONSE-COMMENT="{comment}":mailto:{email}
SEQUENCE:{sequence}
STATUS:CONFIRMED
SUMMARY:Meeting
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
_APPLE = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
METHOD:REPLY
PRODID:-//Apple Inc.//macOS 15.1//EN
VERSION:2.0
BEGIN:VEVENT
ATTENDEE;CN=Gus;CUTYPE=INDIVIDUAL;EMAIL={email};PARTSTAT={answer};ROLE=REQ-
 PARTICIPANT:/principals/__uids__/1234/
COMMENT:{comment}
DTEND;TZID=Europe/Berlin:20270322T100000
DTSTAMP:{stamp}
DTSTART;TZID=Europe/Berlin:20270322T090000
ORGANIZER;CN=Anna:mailto:planner@in.firm.example
SEQUENCE:{sequence}
UID:{uid}
END:VEVENT
END:VCALENDAR
"""
_THUNDERBIRD = """BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
CREATED:20260101T110000Z
LAST-MODIFIED:{stamp}
DTSTAMP:{stamp}
UID:{uid}
SUMMARY:Meeting
ORGANIZER;CN=Anna:mailto:planner@in.firm.example
ATTENDEE;CN=Gus;PARTSTAT={answer};ROLE=REQ-PARTICIPANT:mailto:{email}
DTSTART:20270322T080000Z
DTEND:20270322T090000Z
SEQUENCE:{sequence}
COMMENT:{comment}
END:VEVENT
END:VCALENDAR
"""


def _message(to: str, *lines: str) -> bytes:
    return "\r\n".join(
        [f"To: {to}", "Subject: =?utf-8?q?Angenommen=3A?= Meeting", "MIME-Version: 1.0", *lines]
    ).encode()


def _part(kind: str, encoding: str, content: str, *more: str) -> str:
    return "\r\n".join([f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more, "", content])


def _multipart(kind: str, boundary: str, *parts: str) -> str:
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{body}--{boundary}--\r\n'


def _base64(content: str) -> str:
    return base64.encodebytes(content.encode()).decode()


def _outlook(to: str, calendar: str) -> bytes:
    """The calendar beside text, base64; Exchange marks its class."""
    inner = _multipart(
        "alternative",
        "_000_AM0PR01",
        _part('text/plain; charset="iso-8859-1"', "quoted-printable", "Gr=FC=DFe"),
        _part('text/calendar; charset="utf-8"; method=REPLY', "base64", _base64(calendar)),
    )
    return _message(to, "Content-Class: urn:content-classes:calendarmessage", "Thread-Topic: Meeting", inner)


def _gmail(to: str, calendar: str) -> bytes:
    """In the name of the guest; the calendar twice, as an alternative and as a file."""
    inner = _multipart(
        "alternative",
        "000000000000a1",
        _part('text/plain; charset="UTF-8"; format=flowed; delsp=yes', "base64", _base64("Gus has accepted.")),
        _part(
            'text/calendar; charset="UTF-8"; method=REPLY',
            "quoted-printable",
            quopri.encodestring(calendar.replace("\n", "\r\n").encode()).decode(),
        ),
    )
    file = _part('application/ics; name="invite.ics"', "base64", _base64(calendar))
    sender = "Sender: Google Calendar <calendar-notification@google.com>"
    return _message(to, sender, _multipart("mixed", "000000000000a0", inner, file))


def _apple(to: str, calendar: str) -> bytes:
    """A file in a mixed message, as it is."""
    file = _part(
        "text/calendar;\r\n\tname=iCal-20260101-130000.ics;\r\n\tmethod=REPLY;\r\n\tcharset=utf-8",
        "8bit",
        calendar,
        "Content-Disposition: attachment;\r\n\tfilename=iCal-20260101-130000.ics",
    )
    text = _part("text/plain;\r\n\tcharset=us-ascii", "7bit", "")
    return _message(to, "X-Mailer: Apple Mail (2.3826.200.121)", _multipart("mixed", "Apple-Mail=_6A", text, file))


def _thunderbird(to: str, calendar: str) -> bytes:
    """As part and as file, in other charsets than UTF-8 when told so."""
    part = _part("text/calendar; method=REPLY; charset=UTF-8", "8bit", calendar)
    file = _part('application/octet-stream; name="INVITE.ICS"', "base64", _base64(calendar))
    return _message(to, "User-Agent: Mozilla Thunderbird", _multipart("mixed", "------------0b", part, file))


_PROGRAMS: dict[str, tuple[str, Callable[[str, str], bytes]]] = {
    "outlook": (_OUTLOOK, _outlook),
    "gmail": (_GMAIL, _gmail),
    "apple mail": (_APPLE, _apple),
    "thunderbird": (_THUNDERBIRD, _thunderbird),
}
PROGRAMS = tuple(_PROGRAMS)


def answer_from(
    program: str, to: str, *, uid: str, email: str, answer: str, stamp: str, comment: str, sequence: int = 0
) -> bytes:
    """The message in which this program sends an answer (RFC 5546 REPLY)."""
    calendar, send = _PROGRAMS[program]
    return send(
        to,
        calendar.format(uid=uid, email=email, answer=answer, stamp=stamp, comment=comment, sequence=sequence),
    )
