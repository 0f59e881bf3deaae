"""Who takes part in an event."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound
from app.models.event import Event
from app.models.participant import EventParticipant
from app.models.user import User
from app.schemas.event import ParticipantWrite
from app.services.event_access import get_changeable, get_event
from app.services.rows import flush


def participants_of(session: Session, event: Event) -> list[EventParticipant]:
    """Everybody who takes part in this very row, in the order in which they were invited."""
    query = (
        select(EventParticipant)
        .where(
            col(EventParticipant.organization_id) == event.organization_id, col(EventParticipant.event_id) == event.id
        )
        .order_by(col(EventParticipant.id))
    )
    return list(session.execute(query).scalars())


def add_participant(session: Session, actor: Actor, event_id: UUID, data: ParticipantWrite) -> Event:
    """Invite one more colleague.

    Raises:
        Conflict: this person takes part already.
        Invalid: there is no such colleague, or the event is full.
    """
    event = get_changeable(session, actor, event_id)
    present = by_user(session, event)
    if data.user_id in present:
        raise Conflict("already_participant")
    set_participants(session, event, [*_as_participants(present.values()), data])
    event.version += 1
    flush(session)
    return event


def remove_participant(session: Session, actor: Actor, event_id: UUID, user_id: UUID) -> None:
    """Take a person out of an event. People may take themselves out.

    Raises:
        NotFound: this person does not take part.
    """
    if user_id == actor.user_id:
        event = get_event(session, actor, event_id, lock=True)
    else:
        event = get_changeable(session, actor, event_id)
    present = by_user(session, event)
    if user_id not in present:
        raise NotFound("participant_not_found")
    session.delete(present[user_id])
    event.version += 1
    flush(session)


def by_user(session: Session, event: Event) -> dict[UUID, EventParticipant]:
    query = select(EventParticipant).where(
        col(EventParticipant.organization_id) == event.organization_id, col(EventParticipant.event_id) == event.id
    )
    return {row.user_id: row for row in session.execute(query).scalars() if row.user_id is not None}


def _as_participants(rows: Iterable[EventParticipant]) -> list[ParticipantWrite]:
    return [ParticipantWrite.model_validate({"user_id": row.user_id, "role": row.role}) for row in rows]


def set_participants(session: Session, event: Event, wanted: list[ParticipantWrite]) -> bool:
    """Make these the participants; those who stay keep their answer. Whether anything changed.

    Raises:
        Invalid: somebody is not an active colleague, or there are too many.
    """
    limit = get_settings().EVENT_MAX_PARTICIPANTS
    roles = {participant.user_id: participant.role for participant in wanted}
    if len(roles) > limit:
        raise Invalid("too_many_participants", field="participants", limit=limit)
    present = by_user(session, event)
    new = roles.keys() - present.keys()
    gone = present.keys() - roles.keys()
    known = select(col(User.id)).where(
        col(User.organization_id) == event.organization_id, col(User.is_active), col(User.id).in_(new)
    )
    if new and len(session.execute(known).all()) < len(new):
        raise Invalid("user_not_found", field="participants")
    if gone:
        session.execute(
            delete(EventParticipant).where(
                col(EventParticipant.organization_id) == event.organization_id,
                col(EventParticipant.event_id) == event.id,
                col(EventParticipant.user_id).in_(gone),
            )
        )
    promoted = {id_: row for id_, row in present.items() if id_ in roles and row.role != roles[id_]}
    for user_id, row in promoted.items():
        row.role = roles[user_id]
    session.add_all(
        EventParticipant(
            organization_id=event.organization_id,
            event_id=event.id,
            user_id=user_id,
            role=roles[user_id],
            span=event.span,
        )
        for user_id in roles
        if user_id in new
    )
    flush(session)
    return bool(new or gone or promoted)
