"""A Celery worker as a process of its own, without beat: it does only what it is asked for."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.supervisor.waiting import retry_until
from tests.support.api_process import ROOT

SECONDS = 60


@contextmanager
def running_worker(**environment: str) -> Iterator[Path]:
    """A worker that is ready, with the settings of the test run and these; the file to which it writes."""
    with tempfile.NamedTemporaryFile("w+") as output:
        command = [sys.executable, "-m", "celery", "-A", "app.celery_app", "worker", "--loglevel=info", "-c", "1"]
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "LOG_LEVEL": "INFO", **environment}, stdout=output, stderr=output
        )
        path = Path(output.name)
        try:
            assert retry_until(lambda: " ready." in path.read_text(), SECONDS), path.read_text()
            yield path
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)
