"""What repeats for every noun: finding a visible row, versions, applying changes, keyset pages."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, and_, case, delete, literal_column, or_, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from app.core.errors import Conflict, Invalid, NotFound, PreconditionFailed

Row = TypeVar("Row", bound=SQLModel)


def get_visible(session: Session, visible: Select[Row], row_id: UUID, code: str, *, lock: bool = False) -> Row:
    """The row with this id among those that `visible` selects; `lock` keeps other writers out until the commit.

    Raises:
        NotFound: with `code`; whether the row does not exist or is hidden makes no difference.
    """
    model = visible.column_descriptions[0]["entity"]
    query = visible.where(model.id == row_id)
    if lock:
        query = query.with_for_update(of=model, key_share=True).execution_options(populate_existing=True)
    row: Row | None = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound(code)
    return row


def check_version(row: Any, if_match: frozenset[int] | None) -> None:
    """Compare a locked row's version with those that If-Match names (RFC 9110 §13.1.1); None means any.

    Raises:
        PreconditionFailed: somebody changed the row since the client read it.
    """
    if if_match is not None and row.version not in if_match:
        raise PreconditionFailed("version_mismatch", version=row.version)


def apply_changes(row: Any, values: Mapping[str, Any]) -> set[str]:
    """Set what differs and raise the version if anything did; the names of the columns that changed."""
    changed = {name for name, value in values.items() if getattr(row, name) != value}
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.version += 1
    return changed


Conflicts = Mapping[str, tuple[str, Mapping[str, Any]]]


def flush(session: Session, conflicts: Conflicts | None = None) -> None:
    """Write what is pending.

    Raises:
        Conflict: a constraint refused it; `conflicts` maps names of constraints to a code and its params.
    """
    with refusals_as(conflicts):
        session.flush()


@contextmanager
def refusals_as(conflicts: Conflicts | None = None) -> Iterator[None]:
    """Tell the refusals of constraints as `flush` does, for statements that write rows in bulk.

    Raises:
        Conflict: a constraint refused what was written.
    """
    try:
        yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        code, params = (conflicts or {}).get(constraint or "", ("still_in_use", {}))
        raise Conflict(code, **params) from error


def delete_written_before(
    session: Session, table: type[SQLModel], organization_id: UUID, moment: datetime, batch: int
) -> int:
    """Delete up to `batch` of a company's rows whose `created_at` is before an instant, and say how many went.

    What somebody else has locked stays for the next time.
    """
    columns: Any = table
    old = (
        select(columns.id)
        .where(columns.organization_id == organization_id, columns.created_at < moment)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    statement = delete(table).where(columns.organization_id == organization_id, columns.id.in_(old.scalar_subquery()))
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is wanted: at most `limit` rows after the one that `cursor` names."""

    limit: int
    cursor: str | None = None


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque cursor from the sort keys of a page's last row."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    text = json.dumps([str(value) if isinstance(value, UUID) else value for value in plain])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, types: Sequence[type]) -> list[Any]:
    """The sort keys in a cursor.

    Raises:
        Invalid: no list gave this cursor, or one with other keys did.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(types):
            raise ValueError
        return [_decoded(value, kind) for value, kind in zip(values, types, strict=True)]
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise Invalid("bad_cursor", field="cursor") from error


def _decoded(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        # A naive or far-off moment would only fail later, in the database.
        if moment.tzinfo is None or not 1 < moment.year < 9999:
            raise ValueError
        return moment
    if kind is date:
        day = date.fromisoformat(value)
        if not 1 < day.year < 9999:
            raise ValueError
        return day
    if kind is UUID:
        return UUID(value)
    if not isinstance(value, kind):
        raise ValueError
    if isinstance(value, str):
        # JSON can name lone surrogates, which are no text; the UnicodeEncodeError is a ValueError too.
        value.encode()
        if "\x00" in value:
            raise ValueError
    if isinstance(value, int) and abs(value) >= 2**31:
        raise ValueError
    return value


@dataclass(frozen=True, slots=True)
class SortColumn:
    """A column to sort by, never null in the query, and the Python type of its values."""

    column: Any
    kind: type


def or_empty(column: Any) -> Any:
    """A text column as a sort key: what is missing is empty. As the indexes have it, word for word.

    Where row-level security is on, the planner takes no bounds from a coalesce() into an index.
    """
    return case((column.is_(None), literal_column("''")), else_=column)


def fetch_page(
    session: Session,
    query: Select[Row],
    columns: Mapping[str, SortColumn],
    sort: StrEnum,
    page: PageRequest,
) -> tuple[list[Row], str | None]:
    """One keyset page of `query`, which selects a single model, and the cursor of the next one or None."""
    rows, cursor = fetch_page_rows(session, query, columns, sort, page)
    return [row[0] for row in rows], cursor


def fetch_page_rows(
    session: Session,
    query: Select[Any],
    columns: Mapping[str, SortColumn],
    sort: StrEnum,
    page: PageRequest,
) -> tuple[Sequence[Any], str | None]:
    """The same of a query that selects a model and more: its rows whole.

    The id breaks ties, so no row is shown twice or left out while others come and go.
    """
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    key = columns[name]
    model = query.column_descriptions[0]["entity"]
    if page.cursor is not None:
        last, last_id = decode_cursor(page.cursor, [key.kind, UUID])
        query = query.where(after(key.column, model.id, last, last_id, descending=descending))
    order = key.column.desc() if descending else key.column.asc()
    found = session.execute(
        query.add_columns(key.column.label("sort_key")).order_by(order, model.id).limit(page.limit + 1)
    ).all()
    return cut_page(found, page)


def after(column: Any, row_id: Any, last: Any, last_id: UUID, *, descending: bool) -> ColumnElement[bool]:
    """The rows behind the one with this sort key and id, in the order of a page."""
    beyond = column < last if descending else column > last
    # Said apart, so that the index is entered at the cursor: no page costs more than the first.
    reached = column <= last if descending else column >= last
    return and_(reached, or_(beyond, and_(column == last, row_id > last_id)))


def cut_page(found: Sequence[Any], page: PageRequest) -> tuple[Sequence[Any], str | None]:
    """A page of what was found, which is one row more where there is more; and the cursor of the next one or None.

    Each row begins with a model and has its `sort_key`.
    """
    shown = found[: page.limit]
    more = len(found) > page.limit
    cursor = encode_cursor([shown[-1].sort_key, shown[-1][0].id]) if more and shown else None
    return shown, cursor
