"""Figures for Prometheus, at the root of the server."""

import secrets
from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.core import metrics
from app.core.config import get_settings
from app.core.errors import NotFound, Unauthenticated
from app.db import SessionLocal
from app.services import backlog_service, health_service
from app.services.backlog_service import Backlog

router = APIRouter(tags=["service"])


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def read_metrics(request: Request) -> Response:
    """With `Authorization: Bearer` and METRICS_TOKEN; where none is set, only for programs on this machine."""
    _require_access(request)
    backlog = backlog_service.watch.state(SessionLocal)
    content = metrics.render(BacklogCollector(backlog, health_service.count_workers()))
    return Response(content, media_type=CONTENT_TYPE_LATEST)


def _require_access(request: Request) -> None:
    token = get_settings().METRICS_TOKEN
    if token:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), token.encode()):
            raise Unauthenticated("not_authenticated")
    elif not _is_local(request):
        raise NotFound("not_found")


def _is_local(request: Request) -> bool:
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        # A proxy on this machine speaks for somebody else.
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class BacklogCollector(Collector):
    """What waits, as gauges. What is not known is left out."""

    def __init__(self, backlog: Backlog, workers: int | None) -> None:
        self._backlog = backlog
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        backlog = self._backlog
        outbox, queues = backlog.outbox or {}, backlog.queues or {}
        yield _gauge(
            "planner_outbox_waiting",
            "Messages that are due, up to 100,000",
            "channel",
            {name: each.count for name, each in outbox.items()},
        )
        yield _gauge(
            "planner_outbox_oldest_seconds",
            "For how long the oldest message has been due",
            "channel",
            {name: each.seconds for name, each in outbox.items()},
        )
        yield _gauge("planner_outbox_failed", "Messages given up in the last day", "channel", backlog.failed)
        yield _gauge(
            "planner_queue_length", "Tasks that wait", "queue", {name: each.count for name, each in queues.items()}
        )
        yield _gauge(
            "planner_queue_oldest_seconds",
            "For how long the oldest task has waited",
            "queue",
            {name: each.seconds for name, each in queues.items()},
        )
        for name, text, value in (
            ("planner_reminders_overdue_seconds", "For how long the oldest reminder has been due", backlog.reminders),
            ("planner_workers", "Workers that gave a sign of life in the last 30 s", self._workers),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
