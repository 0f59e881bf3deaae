"""Export as iCalendar: what was imported comes back, and nobody gets more than they see."""

from pathlib import Path

import icalendar
import psycopg
import pytest

from tests.support.ics_files import imported, vcalendar, vevent
from tests.support.people import Company, Person, event
from tests.support.planning import accepted, refused

OUTLOOK = (
    "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"
    "TZOFFSETFROM:+0245\r\nTZOFFSETTO:+0145\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)


def exported(person: Person, path: str, **params: str) -> str:
    """A calendar as text, unfolded, which the library must be able to read."""
    answer = person.get(path, **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    icalendar.Calendar.from_ical(answer.content)
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    return answer.content.decode().replace("\r\n ", "")


def lines_of(text: str) -> list[str]:
    """The lines that say something of events: not when, and by whom, the text was made."""
    return sorted(
        line
        for line in text.split("\r\n")
        if line
        and not line.startswith(("DTSTAMP", "LAST-MODIFIED", "PRODID", "CALSCALE", "X-WR-CALNAME", "NAME", "COLOR"))
    )


TRAITS = {
    "thunderbird": vevent("t", "X-MOZ-GENERATION:4", "X-MOZ-LASTACK:20270101T000000Z", "CATEGORIES:Work,Home"),
    "apple": vevent(
        "a",
        'X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-ADDRESS="1 Infinite Loop";X-TITLE=Apple:geo:37.33,-122.03',
        "BEGIN:VALARM\r\nX-WR-ALARMUID:1\r\nUID:1\r\nTRIGGER:-PT15M\r\nACTION:AUDIO\r\nATTACH;VALUE=URI:Chord\r\nEND:VALARM",
        LOCATION="Apple",
    ),
    "google": vevent("g@google.com", "X-GOOGLE-CONFERENCE:https://meet.example/x", "CREATED:20260101T000000Z"),
    "outlook": OUTLOOK
    + "\r\n"
    + vevent(
        "o",
        "DTSTART;TZID=Customized Time Zone:20270322T090000",
        "DTEND;TZID=Customized Time Zone:20270322T100000",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-ALT-DESC;FMTTYPE=text/html:<p>Hello</p>",
    ),
}


@pytest.mark.parametrize("program", TRAITS)
def test_rule_24_what_a_program_wrote_comes_back_after_an_edit_of_something_else(
    company: Company, database: psycopg.Connection, program: str
) -> None:
    person = company.person()
    todo = "BEGIN:VTODO\r\nUID:todo\r\nDTSTAMP:20270101T000000Z\r\nSUMMARY:Buy milk\r\nX-MOZ-TODO:1\r\nEND:VTODO"
    imported(person, vcalendar(TRAITS[program], todo, properties=("X-WR-RELCALID:abc",)))
    path = f"/calendars/{person.calendar_id}/ics"
    first = exported(person, path)
    sent = vcalendar(TRAITS[program], todo, properties=("X-WR-RELCALID:abc",)).decode()
    missing = [line for line in lines_of(sent) if line not in lines_of(first)]
    assert missing == []
    row = database.execute("SELECT id FROM events WHERE calendar_id = %s", [person.calendar_id]).fetchone()
    assert row is not None
    accepted(person.patch(f"/events/{row[0]}", {"title": "Other title"}))
    second = exported(person, path)
    assert set(lines_of(first)) ^ set(lines_of(second)) == {
        next(line for line in lines_of(first) if line.startswith("SUMMARY:") and "milk" not in line),
        "SUMMARY:Other title",
    }


def test_an_event_made_here_is_read_by_the_library_and_imported_as_unchanged(company: Company) -> None:
    person, colleague = company.person(), company.person(full_name="Anna Ivanova")
    created = person.create_event(
        title="Планёрка; с запятой, и длинным названием " + "x" * 80,
        recurrence_rule="FREQ=WEEKLY;COUNT=5",
        exdates=["2027-03-29T09:00:00"],
        participants=[{"user_id": colleague.id}],
    )
    text = exported(person, f"/events/{created['id']}/ics")
    (read,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert str(read["SUMMARY"]) == created["title"]
    assert read["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=5"
    assert read["DTSTART"].dt.isoformat() == "2027-03-22T09:00:00+01:00"
    assert str(read["ORGANIZER"]) == f"mailto:{person.email}"
    assert f"UID:{created['uid']}" in text
    assert person.email.split("@")[0] not in created["uid"]
    done = imported(person, text.encode())
    assert (done["unchanged"], done["updated"], done["created"]) == (1, 0, 0)


def test_overrides_made_here_are_exported_with_their_series(company: Company) -> None:
    person = company.person()
    created = person.create_event(recurrence_rule="FREQ=DAILY;COUNT=3")
    accepted(
        person.patch(
            f"/events/{created['id']}?scope=this&occurrence=2027-03-23T08:00:00Z",
            {"title": "Moved", "start_time": "2027-03-23T12:00:00", "end_time": "2027-03-23T13:00:00"},
        )
    )
    parts = icalendar.Calendar.from_ical(exported(person, f"/events/{created['id']}/ics")).walk("VEVENT")
    assert [str(part["SUMMARY"]) for part in parts] == ["Meeting", "Moved"]
    assert len({str(part["UID"]) for part in parts}) == 1
    assert parts[1]["RECURRENCE-ID"].dt.isoformat() == "2027-03-23T09:00:00+01:00"


def test_an_export_shows_details_only_to_whom_the_list_shows_them(company: Company) -> None:
    owner, colleague, guest = company.person(), company.person(), company.person()
    calendar = accepted(owner.post("/calendars", {"name": "Team", "is_public": True}), 201)["id"]
    for title, visibility, participants in (
        ("Open", "default", []),
        ("Closed", "private", []),
        ("Invited", "private", [{"user_id": guest.id}]),
    ):
        body = event(title=title, visibility=visibility, calendar_id=calendar, participants=participants)
        accepted(owner.post("/events", body), 201)
    path = f"/calendars/{calendar}/ics"
    for person, titles in (
        (owner, ["Closed", "Invited", "Open"]),
        (colleague, ["Busy", "Busy", "Open"]),
        (guest, ["Busy", "Invited", "Open"]),
    ):
        text = exported(person, path)
        found = icalendar.Calendar.from_ical(text).walk("VEVENT")
        assert sorted(str(part["SUMMARY"]) for part in found) == titles
        everything = exported(person, "/events/ics", from_="2027-03-01", to="2027-04-01")
        assert (
            sorted(str(part["SUMMARY"]) for part in icalendar.Calendar.from_ical(everything).walk("VEVENT")) == titles
        )
    stranger = Company.create(owner.client).person()
    refused(stranger.get(path), 404, "calendar_not_found")
    refused(owner.client.get(path), 401, "not_authenticated")


def test_what_somebody_takes_part_in_elsewhere_is_in_their_export(company: Company) -> None:
    owner, guest = company.person(), company.person()
    created = owner.create_event(title="Invited", participants=[{"user_id": guest.id}])
    owner.create_event(title="Other", start_time="2027-03-22T11:00:00", end_time="2027-03-22T12:00:00")
    text = exported(guest, "/events/ics", from_="2027-03-22", to="2027-03-23")
    assert "SUMMARY:Invited" in text
    assert "Other" not in text
    assert "SUMMARY:Invited" in exported(guest, f"/events/{created['id']}/ics")
    assert "VEVENT" not in exported(guest, "/events/ics", from_="2027-03-23", to="2027-03-24").replace("\r\n", "")


def test_a_range_holds_what_overlaps_it(company: Company) -> None:
    person = company.person()
    imported(
        person,
        vcalendar(
            vevent("before", start="20270301T090000Z", end="20270301T100000Z"),
            vevent("series", "RRULE:FREQ=WEEKLY;COUNT=10", start="20270301T090000Z", end="20270301T100000Z"),
            vevent("inside"),
            vevent("day", "DTSTART;VALUE=DATE:20270323"),
        ),
    )
    path = f"/calendars/{person.calendar_id}/ics"
    text = exported(person, path, from_="2027-03-20", to="2027-03-25")
    uids = [str(part["UID"]) for part in icalendar.Calendar.from_ical(text).walk("VEVENT")]
    assert uids == ["day", "inside", "series"]
    assert len(icalendar.Calendar.from_ical(exported(person, path)).walk("VEVENT")) == 4
    refused(person.get(path, from_="2027-03-25", to="2027-03-20"), 422, "window_needs_order")


def test_a_large_calendar_is_exported_in_batches(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    person = company.person()
    monkeypatch.setattr("app.services.ical_export_service.BATCH", 3)
    imported(person, vcalendar(*(vevent(f"e{number}") for number in range(7)), *_todos(5)))
    text = exported(person, f"/calendars/{person.calendar_id}/ics")
    assert [text.count(f"UID:e{number}\r\n") for number in range(7)] == [1] * 7
    assert text.count("BEGIN:VTODO") == 5


def _todos(count: int) -> list[str]:
    return [f"BEGIN:VTODO\r\nUID:t{number}\r\nDTSTAMP:20270101T000000Z\r\nEND:VTODO" for number in range(count)]


CORPUS = sorted((Path(__file__).parents[1] / "calendaring" / "ics").glob("*.ics"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_real_files_make_the_round_trip(company: Company, path: Path) -> None:
    first, second = company.person(), company.person()
    imported(first, path.read_bytes())
    once = exported(first, f"/calendars/{first.calendar_id}/ics")
    imported(second, once.encode())
    assert lines_of(exported(second, f"/calendars/{second.calendar_id}/ics")) == lines_of(once)
