"""Saved views: lists of tickets as somebody wants to see them again. A view shows to each what they see anyway."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden
from app.models.ticket_desk import QueueRight, TicketView
from app.schemas.ticket_desk import TicketFilters, ViewRead, ViewWrite
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
from app.services.ticket_access import Desk, desk_of
from app.services.turns import take_turn

SORTS = {"created_at": SortColumn(col(TicketView.created_at), datetime)}
_CONFLICTS: Conflicts = {"uq_ticket_views_organization_id_owner_id_name": ("ticket_view_name_taken", {})}


def visible_to(desk: Desk) -> Select[TicketView]:
    """One's own, and for those who work tickets those that are shared."""
    own = col(TicketView.owner_id) == desk.actor.user_id
    seen = or_(own, col(TicketView.is_shared)) if desk.queues() else own
    return select(TicketView).where(col(TicketView.organization_id) == desk.actor.company, seen)


def list_views(session: Session, actor: Actor, sort: Any, page: PageRequest) -> tuple[list[ViewRead], str | None]:
    """A page of them, and the cursor of the next one or None."""
    rows, cursor = fetch_page(session, visible_to(desk_of(session, actor)), SORTS, sort, page)
    return _told(session, actor, rows), cursor


def read_view(session: Session, actor: Actor, view_id: UUID) -> ViewRead:
    return _told(session, actor, [find_view(session, desk_of(session, actor), view_id)])[0]


def find_view(session: Session, desk: Desk, view_id: UUID, *, lock: bool = False) -> TicketView:
    """A view that somebody sees.

    Raises:
        NotFound: there is none.
    """
    return get_visible(session, visible_to(desk), view_id, "ticket_view_not_found", lock=lock)


def create_view(session: Session, actor: Actor, data: ViewWrite) -> ViewRead:
    """A new view of one's own.

    Raises:
        Forbidden: it is to be shared, and the actor works no tickets.
        Conflict: they have one of this name, or TICKET_VIEWS_MAX.
    """
    desk = desk_of(session, actor)
    _check_sharing(desk, is_shared=data.is_shared)
    take_turn(session, "ticket_views", actor.user_id)
    counted = select(func.count()).where(
        col(TicketView.organization_id) == actor.company, col(TicketView.owner_id) == actor.user_id
    )
    limit = get_settings().TICKET_VIEWS_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_views", limit=limit)
    view = TicketView(
        **data.model_dump(exclude={"filters"}),
        filters=_stored(data.filters),
        owner_id=actor.user_id,
        organization_id=actor.company,
    )
    session.add(view)
    flush(session, _CONFLICTS)
    return _told(session, actor, [view])[0]


def change_view(
    session: Session, actor: Actor, view_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> ViewRead:
    """Change one's own view."""
    desk = desk_of(session, actor)
    view = _own(session, desk, view_id)
    check_version(view, if_match)
    if "filters" in values:
        values = {**values, "filters": _stored(TicketFilters.model_validate(values["filters"]))}
    _check_sharing(desk, is_shared=values.get("is_shared", False))
    apply_changes(view, values)
    flush(session, _CONFLICTS)
    return _told(session, actor, [view])[0]


def delete_view(session: Session, actor: Actor, view_id: UUID, if_match: frozenset[int] | None) -> None:
    view = _own(session, desk_of(session, actor), view_id)
    check_version(view, if_match)
    session.delete(view)
    flush(session)


def filters_of(view: TicketView) -> TicketFilters:
    """The conditions of a view."""
    return TicketFilters.model_validate(view.filters)


def _own(session: Session, desk: Desk, view_id: UUID) -> TicketView:
    view = find_view(session, desk, view_id, lock=True)
    if view.owner_id != desk.actor.user_id:
        raise Forbidden("ticket_view_not_yours")
    return view


def _check_sharing(desk: Desk, *, is_shared: bool) -> None:
    if is_shared and not desk.queues(QueueRight.WORK):
        raise Forbidden("views_shared_by_workers")


def _stored(filters: TicketFilters) -> dict[str, Any]:
    return filters.model_dump(mode="json", exclude_unset=True)


def _told(session: Session, actor: Actor, rows: list[TicketView]) -> list[ViewRead]:
    names = colleagues(session, actor.company, {row.owner_id for row in rows})
    plain = ViewRead.model_fields.keys() - {"owner"}
    return [ViewRead(**{name: getattr(row, name) for name in plain}, owner=names[row.owner_id]) for row in rows]
