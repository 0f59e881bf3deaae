"""Hundreds of rows in one statement: as one JSON text that PostgreSQL takes apart.

COPY is not for tables with row-level security, and a statement a row costs a round trip a row.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, SQLModel

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_rows(
    session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], *, ending: str = ""
) -> None:
    """Insert rows that all have the same columns; `ending` is SQL, such as what to do on a conflict."""
    if rows:
        session.execute(_insertion(model, tuple(rows[0]), ending), {"rows": _as_json(rows)})


def update_rows(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change the other columns of the rows that `organization_id` and `id` name. All have the same columns."""
    if rows:
        session.execute(_update(model, tuple(rows[0])), {"rows": _as_json(rows)})


@lru_cache(maxsize=64)
def _insertion(model: type[SQLModel], columns: tuple[str, ...], ending: str) -> TextClause:
    table = _table_of(model)
    listed = ", ".join(f'"{name}"' for name in columns)
    return text(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {_records(table, columns)} {ending}")


@lru_cache(maxsize=64)
def _update(model: type[SQLModel], columns: tuple[str, ...]) -> TextClause:
    table = _table_of(model)
    changes = ", ".join(f'"{name}" = r."{name}"' for name in columns if name not in ("organization_id", "id"))
    return text(
        f"UPDATE {table.name} t SET {changes} FROM {_records(table, columns)}"
        " WHERE t.organization_id = r.organization_id AND t.id = r.id"
    )


def _table_of(model: type[SQLModel]) -> Table:
    table = SQLModel.metadata.tables[str(model.__tablename__)]
    assert isinstance(table, Table)
    return table


def _records(table: Table, columns: Iterable[str]) -> str:
    types = ", ".join(f'"{name}" {table.columns[name].type.compile(_DIALECT)}' for name in columns)
    return f"jsonb_to_recordset(CAST(:rows AS jsonb)) AS r ({types})"


def _as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Range):
        lower, upper = (_plain(bound) if bound is not None else "" for bound in (value.lower, value.upper))
        return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"
    raise TypeError(f"{type(value).__name__} has no JSON")
