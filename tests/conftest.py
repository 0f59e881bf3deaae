"""Real servers for the tests: one PostgreSQL and one Valkey a run, a clone of a migrated database per worker.

Every test works in a company of its own (`company`), so that tests share a database without seeing each other: the
isolation that the product promises, used by its tests. Everything commits for real.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.support.servers import clone_template, in_database, start_servers, superuser_url

_WORKER_DATABASES = 15


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the controlling process; give each worker its own database in both."""
    worker = getattr(config, "workerinput", {}).get("workerid")
    if worker is None:
        folder = tempfile.TemporaryDirectory(prefix="planner-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        servers = start_servers(Path(folder.name))
        config.add_cleanup(servers.stop)
        os.environ.update(servers.environment(), PLANNER_HOME=f"{folder.name}/home")
        Path(folder.name, "home").mkdir()
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    os.environ["DATABASE_URL"] = clone_template(f"worker_{number}")
    os.environ["DATABASE_OWNER_URL"] = in_database(os.environ["TEST_OWNER_URL"], f"worker_{number}")
    os.environ["REDIS_URL"] = f"{os.environ['TEST_REDIS_URL']}/{number % _WORKER_DATABASES}"
    os.environ["UPLOADS_DIR"] = f"{os.environ['PLANNER_HOME']}/uploads-{number}"
    # Settings of whoever runs the tests must not decide how they end.
    os.environ.update(
        ENVIRONMENT="test",
        SECRET_KEY="a key for tests only, which is long enough",
        RATE_LIMIT_DEFAULT="1000000/minute",
        RATE_LIMIT_LOGIN="1000000/minute",
        DEFAULT_TIME_ZONE="Europe/Moscow",
        LOG_LEVEL="WARNING",
        # Rooms can be booked as far ahead as occurrences are stored; tests of the booking window set one.
        ROOM_BOOKING_WINDOW_DAYS="730",
        # The client in this process reads an answer to its end.
        STREAM_SECONDS="0.1",
    )
    for name in (
        *("CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "BACKEND_CORS_ORIGINS", "TRUSTED_PROXIES"),
        *("REGISTRATION", "SMTP_HOST", "PUBLIC_URL", "INVITATION_URL", "ROOM_REQUEST_URL", "FILE_STORE_URL"),
    ):
        os.environ[name] = ""


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The application, called in this process; nobody is signed in."""
    from app.main import app  # noqa: PLC0415 - the settings must be in the environment first

    with TestClient(app, base_url="http://testserver/api/v1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def database() -> Iterator[psycopg.Connection]:
    """A connection that no policy binds, to count what is really there."""
    with psycopg.connect(superuser_url(os.environ["DATABASE_URL"]), autocommit=True) as connection:
        yield connection
