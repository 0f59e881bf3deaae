"""Tasks on the real database, and a real Celery worker that runs them."""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
import redis
import time_machine
from fastapi.testclient import TestClient

from app.services.health_service import WORKERS_KEY
from app.supervisor.waiting import retry_until
from app.tasks.cleanup_tasks import cleanup_expired_tokens
from app.tasks.occurrence_tasks import extend_occurrences
from tests.support.api_process import ROOT
from tests.support.people import Company
from tests.support.tokens import claims_of

SECONDS = 60


def add_session(
    database: psycopg.Connection, company: Company, *, expires: timedelta, revoked: timedelta | None = None
) -> str:
    """A session of the company's administrator that expires, and was ended, at these distances from now."""
    session_id = str(uuid4())
    now = datetime.now(UTC)
    database.execute(
        "INSERT INTO auth_sessions (id, user_id, generation, refreshed_at, expires_at, revoked_at, created_at)"
        " VALUES (%s, %s, 0, now(), %s, %s, now())",
        [session_id, company.admin.id, now + expires, None if revoked is None else now + revoked],
    )
    return session_id


def exists(database: psycopg.Connection, session_id: str) -> bool:
    return database.execute("SELECT 1 FROM auth_sessions WHERE id = %s", [session_id]).fetchone() is not None


# The tasks


def test_cleaning_up_deletes_sessions_that_are_over_and_no_others(
    company: Company, database: psycopg.Connection
) -> None:
    day = timedelta(days=1)
    over = [
        add_session(database, company, expires=-timedelta(seconds=5)),
        add_session(database, company, expires=-400 * day),
        add_session(database, company, expires=day, revoked=-day - timedelta(minutes=1)),
    ]
    kept = [
        add_session(database, company, expires=timedelta(minutes=1)),
        add_session(database, company, expires=day, revoked=-timedelta(hours=23)),
        str(claims_of(company.admin.token)["sid"]),
    ]
    assert cleanup_expired_tokens() >= len(over)
    assert [exists(database, session_id) for session_id in over] == [False] * 3
    assert [exists(database, session_id) for session_id in kept] == [True] * 3
    assert cleanup_expired_tokens() == 0
    assert company.admin.get("/auth/me").status_code == 200


def test_a_token_of_a_session_that_was_cleaned_away_stays_refused(
    company: Company, database: psycopg.Connection
) -> None:
    anna = company.person()
    anna.post("/auth/logout")
    database.execute(
        "UPDATE auth_sessions SET revoked_at = now() - interval '2 days' WHERE id = %s", [claims_of(anna.token)["sid"]]
    )
    cleanup_expired_tokens()
    assert not exists(database, claims_of(anna.token)["sid"])
    assert anna.get("/auth/me").json()["code"] == "session_ended"
    refreshed = anna.client.post("/auth/refresh", json={"refresh_token": anna.refresh_token})
    assert refreshed.json()["code"] == "session_ended"


def test_time_brings_new_occurrences_within_the_horizon_once(company: Company, database: psycopg.Connection) -> None:
    created = company.admin.create_event(recurrence_rule="FREQ=WEEKLY")

    def stored() -> list[datetime]:
        rows = database.execute(
            "SELECT starts_at FROM event_occurrences WHERE series_id = %s ORDER BY starts_at", [created["id"]]
        )
        return [start for (start,) in rows]

    before = stored()
    extend_occurrences()
    assert stored() == before
    with time_machine.travel(datetime.now(UTC) + timedelta(days=70)):
        assert extend_occurrences() >= 1
        after = stored()
        assert extend_occurrences() == 0
    assert stored() == after
    assert after[: len(before)] == before
    assert len(after) >= len(before) + 10
    assert len(set(after)) == len(after)
    assert {later - earlier for earlier, later in itertools.pairwise(after)} <= {
        timedelta(days=7),
        timedelta(days=7, hours=1),
        timedelta(days=7, hours=-1),
    }


# The worker


@pytest.fixture
def worker_output() -> Iterator[str]:
    """A worker, started as the document says; what it writes goes to the file of this name."""
    queue_of_this_test = os.environ["REDIS_URL"]
    with tempfile.NamedTemporaryFile("w+") as output:
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "app.celery_app",
            "worker",
            "--loglevel=info",
            "--concurrency=1",
        ]
        environment = {**os.environ, "CELERY_BROKER_URL": queue_of_this_test, "LOG_LEVEL": "INFO"}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            yield output.name
            process.terminate()
            assert process.wait(timeout=SECONDS) == 0, read(output.name)
        finally:
            process.kill()
            process.wait()


def read(path: str) -> str:
    with open(path) as file:  # noqa: PTH123
        return file.read()


def test_a_worker_runs_a_task_from_the_queue_and_shows_that_it_is_alive(
    client: TestClient, company: Company, database: psycopg.Connection, worker_output: str
) -> None:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.delete(WORKERS_KEY)

        def last_sign_of_life() -> float:
            return max((score for _, score in connection.zrange(WORKERS_KEY, 0, -1, withscores=True)), default=0.0)

        over = add_session(database, company, expires=-timedelta(hours=1))
        # In the queue before anybody listens: a task waits for a worker, and loses nothing.
        cleanup_expired_tokens.delay()
        assert retry_until(lambda: not exists(database, over), SECONDS), read(worker_output)
        assert retry_until(lambda: last_sign_of_life() > 0, SECONDS), read(worker_output)
        first = last_sign_of_life()
        assert retry_until(lambda: last_sign_of_life() > first, SECONDS), read(worker_output)
    report = client.get("/health").json()
    assert (report["status"], report["worker"]) == ("ok", {"status": "ok", "detail": "1 alive"})
