"""The same change of several tickets: each by itself, so that one that is refused holds up no other."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, PlannerError
from app.core.messages import Language
from app.schemas.ticket import BulkItem, BulkRead, TicketBulk
from app.services import ticket_service
from app.services.nudges import take_nudges, take_work
from app.services.ticket_access import Desk, desk_of, find_ticket


def change_tickets(session: Session, actor: Actor, data: TicketBulk, language: Language, *, dry_run: bool) -> BulkRead:
    """Change each ticket, in the order of their ids; with `dry_run`, only say what would become of each.

    Raises:
        Invalid: there are more than TICKET_BULK_MAX.
    """
    limit = get_settings().TICKET_BULK_MAX
    if len(data.ticket_ids) > limit:
        raise Invalid("too_many_in_bulk", field="ticket_ids", limit=limit)
    desk = desk_of(session, actor)
    values = data.changes.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    # All of them are locked in one order, so that two requests never wait in a circle.
    outcomes = {
        ticket_id: _change(session, desk, ticket_id, values, language, dry_run=dry_run)
        for ticket_id in sorted(set(data.ticket_ids))
    }
    if dry_run:
        take_nudges(session)
        take_work(session)
    return BulkRead(items=[outcomes[ticket_id] for ticket_id in dict.fromkeys(data.ticket_ids)], dry_run=dry_run)


def _change(
    session: Session, desk: Desk, ticket_id: Any, values: Mapping[str, Any], language: Language, *, dry_run: bool
) -> BulkItem:
    savepoint = session.begin_nested()
    try:
        ticket = find_ticket(session, desk, ticket_id, lock=True)
        ticket_service.change(session, desk, ticket, values, None)
    except PlannerError as refusal:
        savepoint.rollback()
        return BulkItem(ticket_id=ticket_id, outcome="refused", code=refusal.code, detail=refusal.detail(language))
    if dry_run:
        savepoint.rollback()
    else:
        savepoint.commit()
    return BulkItem(ticket_id=ticket_id, outcome="changed")
