"""The servers of a test run."""

import os
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from app.core.migrations import upgrade
from app.supervisor.postgres import EmbeddedPostgres
from app.supervisor.valkey import EmbeddedValkey

# Nothing in a test run has to survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
TEMPLATE = "planner_template"


@dataclass
class Servers:
    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    def environment(self) -> dict[str, str]:
        return {
            "TEST_DATABASE_URL": self.postgres.url,
            "TEST_OWNER_URL": self.postgres.owner_url,
            "TEST_SUPERUSER_URL": self.postgres.superuser_url,
            "TEST_REDIS_URL": self.valkey.url.removesuffix("/0"),
        }

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()


def start_servers(folder: Path, bin_dir: Path | None = None) -> Servers:
    """Start both servers with their data below `folder`, and migrate the template database."""
    postgres = EmbeddedPostgres(folder / "postgres", bin_dir=bin_dir, settings=FAST)
    valkey = EmbeddedValkey(folder / "valkey")
    postgres.start()
    valkey.start()
    servers = Servers(postgres, valkey)
    upgrade(postgres.owner_url, application_url=postgres.url)
    with psycopg.connect(postgres.superuser_url.replace("/planner", "/postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE planner RENAME TO {TEMPLATE}")
    return servers


def clone_template(name: str) -> str:
    """A fresh database with the newest schema; its URL for the application."""
    maintenance = os.environ["TEST_SUPERUSER_URL"].rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        database = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER planner").format(database, sql.Identifier(TEMPLATE))
        )
    return in_database(os.environ["TEST_DATABASE_URL"], name)


def in_database(url: str, name: str) -> str:
    """The same server and user, another database."""
    return url.rsplit("/", 1)[0] + "/" + name


def superuser_url(application_url: str) -> str:
    """The same database as a superuser, who sees every row: for tests that look at what is really there."""
    return in_database(os.environ["TEST_SUPERUSER_URL"], application_url.rsplit("/", 1)[1])
