"""Calendars: who sees them and how, who writes in them and who manages them.

`calendar_access()` and `calendar_level()` of migration 0007 say what somebody may do in a calendar: all in their own,
what a share with them or their department lets them, and reading in those that are public in the company.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Select, SmallInteger, Uuid, column, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, NotFound
from app.models.calendar import Calendar
from app.models.sharing import ShareLevel
from app.models.user import User
from app.schemas.calendar import CalendarRead, CalendarWrite
from app.services.calendar_reading import access_in, as_had_by, as_read, with_office
from app.services.event_access import LEVELS, calendar_level
from app.services.rows import apply_changes, check_version, flush, get_visible


def visible_to(actor: Actor) -> Select[Calendar]:
    """The calendars that the actor may do anything in, be it to see when their events are."""
    access = func.calendar_access(actor.company, actor.user_id).table_valued(
        column("calendar_id", Uuid), column("level", SmallInteger), column("is_listed", Boolean), name="access"
    )
    return (
        select(Calendar)
        .join(access, access.c.calendar_id == col(Calendar.id))
        .where(col(Calendar.organization_id) == actor.company)
    )


def read_calendar(session: Session, actor: Actor, calendar_id: UUID) -> CalendarRead:
    """A calendar as the actor has it.

    Raises:
        NotFound: the actor does not see it.
    """
    row = _row(session, actor, calendar_id)
    return as_read(row, access_in(actor, row))


def read_calendars(session: Session, actor: Actor, calendar_ids: Iterable[UUID]) -> list[CalendarRead]:
    """Those of the calendars that the actor sees, in no order."""
    rows = session.execute(as_had_by(actor).where(col(Calendar.id).in_(calendar_ids)))
    return [as_read(row, access_in(actor, row)) for row in rows]


def get_calendar(session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    return get_visible(session, visible_to(actor), calendar_id, "calendar_not_found", lock=lock)


def get_managed_calendar(session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    """A calendar that the actor manages: one's own, one shared so, and for administrators any public one.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor sees it and does not manage it.
    """
    return _get_with(session, actor, calendar_id, ShareLevel.MANAGE, lock=lock)


def get_writable_calendar(session: Session, actor: Actor, calendar_id: UUID) -> Calendar:
    """A calendar into which the actor may put events: one's own, one shared so, and for administrators any public one.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor only reads it, or its events come from a feed outside.
    """
    calendar = _get_with(session, actor, calendar_id, ShareLevel.WRITE)
    if calendar.is_outside:
        raise Forbidden("calendar_is_outside")
    return calendar


def manages(session: Session, actor: Actor, calendar: Calendar) -> bool:
    """Whether the actor manages the calendar. Of one that is locked, what is true from now on.

    Raises:
        NotFound: the actor does not see it any more.
    """
    return _level(session, actor, calendar) >= LEVELS[ShareLevel.MANAGE]


def _get_with(session: Session, actor: Actor, calendar_id: UUID, needed: ShareLevel, *, lock: bool = False) -> Calendar:
    calendar = get_calendar(session, actor, calendar_id, lock=lock)
    if _level(session, actor, calendar) < LEVELS[needed]:
        raise Forbidden("not_calendar_owner")
    return calendar


def _level(session: Session, actor: Actor, calendar: Calendar) -> int:
    # Asked after the lock: a share that was taken away while the lock was waited for counts no more.
    level = with_office(actor, calendar, calendar_level(session, actor, calendar.id))
    if level == 0:
        raise NotFound("calendar_not_found")
    return level


def default_calendar(session: Session, actor: Actor) -> Calendar:
    """The actor's first calendar. The last cannot be deleted; who handed theirs over and came back gets a new one.

    A calendar older than the actor's account was taken over from somebody who left, so it comes after their own; one
    that shows a feed from outside takes no events.
    """
    joined = select(col(User.created_at)).where(col(User.id) == actor.user_id).scalar_subquery()
    query = (
        select(Calendar)
        .where(
            col(Calendar.organization_id) == actor.company,
            col(Calendar.owner_id) == actor.user_id,
            col(Calendar.is_outside).is_(False),
        )
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
    lock_people(session, actor.company, {actor.user_id})
    limit = get_settings().CALENDARS_PER_USER
    if count_owned(session, actor.company, actor.user_id) >= limit:
        raise Conflict("too_many_calendars", limit=limit)
    calendar = Calendar(**data.model_dump(), organization_id=actor.company, owner_id=actor.user_id)
    session.add(calendar)
    flush(session)
    return calendar


def change_calendar(
    session: Session, actor: Actor, calendar_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> CalendarRead:
    """Change what `values` names, for everybody who sees the calendar. An administrator who closes a public one is told
    of it a last time.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor does not manage it.
    """
    calendar = get_managed_calendar(session, actor, calendar_id, lock=True)
    check_version(calendar, if_match)
    row = _row(session, actor, calendar_id)
    access = access_in(actor, row)
    apply_changes(calendar, values)
    flush(session)
    return as_read(row, access)


def delete_calendar(session: Session, actor: Actor, calendar_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a calendar with its events; their rooms become free.

    Raises:
        Conflict: it is the owner's only one.
    """
    owner_id = get_managed_calendar(session, actor, calendar_id).owner_id
    lock_people(session, actor.company, {owner_id})
    calendar = get_managed_calendar(session, actor, calendar_id, lock=True)
    check_version(calendar, if_match)
    check_not_last(session, calendar, owner_id)
    session.delete(calendar)
    flush(session)


def lock_people(session: Session, organization_id: UUID, user_ids: set[UUID]) -> dict[UUID, User]:
    """Lock people, in one order, before the calendars that come to them or leave them: so counting them is safe."""
    query = (
        select(User)
        .where(col(User.organization_id) == organization_id, col(User.id).in_(user_ids))
        .order_by(col(User.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {user.id: user for user in session.execute(query).scalars()}


def count_owned(session: Session, organization_id: UUID, user_id: UUID) -> int:
    """How many calendars a person owns."""
    owned = select(func.count()).where(
        col(Calendar.organization_id) == organization_id, col(Calendar.owner_id) == user_id
    )
    count: int = session.execute(owned).scalar_one()
    return count


def check_not_last(session: Session, calendar: Calendar, owner_id: UUID) -> None:
    """Refuse to take a calendar from its owner, whom the caller has locked, if it is their only one.

    Raises:
        Conflict: it is; or it got another owner in between.
    """
    if calendar.owner_id != owner_id:
        raise Conflict("try_again")
    if count_owned(session, calendar.organization_id, owner_id) < 2:
        raise Conflict("calendar_is_last")


def _row(session: Session, actor: Actor, calendar_id: UUID) -> Any:
    row = session.execute(as_had_by(actor).where(col(Calendar.id) == calendar_id)).one_or_none()
    if row is None:
        raise NotFound("calendar_not_found")
    return row
