"""Secret feed addresses."""

import logging
import secrets
from typing import Any

import icalendar
import psycopg
import pytest

from app.api.shown_paths import shown_path
from tests.support.ics_files import imported, vcalendar, vevent
from tests.support.people import Company, Person
from tests.support.planning import MISSING_ID, accepted, at, refused, settings, today


def made(person: Person, path: str, detail: str = "full") -> dict[str, Any]:
    feed: dict[str, Any] = accepted(person.post(path, {"detail": detail}), 201)
    return feed


def read(person: Person, feed: dict[str, Any], **headers: str) -> Any:
    """The answer to somebody who knows the address, and is not signed in."""
    path = feed["url"].partition("/api/v1")[2]
    return person.client.get(path, headers=headers)


def titles_in(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(str(part["SUMMARY"]) for part in icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_whoever_has_the_address_reads_the_calendar(company: Company) -> None:
    person = company.person()
    person.create_event(title="Tomorrow", **at(today()))
    person.create_event(title="Long ago", **at(today().replace(year=today().year - 3)))
    feed = made(person, f"/calendars/{person.calendar_id}/feeds")
    answer = read(person, feed)
    assert titles_in(answer) == ["Tomorrow"]
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "last-modified" in answer.headers


def test_the_address_is_told_once_and_only_its_hash_is_kept(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    path = f"/calendars/{person.calendar_id}/feeds"
    feed = made(person, path)
    secret = feed["url"].rpartition("/")[2].removesuffix(".ics")
    listed = accepted(person.get(path))["items"]
    assert [item["id"] for item in listed] == [feed["id"]]
    assert "url" not in listed[0]
    stored = database.execute("SELECT f::text FROM calendar_feeds f WHERE id = %s", [feed["id"]]).fetchone()
    assert stored is not None
    assert secret not in stored[0]
    recorded = database.execute("SELECT after::text FROM audit_log WHERE object_id = %s", [feed["id"]]).fetchone()
    assert recorded is not None
    assert '"token_hash": "***"' in recorded[0]


def test_free_busy_tells_times_and_nothing_else(company: Company) -> None:
    person = company.person()
    day = today()
    created = person.create_event(title="Secret", description="Secret", location="Secret", **at(day))
    person.create_event(title="Free", transparency="transparent", **at(day, 12))
    for path in (f"/calendars/{person.calendar_id}/feeds", "/feeds"):
        answer = read(person, made(person, path, "free_busy"))
        assert titles_in(answer) == ["Busy"]
        for word in ("Secret", "Free", created["uid"], person.email):
            assert word not in answer.text


def test_an_unchanged_feed_is_a_304_and_a_changed_one_is_not(company: Company, database: psycopg.Connection) -> None:
    person, guest = company.person(), company.person()
    created = person.create_event(title="First", participants=[{"user_id": guest.id}], **at(today()))
    feed = made(person, f"/calendars/{person.calendar_id}/feeds")
    seen = set()

    def tag() -> str:
        etag: str = read(person, feed).headers["etag"]
        again = read(person, feed, **{"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        return etag

    seen.add(tag())
    accepted(person.patch(f"/events/{created['id']}", {"title": "Second"}))
    seen.add(tag())
    database.execute("UPDATE event_participants SET response = 'declined' WHERE event_id = %s", [created["id"]])
    seen.add(tag())
    other = person.create_event(title="Other", **at(today(), 15))
    seen.add(tag())
    accepted(person.patch(f"/calendars/{person.calendar_id}", {"name": "Renamed"}))
    seen.add(tag())
    before = len(seen)
    assert person.delete(f"/events/{other['id']}").status_code == 204
    seen.add(tag())
    assert len(seen) == before + 1 == 6


def test_a_feed_of_everything_holds_what_its_owner_takes_part_in(company: Company) -> None:
    owner, guest = company.person(), company.person()
    feed = made(guest, "/feeds")
    first = read(guest, feed).headers["etag"]
    owner.create_event(title="Invited", participants=[{"user_id": guest.id}], **at(today()))
    owner.create_event(title="Other", **at(today(), 15))
    answer = read(guest, feed)
    assert titles_in(answer) == ["Invited"]
    assert answer.headers["etag"] != first


def test_a_revoked_or_wrong_address_is_not_there(company: Company) -> None:
    person, colleague = company.person(), company.person()
    feed = made(person, "/feeds")
    refused(colleague.delete(f"/feeds/{feed['id']}"), 404, "feed_not_found")
    refused(company.admin.delete(f"/feeds/{feed['id']}"), 404, "feed_not_found")
    token = feed["url"].rpartition("/")[2].removesuffix(".ics")
    wrong = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    for bad in (wrong, token[:-1], secrets.token_urlsafe(48), "x", "%F0%9F%98%80", token.swapcase()):
        refused(person.client.get(f"/feeds/{bad}.ics"), 404, "feed_not_found")
    assert read(person, feed).status_code == 200
    assert person.delete(f"/feeds/{feed['id']}").status_code == 204
    refused(read(person, feed), 404, "feed_not_found")
    refused(person.delete(f"/feeds/{MISSING_ID}"), 404, "feed_not_found")


def test_a_feed_shows_what_its_owner_may_see_at_that_moment(company: Company) -> None:
    owner, colleague = company.person(), company.person()
    calendar = accepted(owner.post("/calendars", {"name": "Team", "is_public": True}), 201)["id"]
    owner.create_event(title="Team", calendar_id=calendar, **at(today()))
    owner.create_event(title="Closed", calendar_id=calendar, visibility="private", **at(today(), 15))
    feed = made(colleague, f"/calendars/{calendar}/feeds")
    assert titles_in(read(colleague, feed)) == ["Busy", "Team"]
    accepted(owner.patch(f"/calendars/{calendar}", {"is_public": False}))
    refused(read(colleague, feed), 404, "feed_not_found")
    accepted(owner.patch(f"/calendars/{calendar}", {"is_public": True}))
    assert titles_in(read(colleague, feed)) == ["Busy", "Team"]
    accepted(company.admin.patch(f"/users/{colleague.id}", {"is_active": False}))
    refused(read(colleague, feed), 404, "feed_not_found")


def test_feeds_are_bounded_and_for_calendars_that_one_sees(company: Company) -> None:
    person, other = company.person(), company.person()
    refused(person.post(f"/calendars/{other.calendar_id}/feeds", {}), 404, "calendar_not_found")
    refused(person.get(f"/calendars/{other.calendar_id}/feeds"), 404, "calendar_not_found")
    with settings(FEEDS_PER_USER=1):
        made(person, "/feeds")
        refused(person.post("/feeds", {}), 409, "too_many_feeds")


def test_no_log_line_holds_the_token(company: Company, caplog: pytest.LogCaptureFixture) -> None:
    person = company.person()
    feed = made(person, "/feeds")
    token = feed["url"].rpartition("/")[2].removesuffix(".ics")
    caplog.set_level(logging.DEBUG)
    read(person, feed)
    person.client.get(f"/feeds/{token}")
    # The client of the tests has a log of its own.
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert any("***" in record.getMessage() for record in ours)
    assert not any(token in str(record.__dict__) for record in ours)
    for path in (f"/api/v1/feeds/{token}.ics", f"/api/v1/feeds/{token}", f"/api/v1/feeds/{token}/x"):
        assert token not in shown_path(path)
    assert shown_path("/api/v1/events") == "/api/v1/events"


def test_imported_parts_that_are_no_events_stay_out_of_a_feed(company: Company) -> None:
    person = company.person()
    todo = "BEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20270101T000000Z\r\nEND:VTODO"
    imported(person, vcalendar(vevent("a", start=f"{today():%Y%m%d}T090000Z", end=f"{today():%Y%m%d}T100000Z"), todo))
    answer = read(person, made(person, f"/calendars/{person.calendar_id}/feeds"))
    assert titles_in(answer) == ["a"]
    assert "VTODO" not in answer.text
