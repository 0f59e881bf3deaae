"""Lists whose JSON PostgreSQL builds: the keys come from the schema that documents the list."""

from datetime import datetime
from typing import LiteralString, get_args

from pydantic import BaseModel

DATE = "YYYY-MM-DD"
# Microseconds are not told: calendars know none, and the text stays equal to what Pydantic writes.
INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'


def json_columns(schema: type[BaseModel], table: str, **expressions: str) -> LiteralString:
    """The select list for rows of `schema`: `table`'s columns by name, but for those given as expressions.

    Instants become ISO 8601 text ending in Z. Everything here is fixed text of this code, never input.
    """
    columns = []
    for name, field in schema.model_fields.items():
        expression = expressions.get(name)
        if expression is None:
            column = f"{table}.{name}"
            expression = instant(column) if _is_instant(field.annotation) else column
        columns.append(f"{expression} AS {name}")
    return ", ".join(columns)


def instant(column: str) -> str:
    """The SQL expression for an instant as ISO 8601 text in UTC."""
    return f"to_char({column} AT TIME ZONE 'UTC', '{INSTANT}')"


def page_json(items: str, next_cursor: str | None) -> bytes:
    """The list envelope around items that are JSON already."""
    cursor = f'"{next_cursor}"' if next_cursor else "null"
    return f'{{"items":{items},"next_cursor":{cursor}}}'.encode()


def _is_instant(annotation: object) -> bool:
    return annotation is datetime or datetime in get_args(annotation)
