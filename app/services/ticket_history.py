"""The history of tickets: every value that changed, who changed it, when and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict
from app.models.base import now
from app.models.ticket import Ticket
from app.models.ticket_desk import TicketCategory, TicketQueue
from app.models.ticket_talk import TicketChange
from app.models.user import User
from app.schemas.ticket import TicketChangeRead
from app.services.colleagues import colleagues
from app.services.rows import PageRequest, SortColumn, fetch_page
from app.services.ticket_access import Desk, find_ticket

SORTS = {"created_at": SortColumn(col(TicketChange.created_at), datetime)}
SHOWN = 1000
# What clients are shown by name.
_NAMED: Mapping[str, tuple[Any, Any]] = {
    "queue": (TicketQueue, TicketQueue.name),
    "category": (TicketCategory, TicketCategory.name),
    "assignee": (User, None),
    "requester": (User, None),
    "approver": (User, None),
}


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand a change comes from: a colleague's, or the system's for a cause."""

    person_id: UUID | None = None
    cause: str | None = None


def hand_of(actor: Actor) -> Hand:
    return Hand(person_id=actor.user_id)


def record(
    session: Session, ticket: Ticket, hand: Hand, changes: Mapping[str, tuple[Any, Any]], reason: str | None = None
) -> None:
    """Note changes, by field: what was and what is.

    Raises:
        Conflict: a person would go beyond TICKET_CHANGES_MAX.
    """
    if hand.person_id is not None:
        counted = select(func.count()).where(
            col(TicketChange.organization_id) == ticket.organization_id, col(TicketChange.ticket_id) == ticket.id
        )
        limit = get_settings().TICKET_CHANGES_MAX
        if session.execute(counted).scalar_one() + len(changes) > limit:
            raise Conflict("too_many_ticket_changes", limit=limit)
    moment = now()
    for field, (before, after) in changes.items():
        session.add(
            TicketChange(
                organization_id=ticket.organization_id,
                ticket_id=ticket.id,
                actor_id=hand.person_id,
                field=field,
                before=_text(before),
                after=_text(after),
                cause=hand.cause,
                reason=reason,
                created_at=moment,
            )
        )


def list_changes(
    session: Session, desk: Desk, ticket_id: UUID, sort: Any, page: PageRequest
) -> tuple[list[TicketChangeRead], str | None]:
    """A page of the history of a ticket that somebody sees, and the cursor of the next one or None."""
    ticket = find_ticket(session, desk, ticket_id)
    query = select(TicketChange).where(
        col(TicketChange.organization_id) == ticket.organization_id, col(TicketChange.ticket_id) == ticket.id
    )
    if not desk.sees_internal(ticket):
        query = query.where(col(TicketChange.field).not_in(("escalated", "link", "watcher")))
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return _told(session, ticket, rows), cursor


def _told(session: Session, ticket: Ticket, rows: Sequence[TicketChange]) -> list[TicketChangeRead]:
    names = _names(session, ticket.organization_id, rows)
    people = colleagues(session, ticket.organization_id, {row.actor_id for row in rows if row.actor_id})
    return [
        TicketChangeRead(
            id=row.id,
            field=row.field,
            before=names.get((row.field, row.before), row.before),
            after=names.get((row.field, row.after), row.after),
            actor=people.get(row.actor_id) if row.actor_id else None,
            cause=row.cause,
            reason=row.reason,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _names(session: Session, company: UUID, rows: Sequence[TicketChange]) -> dict[tuple[str, str | None], str]:
    found: dict[tuple[str, str | None], str] = {}
    for field, (table, column) in _NAMED.items():
        ids = {UUID(value) for row in rows if row.field == field for value in (row.before, row.after) if value}
        if not ids:
            continue
        if table is User:
            named = {id_: one.full_name or one.email for id_, one in colleagues(session, company, ids).items()}
        else:
            query = select(col(table.id), col(column)).where(
                col(table.organization_id) == company, col(table.id).in_(ids)
            )
            named = {row[0]: row[1] for row in session.execute(query)}
        found |= {(field, str(id_)): name for id_, name in named.items()}
    return found


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"
