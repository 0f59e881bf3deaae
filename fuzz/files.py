"""Bodies that are files: pictures, tables and calendars, whole, damaged, and not at all what their media type says."""

import io
from functools import lru_cache
from random import Random
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image

from app.core.ids import new_id
from tests.support.ics_files import vcalendar, vevent

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
TABLE = "text/csv"
MAIL = "message/rfc822"
CALENDAR = "text/calendar"
HEADINGS = ("email", "ФИО", "phone", "position", "department", "manager_email", "birthday", "role", "time_zone", "id")
CELLS = ("", "Анна Иванова", "=1+1", '"', "\0", "+7 495 123-45-67", "Sales / Law", "1990-05-17", "it", "UTC", "a" * 300)
RULES = ("FREQ=WEEKLY;COUNT=3", "FREQ=DAILY;UNTIL=20270401", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=4")
ODD_LINES = (
    *(
        "DTSTART:20270322",
        "DTSTART;TZID=Nowhere/At_All:20270322T090000",
        "DTSTART;VALUE=DATE:20271399",
        "DURATION:-P1D",
    ),
    *("RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;COUNT=0", "EXDATE:20270322T090000Z,x", "RDATE;VALUE=PERIOD:1/2"),
    *("RECURRENCE-ID:20270322T090000Z", "ATTENDEE:mailto:", 'ORGANIZER;CN="a:MAILTO:b@c', "BEGIN:VALARM", "END:VEVENT"),
    *("DESCRIPTION:\0\\", " folded", "SEQUENCE:99999999999999", "STATUS:MAYBE", "UID:" + "u" * 2000, "DTEND:00010101"),
)
ENCODINGS = ("utf-8", "utf-8-sig", "cp1251", "utf-16")


@lru_cache
def picture(media_type: str) -> bytes:
    """A small picture, wider than high."""
    file = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(file, PICTURES[media_type])
    return file.getvalue()


def table(emails: list[str]) -> bytes:
    """People whose import succeeds, one a line."""
    lines = ["email,full_name,birthday", *(f"{email},Анна Иванова,1990-05-17" for email in emails)]
    return "\n".join(lines).encode()


def odd_table(random: Random) -> bytes:
    """Lines of cells under a heading, neither of which need be right, in any encoding."""
    heading = random.sample(HEADINGS, random.randint(1, 4))
    lines = [heading, *(random.choices(CELLS, k=random.randint(0, 5)) for _ in range(random.randint(0, 5)))]
    delimiter = random.choice(",;\t|")
    text = random.choice(("\n", "\r\n", "\r")).join(delimiter.join(line) for line in lines)
    return text.encode(random.choice(ENCODINGS), "replace")


def calendar(random: Random) -> bytes:
    """Events that can be imported: one by itself, and a series."""
    return vcalendar(vevent(new_id().hex), vevent(new_id().hex, f"RRULE:{random.choice(RULES)}"))


def odd_calendar(random: Random) -> bytes:
    """Lines of an event that need not be right, nor whole, nor in this order."""
    lines = random.choices(ODD_LINES, k=random.randint(0, 6))
    whole = vcalendar(vevent(new_id().hex, *lines), vevent("same"), vevent("same"))
    return whole[: random.randint(0, 2 * len(whole))]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file cut short, or with other bytes in the middle."""
    start = draw(st.integers(0, len(whole)))
    return whole[:start] + draw(st.binary(max_size=20)) + whole[draw(st.integers(start, len(whole))) :]


def register() -> None:
    """Tell Schemathesis what to send where the document asks for a file."""
    for media_type in PICTURES:
        whole = picture(media_type)
        any_kind = st.sampled_from([picture(kind) for kind in PICTURES])
        schemathesis.openapi.media_type(media_type, any_kind | damaged(whole) | st.binary(max_size=100))
    schemathesis.serializer(TABLE, CALENDAR, MAIL)(_as_bytes)


def _as_bytes(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
