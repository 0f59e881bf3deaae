"""Calendars: private to their owner, or public in the company."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden
from app.models.calendar import Calendar
from app.models.user import User
from app.schemas.calendar import CalendarSort, CalendarWrite
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)

SORTS = {
    "name": SortColumn(col(Calendar.name), str),
    "created_at": SortColumn(col(Calendar.created_at), datetime),
}


def visible_to(actor: Actor) -> Select[Calendar]:
    """One's own calendars, and the public ones of the company."""
    return select(Calendar).where(
        col(Calendar.organization_id) == actor.company,
        or_(col(Calendar.owner_id) == actor.user_id, col(Calendar.is_public)),
    )


def list_calendars(
    session: Session, actor: Actor, sort: CalendarSort, page: PageRequest, *, owner_id: UUID | None = None
) -> tuple[list[Calendar], str | None]:
    query = visible_to(actor)
    if owner_id is not None:
        query = query.where(col(Calendar.owner_id) == owner_id)
    return fetch_page(session, query, SORTS, sort, page)


def get_calendar(session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    return get_visible(session, visible_to(actor), calendar_id, "calendar_not_found", lock=lock)


def get_own_calendar(session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    """A calendar that the actor may change: one's own; for administrators, any that they see.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor sees it, but somebody else owns it.
    """
    calendar = get_calendar(session, actor, calendar_id, lock=lock)
    if calendar.owner_id != actor.user_id and not actor.is_admin:
        raise Forbidden("not_calendar_owner")
    return calendar


def get_writable_calendar(session: Session, actor: Actor, calendar_id: UUID) -> Calendar:
    """A calendar into which the actor may put events.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor only sees it.
    """
    return get_own_calendar(session, actor, calendar_id)


def default_calendar(session: Session, actor: Actor) -> Calendar:
    """The actor's first calendar. The last cannot be deleted; who handed theirs over and came back gets a new one.

    A calendar older than the actor's account was taken over from somebody who left, so it comes after their own.
    """
    joined = select(col(User.created_at)).where(col(User.id) == actor.user_id).scalar_subquery()
    query = (
        select(Calendar)
        .where(col(Calendar.organization_id) == actor.company, col(Calendar.owner_id) == actor.user_id)
        .order_by(col(Calendar.created_at) < joined, col(Calendar.created_at), col(Calendar.id))
        .limit(1)
    )
    calendar: Calendar | None = session.execute(query).scalar_one_or_none()
    if calendar is None:
        person = session.get_one(User, actor.user_id)
        name = person.full_name or person.email.split("@")[0]
        calendar = Calendar(organization_id=actor.company, owner_id=person.id, name=name)
        session.add(calendar)
        flush(session)
    return calendar


def create_calendar(session: Session, actor: Actor, data: CalendarWrite) -> Calendar:
    """A new calendar of the actor.

    Raises:
        Conflict: the actor has CALENDARS_PER_USER already.
    """
    owned = select(func.count()).where(
        col(Calendar.organization_id) == actor.company, col(Calendar.owner_id) == actor.user_id
    )
    limit = get_settings().CALENDARS_PER_USER
    if session.execute(owned).scalar_one() >= limit:
        raise Conflict("too_many_calendars", limit=limit)
    calendar = Calendar(**data.model_dump(), organization_id=actor.company, owner_id=actor.user_id)
    session.add(calendar)
    flush(session)
    return calendar


def change_calendar(
    session: Session, actor: Actor, calendar_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Calendar:
    calendar = get_own_calendar(session, actor, calendar_id, lock=True)
    check_version(calendar, if_match)
    apply_changes(calendar, values)
    flush(session)
    return calendar


def delete_calendar(session: Session, actor: Actor, calendar_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a calendar with its events; their rooms become free.

    Raises:
        Conflict: it is the owner's only one.
    """
    calendar = get_own_calendar(session, actor, calendar_id, lock=True)
    check_version(calendar, if_match)
    # Locking them all keeps two deletions from each leaving the other's calendar as the last.
    owned = session.execute(
        select(col(Calendar.id))
        .where(col(Calendar.organization_id) == calendar.organization_id, col(Calendar.owner_id) == calendar.owner_id)
        .order_by(col(Calendar.id))
        .with_for_update(key_share=True)
    ).all()
    if len(owned) < 2:
        raise Conflict("calendar_is_last")
    session.delete(calendar)
    flush(session)
