"""Bringing the schema to a revision, and telling how far it is behind."""

from functools import lru_cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.database import libpq_url

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def alembic_config(database_url: str = "") -> Config:
    config = Config(MIGRATIONS.parent / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str, revision: str = "head") -> None:
    """Apply the migrations up to `revision`, one process at a time (advisory lock)."""
    command.upgrade(alembic_config(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Undo the migrations down to `revision` ("base" undoes all)."""
    command.downgrade(alembic_config(database_url), revision)


@lru_cache(maxsize=1)
def revisions() -> tuple[str, ...]:
    """Every revision of this code, oldest first."""
    script = ScriptDirectory.from_config(alembic_config())
    return tuple(reversed([revision.revision for revision in script.walk_revisions()]))


def pending(database_url: str) -> list[str]:
    """The revisions that the database does not have yet, oldest first."""
    with psycopg.connect(libpq_url(database_url), connect_timeout=5, autocommit=True) as connection:
        table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if table is None or table[0] is None:
            return list(revisions())
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return pending_after(row[0] if row else None)


def pending_after(current: str | None) -> list[str]:
    """The revisions after `current`, oldest first; none when a newer code than this one migrated the database."""
    known = revisions()
    if current is None:
        return list(known)
    return list(known[known.index(current) + 1 :]) if current in known else []
