"""Whether rows that were loaded without checks point to rows that are there."""

import psycopg

from bench.databases import Database


def check_foreign_keys(database: Database) -> int:
    """Add every foreign key again, which makes PostgreSQL look, and forget that; how many there are."""
    with psycopg.connect(database.superuser_url) as connection:
        keys = connection.execute(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        ).fetchall()
        for table, name, definition in keys:
            connection.execute(
                f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}".encode()
            )
        connection.rollback()
    return len(keys)
