"""How people have a calendar in their own list: subscribed to or not, in a colour and at a place of their own."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.ids import new_id
from app.models.sharing import CalendarSubscription
from app.schemas.calendar import CalendarRead, SubscriptionWrite
from app.services import calendar_service


def arrange(session: Session, actor: Actor, calendar_id: UUID, data: SubscriptionWrite) -> CalendarRead:
    """Have a calendar in one's list so, whatever was before; for nobody else anything changes.

    Raises:
        NotFound: the actor does not see the calendar.
    """
    calendar = calendar_service.get_calendar(session, actor, calendar_id)
    values = data.model_dump()
    whose = {"organization_id": actor.company, "user_id": actor.user_id, "calendar_id": calendar.id}
    statement = insert(CalendarSubscription).values(id=new_id(), **whose, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(whose), set_=values))
    return calendar_service.read_calendar(session, actor, calendar.id)


def reset(session: Session, actor: Actor, calendar_id: UUID) -> None:
    """Have a calendar as it comes: listed, in its colour, at no place of its own.

    Raises:
        NotFound: the actor does not see the calendar.
    """
    calendar = calendar_service.get_calendar(session, actor, calendar_id)
    session.execute(
        delete(CalendarSubscription).where(
            col(CalendarSubscription.organization_id) == actor.company,
            col(CalendarSubscription.user_id) == actor.user_id,
            col(CalendarSubscription.calendar_id) == calendar.id,
        )
    )
