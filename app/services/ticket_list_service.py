"""Lists of tickets: pages, search, boards, exports. All begin with what the actor sees."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, NotFound
from app.core.tables import csv_text, xlsx_bytes
from app.models.base import now
from app.models.ticket import OPEN_STATES, Ticket, TicketState, TicketWatcher
from app.models.ticket_desk import QueueRight
from app.schemas.ticket import BoardColumn, BoardRead, TicketItem, TicketSort
from app.schemas.ticket_desk import ReportFormat, TicketFilters
from app.services import ticket_reading, ticket_search, ticket_view_service
from app.services.json_rows import page_json
from app.services.rows import PageRequest, SortColumn, after, decode_cursor, encode_cursor
from app.services.ticket_access import Desk, desk_of, is_seen_by, own_tickets

SORTS: Mapping[str, SortColumn] = {
    "created_at": SortColumn(col(Ticket.created_at), datetime),
    "updated_at": SortColumn(col(Ticket.updated_at), datetime),
    "next_due_at": SortColumn(col(Ticket.next_due_at), datetime),
    "priority": SortColumn(Ticket.priority_rank, int),
}
BOARD_STATES = (TicketState.NEW, TicketState.OPEN, TicketState.PENDING, TicketState.RESOLVED)
COUNTED_MAX = 1000
# Of one column of a board.
CARDS_MAX = 100
EXPORT_BATCH = 1000
EXPORTED = (
    *("number", "title", "type", "priority", "state", "queue", "category", "requester", "assignee", "created_at"),
    *("first_answered_at", "first_answer_due_at", "resolved_at", "resolution_due_at"),
)


def list_tickets(
    session: Session,
    actor: Actor,
    filters: TicketFilters,
    view_id: UUID | None,
    sort: TicketSort | None,
    page: PageRequest,
) -> bytes:
    """A page as JSON.

    Raises:
        Forbidden: the actor has no access to tickets.
        NotFound: the actor sees no such view.
        Invalid: the cursor is of no such list.
    """
    desk = desk_of(session, actor)
    filters, sort = _with_view(session, desk, filters, view_id, sort)
    rows = _ids(session, desk, filters, sort, page.limit + 1, page.cursor)
    shown = rows[: page.limit]
    cursor = encode_cursor([shown[-1].sort_key, shown[-1].id]) if len(rows) > page.limit and shown else None
    return page_json(ticket_reading.items_json(session, actor.company, [row.id for row in shown]), cursor)


def read_board(session: Session, actor: Actor, queue_id: UUID, assignee_id: UUID | None, limit: int) -> BoardRead:
    """The tickets of a queue in columns by state, those changed last first.

    Raises:
        NotFound: the actor does not read such a queue.
    """
    desk = desk_of(session, actor)
    if not desk.may(queue_id, QueueRight.READ):
        raise NotFound("ticket_queue_not_found")
    here = [col(Ticket.organization_id) == actor.company, col(Ticket.queue_id) == queue_id]
    if assignee_id is not None:
        here.append(col(Ticket.assignee_id) == assignee_id)
    columns: list[tuple[TicketState, int, list[UUID]]] = []
    for state in BOARD_STATES:
        mine = select(col(Ticket.id)).where(*here, col(Ticket.state) == state)
        counted = select(func.count()).select_from(mine.limit(COUNTED_MAX).subquery())
        newest = mine.order_by(col(Ticket.updated_at).desc(), col(Ticket.id)).limit(min(limit, CARDS_MAX) + 1)
        columns.append((state, session.execute(counted).scalar_one(), list(session.execute(newest).scalars())))
    shown = {state: ids[: min(limit, CARDS_MAX)] for state, _, ids in columns}
    wanted = [id_ for ids in shown.values() for id_ in ids]
    items = {item.id: item for item in ticket_reading.items(session, actor.company, wanted)}
    return BoardRead(
        columns=[
            BoardColumn(
                state=state,
                count=count,
                items=[items[id_] for id_ in shown[state]],
                has_more=len(ids) > len(shown[state]),
            )
            for state, count, ids in columns
        ]
    )


def export_tickets(
    session: Session, actor: Actor, filters: TicketFilters, view_id: UUID | None, wanted: ReportFormat
) -> bytes:
    """The tickets that a filter lets through as a table, the newest first. Nothing in it is internal.

    Raises:
        Invalid: they are more than EXPORT_MAX_ROWS.
    """
    desk = desk_of(session, actor)
    filters, _ = _with_view(session, desk, filters, view_id, None)
    limit = get_settings().EXPORT_MAX_ROWS
    ids = [row.id for row in _ids(session, desk, filters, TicketSort.CREATED_DESC, limit + 1)]
    if len(ids) > limit:
        raise Invalid("export_too_large", limit=limit)
    rows = _cells(session, actor.company, ids)
    if wanted is ReportFormat.XLSX:
        return xlsx_bytes("tickets", EXPORTED, rows)
    return csv_text(EXPORTED, rows).encode()


def _with_view(
    session: Session, desk: Desk, filters: TicketFilters, view_id: UUID | None, sort: TicketSort | None
) -> tuple[TicketFilters, TicketSort]:
    """What a view asks for, and above it what the request does."""
    if view_id is None:
        return filters, sort or TicketSort.CREATED_DESC
    view = ticket_view_service.find_view(session, desk, view_id)
    saved = ticket_view_service.filters_of(view)
    asked = filters.model_fields_set & TicketFilters.model_fields.keys()
    merged = saved.model_copy(update={name: getattr(filters, name) for name in asked})
    return merged, sort or TicketSort(view.sort)


def _conditions(desk: Desk, filters: TicketFilters) -> Iterable[ColumnElement[bool]]:
    company = desk.actor.company
    yield col(Ticket.organization_id) == company
    if filters.is_mine or not desk.queues():
        yield col(Ticket.id).in_(own_tickets(desk.actor))
    # Whoever reads the queue sees all of it; the planner need not be told of the rest.
    elif filters.queue_id is None or not desk.may(filters.queue_id, QueueRight.READ):
        yield is_seen_by(desk)
    for name in ("queue_id", "category_id", "requester_id", "assignee_id", "room_id", "department_id"):
        if (value := getattr(filters, name)) is not None:
            yield getattr(Ticket, name) == value
    for name in ("state", "type", "priority"):
        if values := getattr(filters, name):
            yield col(getattr(Ticket, name)).in_([str(value) for value in values])
    if filters.state and set(filters.state) <= OPEN_STATES:
        # Said once more, for the indexes.
        yield Ticket.is_open
    yield from _more_conditions(desk, filters)


def _more_conditions(desk: Desk, filters: TicketFilters) -> Iterable[ColumnElement[bool]]:
    if filters.is_open is not None:
        yield Ticket.is_open if filters.is_open else ~Ticket.is_open
    if filters.is_assigned is not None:
        unassigned = col(Ticket.assignee_id).is_(None)
        yield ~unassigned if filters.is_assigned else unassigned
    if filters.is_overdue is not None:
        yield col(Ticket.next_due_at) < now() if filters.is_overdue else col(Ticket.next_due_at) >= now()
    if filters.created_from is not None:
        yield col(Ticket.created_at) >= filters.created_from.astimezone(UTC)
    if filters.created_to is not None:
        yield col(Ticket.created_at) < filters.created_to.astimezone(UTC)
    if filters.watcher_id is not None:
        watched = select(col(TicketWatcher.ticket_id)).where(
            col(TicketWatcher.organization_id) == desk.actor.company,
            col(TicketWatcher.user_id) == filters.watcher_id,
        )
        yield col(Ticket.id).in_(watched)


def _ids(
    session: Session, desk: Desk, filters: TicketFilters, sort: TicketSort, limit: int, cursor: str | None = None
) -> Sequence[Any]:
    """The ids of the first tickets that filters let through, after those of a cursor, with what they are sorted by."""
    found = ticket_search.look_up(session, desk, filters.q, newest_first=sort.startswith("-"))
    if found is not None:
        rows = session.execute(ticket_search.counted(found, _page(desk, filters, sort, limit, cursor, found))).all()
        if rows[0].found <= ticket_search.CANDIDATES:
            return [row for row in rows if row.id is not None]
    return session.execute(_page(desk, filters, sort, limit, cursor)).all()


def _page(
    desk: Desk, filters: TicketFilters, sort: TicketSort, limit: int, cursor: str | None, found: CTE | None = None
) -> Select[Any]:
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    key = SORTS[name]
    column = found.c.created_at if found is not None and name == "created_at" else key.column
    query = select(col(Ticket.id), column.label("sort_key")).where(*_conditions(desk, filters))
    if filters.q is not None:
        query = query.where(ticket_search.holds(desk, filters.q, is_found=found is not None))
    if found is not None:
        query = query.join(found, found.c.id == col(Ticket.id))
    if cursor is not None:
        last, last_id = decode_cursor(cursor, [key.kind, UUID])
        query = query.where(after(column, col(Ticket.id), last, last_id, descending=descending))
    return query.order_by(column.desc() if descending else column.asc(), col(Ticket.id)).limit(limit)


def _cells(session: Session, company: UUID, ids: Sequence[UUID]) -> Iterable[list[str | None]]:
    for first in range(0, len(ids), EXPORT_BATCH):
        for item in ticket_reading.items(session, company, ids[first : first + EXPORT_BATCH]):
            yield [_cell(item, name) for name in EXPORTED]


def _cell(item: TicketItem, name: str) -> str | None:
    value: Any = getattr(item, name)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if name in ("queue", "category"):
        return str(value.name)
    if name in ("requester", "assignee"):
        return str(value.full_name or value.email)
    return str(value)
