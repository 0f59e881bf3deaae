"""The command line: what it loads, how it refuses, and what the doctor makes of the facts."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from obstore.store import MemoryStore

from app.cli import checks, server_checks
from app.cli.checks import Check, mask_url, shown
from app.cli.commands import COMMANDS, load, main
from app.cli.doctor import render
from app.core import file_store, object_store
from app.core.config import DEVELOPMENT_SECRET_KEY, Settings, get_settings
from app.core.file_store import FileStoreUnavailable, get_file_store
from app.core.object_store import ObjectFileStore
from app.supervisor.home import Home, Running
from app.supervisor.postgres import EmbeddedPostgres


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Planner = Callable[..., Done]


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Planner:
    """Run a command line in this process, with these settings in the environment."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str, **environment: str) -> Done:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


def test_the_same_as_a_process() -> None:
    """`python -m app` and the exit code of a wrong option."""
    command = [sys.executable, "-m", "app", "up", "--no-such-option"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr


def test_the_overview_names_every_command(planner: Planner) -> None:
    done = planner("--help")
    assert done.returncode == 0
    assert all(f" {command.name} " in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.name != "demo"])
def test_every_command_exists(name: str) -> None:
    target = next(command.target for command in COMMANDS if command.name == name)
    assert load(target).__doc__


def test_an_unknown_command_is_a_usage_error(planner: Planner) -> None:
    assert planner("upp").returncode == 2


def test_settings_that_cannot_be_used_are_listed(planner: Planner) -> None:
    done = planner("up", PLANNER_PORT="eighty", ENVIRONMENT="live")
    assert done.returncode == 1
    assert done.stderr.startswith("These settings (environment or .env) cannot be used:\n")
    assert "PLANNER_PORT: Input should be a valid integer" in done.stderr
    assert "ENVIRONMENT: Input should be" in done.stderr


@pytest.mark.parametrize("command", ["up", "api", "worker", "beat"])
def test_every_server_refuses_a_weak_key_in_production(planner: Planner, command: str) -> None:
    servers = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = planner(command, ENVIRONMENT="production", SECRET_KEY="short", **servers)
    assert done.returncode == 1
    assert done.stderr.startswith("SECRET_KEY has 5 characters; ENVIRONMENT=production needs at least 32.")
    assert "Traceback" not in done.stderr


def test_an_api_without_servers_says_what_to_do(planner: Planner) -> None:
    done = planner("api")
    assert (done.returncode, done.stderr) == (
        1,
        "DATABASE_URL is not set. Set it, or run everything with: planner up\n",
    )


def test_a_worker_knows_its_queues(planner: Planner) -> None:
    done = planner("worker", "--queues", "mail,nonsense")
    assert done.returncode == 2
    assert "there is no queue nonsense" in done.stderr


def test_create_admin_asks_for_options_where_there_is_no_terminal(planner: Planner) -> None:
    assert "--email is needed" in planner("create-admin").stderr
    assert "--password-stdin or --generate" in planner("create-admin", "--email", "a@example.com").stderr


def test_the_doctor_works_with_nothing_running(planner: Planner) -> None:
    done = planner("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for text in ("not running", "planner up", "secret key", "time zones", "disk"):
        assert text in done.stdout


def test_the_doctor_fails_where_servers_do_not_answer(planner: Planner) -> None:
    done = planner(
        "doctor", DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/x", REDIS_URL="redis://:hunter2@127.0.0.1:1/0"
    )
    assert done.returncode == 1
    assert "fail  database     127.0.0.1:1: Connection refused" in done.stdout
    assert "DATABASE_URL = postgresql://u:***@127.0.0.1:1/x  (environment)" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "value", "printed"),
    [
        ("SECRET_KEY", "x" * 40, "*** (40 characters)"),
        ("PLANNER_ADMIN_PASSWORD", "hunter2", "*** (7 characters)"),
        ("DATABASE_URL", "postgresql://u:p%40ss@h:1/x?sslmode=require", "postgresql://u:***@h:1/x?sslmode=require"),
        ("REDIS_URL", "redis://:p@h/0", "redis://:***@h/0"),
        ("REDIS_URL", "redis://h/0", "redis://h/0"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", 30, "30"),
        ("PLANNER_HOME", Path("var"), "var"),
    ],
)
def test_secrets_are_masked(name: str, value: object, printed: str) -> None:
    assert shown(name, value) == printed


def test_an_unreadable_address_is_masked_whole() -> None:
    assert mask_url("postgresql://u:p@[::1/x") == "***"


@pytest.mark.parametrize(
    ("key", "development", "production"),
    [
        (DEVELOPMENT_SECRET_KEY, "warn", "fail"),
        ("short", "warn", "fail"),
        ("ab" * 30, "warn", "fail"),
        ("tK3w-Qm9zX_8vB2nL5pR7sD1fG4hJ6aYcUeIo", "ok", "ok"),
    ],
)
def test_secret_keys_are_judged(key: str, development: str, production: str) -> None:
    assert checks.check_secret_key(Settings(SECRET_KEY=key)).status == development
    assert checks.check_secret_key(Settings(SECRET_KEY=key, ENVIRONMENT="production")).status == production


@pytest.mark.parametrize(
    ("origins", "status"),
    [("", "ok"), ("https://a.example", "ok"), ("http://a.example", "warn"), ("*", "fail"), ('["*"]', "fail")],
)
def test_cors_is_judged(origins: str, status: str) -> None:
    settings = Settings(BACKEND_CORS_ORIGINS=origins, ENVIRONMENT="production")
    assert checks.check_cors(settings).status == status


def test_time_zone_data_are_compared(tmp_path: Path) -> None:
    assert checks.check_tzdata("2026f", ()).found == "tzdata 2026f (the system's: none)"
    (tmp_path / "tzdata.zi").write_text("# version 2025b\nR x\n")
    assert checks.check_tzdata("2026f", (str(tmp_path),)).status == "ok"
    (tmp_path / "tzdata.zi").write_text("# version 2026g\n")
    behind = checks.check_tzdata("2026f", (str(tmp_path),))
    assert (behind.status, behind.found) == ("warn", "tzdata 2026f is used; the system has 2026g")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ((15, "15.18", "UTF8", True, ["btree_gin", "btree_gist", "pg_trgm"]), "ok"),
        ((14, "14.9", "UTF8", True, ["btree_gin", "btree_gist", "pg_trgm"]), "fail"),
        ((16, "16.1", "UTF8", True, ["btree_gist"]), "fail"),
        ((16, "16.1", "SQL_ASCII", True, ["btree_gin", "btree_gist", "pg_trgm"]), "fail"),
        ((16, "16.1", "UTF8", False, ["btree_gin", "btree_gist", "pg_trgm"]), "fail"),
    ],
)
def test_databases_are_judged(facts: tuple[int, str, str, bool, list[str]], status: str) -> None:
    check = server_checks.judge_database("db:5432", *facts)
    assert check.status == status
    assert bool(check.advice) == (status != "ok")


def test_a_database_is_judged_by_the_role_and_by_the_indexes_that_it_can_use() -> None:
    facts = (16, "16.1", "UTF8", True, ["btree_gin", "btree_gist", "pg_trgm"])
    unsafe = server_checks.judge_database("db:5432", *facts, unsafe="It is a superuser.", slow=["textlike(text)"])
    assert (unsafe.status, unsafe.advice) == ("fail", "It is a superuser.")
    slow = server_checks.judge_database("db:5432", *facts, slow=["pg_catalog.textlike(text, text)"])
    assert (slow.status, slow.found) == ("warn", "PostgreSQL 16.1 at db:5432, where textlike is not LEAKPROOF")
    assert "docs/postgresql.sql" in slow.advice


def test_the_embedded_database_is_good(shared_postgres: EmbeddedPostgres) -> None:
    check = server_checks.check_database(shared_postgres.url)
    assert (check.status, check.found) == ("ok", f"PostgreSQL 18.6 at 127.0.0.1:{shared_postgres.port}")


def test_workers_are_alive_for_half_a_minute() -> None:
    beats = [(b"celery@b", 970.0), (b"celery@a", 969.0)]
    alive = server_checks.judge_workers(beats, 1000.0)
    assert (alive.status, alive.found) == ("ok", "1 alive: celery@b")
    gone = server_checks.judge_workers(beats, 2000.0)
    assert (gone.status, gone.found) == ("fail", "the last was heard 1030 s ago")
    assert server_checks.judge_workers([], 1000.0).status == "fail"


def test_a_run_that_is_not_ready_is_told(own_home: Path) -> None:
    running = Running(pid=7, url="http://127.0.0.1:1")
    assert checks.check_running(Settings(PLANNER_PORT=1), running).status == "warn"
    assert checks.check_running(Settings(PLANNER_PORT=1), None).found == "not running"


def test_disk_is_measured_before_the_folder_exists(own_home: Path) -> None:
    assert "free for" in checks.check_disk(Home(own_home)).found


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[Callable[..., Settings]]:
    """Makes the settings whose store of files this process uses, on a disk or in a bucket."""
    with pytest.MonkeyPatch.context() as patch:

        def choose(**values: Any) -> Settings:
            get_file_store.cache_clear()
            settings = Settings(UPLOADS_DIR=tmp_path / "none" / "uploads", **values)
            patch.setattr(file_store, "get_settings", lambda: settings)
            return settings

        yield choose
    get_file_store.cache_clear()


def test_files_lie_where_this_user_may_write(own_store: Callable[..., Settings], tmp_path: Path) -> None:
    settings = own_store()
    assert checks.check_file_store(settings) == Check("ok", "files", str(settings.UPLOADS_DIR / "attachments"))
    assert list(tmp_path.iterdir()) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", lambda place, _: place != tmp_path)
        check = checks.check_file_store(settings)
    assert (check.status, str(tmp_path) in check.advice) == ("fail", True)


def test_a_bucket_is_tried(own_store: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = own_store(FILE_STORE_URL="s3://files/planner")
    bucket = ObjectFileStore(MemoryStore())
    monkeypatch.setattr(object_store, "bucket", lambda url: bucket)
    assert checks.check_file_store(settings) == Check("ok", "files", "s3://files/planner")
    assert list(bucket.list()) == []

    def refuse(*_: Any) -> None:
        raise FileStoreUnavailable("PermissionDeniedError: 403")

    monkeypatch.setattr(ObjectFileStore, "put", refuse)
    check = checks.check_file_store(settings)
    assert (check.status, check.found) == ("fail", "s3://files/planner: PermissionDeniedError: 403")
    assert "AWS_REGION" in check.advice


def test_a_bucket_without_the_extra_says_what_to_install(
    own_store: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    for name in ("obstore.exceptions", "obstore.store", "app.core.object_store"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    check = checks.check_file_store(own_store(FILE_STORE_URL="s3://files"))
    assert check.status == "fail"
    assert "planner[s3]" in check.advice


def test_each_failure_says_what_to_do() -> None:
    lines = render([Check("ok", "disk", "fine"), Check("fail", "redis", "h:1: refused", "Start it.")])
    assert lines == [
        "ok    disk         fine",
        "fail  redis        h:1: refused",
        "                   -> Start it.",
    ]
