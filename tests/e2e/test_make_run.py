"""`make run` as a user drives it, on the embedded servers and on an outside PostgreSQL and Valkey."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.valkey import EmbeddedValkey
from tests.e2e.installation import Installation

WEEKLY = {
    "title": "Планёрка",
    "start_time": "2027-03-15T09:00:00",
    "end_time": "2027-03-15T10:00:00",
    "time_zone": "Europe/Berlin",
    "recurrence_rule": "FREQ=WEEKLY;COUNT=4",
}
# Before and after the clocks change on 28 March 2027.
STARTS = ["2027-03-15T08:00:00Z", "2027-03-22T08:00:00Z", "2027-03-29T07:00:00Z", "2027-04-05T07:00:00Z"]


def distribution_postgres() -> Path | None:
    """The programs of the PostgreSQL 15 that the machine has installed, if any."""
    for folder in (Path("/usr/lib/postgresql/15/bin"), Path("/usr/local/pgsql-15/bin"), Path("/usr/pgsql-15/bin")):
        if (folder / "initdb").exists():
            return folder
    return None


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home", {})
    yield installation
    installation.kill_everything()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Installation]:
    """On servers that somebody else runs: PostgreSQL 15 where it is installed, else the wheel's own."""
    with (
        EmbeddedPostgres(tmp_path / "postgres", bin_dir=distribution_postgres()) as postgres,
        EmbeddedValkey(tmp_path / "valkey") as valkey,
    ):
        servers = {
            "DATABASE_URL": postgres.url,
            "DATABASE_OWNER_URL": postgres.owner_url,
            "REDIS_URL": valkey.url,
        }
        installation = Installation(tmp_path / "home", {**servers, "PLANNER_ADMIN_PASSWORD": "a first password"})
        yield installation
        installation.kill_everything()


def use_it(installation: Installation, admin_password: str) -> None:
    """What a company does on its first day: people, a calendar, a weekly series with a room, and a clash."""
    with installation.client() as anybody:
        person = {"email": "anna@firm.local", "password": "correct horse", "full_name": "Анна Ёлкина"}
        assert anybody.post("/auth/register", json=person).status_code == 201
    with (
        installation.sign_in("admin@example.com", admin_password) as admin,
        installation.sign_in("anna@firm.local", "correct horse") as anna,
    ):
        room = admin.post("/rooms", json={"name": "Синяя", "capacity": 8}).json()
        calendar = anna.post("/calendars", json={"name": "Team"}).json()
        answer = anna.post("/events", json={**WEEKLY, "calendar_id": calendar["id"], "room_id": room["id"]})
        assert answer.status_code == 201, answer.text

        assert [item["start_time"] for item in _listed(anna)] == STARTS
        week = anna.get("/events", params={"from": "2027-03-29", "to": "2027-04-05"}).json()["items"]
        assert [(item["start_time"], item["room_state"]) for item in week] == [("2027-03-29T07:00:00Z", "confirmed")]

        late = {"title": "Clash", "start_time": "2027-03-29T09:30:00", "end_time": "2027-03-29T10:30:00"}
        clash = admin.post("/events", json={**late, "time_zone": "Europe/Berlin", "room_id": room["id"]})
        assert (clash.status_code, clash.json()["code"]) == (409, "room_taken")
        assert clash.json()["clashes"][0]["booked_from"] == "2027-03-29T07:00:00Z"


def _listed(anna: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = anna.get("/events", params={"from": "2027-03-01", "to": "2027-05-01"}).json()["items"]
    return items


def still_there(installation: Installation) -> None:
    with installation.sign_in("anna@firm.local", "correct horse") as anna:
        found = [(item["start_time"], item["room_state"]) for item in _listed(anna)]
    assert found == [(start, "confirmed") for start in STARTS]


@pytest.mark.e2e
def test_make_run_serves_a_company_and_loses_nothing_over_stops_and_kills(embedded: Installation) -> None:
    embedded.start()
    password = embedded.admin_password()
    use_it(embedded, password)
    embedded.wait_for("ok")
    assert all(password not in log.read_text() for log in (embedded.home / "log").glob("*.log*"))

    second = embedded.run_again()
    assert second.returncode != 0
    assert str(embedded.port) in second.stdout + second.stderr

    embedded.stop(signal.SIGINT)
    assert embedded.processes() == []

    embedded.start()
    assert "password" not in "".join(embedded.output)
    still_there(embedded)
    embedded.kill_everything()

    embedded.start()
    still_there(embedded)
    embedded.stop(signal.SIGTERM)
    assert embedded.processes() == []


@pytest.mark.e2e
def test_make_run_uses_outside_servers_when_they_are_configured(outside: Installation) -> None:
    outside.start()
    use_it(outside, "a first password")
    outside.wait_for("ok")
    assert not (outside.home / "postgres").exists()
    assert not (outside.home / "valkey").exists()
    outside.stop()
    assert outside.processes() == []


@pytest.mark.e2e
def test_two_installations_run_side_by_side(tmp_path: Path) -> None:
    installations = [Installation(tmp_path / name, {}) for name in ("one", "two")]
    try:
        for installation in installations:
            installation.start()
        first, second = installations
        with first.client() as client:
            person = {"email": "only@first.example", "password": "correct horse"}
            assert client.post("/auth/register", json=person).status_code == 201
        with second.client() as client:
            login = {"email": "only@first.example", "password": "correct horse"}
            assert client.post("/auth/login", json=login).status_code == 401
    finally:
        for installation in installations:
            installation.kill_everything()
            shutil.rmtree(installation.home, ignore_errors=True)
