"""/health, /livez, /readyz: what works and what does not."""

import os
import time
from collections.abc import Iterator

import psycopg
import pytest
import redis
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session

from app.api.v1 import health
from app.core.config import get_settings
from app.core.database_url import driver_url
from app.core.migrations import revisions
from app.services import health_service
from tests.support.servers import clone_template, superuser_url

NOWHERE = "redis://:secret-password@127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def workers() -> Iterator[redis.Redis]:
    """No worker has given a sign of life yet."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        connection.delete(health_service.WORKERS_KEY)
        yield connection
        connection.delete(health_service.WORKERS_KEY)


@pytest.fixture
def other_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database of the test's own, which /health asks."""
    url = clone_template(f"health_{os.getpid()}")
    engine = create_engine(driver_url(url), connect_args={"connect_timeout": 5})
    monkeypatch.setattr(health, "SessionLocal", sessionmaker(engine, class_=Session))
    yield url
    engine.dispose()


def use_redis(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(get_settings(), "REDIS_URL", url)
    monkeypatch.setattr(health_service, "_redis", lambda: redis.Redis.from_url(url, single_connection_client=False))


def test_with_a_worker_alive_all_is_well(client: TestClient) -> None:
    health_service.record_worker("worker@here")
    answer = client.get("/health")
    assert answer.status_code == 200
    report = answer.json()
    assert (report["status"], report["version"]) == ("ok", "0.1.0")
    parts = {name: report[name]["status"] for name in ("database", "redis", "migrations", "worker")}
    assert set(parts.values()) == {"ok"}
    assert report["migrations"]["detail"] == revisions()[-1]
    assert report["worker"]["detail"] == "1 alive"


def test_without_a_worker_the_api_still_serves(client: TestClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["worker"] == {"status": "down", "detail": "none alive"}


def test_a_worker_silent_for_half_a_minute_is_gone(client: TestClient, workers: redis.Redis) -> None:
    for name, age in (("fresh", 5), ("silent", 31), ("forgotten", 4000)):
        workers.zadd(health_service.WORKERS_KEY, {name: time.time() - age})
    assert client.get("/health").json()["worker"]["detail"] == "1 alive"
    health_service.record_worker("new")
    assert client.get("/health").json()["worker"]["detail"] == "2 alive"
    assert workers.zscore(health_service.WORKERS_KEY, "forgotten") is None


@pytest.mark.parametrize("url", [NOWHERE, ""])
def test_a_dead_redis_degrades_the_api_and_no_more(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    use_redis(monkeypatch, url)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert (answer.json()["redis"]["status"], answer.json()["worker"]["status"]) == ("down", "down")
    assert client.get("/readyz").status_code == 204


def test_a_dead_database_is_a_503_without_secrets(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine("postgresql+psycopg://planner:secret-password@127.0.0.1:1/nothing")
    monkeypatch.setattr(health, "SessionLocal", sessionmaker(engine, class_=Session))
    use_redis(monkeypatch, NOWHERE)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert (answer.json()["database"]["status"], answer.json()["migrations"]["status"]) == ("down", "down")
    assert "secret-password" not in answer.text
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 204


def test_missing_migrations_are_a_503_that_names_the_remedy(client: TestClient, other_database: str) -> None:
    assert client.get("/health").status_code == 200
    with psycopg.connect(superuser_url(other_database), autocommit=True) as connection:
        connection.execute("DROP TABLE alembic_version")
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["database"]["status"]) == (503, "ok")
    assert answer.json()["migrations"] == {"status": "down", "detail": f"{len(revisions())} to apply: planner migrate"}
    assert client.get("/readyz").status_code == 503


def test_a_database_that_a_newer_code_migrated_still_serves(client: TestClient, other_database: str) -> None:
    with psycopg.connect(superuser_url(other_database), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["migrations"] == {"status": "ok", "detail": "9999, newer than this code"}
    assert client.get("/readyz").status_code == 204


@pytest.mark.parametrize("path", ["health", "livez", "readyz"])
def test_load_balancers_ask_without_a_token_below_the_root_or_the_api(client: TestClient, path: str) -> None:
    for prefix in ("/", "/api/v1/"):
        assert client.get(f"http://testserver{prefix}{path}").status_code in (200, 204)
