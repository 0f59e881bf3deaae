"""Calendars that show a feed from elsewhere."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.tasks.feed_tasks import refresh_feeds
from tests.support.ics_files import vcalendar, vevent
from tests.support.people import Company, Person, event
from tests.support.planning import accepted, refused, settings
from tests.support.web import Web, answering


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web, settings(OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8"):
        yield web


def subscribed(person: Person, url: str, **values: Any) -> dict[str, Any]:
    """A subscription after its first fetch."""
    body = {"url": url, "name": "Holidays", **values}
    calendar_id = accepted(person.post("/calendars/subscriptions", body), 201)["id"]
    refresh_feeds()
    return state(person, calendar_id)


def state(person: Person, calendar_id: str, language: str = "en") -> dict[str, Any]:
    path = f"/calendars/subscriptions/{calendar_id}"
    return accepted(person.call("GET", path, headers={"Accept-Language": language}))


def fetched_again(person: Person, database: psycopg.Connection, feed: dict[str, Any]) -> dict[str, Any]:
    """The subscription after the next fetch, as if its time had come."""
    database.execute("UPDATE outside_feeds SET next_at = now() WHERE calendar_id = %s", [feed["id"]])
    refresh_feeds()
    return state(person, feed["id"])


def stored(database: psycopg.Connection, feed: dict[str, Any], columns: str = "title") -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM events WHERE calendar_id = %s ORDER BY uid"
    return database.execute(query, [feed["id"]]).fetchall()


def test_a_feed_becomes_a_calendar(company: Company, database: psycopg.Connection, web: Web) -> None:
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a"), vevent("b")), ETag='"1"')
    person = company.person()
    feed = subscribed(person, web.url("/a.ics"), color="#c62828", refresh_minutes=60)
    assert (feed["error"], feed["failures"], feed["color"]) == (None, 0, "#c62828")
    assert feed["fetched_at"]
    assert [item["title"] for item in person.occurrences("2027-03-22", "2027-03-23")] == ["a", "b"]
    assert [item["id"] for item in accepted(person.get("/calendars/subscriptions"))["items"]] == [feed["id"]]
    assert stored(database, feed, "organizer_id::text") == [(person.id,)] * 2


def test_what_came_is_created_and_what_vanished_is_deleted(
    company: Company, database: psycopg.Connection, web: Web
) -> None:
    person = company.person()
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a"), vevent("b"), vevent("c", SEQUENCE="5")))
    feed = subscribed(person, web.url("/a.ics"))
    before = dict(stored(database, feed, "uid, id"))
    # The feed is what counts, even where it says that it is older.
    changed = vcalendar(
        vevent("b"), vevent("c", SUMMARY="other", SEQUENCE="1", DTSTAMP="20200101T000000Z"), vevent("d")
    )
    web.paths["/a.ics"] = answering(200, changed)
    fetched_again(person, database, feed)
    assert stored(database, feed) == [("b",), ("other",), ("d",)]
    after = dict(stored(database, feed, "uid, id"))
    assert (after["b"], after["c"]) == (before["b"], before["c"])


def test_an_unchanged_feed_costs_nothing(company: Company, database: psycopg.Connection, web: Web) -> None:
    person = company.person()
    web.paths["/a.ics"] = answering(
        200, vcalendar(vevent("a")), ETag='"1"', Last_Modified="Mon, 01 Mar 2027 00:00:00 GMT"
    )
    feed = subscribed(person, web.url("/a.ics"))
    before = stored(database, feed, "*, xmin::text, ctid::text")
    web.paths["/a.ics"] = answering(304)
    assert fetched_again(person, database, feed)["error"] is None
    headers = web.asked[-1][1]
    assert headers["if-none-match"] == '"1"'
    assert headers["if-modified-since"] == "Mon, 01 Mar 2027 00:00:00 GMT"
    # A server that knows no validators says the same again.
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    fetched_again(person, database, feed)
    assert stored(database, feed, "*, xmin::text, ctid::text") == before


def test_errors_are_shown_and_the_next_try_waits_longer(
    company: Company, database: psycopg.Connection, web: Web
) -> None:
    person = company.person()
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    feed = subscribed(person, web.url("/a.ics"), refresh_minutes=15)
    waits = []
    for failures, (code, answer) in enumerate(
        [
            ("feed_status", answering(500)),
            ("feed_not_a_calendar", answering(200, b"<html>Sign in</html>")),
            ("feed_status", answering(404)),
        ],
        start=1,
    ):
        web.paths["/a.ics"] = answer
        now = fetched_again(person, database, feed)
        assert (now["error"], now["failures"]) == (code, failures)
        query = "SELECT extract(epoch FROM next_at - checked_at)::int / 60 FROM outside_feeds WHERE calendar_id = %s"
        row = database.execute(query, [feed["id"]]).fetchone()
        assert row is not None
        waits.append(row[0])
    assert waits == [30, 60, 120]
    # What was there stays: an error is no empty feed.
    assert stored(database, feed) == [("a",)]
    assert "404" in now["error_detail"]
    assert "статусом 404" in state(person, feed["id"], "ru")["error_detail"]
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    well = fetched_again(person, database, feed)
    assert (well["error"], well["failures"], well["error_detail"]) == (None, 0, None)


def test_inner_networks_are_not_fetched_from(company: Company, database: psycopg.Connection) -> None:
    person = company.person()
    with Web() as web:
        web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
        for url in (web.url("/a.ics"), "http://169.254.169.254/latest/meta-data", "http://[::1]/", "http://10.0.0.1/"):
            feed = subscribed(person, url)
            assert feed["error"] == "outbound_address_refused", url
            assert person.delete(f"/calendars/{feed['id']}").status_code == 204
        assert web.asked == []


def test_a_feed_above_the_bound_is_given_up(company: Company, web: Web) -> None:
    web.paths["/a.ics"] = answering(200, vcalendar(*(vevent(f"e{number}") for number in range(50))))
    with settings(OUTSIDE_FEED_MAX_BYTES=1024):
        assert subscribed(company.person(), web.url("/a.ics"))["error"] == "outbound_too_large"


def test_nobody_writes_in_a_calendar_from_elsewhere(company: Company, database: psycopg.Connection, web: Web) -> None:
    person = company.person()
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    feed = subscribed(person, web.url("/a.ics"))
    ((event_id,),) = stored(database, feed, "id")
    refused(person.patch(f"/events/{event_id}", {"title": "Ours"}), 403, "calendar_is_outside")
    refused(person.post("/events", event(calendar_id=feed["id"])), 403, "calendar_is_outside")
    headers = {"Content-Type": "text/calendar"}
    answer = person.call("POST", f"/calendars/{feed['id']}/imports", content=b"x", headers=headers)
    refused(answer, 403, "calendar_is_outside")


def test_a_subscription_is_changed_refreshed_and_deleted(
    company: Company, database: psycopg.Connection, web: Web
) -> None:
    person = company.person()
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    web.paths["/b.ics"] = answering(200, vcalendar(vevent("b")))
    feed = subscribed(person, web.url("/a.ics"))
    path = f"/calendars/subscriptions/{feed['id']}"
    refused(person.post(f"{path}/refresh"), 429, "refresh_too_soon")
    refused(person.patch(path, {"refresh_minutes": 1}), 422, "refresh_too_often")
    refused(person.patch(path, {"url": "file:///etc/passwd"}), 422, "outbound_bad_url")
    refused(person.patch(path, {"name": "x"}, headers={"If-Match": '"99"'}), 412, "version_mismatch")
    changed = accepted(person.patch(path, {"name": "Other", "url": web.url("/b.ics")}))
    assert changed["name"] == "Other"
    refresh_feeds()
    assert stored(database, feed) == [("b",)]
    database.execute("UPDATE outside_feeds SET checked_at = now() - interval '2 minutes'")
    web.paths["/b.ics"] = answering(200, vcalendar(vevent("c")))
    accepted(person.post(f"{path}/refresh"), 202)
    refresh_feeds()
    assert stored(database, feed) == [("c",)]
    assert person.delete(f"/calendars/{feed['id']}").status_code == 204
    refused(person.get(path), 404, "calendar_not_found")
    count = database.execute("SELECT count(*) FROM outside_feeds WHERE calendar_id = %s", [feed["id"]])
    assert count.fetchone() == (0,)


def test_the_address_of_a_feed_is_for_its_owner(company: Company, web: Web) -> None:
    person, colleague = company.person(), company.person()
    web.paths["/a.ics"] = answering(200, vcalendar(vevent("a")))
    feed = subscribed(person, web.url("/a.ics"))
    path = f"/calendars/subscriptions/{feed['id']}"
    refused(colleague.get(path), 404, "calendar_not_found")
    accepted(person.patch(f"/calendars/{feed['id']}", {"is_public": True}))
    refused(colleague.get(path), 403, "not_calendar_owner")
    refused(person.get(f"/calendars/subscriptions/{person.calendar_id}"), 404, "outside_feed_not_found")


def test_subscriptions_are_bounded(company: Company) -> None:
    person = company.person()
    body = {"url": "webcal://calendar.example/a.ics", "name": "x"}
    with settings(OUTSIDE_FEEDS_PER_USER=0):
        refused(person.post("/calendars/subscriptions", body), 409, "too_many_outside_feeds")
    refused(person.post("/calendars/subscriptions", {**body, "url": "nonsense"}), 422, "outbound_bad_url")
    refused(person.post("/calendars/subscriptions", {**body, "refresh_minutes": 1}), 422, "refresh_too_often")


def test_a_permanent_redirect_is_remembered(company: Company, database: psycopg.Connection, web: Web) -> None:
    web.paths["/new.ics"] = answering(200, vcalendar(vevent("a")))
    web.paths["/old.ics"] = answering(301, Location="/new.ics")
    feed = subscribed(company.person(), web.url("/old.ics"))
    assert feed["url"] == web.url("/new.ics")
    assert stored(database, feed) == [("a",)]
