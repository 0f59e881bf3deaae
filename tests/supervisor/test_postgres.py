"""The embedded PostgreSQL, on the real server."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psutil
import psycopg
import pytest

from app.core.database_role import not_leakproof, problem_of_role
from app.supervisor.errors import ServerFailed
from app.supervisor.launch import wrap
from app.supervisor.leftovers import has_ended
from app.supervisor.postgres import EmbeddedPostgres

POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
DEADLINE_SECONDS = 20.0


def one(url: str, query: LiteralString) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def kill(server: EmbeddedPostgres) -> None:
    pid = server.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert server._process
    server._process.wait(DEADLINE_SECONDS)


def test_russian_text_is_compared_as_people_expect(shared_postgres: EmbeddedPostgres) -> None:
    assert one(shared_postgres.url, "SELECT lower('ПРИВЕТ')") == "привет"
    assert one(shared_postgres.url, "SELECT 'Ёлка' ILIKE 'ёЛКА'") is True


def test_the_owner_is_no_superuser_but_can_make_what_migrations_need(shared_postgres: EmbeddedPostgres) -> None:
    url = shared_postgres.owner_url
    assert one(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    with psycopg.connect(url) as connection:
        for extension in ("btree_gist", "pg_trgm", "unaccent", "citext"):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
        connection.execute("CREATE TABLE made_by_a_migration ()")
        connection.rollback()


def test_the_application_owns_nothing_and_can_make_nothing(shared_postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(shared_postgres.url) as connection:
        assert problem_of_role(connection) is None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE of_its_own ()")
    with psycopg.connect(shared_postgres.superuser_url) as connection:
        assert "is a superuser" in str(problem_of_role(connection))


def test_indexes_serve_under_row_level_security(shared_postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(shared_postgres.url) as connection:
        assert not_leakproof(connection) == []


def test_data_of_a_version_in_which_the_application_was_the_owner_get_its_role(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute("DROP ROLE planner_app")
        connection.execute("DROP EXTENSION pg_trgm")
        connection.execute("ALTER FUNCTION pg_catalog.range_overlaps(anyrange, anyrange) NOT LEAKPROOF")
    postgres.stop()
    (postgres.data_dir / "planner-roles").unlink()
    again = EmbeddedPostgres(postgres.data_dir, settings={"fsync": "off"})
    with again, psycopg.connect(again.url) as connection:
        assert problem_of_role(connection) is None
        assert not_leakproof(connection) == []


def test_only_this_machine_and_only_with_the_password(shared_postgres: EmbeddedPostgres) -> None:
    url = shared_postgres.url
    assert one(url, "SHOW listen_addresses") == "127.0.0.1"
    assert one(shared_postgres.superuser_url, "SHOW unix_socket_directories") == ""
    assert one(url, "SHOW timezone") == "UTC"
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(url.replace(shared_postgres.secrets["application_password"], "guessed"))


def test_committed_rows_survive_a_kill(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.start().owner_url) as connection:
        connection.execute("CREATE TABLE kept (text text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")
    kill(postgres)
    assert one(postgres.start().owner_url, "SELECT text FROM kept") == "acknowledged"


def test_address_and_password_stay_from_start_to_start(postgres: EmbeddedPostgres) -> None:
    first = postgres.start().url
    postgres.stop()
    again = EmbeddedPostgres(postgres.data_dir, settings={"fsync": "off"})
    again.prepare()
    assert again.url == first


def test_a_port_taken_meanwhile_is_replaced(postgres: EmbeddedPostgres) -> None:
    postgres.prepare()
    taken = postgres.port
    with socket.create_server(("127.0.0.1", taken)):
        postgres.start()
        assert postgres.port != taken
        assert one(postgres.url, "SELECT 1") == 1


def test_a_first_start_killed_halfway_is_repaired(
    tmp_path: Path, run_script: Callable[..., subprocess.Popen[str]], eventually: Callable[..., None]
) -> None:
    script = """
from pathlib import Path
from typing import LiteralString
from app.supervisor.postgres import EmbeddedPostgres
EmbeddedPostgres(Path("new-server"), settings={"fsync": "off"}).prepare()
"""
    process = run_script(script)
    half_done = tmp_path / "new-server.new"
    eventually((half_done / "PG_VERSION").exists)
    process.kill()
    process.wait(DEADLINE_SECONDS)
    assert not (tmp_path / "new-server").exists()

    with EmbeddedPostgres(tmp_path / "new-server", settings={"fsync": "off"}) as server:
        assert one(server.url, "SELECT current_database()") == "planner"
    assert not half_done.exists()


def test_a_lock_file_that_names_an_unrelated_process_is_no_obstacle(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    kill(postgres)
    sleep = shutil.which("sleep")
    assert sleep
    # The same user as the server's, or PostgreSQL would see at once that the process cannot be its own.
    command = wrap([sleep, "60"], death_signal=signal.SIGKILL, drop_root=True)
    with subprocess.Popen(command) as unrelated:
        lock = postgres.data_dir / "postmaster.pid"
        lock.write_text("\n".join([str(unrelated.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        assert one(postgres.start().url, "SELECT 1") == 1
        assert unrelated.poll() is None
        unrelated.kill()


def test_a_server_left_behind_is_stopped_first(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    assert postgres.pid
    left_behind = psutil.Process(postgres.pid)
    with EmbeddedPostgres(postgres.data_dir, settings={"fsync": "off"}) as server:
        assert one(server.url, "SELECT 1") == 1
        assert server.pid != left_behind.pid
        assert has_ended(left_behind)


def test_data_of_another_major_version_are_left_alone(postgres: EmbeddedPostgres) -> None:
    (postgres.data_dir / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerFailed, match=r"belong to PostgreSQL 17, and this is 18.*pg_dump"):
        postgres.prepare()


@pytest.mark.skipif(not POSTGRES_15.is_dir(), reason="PostgreSQL 15 is not installed")
def test_the_distributions_postgresql_15_serves_as_well(tmp_path: Path) -> None:
    settings = {"fsync": "off", "work_mem": "5MB"}
    with EmbeddedPostgres(tmp_path / "fifteen", bin_dir=POSTGRES_15, settings=settings) as server:
        assert str(one(server.url, "SHOW server_version")).startswith("15.")
        assert one(server.url, "SHOW work_mem") == "5MB"
        assert one(server.url, "SELECT lower('ПРИВЕТ')") == "привет"


def test_the_files_are_private(shared_postgres: EmbeddedPostgres) -> None:
    state = shared_postgres.data_dir.with_name("postgres.json")
    assert state.stat().st_mode & 0o077 == 0
    assert shared_postgres.data_dir.stat().st_mode & 0o077 == 0
