"""Events that Planner made: written and read again they are the same, also for icalendar; edits say what they mean."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.calendaring.ical.content_lines import escaped, folded, parse_line, quoted, unescaped, unfolded
from app.calendaring.ical.freebusy import BusyTime, write_freebusy
from app.calendaring.ical.model import Attendee, CalendarProperties, EventData
from app.calendaring.ical.writing import WrittenObject, new_uid, write_calendar, write_event
from app.calendaring.zones import get_zone, utc_to_wall, wall_exists, wall_to_utc
from tests.support.ical import NOW, calendar, components, master, objects, properties, read, read_one, vevent, write

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\n\\;,:"^ '), max_size=100)
WORD = st.text(st.characters(categories=("L", "Nd")) | st.sampled_from(';,:"^\\'), min_size=1, max_size=20)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
RULES = ("FREQ=DAILY", "FREQ=WEEKLY;COUNT=5;BYDAY=MO,WE", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR", "FREQ=YEARLY")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2036, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
ATTENDEES = st.lists(
    st.builds(
        Attendee,
        st.from_regex(r"[a-z0-9]{1,9}@[a-z]{1,9}\.org", fullmatch=True),
        st.none() | WORD,
        st.sampled_from(("required", "optional", "chair")),
        st.sampled_from(("needs_action", "accepted", "tentative", "declined")),
    ),
    max_size=4,
    unique_by=lambda person: person.email,
)


@st.composite
def events(draw: st.DrawFn) -> EventData:
    words = {
        "uid": new_uid(),
        "title": " ".join(draw(TEXT).split()),
        "description": draw(TEXT) or None,
        "location": draw(TEXT).strip() or None,
        "sequence": draw(st.integers(0, 1000)),
        "rule": draw(st.none() | st.sampled_from(RULES)),
        "status": draw(st.sampled_from(("confirmed", "tentative", "cancelled"))),
        "visibility": draw(st.sampled_from(("default", "public", "private", "confidential"))),
        "transparency": draw(st.sampled_from(("opaque", "transparent"))),
        "organizer": draw(st.none() | st.tuples(st.just("boss@example.com"), st.none() | WORD)),
        "attendees": tuple(draw(ATTENDEES)),
        "related_to": draw(st.none() | WORD),
        "stamp": NOW,
    }
    start = draw(MOMENTS)
    others = tuple(
        start + timedelta(days=days) for days in draw(st.lists(st.integers(1, 400), unique=True, max_size=4))
    )
    exdates, rdates = tuple(sorted(others[:2])), tuple(sorted(others[2:]))
    days = draw(st.integers(1, 9))
    if draw(st.booleans()):
        day = start.date()
        dates = {"exdates": tuple(value.date() for value in exdates), "rdates": tuple(value.date() for value in rdates)}
        return EventData(start=day, end=day + timedelta(days=days), **dates, **words)
    name = draw(st.sampled_from(ZONES))
    zone = get_zone(name)
    assume(all(wall_exists(moment, zone) for moment in (start, *others)))
    start_utc = wall_to_utc(start, zone)
    nominal_days = days if draw(st.booleans()) else 0
    rest = timedelta(minutes=draw(st.integers(0, 3000)))
    end_utc = (wall_to_utc(start + timedelta(days=nominal_days), zone) if nominal_days else start_utc) + rest
    end = utc_to_wall(end_utc, zone)
    assume(nominal_days or wall_to_utc(end, zone) == end_utc)  # DTEND cannot name the second of two equal times
    return EventData(
        start=start,
        end=end,
        zone=name,
        start_utc=start_utc,
        end_utc=end_utc,
        nominal_days=nominal_days,
        exdates=exdates,
        rdates=rdates,
        **words,
    )


def stream(*events: EventData, **more: bool) -> bytes:
    kept = [WrittenObject(master=data, stamp=NOW) for data in events]
    return b"".join(write_calendar(kept, CalendarProperties(), **more))


@settings(max_examples=200, deadline=None)
@given(events())
def test_what_is_written_is_read(data: EventData) -> None:
    found = read_one(stream(data))
    assert found.problems == ()
    assert found.master is not None
    assert replace(found.master, ical=None) == data


@settings(max_examples=100, deadline=None)
@given(events())
def test_icalendar_reads_the_same(data: EventData) -> None:
    (theirs,) = icalendar.Calendar.from_ical(stream(data)).walk("VEVENT")
    assert theirs.errors == []
    assert str(theirs["UID"]) == data.uid
    assert (data.start if data.all_day else data.start_utc) == theirs.DTSTART
    if not data.nominal_days and data.end != data.start:
        assert (data.end if data.all_day else data.end_utc) == theirs.DTEND
    assert int(theirs["SEQUENCE"]) == data.sequence
    assert (theirs["RRULE"].to_ical().decode() if "RRULE" in theirs else None) == (
        None if data.rule is None else icalendar.vRecur.from_ical(data.rule).to_ical().decode()
    )


@settings(max_examples=100, deadline=None)
@given(events(), events())
def test_an_edited_event_says_what_the_edit_says(before: EventData, after: EventData) -> None:
    """The text of one event, merged with all fields of another, reads as the other."""
    kept = read_one(stream(before)).master
    assert kept is not None
    found = read_one(stream(replace(after, ical=kept.ical))).master
    assert found is not None
    assert replace(found, ical=None) == after


@given(TEXT)
def test_text_is_escaped_and_comes_back(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=400))
def test_folding_keeps_characters_whole(text: str) -> None:
    data = folded(f"X:{text}")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert all(line.decode() or True for line in data.split(b"\r\n"))
    assert [line.decode() for _, line in unfolded(data)] == [f"X:{text}"]


@given(TEXT)
def test_parameters_are_quoted_and_come_back(text: str) -> None:
    line = parse_line(f"ATTENDEE;X=1;CN={quoted(text)};Y=2:mailto:a@example.com")
    assert line is not None
    assert line.parameter("CN") == text
    assert line.with_parameter("CN", None).parameters == ";X=1;Y=2"
    assert str(line.with_parameter("CN", text)) == str(line)


def test_the_second_of_two_equal_times_is_written_in_utc() -> None:
    start = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    data = EventData(
        uid="u",
        start=datetime(2026, 10, 25, 2, 30),
        end=datetime(2026, 10, 25, 3, 30),
        zone="Europe/Berlin",
        start_utc=start,
        end_utc=start + timedelta(hours=1),
    )
    assert "DTSTART:20261025T013000Z" in write_event(data, NOW)


def test_floating_times_get_their_zone_in_a_calendar_of_another() -> None:
    (found,) = objects(read(calendar(vevent("DTSTART:20260101T090000"))))
    item = WrittenObject(master=found.master, stamp=NOW)
    same = b"".join(write_calendar([item], CalendarProperties(zone="Europe/Moscow")))
    other = b"".join(write_calendar([item], CalendarProperties(zone="Europe/Paris")))
    assert b"DTSTART:20260101T090000\r\n" in same
    assert b"DTSTART;TZID=Europe/Moscow:20260101T090000\r\n" in other


def test_a_refused_rule_comes_back_until_the_rule_is_edited() -> None:
    found = master("DTSTART:20260101T090000Z", "RRULE:FREQ=HOURLY;COUNT=3")
    assert "RRULE:FREQ=HOURLY;COUNT=3" in write_event(replace(found, title="New"), NOW)
    edited = write_event(replace(found, rule="FREQ=DAILY"), NOW)
    assert "RRULE:FREQ=DAILY" in edited
    assert "HOURLY" not in edited


def test_a_moved_event_in_a_zone_that_only_its_file_knows_is_written_whole() -> None:
    lines = ["TZID:Odd", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0123", "TZOFFSETTO:+0123"]
    zone = "\n".join(["BEGIN:VTIMEZONE", *lines, "END:STANDARD", "END:VTIMEZONE"])
    (found,) = objects(read(calendar(zone, vevent("DTSTART;TZID=Odd:20260701T090000", "RRULE:FREQ=DAILY;COUNT=3"))))
    data = found.master
    assert data is not None
    hour = timedelta(hours=1)
    assert isinstance(data.start_utc, datetime)
    moved = replace(data, start=data.start + hour, end=data.end + hour, start_utc=data.start_utc + hour, end_utc=None)
    again = read_one(stream(moved)).master
    assert again is not None
    assert (again.start, again.rule, again.rdates) == (data.start + hour, None, data.rdates)


def test_properties_of_a_calendar_come_back_and_can_be_changed() -> None:
    data = calendar(vevent("DTSTART:20260101T090000Z"), header="X-WR-CALNAME:Old\nX-OWN;A=b:c\nREFRESH-INTERVAL:PT1H")
    items = read(data)
    assert properties(items).refresh_seconds == 3600
    assert b"X-WR-CALNAME:Old\r\nX-OWN;A=b:c\r\nREFRESH-INTERVAL:PT1H\r\n" in write(items)
    renamed = replace(properties(items), name="New, better")
    out = b"".join(write_calendar([], renamed))
    assert b"NAME:New\\, better\r\nX-WR-CALNAME:New\\, better\r\nX-OWN;A=b:c\r\n" in out
    assert b"Old" not in out


SECRET = vevent(
    *("DTSTART:20260101T090000Z", "DTEND:20260101T100000Z", "RRULE:FREQ=DAILY", "EXDATE:20260102T090000Z"),
    *("SUMMARY:Layoffs", "DESCRIPTION:secret", "LOCATION:Room", "ATTENDEE:mailto:a@example.com", "X-SECRET:1"),
    uid="anna@host.example.com",
)


def test_rule_20_a_busy_feed_tells_times_only() -> None:
    free = vevent("DTSTART:20260101T090000Z", "TRANSP:TRANSPARENT", "SUMMARY:free", uid="free")
    cancelled = vevent("DTSTART:20260101T090000Z", "STATUS:CANCELLED", uid="cancelled")
    items = read(calendar(SECRET, free, cancelled, "BEGIN:VTODO\nUID:t\nSUMMARY:todo\nEND:VTODO"))
    (lines,) = components(write(items, busy_only=True))
    assert {line.partition(":")[0] for line in lines} == {
        *("BEGIN", "UID", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "RRULE", "EXDATE", "SUMMARY", "STATUS"),
        *("TRANSP", "SEQUENCE", "END"),
    }
    assert "SUMMARY:Busy" in lines
    assert not any("example.com" in line for line in lines)


def test_a_busy_feed_keeps_what_takes_an_instance_out() -> None:
    gone = vevent(
        "DTSTART:20260103T090000Z", "RECURRENCE-ID:20260103T090000Z", "STATUS:CANCELLED", uid="anna@host.example.com"
    )
    first, second = components(write(read(calendar(SECRET, gone)), busy_only=True))
    assert "RECURRENCE-ID:20260103T090000Z" in second
    assert "STATUS:CANCELLED" in second
    assert [line for line in first if line.startswith("UID")] == [line for line in second if line.startswith("UID")]


def test_free_busy() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    hour = timedelta(hours=1)
    busy = [BusyTime(day + 9 * hour, day + 10 * hour), BusyTime(day + 12 * hour, day + 13 * hour, "tentative")]
    out = b"".join(
        write_freebusy(
            busy, day, day + 24 * hour, CalendarProperties(), uid="u", stamp=NOW, organizer="anna@example.com"
        )
    )
    (theirs,) = icalendar.Calendar.from_ical(out).walk("VFREEBUSY")
    assert theirs.errors == []
    assert [(period.params["FBTYPE"], period.dt) for period in theirs["FREEBUSY"]] == [
        ("BUSY", (day + 9 * hour, day + 10 * hour)),
        ("BUSY-TENTATIVE", (day + 12 * hour, day + 13 * hour)),
    ]


def test_new_uids_name_nobody() -> None:
    assert "@" not in new_uid()
    assert new_uid() != new_uid()


def test_dates_are_written_as_dates() -> None:
    text = write_event(
        EventData(uid="u", start=date(2026, 1, 1), end=date(2026, 1, 3), exdates=(date(2026, 1, 2),)), NOW
    )
    assert "DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103\nEXDATE;VALUE=DATE:20260102" in text
