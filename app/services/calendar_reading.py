"""A calendar as somebody has it: what they may do in it, and how it is in their own list."""

from typing import Any

from sqlalchemy import Boolean, Select, SmallInteger, Uuid, and_, column, func, literal_column, select, true
from sqlmodel import col

from app.core.actor import Actor
from app.models.calendar import Calendar
from app.models.sharing import CalendarSubscription, ShareLevel
from app.schemas.calendar import CalendarAccess, CalendarRead
from app.services.event_access import LEVELS

ACCESS_OF_LEVEL = dict(enumerate(CalendarAccess, start=1))


def as_had_by(actor: Actor) -> Select[Any]:
    """The calendars that the actor sees, with what `calendar_access()` says of each, and their own colour and place.

    It is asked calendar by calendar, so the caller names the few that are wanted.
    """
    own = CalendarSubscription
    granted = func.calendar_access(actor.company, actor.user_id).table_valued(
        column("calendar_id", Uuid), column("level", SmallInteger), column("is_listed", Boolean), name="granted"
    )
    # The OFFSET keeps PostgreSQL from gathering everything that the actor sees, to join it.
    access = (
        select(granted.c.level, granted.c.is_listed)
        .where(granted.c.calendar_id == col(Calendar.id))
        .offset(literal_column("0"))
        .lateral("access")
    )
    return (
        select(
            Calendar,
            access.c.level,
            access.c.is_listed,
            col(own.color).label("own_color"),
            col(own.position).label("position"),
        )
        .select_from(Calendar)
        .join(access, true())
        .outerjoin(
            own,
            and_(
                col(own.organization_id) == actor.company,
                col(own.user_id) == actor.user_id,
                col(own.calendar_id) == col(Calendar.id),
            ),
        )
        .where(col(Calendar.organization_id) == actor.company)
    )


def with_office(actor: Actor, calendar: Calendar, level: int) -> int:
    """The level with what administrators may do besides: they keep public calendars in order."""
    return max(level, LEVELS[ShareLevel.MANAGE]) if actor.is_admin and calendar.is_public else level


def access_in(actor: Actor, row: Any) -> CalendarAccess:
    """What the actor may do in the calendar of a row of `as_had_by`."""
    return ACCESS_OF_LEVEL[with_office(actor, row[0], row.level)]


def as_read(row: Any, access: CalendarAccess) -> CalendarRead:
    """A row of `as_had_by` as its actor sees it."""
    calendar: Calendar = row[0]
    stored = {name: getattr(calendar, name) for name in CalendarRead.model_fields if hasattr(calendar, name)}
    had = {"is_listed": row.is_listed, "position": row.position, "access": access}
    colors = {"color": row.own_color or calendar.color, "shared_color": calendar.color}
    return CalendarRead.model_validate({**stored, **had, **colors})
