"""Panels that are followed live: woken by Valkey, by the clock, or by looking now and then; and how they end."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from app.api import live
from app.api.live import LiveHub
from app.api.v1 import room_panels
from app.core import live as core_live
from app.core.config import get_settings
from app.core.errors import Unavailable
from app.core.live import Publisher
from app.services.booking_service import lock_rooms
from app.services.live_rooms import channel_of
from app.supervisor.waiting import retry_until
from app.tasks.rounds import in_company
from tests.support.api_process import ROOT, ApiProcess
from tests.support.panels import Panel, block, hold, meet
from tests.support.people import Company
from tests.support.planning import accepted, refused

# What Valkey wakes is shown long before the next look.
SOON_SECONDS = room_panels.LOOK_SECONDS / 2


@pytest.fixture
def panel(company: Company, server: ApiProcess) -> Panel:
    return Panel.of(server.seen_by(company.admin))


def test_a_follower_sees_each_change_at_once(company: Company, server: ApiProcess, panel: Panel) -> None:
    anna = server.seen_by(company.person())
    with panel.followed() as followed:
        assert followed.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert followed.answer.headers["cache-control"] == "no-store"
        tag, shown = followed.next_state()
        assert (shown["status"], shown["room"]["id"]) == ("free", panel.room["id"])
        for change, status in (
            (lambda: accepted(panel.press("/book", 15), 201), "busy"),
            (lambda: accepted(panel.press("/end")), "free"),
            (lambda: meet(anna, panel.room, 30, 60), "free"),
        ):
            started = time.monotonic()
            change()
            seen, shown = followed.next_state()
            assert shown["status"] == status
            assert seen != tag
            assert time.monotonic() - started < SOON_SECONDS
            tag = seen
        assert shown["next"] is not None
        assert {**shown, "server_time": ""} == {**panel.shown(), "server_time": ""}


def test_what_a_follower_has_is_not_sent_again(panel: Panel) -> None:
    with panel.followed() as followed:
        tag, _ = followed.next_state()
    with panel.followed(**{"Last-Event-ID": tag}) as followed:
        accepted(panel.press("/book", 15), 201)
        _, shown = followed.next_state()
        assert shown["status"] == "busy"
    with panel.followed(**{"Last-Event-ID": "another"}) as followed:
        followed.next_state()


def test_a_lost_message_only_delays(company: Company, database: psycopg.Connection, panel: Panel) -> None:
    with panel.followed() as followed:
        followed.next_state()
        # Nobody is told of this.
        block(database, company, panel.room, -5, 30)
        assert followed.next_state()[1]["status"] == "closed"


def test_the_clock_alone_wakes_a_follower(company: Company, database: psycopg.Connection, panel: Panel) -> None:
    hold(database, company, panel.room, 30, expires=30)
    database.execute(
        "UPDATE room_bookings SET ends_at = now() + interval '3 seconds',"
        " during = tstzrange(lower(during), now() + interval '3 seconds') WHERE room_id = %s",
        [panel.room["id"]],
    )
    started = time.monotonic()
    with panel.followed() as followed:
        assert followed.next_state()[1]["status"] == "held"
        assert followed.next_state()[1]["status"] == "free"
    assert time.monotonic() - started < room_panels.LOOK_SECONDS


def test_a_revoked_panel_is_followed_no_longer(company: Company, server: ApiProcess, panel: Panel) -> None:
    with panel.followed() as followed:
        followed.next_state()
        started = time.monotonic()
        path = f"/rooms/{panel.room['id']}/panel-token"
        assert server.seen_by(company.admin).delete(path).status_code == 204
        assert not any(line.startswith("data:") for line in followed.rest())
        assert time.monotonic() - started < SOON_SECONDS
    refused(panel.ask("GET", "/stream"), 404, "panel_not_found")


class TalkingProcess(ApiProcess):
    """A server whose own log of requests is not switched off."""

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(self.port), "--log-level", "debug"]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=self._output, stderr=self._output, text=True
        )


@pytest.fixture(scope="module")
def small() -> Iterator[ApiProcess]:
    """A server that has room for one short stream, one connection to the database, and tells all that it does."""
    bounds = {"ROOM_PANEL_STREAMS_MAX": "1", "ROOM_PANEL_STREAM_SECONDS": "4", "STREAM_HEARTBEAT_SECONDS": "1"}
    with TalkingProcess(**bounds, DATABASE_POOL_SIZE="1", LOG_LEVEL="DEBUG") as server:
        yield server


def test_a_process_has_only_so_many_streams_and_none_holds_a_connection(company: Company, small: ApiProcess) -> None:
    panel = Panel.of(small.seen_by(company.admin))
    with panel.followed() as followed:
        followed.next_state()
        answer = panel.ask("GET", "/stream")
        refused(answer, 503, "too_many_streams")
        assert answer.headers["retry-after"]
        # The only connection is free.
        panel.shown()
    assert retry_until(lambda: _streams(panel), 10), "the place of who went away is not free again"


def _streams(panel: Panel) -> bool:
    with panel.followed() as followed:
        return followed.answer.status_code == 200


def test_a_stream_ends_in_time_and_sends_its_heart_beat(company: Company, small: ApiProcess) -> None:
    panel = Panel.of(small.seen_by(company.admin))
    # Of a free room, what can be booked is something else each minute.
    accepted(panel.press("/book", 60), 201)
    with panel.followed() as followed:
        followed.next_state()
        assert ": beat" in followed.rest()


def test_a_server_that_is_told_to_end_does_not_wait_for_streams(company: Company) -> None:
    with ApiProcess() as server:
        panel = Panel.of(server.seen_by(company.admin))
        with panel.followed() as followed:
            followed.next_state()
            server._process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            followed.rest()
            server._process.wait(timeout=20)
            assert time.monotonic() - started < 5


def test_no_log_and_no_error_tells_the_token(company: Company, small: ApiProcess) -> None:
    panel = Panel.of(small.seen_by(company.admin))
    with panel.followed() as followed:
        followed.next_state()
    for answer in (
        *(panel.ask("GET", below) for below in ("", "/page")),
        *(panel.press(below) for below in ("/end", "/check-in", "/book")),
        panel.press("/book", 15),
        panel.press("/book", 16),
        panel.ask("PUT"),
        panel.ask("GET", "/nothing"),
    ):
        assert panel.token not in answer.text
    assert f"{panel.path}/book" in small.output()
    assert panel.token not in small.output()


def test_the_hub_wakes_who_listens_and_lets_go() -> None:
    async def run() -> None:
        hub = LiveHub(get_settings().REDIS_URL)
        publisher = Publisher()
        with hub.listen(frozenset("a"), "kind") as a, hub.listen(frozenset("bc"), "kind") as b:
            assert hub.counts["kind"] == 2
            # Connected: whatever was told before is unknown.
            assert await a.wait(10)
            assert await b.wait(10)
            publisher.publish(["a"])
            assert await a.wait(10)
            assert not await b.wait(0.2)
            with pytest.raises(Unavailable):
                hub.require_room("kind", 2)
            hub.require_room("another kind", 2)
            # Of many channels, each wakes; and none that was left.
            hub.move(b, frozenset("cd"))
            publisher.publish(["d"])
            assert await b.wait(10)
            publisher.publish(["b"])
            assert not await b.wait(0.2)
            hub.close()
            assert await b.wait(1)
            assert hub.is_full("kind", 100)
        assert hub.counts["kind"] == 0
        await hub.aclose()

    asyncio.run(run())


def test_without_valkey_nobody_waits_and_the_hub_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.05)
    good = get_settings().REDIS_URL

    async def run() -> None:
        hub = LiveHub("redis://127.0.0.1:9/0")
        with hub.listen(frozenset("a"), "kind") as listener:
            assert not await listener.wait(0.3)
            hub._redis_url = good
            assert await listener.wait(10)
        await hub.aclose()

    asyncio.run(run())
    with monkeypatch.context() as patch:
        patch.setattr(get_settings(), "REDIS_URL", "redis://127.0.0.1:9/0")
        patch.setattr(core_live, "PAUSE_SECONDS", 0.01)
        started = time.monotonic()
        Publisher().publish(["a"])
        assert time.monotonic() - started < 0.2


def test_what_a_task_changes_is_told_after_its_commit_and_what_fails_is_not(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = UUID(company.admin.create_room()["id"])
    told: list[str] = []
    monkeypatch.setattr(core_live.publisher, "publish", told.extend)
    with in_company(company.organization.id, "test") as session:
        lock_rooms(session, company.organization.id, {room})
        assert told == []
    assert told == [channel_of(company.organization.id, room)]

    def fail() -> None:
        with in_company(company.organization.id, "test") as session:
            lock_rooms(session, company.organization.id, {room})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(told) == 1
