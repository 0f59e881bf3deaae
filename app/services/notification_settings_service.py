"""How somebody wants to be told: by which channel of what, and when not to be disturbed."""

from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, NotFound
from app.models.calendar import Calendar
from app.models.notification import NotificationChannel, NotificationChoice, NotificationSettings, NotificationType
from app.schemas.notification import ChoiceRead, ChoicesRead, ChoicesWrite, QuietHoursRead, QuietHoursWrite
from app.services import calendar_service
from app.services.notification_choices import is_on_by_default
from app.services.rows import flush


def read_choices(session: Session, actor: Actor) -> ChoicesRead:
    """What holds for each type and channel, and what was chosen for single calendars."""
    rows = _rows(session, actor)
    chosen = {(row.type, row.channel): row.is_on for row in rows if row.calendar_id is None}
    everywhere = [
        ChoiceRead(
            type=type_,
            channel=channel,
            calendar_id=None,
            is_on=chosen.get((type_, channel), is_on_by_default(type_, channel)),
            is_default=(type_, channel) not in chosen,
        )
        for type_ in NotificationType
        for channel in NotificationChannel
    ]
    single = [
        ChoiceRead(**row.model_dump(include={"type", "channel", "calendar_id", "is_on"}), is_default=False)
        for row in rows
        if row.calendar_id is not None
    ]
    return ChoicesRead(choices=everywhere + single)


def set_choices(session: Session, actor: Actor, data: ChoicesWrite) -> ChoicesRead:
    """Let these be all that the actor has chosen.

    Raises:
        NotFound: the actor does not see a calendar.
        Invalid: something is chosen twice, or more than NOTIFICATION_CHOICES_MAX are.
    """
    limit = get_settings().NOTIFICATION_CHOICES_MAX
    if len(data.choices) > limit:
        raise Invalid("too_many_choices", field="choices", limit=limit)
    keys = {(choice.type, choice.channel, choice.calendar_id) for choice in data.choices}
    if len(keys) < len(data.choices):
        raise Invalid("chosen_twice", field="choices")
    _require_visible(session, actor, {choice.calendar_id for choice in data.choices if choice.calendar_id is not None})
    _lock(session, actor)
    session.execute(delete(NotificationChoice).where(*_of(actor)))
    session.add_all(
        NotificationChoice(organization_id=actor.company, user_id=actor.user_id, **choice.model_dump())
        for choice in data.choices
    )
    flush(session)
    return read_choices(session, actor)


def read_quiet_hours(session: Session, actor: Actor) -> QuietHoursRead:
    """The actor's quiet hours; all null where there are none."""
    row = session.get(NotificationSettings, (actor.company, actor.user_id))
    if row is None:
        return QuietHoursRead(start=None, end=None, days=[])
    return QuietHoursRead(start=row.quiet_from, end=row.quiet_to, days=sorted(row.quiet_days))


def set_quiet_hours(session: Session, actor: Actor, data: QuietHoursWrite) -> QuietHoursRead:
    """Set the actor's quiet hours, or with `start` null have none. What waits already leaves when it was to."""
    _lock(session, actor)
    row = session.get(NotificationSettings, (actor.company, actor.user_id))
    if row is not None:
        session.delete(row)
        flush(session)
    if data.start is not None and data.end is not None:
        session.add(
            NotificationSettings(
                organization_id=actor.company,
                user_id=actor.user_id,
                quiet_from=data.start,
                quiet_to=data.end,
                quiet_days=sorted(set(data.days)),
            )
        )
        flush(session)
    return read_quiet_hours(session, actor)


def _rows(session: Session, actor: Actor) -> list[NotificationChoice]:
    query = select(NotificationChoice).where(*_of(actor)).order_by(col(NotificationChoice.id))
    return list(session.execute(query).scalars())


def _require_visible(session: Session, actor: Actor, calendars: set[UUID]) -> None:
    query = calendar_service.visible_to(actor).where(col(Calendar.id) == func.any(list(calendars)))
    if calendars and len(session.execute(query).scalars().all()) < len(calendars):
        raise NotFound("calendar_not_found")


def _lock(session: Session, actor: Actor) -> None:
    """Two requests of the same person come one after the other."""
    calendar_service.lock_people(session, actor.company, {actor.user_id})


def _of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return col(NotificationChoice.organization_id) == actor.company, col(NotificationChoice.user_id) == actor.user_id
