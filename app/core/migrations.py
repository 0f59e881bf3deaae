"""Bringing the schema to a revision, and telling how far it is behind."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import psycopg

from app.core.database_role import grant
from app.core.database_url import libpq_url

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(owner_url: str, revision: str = "head", *, application_url: str = "") -> None:
    """Apply the migrations up to `revision`, one process at a time (advisory lock), as the owner of the tables.

    The role of `application_url`, where it is another, gets the rights that the application needs.
    """
    _alembic().upgrade(owner_url, revision)
    if application_url:
        grant(owner_url, application_url)


def downgrade(database_url: str, revision: str) -> None:
    """Undo the migrations down to `revision` ("base" undoes all)."""
    _alembic().downgrade(database_url, revision)


@lru_cache(maxsize=1)
def revisions() -> tuple[str, ...]:
    """Every revision of this code, oldest first: the numbers with which the files of migrations/versions begin."""
    return tuple(sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py")))


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


def _alembic() -> ModuleType:
    # The API and the workers ask for revisions at every start, and never migrate.
    return import_module("app.core.alembic_commands")
