"""One file for each calendar that people come from: what is read, and that it comes back as it was."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.calendaring.ical.model import Attendee, CalendarObject
from app.calendaring.ical.writing import WrittenObject, write_calendar, write_event
from tests.support.ical import ICS, NOW, components, objects, others, properties, read, write

FILES = sorted(ICS.glob("*.ics"))


def by_title(name: str) -> dict[str, CalendarObject]:
    found = objects(read((ICS / name).read_bytes()))
    return {item.master.title: item for item in found if item.master is not None}


def test_thunderbird_moved_instance() -> None:
    found = by_title("thunderbird_moved_instance.ics")["Planning, weekly"]
    assert found.master is not None
    assert found.master.zone == "Europe/Berlin"
    assert found.master.rule == "FREQ=WEEKLY;UNTIL=20260427T070000Z;BYDAY=MO"
    assert found.master.exdates == (datetime(2026, 4, 13, 9),)  # written in UTC, kept as wall time
    assert found.master.description == "Agenda"
    (moved,) = found.overrides
    assert moved.recurrence_id == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert moved.start == datetime(2026, 3, 31, 14)
    assert found.problems == ()


def test_outlook_windows_zone() -> None:
    found = by_title("outlook_windows_zone.ics")
    weekly, call, leave = (found[name].master for name in ("Jour fixe", "Call", "Urlaub"))
    assert weekly is not None
    assert call is not None
    assert leave is not None
    assert (weekly.zone, weekly.start_utc) == ("Europe/Berlin", datetime(2026, 10, 21, 7, tzinfo=UTC))
    assert (call.zone, call.start_utc) == ("Asia/Katmandu", datetime(2026, 10, 21, 11, 15, tzinfo=UTC))
    # Exchange writes all-day events from midnight to midnight.
    assert (leave.start, leave.end, leave.zone) == (date(2026, 12, 24), date(2026, 12, 27), None)
    assert leave.transparency == "transparent"


def test_google_guests() -> None:
    items = read((ICS / "google_guests.ics").read_bytes())
    assert properties(items).name == "Команда"
    assert properties(items).zone == "America/New_York"
    review, birthday = (item.master for item in objects(items))
    assert review is not None
    assert birthday is not None
    assert review.organizer == ("c_188abc@group.calendar.google.com", "Команда")
    assert review.attendees == (
        Attendee("anna@example.com", "Анна", "required", "accepted"),
        Attendee("boris@example.com", "boris@example.com", "optional", "needs_action"),
        Attendee("c_room4@resource.calendar.google.com", "Room 4", "required", "accepted"),
    )
    assert (review.location, review.sequence) == (None, 2)
    assert (birthday.start, birthday.end, birthday.zone) == (date(2026, 5, 8), date(2026, 5, 9), None)


def test_apple_travel_time() -> None:
    items = read((ICS / "apple_travel_time.ics").read_bytes())
    assert properties(items).color == "#1BADF8"
    assert [(item.name, item.uid) for item in others(items)] == [
        ("VTODO", "9A8B7C6D-0000-4000-8000-000000000001"),
        ("X-NOTE", None),
    ]
    (found,) = objects(items)
    assert found.uid == "4C6D9E61-9C5E-4A1B-9D5B-0E8B9B0A1C2D"  # not that of its alarm
    assert found.master is not None
    assert found.master.location == "Main St 1\nSpringfield"
    assert found.master.rule == "FREQ=MONTHLY;COUNT=6"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_nobody_edited_comes_back_line_by_line(path) -> None:  # type: ignore[no-untyped-def]
    data = path.read_bytes()
    out = write(read(data))
    for name in ("VEVENT", "VTODO", "X-NOTE"):
        assert components(out, name) == components(data, name)
    assert all(len(line) <= 75 for line in out.split(b"\r\n"))
    assert b"X-PLANNER" not in out


def test_the_zone_that_only_outlook_knows_comes_back_with_its_text() -> None:
    data = (ICS / "outlook_windows_zone.ics").read_bytes()
    assert components(write(read(data)), "VTIMEZONE") == components(data, "VTIMEZONE")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_new_title_changes_the_title_and_nothing_else(path) -> None:  # type: ignore[no-untyped-def]
    data = path.read_bytes()
    for found, before in zip(objects(read(data)), masters(data), strict=True):
        assert found.master is not None
        text = write_event(replace(found.master, title="New; title", sequence=found.master.sequence + 1), NOW)
        changed = ("SUMMARY", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED")
        after = text.split("\n")
        assert [line for line in after if not line.startswith(changed)] == [
            line for line in before if not line.startswith(changed)
        ]
        assert [line.partition(":")[2] for line in after if line.startswith("SUMMARY")] == ["New\\; title"]
        assert "DTSTAMP:20261125T120000Z" in after
        language = [line for line in before if line.startswith("SUMMARY;")]
        assert [line for line in after if line.startswith("SUMMARY;")] == [
            line.partition(":")[0] + ":New\\; title" for line in language
        ]


def masters(data: bytes) -> list[list[str]]:
    return [lines for lines in components(data) if not any(line.startswith("RECURRENCE-ID") for line in lines)]


def test_moving_an_outlook_event_keeps_its_zone_name() -> None:
    data = by_title("outlook_windows_zone.ics")["Jour fixe"].master
    assert data is not None
    moved = replace(
        data,
        start=datetime(2026, 10, 21, 10),
        end=datetime(2026, 10, 21, 10, 30),
        start_utc=datetime(2026, 10, 21, 8, tzinfo=UTC),
        end_utc=datetime(2026, 10, 21, 8, 30, tzinfo=UTC),
    )
    text = write_event(moved, NOW)
    assert "DTSTART;TZID=W. Europe Standard Time:20261021T100000" in text
    assert "DTEND;TZID=W. Europe Standard Time:20261021T103000" in text
    assert "RRULE:FREQ=WEEKLY;UNTIL=20261218T080000Z;INTERVAL=1;BYDAY=WE;WKST=MO" in text


def test_a_guest_who_accepts_changes_the_answer_only() -> None:
    data = by_title("google_guests.ics")["Обзор недели"].master
    assert data is not None
    anna, boris, room = data.attendees
    text = write_event(
        replace(data, attendees=(anna, replace(boris, response="accepted"), Attendee("new@example.com", "N, N"))), NOW
    )
    lines = [line for line in text.split("\n") if line.startswith("ATTENDEE")]
    assert lines == [
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Анна;X-NUM-GUESTS=0"
        ":mailto:anna@example.com",
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=boris@example.com"
        ";X-NUM-GUESTS=2:mailto:Boris@Example.com",
        'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="N, N":mailto:new@example.com',
    ]
    assert room.email not in text


def test_two_meanings_of_one_zone_name_stay_apart() -> None:
    """Outlook calls every zone of its own the same."""
    data = (ICS / "outlook_windows_zone.ics").read_bytes()
    other = data.replace(b"+0545", b"+0845")
    (one,) = (item for item in objects(read(data)) if item.zones.count("Customized"))
    (two,) = (item for item in objects(read(other)) if item.zones.count("Customized"))
    assert two.master is not None
    out = b"".join(
        write_calendar(
            [
                WrittenObject(master=one.master, zones=one.zones, stamp=NOW),
                WrittenObject(master=replace(two.master, uid="two"), zones=two.zones, stamp=NOW),
            ],
            properties(()),
        )
    )
    again = objects(read(out))
    assert [item.master.start_utc for item in again if item.master] == [
        datetime(2026, 10, 21, 11, 15, tzinfo=UTC),
        datetime(2026, 10, 21, 8, 15, tzinfo=UTC),
    ]
