"""Figures for Prometheus, and what /health says of what waits."""

import json
import time
from collections.abc import Iterator

import psycopg
import pytest
import redis
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app import nudger
from app.api.v1 import metrics
from app.celery_app import celery_app
from app.core.config import get_settings
from app.core.queues import QUEUES, queue_of
from app.services import backlog_service
from app.services.backlog_service import BacklogWatch
from tests.support.api_process import ApiProcess
from tests.support.people import Company
from tests.support.planning import refused, settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from a moment ago."""
    monkeypatch.setattr(backlog_service, "watch", BacklogWatch())
    monkeypatch.setattr(backlog_service, "KEPT_SECONDS", 0)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(get_settings().CELERY_BROKER_URL) as connection:
        connection.delete(*QUEUES)
        yield connection
        connection.delete(*QUEUES)


def figures(client: TestClient, **headers: str) -> dict[tuple[str, ...], float]:
    """By name and values of labels."""
    answer = client.get("http://testserver/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def local(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The application, asked from this machine."""
    monkeypatch.setattr(metrics, "_is_local", lambda request: True)
    return client


def test_requests_are_counted_under_their_routes_and_never_under_what_people_think_of(
    company: Company, local: TestClient
) -> None:
    key = ("planner_http_requests_total", "GET", "/calendars/{calendar_id}", "404")
    before = figures(local).get(key, 0)
    company.admin.get("/calendars/00000000-0000-7000-8000-000000000000")
    company.client.get("/no/such/path")
    company.client.request("BREW", "/no/such/path")
    after = figures(local)
    assert after[key] == before + 1
    assert after["planner_http_requests_total", "GET", "(none)", "404"] >= 1
    assert not any("such" in label for key in after for label in key)
    assert after["planner_http_request_seconds_count", "GET", "/calendars/{calendar_id}"] >= 1


def test_what_waits_is_told_with_its_age(
    company: Company,
    local: TestClient,
    database: psycopg.Connection,
    broker: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nudger.nudger, "nudge", lambda names: None)
    anna = company.person()
    company.admin.create_event(participants=[{"user_id": anna.id}])
    database.execute(
        "UPDATE outbox_messages SET due_at = now() - interval '1 hour' WHERE organization_id = %s",
        [company.organization.id],
    )
    broker.delete(*QUEUES)
    for name in ("app.tasks.email_tasks.send_outbox", "app.tasks.cleanup_tasks.cleanup_people"):
        celery_app.send_task(name)
    told = figures(local)
    assert told["planner_outbox_waiting", "mail"] >= 1
    assert told["planner_outbox_oldest_seconds", "mail"] >= 3600
    assert told["planner_outbox_failed", "push"] >= 0
    assert [told["planner_queue_length", queue] for queue in QUEUES] == [1, 0, 1]
    assert 0 <= told["planner_queue_oldest_seconds", "mail"] < 60
    assert told[("planner_reminders_overdue_seconds",)] >= 0
    health = local.get("/health").json()
    assert health["status"] == "degraded"
    assert health["outbox"]["status"] == "degraded"
    assert health["outbox"]["oldest_seconds"] >= 3600
    assert health["queues"]["waiting"] == {"mail": 1, "notifications": 0, "housekeeping": 1}
    # What says nothing of when it was sent does no harm.
    broker.lpush("notifications", json.dumps({"headers": None}), "nonsense")
    assert figures(local)["planner_queue_length", "notifications"] == 2
    with settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0"):
        started = time.monotonic()
        assert local.get("/health").json()["queues"]["detail"] == "unknown"
        assert time.monotonic() - started < 5


def test_figures_are_for_this_machine_or_for_whoever_has_the_token(client: TestClient) -> None:
    path = "http://testserver/metrics"
    refused(client.get(path), 404, "not_found")
    with settings(METRICS_TOKEN="a token"):
        assert client.get(path, headers={"Authorization": "Bearer a token"}).status_code == 200
        for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Bearer ж".encode()}):
            refused(client.get(path, headers=headers), 401, "not_authenticated")


def test_several_processes_add_up_their_figures(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = str(tmp_path_factory.mktemp("metrics"))
    shared = {"PROMETHEUS_MULTIPROC_DIR": folder}
    with ApiProcess(**shared) as one, ApiProcess(**shared) as other:
        for server in (one, other):
            for _ in range(3):
                server.client.get("/readyz")
        url = f"http://127.0.0.1:{one.port}/metrics"
        refused(one.client.get(url, headers={"X-Forwarded-For": "198.51.100.7"}), 404, "not_found")
        key = 'planner_http_requests_total{method="GET",route="/readyz",status="204"} 6.0'
        assert key in one.client.get(url).text


def test_each_task_has_its_queue() -> None:
    celery_app.loader.import_default_modules()
    queues = {queue_of(name) for name in celery_app.tasks if name.startswith("app.")}
    assert queues == set(QUEUES)
    assert queue_of("app.tasks.email_tasks.send_event_reminders") == "notifications"
    assert queue_of("app.tasks.email_tasks.send_event_invitation") == "mail"
    assert queue_of("app.tasks.cleanup_tasks.cleanup_people") == "housekeeping"
