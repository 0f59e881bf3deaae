"""PLANNER_HOME: its lock, its secrets, and which settings win."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.config import DEVELOPMENT_SECRET_KEY, InsecureSettings, Settings, check_production
from app.supervisor.configuration import ConfiguredSettings, place
from app.supervisor.errors import SupervisorError
from app.supervisor.home import Home, InUse, Running

DEADLINE_SECONDS = 20.0

HOLD = """
import signal
import sys
from pathlib import Path
from app.supervisor.home import Home
lock = Home(Path(sys.argv[1])).lock("up")
lock.note(url="http://127.0.0.1:8000")
print("locked", flush=True)
signal.pause()
"""


def test_a_second_instance_is_told_about_the_first(
    own_home: Path, run_script: Callable[..., subprocess.Popen[str]]
) -> None:
    first = run_script(HOLD, str(own_home))
    assert first.stdout
    assert first.stdout.readline() == "locked\n"
    with pytest.raises(InUse) as refused:
        Home(own_home).lock()
    text = str(refused.value)
    assert f"Planner is already running on {own_home}: http://127.0.0.1:8000 (pid {first.pid}, since 20" in text
    running = Home(own_home).running()
    assert running
    assert running.pid == first.pid


def test_a_killed_instance_leaves_no_lock_but_is_known(
    own_home: Path, run_script: Callable[..., subprocess.Popen[str]]
) -> None:
    first = run_script(HOLD, str(own_home))
    assert first.stdout
    first.stdout.readline()
    first.kill()
    first.wait(DEADLINE_SECONDS)
    assert Home(own_home).running() is None
    with Home(own_home).lock() as lock:
        assert lock.previous
        assert lock.previous.pid == first.pid
    with Home(own_home).lock() as lock:
        assert lock.previous is None


def test_a_short_command_is_named(own_home: Path) -> None:
    with Home(own_home).lock("migrate"), pytest.raises(InUse, match="'planner migrate' is using"):
        Home(own_home).lock()


def test_a_broken_lock_file_is_no_obstacle(own_home: Path) -> None:
    Home(own_home).create()
    (own_home / "lock").write_text('{"pid": 1, "child')
    with Home(own_home).lock() as lock:
        assert lock.previous


@pytest.mark.parametrize("broken", ["", "[1]", "{", '"text"'])
def test_a_broken_embedded_file_is_written_anew(own_home: Path, broken: str) -> None:
    home = Home(own_home)
    home.create()
    home.embedded_file.write_text(broken)
    home.ensure_secret_key()
    assert len(home.embedded()["SECRET_KEY"]) >= 48


def test_the_secret_key_is_kept_for_ever_and_private(own_home: Path) -> None:
    home = Home(own_home)
    home.create()
    home.ensure_secret_key()
    key = home.embedded()["SECRET_KEY"]
    home.keep(DATABASE_URL="postgresql://planner:new@127.0.0.1:2/planner")
    home.ensure_secret_key()
    assert home.embedded()["SECRET_KEY"] == key
    assert home.embedded_file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in own_home.iterdir()) == ["beat", "embedded.json", "lock", "log"]


def test_a_home_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SupervisorError, match="set PLANNER_HOME to another folder"):
        Home(tmp_path / "file" / "home").create()


def test_environment_then_dotenv_then_embedded_then_default(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(own_home)
    assert Settings().SECRET_KEY == DEVELOPMENT_SECRET_KEY
    assert Settings().DATABASE_URL == ""
    home.create()
    home.keep(DATABASE_URL="postgresql://embedded/x", REDIS_URL="redis://embedded/0", SECRET_KEY="embedded")
    assert (Settings().DATABASE_URL, Settings().SECRET_KEY) == ("postgresql://embedded/x", "embedded")
    assert Settings().CELERY_BROKER_URL == "redis://embedded/0"
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://dotenv/x\nREDIS_URL=\n")
    assert (Settings().DATABASE_URL, Settings().REDIS_URL) == ("postgresql://dotenv/x", "redis://embedded/0")
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/x")
    assert Settings().DATABASE_URL == "postgresql://environment/x"


def test_what_planner_wrote_itself_counts_as_not_configured(own_home: Path) -> None:
    home = Home(own_home)
    home.create()
    home.keep(DATABASE_URL="postgresql://embedded/x", REDIS_URL="redis://embedded/0", SECRET_KEY="embedded")
    configured = ConfiguredSettings()
    assert (configured.DATABASE_URL, configured.REDIS_URL) == ("", "")
    assert configured.needs_embedded
    assert not configured.has_secret_key


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (DEVELOPMENT_SECRET_KEY, "SECRET_KEY is not set. ENVIRONMENT=production needs a key of its own."),
        ("short", "SECRET_KEY has 5 characters; ENVIRONMENT=production needs at least 32."),
    ],
)
def test_production_refuses_a_key_that_can_be_guessed(key: str, text: str) -> None:
    with pytest.raises(InsecureSettings) as refused:
        check_production(Settings(ENVIRONMENT="production", SECRET_KEY=key))
    assert text in str(refused.value)
    assert "python -c" in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://planner:secret@db.example.com/planner", "db.example.com:5432"),
        ("postgresql+psycopg://planner:secret@db:6000/planner", "db:6000"),
        ("redis://:secret@cache/0", "cache:6379"),
        ("unix:///run/valkey.sock?db=1", "/run/valkey.sock"),
        ("nonsense", "nonsense"),
        ("postgresql://u:secret@host:port/x", "host"),
    ],
)
def test_places_never_show_a_password(url: str, shown: str) -> None:
    assert place(url) == shown
    assert "secret" not in place(url)


def test_the_lock_is_not_inherited(own_home: Path, run_script: Callable[..., subprocess.Popen[str]]) -> None:
    script = """
import os, sys, subprocess
from pathlib import Path
from app.supervisor.home import Home
lock = Home(Path(sys.argv[1])).lock("up")
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], stdout=subprocess.DEVNULL)
print("started", flush=True)
os._exit(0)
"""
    process = run_script(script, str(own_home))
    assert process.stdout
    process.stdout.readline()
    process.wait(DEADLINE_SECONDS)
    with Home(own_home).lock():
        pass
    os.killpg(process.pid, 9)


def test_whoever_reads_the_lock_while_it_is_written_sees_all_of_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.lock() as lock, (tmp_path / "home" / "lock").open() as reader:
        lock.note(url="http://127.0.0.1:1")
        stop, seen = threading.Event(), set()

        def read() -> None:
            while not stop.is_set():
                seen.add(Running.watch(reader).url)

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(2000):
            lock.note(url="http://127.0.0.1:1" + "0" * (number % 40))
        stop.set()
        thread.join()
    assert "" not in seen
    assert len(seen) > 1
