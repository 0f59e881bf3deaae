"""Real servers and small programs for the tests of the supervisor."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.config import get_settings
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.waiting import retry_until

DEADLINE_SECONDS = 20.0
FAST = {"fsync": "off"}

Script = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A PLANNER_HOME of the test's own, and none of the settings of whoever runs the tests."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CELERY_BROKER_URL", "SECRET_KEY", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    monkeypatch.setenv("PLANNER_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    get_settings.cache_clear()
    yield home
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as the first start leaves it."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("template") / "postgres", settings=FAST)
    server.prepare()
    return server.data_dir


@pytest.fixture(scope="session")
def shared_postgres(postgres_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running server for tests that change nothing."""
    directory = tmp_path_factory.mktemp("shared") / "postgres"
    shutil.copytree(postgres_template, directory)
    shutil.copy(postgres_template.with_name("postgres.json"), directory.with_name("postgres.json"))
    with EmbeddedPostgres(directory, settings=FAST) as server:
        yield server


@pytest.fixture
def postgres(postgres_template: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, created but not started."""
    directory = tmp_path / "postgres"
    shutil.copytree(postgres_template, directory)
    shutil.copy(postgres_template.with_name("postgres.json"), tmp_path / "postgres.json")
    server = EmbeddedPostgres(directory, settings=FAST)
    yield server
    server.stop()


@pytest.fixture
def run_script(tmp_path: Path) -> Iterator[Script]:
    """Start a Python script of a few lines; whatever still runs at the end of the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(text: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        root = str(Path(__file__).resolve().parents[2])
        process = subprocess.Popen(
            [sys.executable, "-c", text, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": root, **(env or {})},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=DEADLINE_SECONDS)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds that nothing announces; fail after 20 seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        assert retry_until(condition, DEADLINE_SECONDS), "it did not happen within 20 s"

    return wait
