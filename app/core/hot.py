"""Statements on the path of every request, run by the driver itself.

The ORM's work per call is larger than that of these queries, so they skip it; the driver prepares them on the
server after a few uses. Everything else goes through SQLModel.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, RawCursor
from sqlmodel import Session

_PARAMETER = re.compile(r"%\((\w+)\)s|%%")


@dataclass(frozen=True, slots=True)
class HotStatement:
    """A statement with PostgreSQL's own placeholders, so that the driver need not read it anew on every call."""

    sql: LiteralString
    names: tuple[str, ...]

    def values(self, parameters: dict[str, Any]) -> list[Any]:
        """The parameters in the order of the placeholders."""
        return [parameters[name] for name in self.names]


def hot_statement(text: LiteralString) -> HotStatement:
    """The statement with `%(name)s` as $1, $2, ..., and each run of white space as one space.

    Its literals must hold no such runs; a percent sign is written twice.
    """
    names: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "%"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    sql: Any = _PARAMETER.sub(numbered, " ".join(text.split()))
    return HotStatement(sql, tuple(names))


@contextmanager
def snapshot(session: Session) -> Iterator[None]:
    """Let the statements inside see the database as it is at the first of them.

    For sessions that read in autocommit; what fails inside is rolled back when the connection returns to the pool.
    """
    connection = _driver(session)
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    yield
    connection.execute("COMMIT")


def fetch_row(
    session: Session, statement: HotStatement | LiteralString, parameters: dict[str, Any]
) -> tuple[Any, ...] | None:
    """The first row of a fixed statement, in the session's own transaction; None without one."""
    row: tuple[Any, ...] | None = _execute(session, statement, parameters).fetchone()
    return row


def fetch_rows(
    session: Session, statement: HotStatement | LiteralString, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Every row of a fixed statement, in the session's own transaction."""
    rows: list[tuple[Any, ...]] = _execute(session, statement, parameters).fetchall()
    return rows


def _execute(session: Session, statement: HotStatement | LiteralString, parameters: dict[str, Any]) -> Any:
    connection = _driver(session)
    if isinstance(statement, HotStatement):
        return RawCursor(connection).execute(statement.sql, statement.values(parameters))
    return connection.execute(statement, parameters)


def _driver(session: Session) -> Connection[Any]:
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, Connection)
    return connection
