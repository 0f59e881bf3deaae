"""Giving a calendar to another owner. Its events keep their organizers, its shares stay."""

from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.calendar import Calendar
from app.models.sharing import CalendarShare, ShareLevel
from app.schemas.calendar import OwnerWrite
from app.services import calendar_service, share_service
from app.services.rows import apply_changes, check_version, flush


def transfer(
    session: Session, actor: Actor, calendar_id: UUID, data: OwnerWrite, if_match: frozenset[int] | None
) -> None:
    """Make a colleague the owner of a calendar. For its owner, and for administrators who manage it.

    The new owner needs no share any more; the old one keeps one, to manage, if that is asked for.

    Raises:
        NotFound: the actor does not see the calendar.
        Forbidden: the actor neither owns it, nor manages it as an administrator.
        Invalid: there is no such active colleague.
        Conflict: it is the owner's only calendar, or the new one has CALENDARS_PER_USER, or there are too many shares.
    """
    owner_id = _get_transferable(session, actor, calendar_id).owner_id
    people = calendar_service.lock_people(session, actor.company, {owner_id, data.user_id})
    calendar = _get_transferable(session, actor, calendar_id, lock=True)
    check_version(calendar, if_match)
    if data.user_id not in people or not people[data.user_id].is_active:
        raise Invalid("user_not_found", field="user_id")
    if data.user_id == calendar.owner_id:
        return
    calendar_service.check_not_last(session, calendar, owner_id)
    limit = get_settings().CALENDARS_PER_USER
    if calendar_service.count_owned(session, actor.company, data.user_id) >= limit:
        raise Conflict("too_many_calendars_of_owner", limit=limit)
    apply_changes(calendar, {"owner_id": data.user_id})
    share = share_service.share_with(session, calendar, data.user_id)
    if share is not None:
        session.delete(share)
    flush(session)
    if data.keep_access:
        _keep_access(session, calendar, owner_id)


def _get_transferable(session: Session, actor: Actor, calendar_id: UUID, *, lock: bool = False) -> Calendar:
    calendar = calendar_service.get_managed_calendar(session, actor, calendar_id, lock=lock)
    actor.require_oneself()
    if calendar.owner_id != actor.user_id and not actor.is_admin:
        raise Forbidden("not_calendar_owner")
    return calendar


def _keep_access(session: Session, calendar: Calendar, user_id: UUID) -> None:
    # Whom a leaver's calendar came to may have a share of their own from before.
    share = share_service.share_with(session, calendar, user_id)
    if share is not None:
        apply_changes(share, {"level": ShareLevel.MANAGE})
    else:
        share_service.check_room_for_another(session, calendar)
        session.add(
            CalendarShare(
                organization_id=calendar.organization_id,
                calendar_id=calendar.id,
                user_id=user_id,
                level=ShareLevel.MANAGE,
            )
        )
    flush(session)
