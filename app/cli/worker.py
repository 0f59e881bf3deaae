"""`planner worker`."""

import os
import signal
import sys
from typing import Annotated, Any

import typer
from celery.signals import worker_process_init

from app.cli.common import celery_app, serving_settings
from app.core.queues import QUEUES
from app.supervisor.unprivileged import die_with_parent

MAX_PROCESSES = 2
# A fresh process has about 120 MB; one that grew beyond this is replaced after its task.
MAX_KIBIBYTES = 400_000


def _end_with_the_worker(**_: Any) -> None:
    """A killed worker leaves no process behind that goes on with a task nobody waits for."""
    if sys.platform == "linux":
        die_with_parent(os.getppid(), signal.SIGKILL)


worker_process_init.connect(_end_with_the_worker, weak=False)


def worker(
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Tasks at the same time; by default 2, or 1 on one core."),
    ] = None,
    queues: Annotated[
        str,
        typer.Option(help=f"Which queues it serves, of {', '.join(QUEUES)}; all, if not said."),
    ] = ",".join(QUEUES),
) -> None:
    """Run a Celery worker alone."""
    if unknown := set(queues.split(",")) - set(QUEUES):
        raise typer.BadParameter(f"there is no queue {', '.join(sorted(unknown))}", param_hint="--queues")
    settings = serving_settings()
    processes = concurrency or min(os.cpu_count() or 1, MAX_PROCESSES)
    celery_app().worker_main(
        [
            "worker",
            f"--loglevel={settings.LOG_LEVEL}",
            f"--concurrency={processes}",
            f"--queues={queues}",
            f"--max-memory-per-child={MAX_KIBIBYTES}",
            # Talk between workers that nothing here needs, and a second of start.
            *("--without-gossip", "--without-mingle"),
        ]
    )


if __name__ == "__main__":
    worker()
