"""Who sees an event and who may change it. Every look-up of an event starts here.

Three degrees: somebody sees that the time is taken (any share of the calendar), reads the details, or changes the
event. `calendar_level()` and `takes_part()` of migration 0007 say what a person has; levels are 1 busy times, 2 read,
3 write, 4 manage, 5 own.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Forbidden
from app.models.calendar import Calendar
from app.models.event import Event, Visibility
from app.models.sharing import ShareLevel
from app.models.user import User
from app.services.rows import get_visible

LEVELS = {level: number for number, level in enumerate(ShareLevel, start=1)}
OWN = len(LEVELS) + 1
# From which level on the details of an event of this visibility are read.
DETAILS_FROM = {
    Visibility.PUBLIC: LEVELS[ShareLevel.FREE_BUSY],
    Visibility.DEFAULT: LEVELS[ShareLevel.READ],
    Visibility.PRIVATE: LEVELS[ShareLevel.WRITE],
    Visibility.CONFIDENTIAL: OWN,
}
# The same as SQL, for statements that have the level at hand.
DETAILS_FROM_SQL = (
    "CASE {visibility} "
    + " ".join(f"WHEN '{visibility}' THEN {level}" for visibility, level in DETAILS_FROM.items())
    + " END"
)
CLOSED = (Visibility.PRIVATE, Visibility.CONFIDENTIAL)


def visible_to(actor: Actor) -> Select[Event]:
    """The events whose details the actor reads: of calendars that they see, and those they organize or take part in."""
    return select(Event).where(col(Event.organization_id) == actor.company, reads_details(actor))


def reads_details(actor: Actor) -> ColumnElement[bool]:
    """The condition on `events` that `visible_to` puts. Null where nothing is shared: then, too, there are none."""
    reads = _person_reads(actor.company, actor.user_id)
    if actor.sees_private:
        return reads
    return and_(reads, col(Event.visibility).not_in(CLOSED))


def readers_among(session: Session, event: Event, people: Collection[UUID]) -> set[UUID]:
    """Those of `people` who are active colleagues and read the details of this very row."""
    query = (
        select(col(User.id))
        .join(Event, col(Event.organization_id) == col(User.organization_id))
        .where(
            col(User.organization_id) == event.organization_id,
            col(User.is_active),
            col(User.id).in_(people),
            col(Event.id) == event.id,
            _person_reads(event.organization_id, col(User.id)),
        )
    )
    return set(session.execute(query).scalars())


def reads_details_sql(takes_part: str) -> str:
    """The same condition as SQL: on an event `e`, and `a`, its calendar's row of calendar_access(), or nulls.

    Args:
        takes_part: the condition that the actor takes part in `e`.

    The statement's parameters are user_id and sees_private.
    """
    closed = ", ".join(f"'{visibility}'" for visibility in CLOSED)
    needed = DETAILS_FROM_SQL.format(visibility="e.visibility")
    return (
        f"(e.organizer_id = %(user_id)s OR coalesce(a.level, 0) >= {needed} OR {takes_part})"
        f" AND (%(sees_private)s OR e.visibility NOT IN ({closed}))"
    )


def get_event(session: Session, actor: Actor, event_id: UUID, *, lock: bool = False) -> Event:
    """An event whose details the actor reads.

    Raises:
        NotFound: there is none, as far as the actor may know.
    """
    return get_visible(session, visible_to(actor), event_id, "event_not_found", lock=lock)


def get_changeable(session: Session, actor: Actor, event_id: UUID) -> Event:
    """An event that the actor may change, locked.

    That is its organizer, who may write in its calendar, an administrator in a public calendar, and its guests where
    the organizer lets them.

    Raises:
        NotFound: the actor does not see it.
        Forbidden: the actor only sees it, or it comes from a feed outside.
    """
    event = get_event(session, actor, event_id, lock=True)
    calendar = session.get_one(Calendar, (event.organization_id, event.calendar_id))
    require_inside(session, event)
    if event.organizer_id == actor.user_id or (actor.is_admin and calendar.is_public):
        return event
    if calendar_level(session, actor, event.calendar_id) >= LEVELS[ShareLevel.WRITE]:
        return event
    if event.guests_can_change and takes_part(session, actor, event):
        return event
    raise Forbidden("not_organizer")


def get_attended(session: Session, actor: Actor, event_id: UUID) -> Event:
    """An event whose details the actor reads, locked: what they may do there is for the caller to say.

    Raises:
        NotFound: the actor does not see it.
    """
    return get_event(session, actor, event_id, lock=True)


def require_inside(session: Session, event: Event) -> None:
    """Raises Forbidden when the event comes from a feed outside, where alone it is changed."""
    if session.get_one(Calendar, (event.organization_id, event.calendar_id)).is_outside:
        raise Forbidden("calendar_is_outside")


def is_host(session: Session, actor: Actor, event: Event) -> bool:
    """Whether the actor organizes the event, or keeps it for the organizer: may write in its calendar."""
    return bool(hosted(session, actor, [event]))


def hosted(session: Session, actor: Actor, events: Collection[Event]) -> set[UUID]:
    """The ids of those events whose host the actor is, as `is_host` says of one."""
    own = {event.id for event in events if event.organizer_id == actor.user_id}
    others = [event.id for event in events if event.id not in own]
    if not others:
        return own
    writes = _level(actor, Event.calendar_id) >= LEVELS[ShareLevel.WRITE]
    query = (
        select(col(Event.id))
        .join(Calendar, (col(Calendar.organization_id) == actor.company) & (col(Calendar.id) == Event.calendar_id))
        .where(
            col(Event.organization_id) == actor.company,
            col(Event.id).in_(others),
            or_(writes, col(Calendar.is_public)) if actor.is_admin else writes,
        )
    )
    return own | set(session.execute(query).scalars())


def require_host(session: Session, actor: Actor, event: Event) -> None:
    """Raises Forbidden unless the actor is the event's host."""
    if not is_host(session, actor, event):
        raise Forbidden("not_organizer")


def calendar_level(session: Session, actor: Actor, calendar_id: UUID) -> int:
    """What the actor may do in a calendar: 0 nothing, 1 busy times, 2 read, 3 write, 4 manage, 5 own."""
    level = session.execute(select(_level(actor, calendar_id))).scalar_one()
    return level or 0


def takes_part(session: Session, actor: Actor, event: Event) -> bool:
    """Whether the actor is a participant of this very row, alone or with a department."""
    return bool(session.execute(select(func.takes_part(actor.company, actor.user_id, event.id))).scalar_one())


def _person_reads(company: UUID, person: Any) -> ColumnElement[bool]:
    """Whether a person, an id or a column of them, reads the details of a row of `events`."""
    needed = case(*((col(Event.visibility) == visibility, level) for visibility, level in DETAILS_FROM.items()))
    return or_(
        col(Event.organizer_id) == person,
        func.takes_part(company, person, col(Event.id)),
        func.calendar_level(company, person, col(Event.calendar_id)) >= needed,
    )


def _level(actor: Actor, calendar_id: Any) -> Any:
    return func.calendar_level(actor.company, actor.user_id, calendar_id)
