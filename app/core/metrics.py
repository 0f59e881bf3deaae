"""Figures for Prometheus: what this process counts. Several processes add up theirs in PROMETHEUS_MULTIPROC_DIR."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

# Of what no route answers, whatever path somebody thinks of.
NO_ROUTE = "(none)"
REQUESTS = Counter("planner_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "planner_http_request_seconds",
    "Time until the answer began",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
STREAMS = Gauge("planner_streams_open", "Live streams open", ["kind"], multiprocess_mode="livesum")


def render(*collectors: Collector) -> bytes:
    """All figures in Prometheus' text form, with those of more collectors."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
