"""Loads a data set with COPY and leaves the database as a long-running one would be: indexed, vacuumed, analysed."""

from datetime import datetime

import psycopg
from psycopg import sql

from app.core.migrations import upgrade
from bench.dataset import COLUMNS, DERIVED, DataSet, Rows
from bench.shape import SERIES_LENGTH, Shape

# Their secondary indexes are built after the load, which is faster; the definitions are the migration's.
LARGE = ("events", "event_occurrences", "event_participants", "room_bookings")


def load(database_url: str, superuser_url: str, shape: Shape, today: datetime) -> DataSet:
    """Migrate the empty database and fill it.

    Foreign keys are not checked row by row meanwhile: the rows are right by construction. That rooms are free is
    checked when the exclusion constraint is added again.
    """
    upgrade(database_url)
    data = DataSet(shape, today)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        again = _drop_indexes(connection)
        _copy(connection, data.company_rows())
        for rows in data.event_batches():
            _copy(connection, rows)
        for statement in DERIVED:
            connection.execute(statement, {"series_length": SERIES_LENGTH})
        for definition in again:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
    return data


def count(database_url: str, table: str) -> int:
    """The number of rows of a table."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


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


def _copy(connection: psycopg.Connection, rows: Rows) -> None:
    with connection.transaction():
        for table, lines in rows.items():
            statement = f"COPY {table} ({COLUMNS[table]}) FROM STDIN"
            with connection.cursor().copy(statement.encode()) as copy:
                for first in range(0, len(lines), 2000):
                    copy.write("".join(lines[first : first + 2000]))
