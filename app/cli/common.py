"""What several commands share."""

import os
import sys
from importlib import import_module
from typing import Any

from app.core.config import Settings, check_production, get_settings
from app.supervisor.errors import ServerFailed


def say(text: str) -> None:
    """A message that is not the command's result."""
    print(text, file=sys.stderr, flush=True)


def celery_app() -> Any:
    """The Celery application; loaded only once the settings are known to be good."""
    return import_module("app.celery_app").celery_app


def wait_at_gate() -> None:
    """Wait until `planner up`, if it started this process, has prepared everything."""
    gate = os.environ.pop("PLANNER_GATE_FD", None)
    if gate:
        with os.fdopen(int(gate), "rb") as pipe:
            pipe.read()


def serving_settings() -> Settings:
    """The settings for a process that serves: fit for production, and with servers to talk to.

    Raises:
        InsecureSettings: the settings are not fit for production.
        ServerFailed: no database or no Redis is configured.
    """
    settings = get_settings()
    check_production(settings)
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not getattr(settings, name):
            raise ServerFailed(f"{name} is not set. Set it, or run everything with: planner up")
    return settings
