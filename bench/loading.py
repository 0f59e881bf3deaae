"""Loads a data set with COPY and leaves the database as a long-running one would be: indexed, vacuumed, analysed."""

import psycopg

from app.core.migrations import upgrade
from bench.databases import Database
from bench.rows import Loadable, Rows

# Their secondary indexes are built after the load, which is faster; the definitions are the migration's.
LARGE = ("events", "event_occurrences", "event_participants", "room_bookings", "users")
# What the triggers on `users` write, which do not fire during the load.
PERSON_WORDS = """
    INSERT INTO person_words (organization_id, word)
    SELECT DISTINCT organization_id, word
    FROM users CROSS JOIN person_words_of(full_name, position, department) word
    WHERE organization_id IS NOT NULL
"""


def load(database: Database, data: Loadable) -> None:
    """Migrate the empty database and fill it.

    Foreign keys are not checked row by row meanwhile: the rows are right by construction. That rooms are free is
    checked when the exclusion constraint is added again. Triggers do not fire either, so the record of writes stays
    empty.
    """
    upgrade(database.owner_url, application_url=database.url)
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        again = _drop_indexes(connection)
        for rows in data.batches():
            _copy(connection, rows, data.columns)
        for statement in data.derived:
            connection.execute(statement.encode(), data.parameters)
        connection.execute(PERSON_WORDS)
        for definition in again:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _drop_indexes(connection: psycopg.Connection) -> list[str]:
    """Drop what can be built faster at the end; the statements that make it again."""
    again = []
    exclusions = connection.execute(
        """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'x' AND conrelid::regclass::text = ANY(%s)
        """,
        [list(LARGE)],
    ).fetchall()
    for table, name, definition in exclusions:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
        again.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    indexes = connection.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
        WHERE i.indrelid::regclass::text = ANY(%s)
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
        """,
        [list(LARGE)],
    ).fetchall()
    for name, definition in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
        again.append(definition)
    return again


def _copy(connection: psycopg.Connection, rows: Rows, columns: dict[str, str]) -> None:
    with connection.transaction():
        for table, lines in rows.items():
            statement = f"COPY {table} ({columns[table]}) FROM STDIN"
            with connection.cursor().copy(statement.encode()) as copy:
                for first in range(0, len(lines), 2000):
                    copy.write("".join(lines[first : first + 2000]))
