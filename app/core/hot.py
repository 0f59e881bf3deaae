"""Statements on the path of every request, run by the driver itself.

The ORM's work per call is larger than that of these queries, so they skip it; the driver prepares them on the
server after a few uses. Everything else goes through SQLModel.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

from psycopg import Connection
from sqlmodel import Session

# The driver parses a longer one anew on every call, which costs as much as a small query.
LONGEST_REMEMBERED = 4096


def hot_statement(text: LiteralString) -> LiteralString:
    """The statement with each run of white space as one space; its literals must hold no such runs."""
    compact = " ".join(text.split())
    assert len(compact) <= LONGEST_REMEMBERED, f"{len(compact)} characters are more than psycopg remembers"
    return compact


@contextmanager
def snapshot(session: Session) -> Iterator[None]:
    """Let the statements inside see the database as it is at the first of them.

    For sessions that read in autocommit; what fails inside is rolled back when the connection returns to the pool.
    """
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    yield
    connection.execute("COMMIT")


def fetch_row(session: Session, statement: LiteralString, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    """The first row of a fixed statement, in the session's own transaction; None without one."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    return connection.execute(statement, parameters).fetchone()


def fetch_rows(session: Session, statement: LiteralString, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Every row of a fixed statement, in the session's own transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    return connection.execute(statement, parameters).fetchall()
