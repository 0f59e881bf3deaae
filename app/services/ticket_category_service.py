"""Categories of tickets: kept by administrators, seen by all who use tickets."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.ticket_desk import TicketApprover, TicketCategory
from app.models.user import User
from app.schemas.ticket_desk import CategoryRead, CategoryWrite, NameSort
from app.services.colleagues import colleagues
from app.services.rows import (
    Conflicts,
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.ticket_access import require_tickets
from app.services.ticket_queue_service import find_queue
from app.services.turns import take_turn

SORTS = {"name": SortColumn(col(TicketCategory.name), str)}
_CONFLICTS: Conflicts = {"uq_ticket_categories_name": ("ticket_category_name_taken", {})}
_IN_USE: Conflicts = {"fk_tickets_organization_id_category_id": ("ticket_category_in_use", {})}


def visible_to(actor: Actor) -> Select[TicketCategory]:
    """The categories of the company.

    Raises:
        Forbidden: the actor has no access to tickets.
    """
    return select(TicketCategory).where(col(TicketCategory.organization_id) == require_tickets(actor))


def list_categories(
    session: Session, actor: Actor, sort: NameSort, page: PageRequest
) -> tuple[list[CategoryRead], str | None]:
    """A page of them, and the cursor of the next one or None."""
    rows, cursor = fetch_page(session, visible_to(actor), SORTS, sort, page)
    return _told(session, actor, rows), cursor


def read_category(session: Session, actor: Actor, category_id: UUID) -> CategoryRead:
    return _told(session, actor, [_get(session, actor, category_id)])[0]


def create_category(session: Session, actor: Actor, data: CategoryWrite) -> CategoryRead:
    """A new category. For administrators.

    Raises:
        Forbidden: the actor is none.
        Invalid: the queue or the approver is not there.
        Conflict: another category has its name, or the company has TICKET_CATEGORIES_MAX.
    """
    company = require_tickets(actor)
    actor.require_admin()
    take_turn(session, "ticket_categories", company)
    counted = select(func.count()).where(col(TicketCategory.organization_id) == company)
    limit = get_settings().TICKET_CATEGORIES_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_categories", limit=limit)
    category = TicketCategory(**data.model_dump(), organization_id=company)
    _check(session, actor, category)
    session.add(category)
    flush(session, _CONFLICTS)
    return _told(session, actor, [category])[0]


def change_category(
    session: Session, actor: Actor, category_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> CategoryRead:
    """Change what `values` names; tickets that are there stay as they are. For administrators."""
    category = _get(session, actor, category_id, lock=True)
    actor.require_admin()
    check_version(category, if_match)
    with session.no_autoflush:
        apply_changes(category, values)
        _check(session, actor, category)
    flush(session, _CONFLICTS)
    return _told(session, actor, [category])[0]


def delete_category(session: Session, actor: Actor, category_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a category that no ticket has. For administrators.

    Raises:
        Conflict: there are tickets of it.
    """
    category = _get(session, actor, category_id, lock=True)
    actor.require_admin()
    check_version(category, if_match)
    session.delete(category)
    flush(session, _IN_USE)


def _get(session: Session, actor: Actor, category_id: UUID, *, lock: bool = False) -> TicketCategory:
    return get_visible(session, visible_to(actor), category_id, "ticket_category_not_found", lock=lock)


def _check(session: Session, actor: Actor, category: TicketCategory) -> None:
    if category.queue_id is not None:
        find_queue(session, actor, category.queue_id, field="queue_id")
    if category.approval == TicketApprover.PERSON and category.approver_id is None:
        raise Invalid("approver_missing", field="approver_id")
    if category.approver_id is not None:
        person = session.get(User, category.approver_id)
        if person is None or person.organization_id != actor.company or not person.is_active:
            raise Invalid("user_not_found", field="approver_id")


def _told(session: Session, actor: Actor, rows: list[TicketCategory]) -> list[CategoryRead]:
    names = colleagues(session, actor.company, {row.approver_id for row in rows if row.approver_id})
    return [
        CategoryRead(
            **{name: getattr(row, name) for name in CategoryRead.model_fields.keys() - {"approver"}},
            approver=names.get(row.approver_id) if row.approver_id else None,
        )
        for row in rows
    ]
