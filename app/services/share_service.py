"""Shares of a calendar: with colleagues and departments, as far as each of them is let.

Whoever manages the calendar sees and changes them all; others see the one with them, which they may remove. Every
write locks the calendar first, so that each sees what the one before it left.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.sharing import CalendarShare
from app.models.user import User
from app.schemas.share import SharePatch, ShareSort, ShareWrite
from app.services import calendar_service, department_service
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

SORTS = {"created_at": SortColumn(col(CalendarShare.created_at), datetime)}
CONFLICTS: Conflicts = {
    f"uq_calendar_shares_organization_id_calendar_id_{who}": ("already_shared", {})
    for who in ("user_id", "department_id")
}


def visible_to(session: Session, actor: Actor, calendar: Calendar) -> Select[CalendarShare]:
    """The shares of a calendar that the actor sees: all for who manages it, else the one with them."""
    query = _of(calendar)
    if calendar_service.manages(session, actor, calendar):
        return query
    return query.where(col(CalendarShare.user_id) == actor.user_id)


def list_shares(
    session: Session, actor: Actor, calendar_id: UUID, sort: ShareSort, page: PageRequest
) -> tuple[list[CalendarShare], str | None]:
    """A page of the shares of a calendar, as far as the actor sees them.

    Raises:
        NotFound: the actor does not see the calendar.
    """
    calendar = calendar_service.get_calendar(session, actor, calendar_id)
    return fetch_page(session, visible_to(session, actor, calendar), SORTS, sort, page)


def create_share(session: Session, actor: Actor, calendar_id: UUID, data: ShareWrite) -> CalendarShare:
    """Share a calendar with one more colleague or department.

    Raises:
        NotFound: the actor does not see the calendar.
        Forbidden: the actor does not manage it.
        Invalid: there is no such active colleague or department, or it is the owner.
        Conflict: they have a share already, or there are CALENDAR_SHARES_MAX.
    """
    calendar = calendar_service.get_managed_calendar(session, actor, calendar_id, lock=True)
    actor.require_oneself()
    _check_partner(session, actor, calendar, data)
    check_room_for_another(session, calendar)
    share = CalendarShare(**data.model_dump(), organization_id=actor.company, calendar_id=calendar.id)
    session.add(share)
    flush(session, CONFLICTS)
    return share


def change_share(
    session: Session,
    actor: Actor,
    calendar_id: UUID,
    share_id: UUID,
    data: SharePatch,
    if_match: frozenset[int] | None,
) -> CalendarShare:
    """Let somebody do more or less than before.

    Raises:
        NotFound: the actor sees no such share.
        Forbidden: it is the actor's, who does not manage the calendar.
    """
    calendar, share = _get_locked(session, actor, calendar_id, share_id)
    if not calendar_service.manages(session, actor, calendar):
        raise Forbidden("not_share_manager")
    actor.require_oneself()
    check_version(share, if_match)
    apply_changes(share, data.model_dump())
    flush(session)
    return share


def delete_share(
    session: Session, actor: Actor, calendar_id: UUID, share_id: UUID, if_match: frozenset[int] | None
) -> None:
    """Take a share away; of what came by it nothing is left, and what they wrote in the calendar stays.

    Raises:
        NotFound: the actor sees no such share.
    """
    _, share = _get_locked(session, actor, calendar_id, share_id)
    actor.require_oneself()
    check_version(share, if_match)
    session.delete(share)
    flush(session)


def check_room_for_another(session: Session, calendar: Calendar) -> None:
    """Refuse one share more than CALENDAR_SHARES_MAX of a locked calendar.

    Raises:
        Conflict: there are so many already.
    """
    limit = get_settings().CALENDAR_SHARES_MAX
    counted = select(func.count()).select_from(_of(calendar).subquery())
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_shares", limit=limit)


def share_with(session: Session, calendar: Calendar, user_id: UUID) -> CalendarShare | None:
    """The share of a calendar with a person, if there is one."""
    query = _of(calendar).where(col(CalendarShare.user_id) == user_id)
    share: CalendarShare | None = session.execute(query).scalar_one_or_none()
    return share


def _of(calendar: Calendar) -> Select[CalendarShare]:
    return select(CalendarShare).where(
        col(CalendarShare.organization_id) == calendar.organization_id,
        col(CalendarShare.calendar_id) == calendar.id,
    )


def _get_locked(session: Session, actor: Actor, calendar_id: UUID, share_id: UUID) -> tuple[Calendar, CalendarShare]:
    calendar = calendar_service.get_calendar(session, actor, calendar_id, lock=True)
    visible = visible_to(session, actor, calendar)
    return calendar, get_visible(session, visible, share_id, "share_not_found", lock=True)


def _check_partner(session: Session, actor: Actor, calendar: Calendar, data: ShareWrite) -> None:
    if data.department_id is not None:
        known = department_service.visible_to(actor).where(col(Department.id) == data.department_id)
        if session.execute(known.with_only_columns(col(Department.id))).first() is None:
            raise Invalid("department_not_found", field="department_id")
        return
    if data.user_id == calendar.owner_id:
        raise Invalid("share_with_owner", field="user_id")
    colleague = select(col(User.id)).where(
        col(User.organization_id) == actor.company, col(User.id) == data.user_id, col(User.is_active)
    )
    if session.execute(colleague).first() is None:
        raise Invalid("user_not_found", field="user_id")
