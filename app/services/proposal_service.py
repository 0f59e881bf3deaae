"""Other times that participants propose: the host takes them, or does not."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import NotFound
from app.models.event import Event
from app.models.participant import EventParticipant
from app.schemas.event_preview import Why
from app.services import event_access, event_service, series_service
from app.services.event_edit_service import Trace
from app.services.event_reading import shown
from app.services.event_service import Choice, Outcome, find_target
from app.services.notice_service import note
from app.services.participant_service import Key
from app.services.rows import flush


def accept(
    session: Session,
    actor: Actor,
    event_id: UUID,
    who: Key,
    if_match: frozenset[int] | None,
    occurrence: date | None,
) -> Outcome:
    """Move the event, or one occurrence, to the time that a participant proposed; its room moves along.

    As after any other move everybody is asked again (rule 14), and all proposals are gone.

    Args:
        who: a colleague, or a guest from outside.

    Raises:
        NotFound: the actor does not see the event, or this participant proposes nothing.
        Forbidden: the actor is no host.
        Conflict: the room is taken at that time.
    """
    event, _, row = _proposal(session, actor, event_id, who, if_match, occurrence)
    assert row.proposed_start is not None
    assert row.proposed_end is not None
    values = {"start_time": shown(event, row.proposed_start), "end_time": shown(event, row.proposed_end)}
    outcome = event_service.patch_event(session, actor, event.id, values, None, Choice())
    # Where it is the time that the event has already, nobody was asked again.
    session.refresh(row)
    _clear(session, row)
    return outcome


def decline(
    session: Session,
    actor: Actor,
    event_id: UUID,
    who: Key,
    if_match: frozenset[int] | None,
    occurrence: date | None,
) -> Outcome:
    """Let the time stand that the event has; who had proposed another is told (RFC 5546 §3.2.8).

    Args:
        who: a colleague, or a guest from outside.

    Raises:
        NotFound: the actor does not see the event, or this participant proposes nothing.
        Forbidden: the actor is no host.
    """
    event, series, row = _proposal(session, actor, event_id, who, if_match, occurrence)
    _clear(session, row)
    notices = note(session, actor, Why.PROPOSAL_DECLINED, event, [who])
    return Outcome(event, [series], Trace(notices=notices))


def _proposal(
    session: Session,
    actor: Actor,
    event_id: UUID,
    who: Key,
    if_match: frozenset[int] | None,
    occurrence: date | None,
) -> tuple[Event, Event, EventParticipant]:
    target = find_target(session, actor, event_id, Choice(None, occurrence), if_match)
    event_access.require_host(session, actor, target.event)
    event: Event | None = target.event
    if target.original is not None:
        event = series_service.find_override(session, target.series, target.original)
    row = None if event is None else session.execute(_of(event, who)).scalar_one_or_none()
    if event is None or row is None:
        raise NotFound("proposal_not_found")
    return event, target.series, row


def _of(event: Event, who: Key) -> Select[EventParticipant]:
    is_theirs = (
        col(EventParticipant.email) == who.email
        if who.user_id is None
        else col(EventParticipant.user_id) == who.user_id
    )
    return select(EventParticipant).where(
        col(EventParticipant.organization_id) == event.organization_id,
        col(EventParticipant.event_id) == event.id,
        is_theirs,
        col(EventParticipant.proposed_start).is_not(None),
    )


def _clear(session: Session, row: EventParticipant) -> None:
    row.proposed_start = row.proposed_end = None
    flush(session)
