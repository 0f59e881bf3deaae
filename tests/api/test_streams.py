"""Notifications and changes as they come: without a gap, by two processes, until the session ends."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.models import Role
from app.supervisor.waiting import retry_until
from app.tasks.notification_tasks import create_notification
from tests.support.api_process import ApiProcess
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted, enter, refused
from tests.support.streams import Followed, followed

# Of themselves, the streams of these servers look this often: what comes sooner was woken. Transactions of other tests
# may hold it back for some seconds.
LOOK_SECONDS = 40
SOON_SECONDS = 25
STREAMS = ("/notifications/stream", "/events/stream")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ApiProcess, ApiProcess]]:
    """Two processes of one installation."""
    rates = {
        "STREAM_SECONDS": "600",
        "STREAM_LOOK_SECONDS": str(LOOK_SECONDS),
        "STREAM_HEARTBEAT_SECONDS": "1",
        "STREAMS_PER_USER": "3",
    }
    with ApiProcess(**rates) as one, ApiProcess(**rates) as other:
        yield one, other


@pytest.fixture
def anna(company: Company, servers: tuple[ApiProcess, ApiProcess]) -> Person:
    return servers[0].seen_by(company.person(full_name="Anna", language="en"))


@pytest.fixture
def admin(company: Company, servers: tuple[ApiProcess, ApiProcess]) -> Person:
    """The administrator, at the other process."""
    return servers[1].seen_by(company.admin)


def test_notifications_come_at_once_whichever_process_wrote_them(anna: Person, admin: Person) -> None:
    with followed(anna, "/notifications/stream") as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        first = stream.next_event()
        assert (first.name, first.data["count"]) == ("unread", 0)
        started = time.monotonic()
        made = admin.create_event(title="Plan", participants=[{"user_id": anna.id}])
        told = stream.until("notification")
        assert time.monotonic() - started < SOON_SECONDS
        assert told.data == accepted(anna.get("/notifications"))["items"][0]
        assert told.data["event_id"] == made["id"]
        assert stream.until("unread").data["count"] == 1
        # Read on another device.
        accepted(anna.post(f"/notifications/{told.data['id']}/read"))
        assert stream.until("unread").data["count"] == 0
        assert time.monotonic() - started < LOOK_SECONDS


def test_changes_come_at_once_to_whom_they_concern_and_to_nobody_else(
    company: Company, anna: Person, admin: Person
) -> None:
    stranger = Person(anna.client, *_of(Company.create(company.client)))
    with followed(anna, "/events/stream") as stream, followed(stranger, "/events/stream") as elsewhere:
        assert stream.next_event().name == elsewhere.next_event().name == "ready"
        secret = admin.create_event(title="Not Anna's")
        made = admin.create_event(title="Plan", participants=[{"user_id": anna.id}])
        told = next_event(stream)
        assert (told["id"], told["event"]["title"]) == (made["id"], "Plan")
        assert admin.delete(f"/events/{made['id']}").status_code == 204
        while not (gone := next_event(stream))["deleted"]:
            pass
        assert (gone["id"], gone["event"]) == (made["id"], None)
        # A calendar that Anna gains, with all that is in it.
        calendar = accepted(admin.post("/calendars", {"name": "Team"}), 201)["id"]
        accepted(admin.put(f"/events/{secret['id']}", {**_body(secret), "calendar_id": calendar}))
        accepted(admin.post(f"/calendars/{calendar}/shares", {"user_id": anna.id, "level": "read"}), 201)
        missing = {calendar, secret["id"]}
        while missing:
            missing.discard(stream.until("change").data["id"])
        # And then hears of, as of her own.
        accepted(admin.patch(f"/events/{secret['id']}", {"title": "Anna's too"}))
        while next_title(stream) != "Anna's too":
            pass
        own = stranger.create_event(title="Own")
        assert next_event(elsewhere)["id"] == own["id"]


def next_event(stream: Followed) -> dict[str, Any]:
    """The next event that is told; its calendar may be told before."""
    while (told := stream.until("change").data)["type"] != "event":
        pass
    return told


def next_title(stream: Followed) -> str:
    return str(next_event(stream)["event"]["title"])


def _of(company: Company) -> tuple[object, str, str]:
    return company.admin.user, company.admin.token, company.admin.refresh_token


def _body(event: dict[str, object]) -> dict[str, object]:
    return {name: event[name] for name in ("title", "start_time", "end_time", "time_zone")}


def test_a_stream_goes_on_where_it_was_without_a_gap_or_a_double(anna: Person, admin: Person) -> None:
    with followed(anna, "/notifications/stream") as stream:
        place = stream.next_event().id
    with followed(anna, "/events/stream") as stream:
        feed = stream.next_event().id
    titles = [f"Number {number}" for number in range(5)]
    for title in titles:
        create_notification(anna.id, title)
        admin.create_event(title=title, participants=[{"user_id": anna.id}])
    told: list[str] = []
    for _ in titles:
        # The connection is lost after each.
        with followed(anna, "/notifications/stream", last=place) as stream:
            event = stream.until("notification")
            while event.data["type"] != "message":
                event = stream.until("notification")
            told.append(event.data["title"])
            place = event.id
    assert told == titles
    with followed(anna, "/events/stream", cursor=str(feed)) as stream:
        assert [next_title(stream) for _ in titles] == titles


def test_nothing_is_missed_while_writers_commit_out_of_order(
    company: Company, anna: Person, database: psycopg.Connection
) -> None:
    """A transaction that began first and ends last: what came after it waits, and nothing is skipped."""
    insert = (
        "INSERT INTO notifications (organization_id, id, user_id, type, reason, title, reason_text)"
        " VALUES (%s, gen_random_uuid(), %s, 'message', 'addressed', %s, '')"
    )
    with (
        followed(anna, "/notifications/stream") as stream,
        psycopg.connect(database.info.dsn, password=database.info.password) as slow,
    ):
        stream.next_event()
        enter(slow, company)
        slow.execute(insert, [company.organization.id, anna.id, "Slow"])
        create_notification(anna.id, "Fast")
        # The number is told already, what may not be told yet waits.
        assert stream.until("unread").data["count"] == 1
        slow.commit()
        assert [stream.until("notification").data["title"] for _ in range(2)] == ["Slow", "Fast"]


def test_many_writers_at_once_are_all_heard(company: Company, anna: Person, admin: Person) -> None:
    heard: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        with followed(anna, "/notifications/stream") as stream:
            stream.next_event()
            ready.set()
            while len(heard) < 60:
                heard.append(stream.until("notification").data["title"])

    with ThreadPoolExecutor(9) as pool:
        listening = pool.submit(listen)
        assert ready.wait(10)
        list(pool.map(lambda number: create_notification(anna.id, str(number)), range(60)))
        listening.result(timeout=30)
    assert sorted(heard, key=int) == [str(number) for number in range(60)]


def test_a_ticket_opens_a_stream_where_no_header_can_be_sent(company: Company, anna: Person) -> None:
    ticket = accepted(anna.post("/auth/stream-ticket"), 201)
    assert ticket["expires_in"] == 60
    for path in STREAMS:
        with followed(anna, path, ticket=ticket["ticket"]) as stream:
            assert stream.next_event().name in ("unread", "ready")
        # A ticket is no token, and a token no ticket.
        refused(anna.client.get(path, params={"ticket": anna.token}), 401, "invalid_token")
        refused(anna.client.get(path, params={"ticket": "nonsense"}), 401, "invalid_token")
        refused(anna.client.get(path), 401, "not_authenticated")
    refused(anna.client.get("/auth/me", headers={"Authorization": f"Bearer {ticket['ticket']}"}), 401, "invalid_token")


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_ends_with_its_session(company: Company, anna: Person, admin: Person, path: str) -> None:
    boris = Person(anna.client, *_signed(company.person()))
    with followed(anna, path) as one, followed(boris, path) as other:
        for stream in (one, other):
            stream.next_event()
        started = time.monotonic()
        assert anna.post("/auth/logout").status_code == 204
        accepted(admin.patch(f"/users/{boris.id}", {"is_active": False}))
        for stream in (one, other):
            assert not any(line.startswith("data:") for line in stream.rest())
        assert time.monotonic() - started < SOON_SECONDS
    refused(anna.get(path), 401, "session_ended")


def _signed(person: Person) -> tuple[object, str, str]:
    return person.user, person.token, person.refresh_token


def test_cursors_that_are_none_are_refused_and_lost_places_are_told(
    anna: Person, company: Company, database: psycopg.Connection
) -> None:
    for path in STREAMS:
        for cursor in ("nonsense", "%%%", "bnVsbA", "WzEsMiwzXQ"):
            refused(anna.get(path, cursor=cursor), 422, "bad_cursor")
    with followed(anna, "/events/stream") as stream:
        anna_s = stream.next_event().id
    boris = Person(anna.client, *_signed(company.person()))
    with followed(boris, "/events/stream", last=anna_s) as stream:
        assert stream.next_event().name == "reset"
    # A place in another life of the database.
    with followed(
        anna, "/notifications/stream", last="WzEsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIiwib3RoZXIiXQ"
    ) as stream:
        lost = stream.next_event()
        assert lost.name == "reset"
    create_notification(anna.id, "After")
    with followed(anna, "/notifications/stream", last=lost.id) as stream:
        assert stream.until("notification").data["title"] == "After"


def test_streams_beat_and_nobody_has_more_than_a_few(anna: Person) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(followed(anna, "/notifications/stream")) for _ in range(3)]
        for stream in streams:
            stream.next_event()
        answer = anna.get("/notifications/stream")
        refused(answer, 429, "too_many_streams_of_user")
        assert answer.headers["retry-after"]
        assert any(line == ": beat" for line in streams[0].lines)
    assert retry_until(lambda: _opens(anna), 10), "the places of those who went away are not free again"


def _opens(person: Person) -> bool:
    with followed(person, "/notifications/stream") as stream:
        return stream.answer.status_code == 200


def test_an_administrator_of_the_installation_has_no_streams(
    servers: tuple[ApiProcess, ApiProcess], client: TestClient
) -> None:
    seen = servers[0].seen_by(sign_in(client, None, role=Role.ADMIN))
    for path in STREAMS:
        refused(seen.get(path), 403, "company_required")
