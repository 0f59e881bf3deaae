"""People in meetings: who is invited, what they answer, and what is theirs alone."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import ActingUser, IfMatch
from app.api.event_writes import EVENT_OR_PREVIEW, PREVIEW, EventOrPreview, write_event
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.attendance import (
    AnswerQuery,
    AnswerWrite,
    GuestsQuery,
    OutsideAnswerQuery,
    OutsideGuestQuery,
    OwnWrite,
)
from app.schemas.event import EventRead
from app.schemas.participant import ParticipantWrite
from app.services import guest_service, proposal_service, response_service
from app.services.participant_service import Key

router = PrefixRouter(prefix="/events", tags=["events"], route_class=RepeatableRoute)

Guests = Annotated[GuestsQuery, Query()]
Answers = Annotated[AnswerQuery, Query()]
OutsideAnswers = Annotated[OutsideAnswerQuery, Query()]


@router.post(
    "/{event_id}/participants",
    response_model=EventRead,
    status_code=201,
    summary="Invite a colleague, a department or a guest from outside",
    responses={**PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def add_participant(
    event_id: UUID, data: ParticipantWrite, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Guests
) -> Any:
    """For hosts, and for guests where the organizer lets them invite. Of a series, to all of it or one occurrence."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: guest_service.invite(session, user, event_id, data, if_match, query.scope, query.occurrence),
    )


@router.delete(
    "/{event_id}/participants/{user_id}",
    status_code=204,
    response_model=None,
    summary="Take a colleague out of an event",
    responses={**PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def remove_participant(
    event_id: UUID, user_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Guests
) -> Any:
    """For hosts; people take themselves out, of one occurrence or of all. Who is invited with a department declines."""
    return _take_out(event_id, Key(user_id, None, None), user, session, if_match, query)


@router.delete(
    "/{event_id}/participants/departments/{department_id}",
    status_code=204,
    response_model=None,
    summary="Take a department out of an event",
    responses={**PREVIEW, **responses(401, 403, 404, 412)},
)
def remove_department(
    event_id: UUID, department_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Guests
) -> Any:
    """For hosts. Those of its people go who are not invited by name."""
    return _take_out(event_id, Key(None, department_id, None), user, session, if_match, query)


@router.delete(
    "/{event_id}/participants",
    status_code=204,
    response_model=None,
    summary="Take a guest from outside out of an event",
    responses={**PREVIEW, **responses(401, 403, 404, 412)},
)
def remove_outside_guest(
    event_id: UUID,
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
    query: Annotated[OutsideGuestQuery, Query()],
) -> Any:
    """For hosts."""
    return _take_out(event_id, Key(None, None, query.email), user, session, if_match, query)


@router.put(
    "/{event_id}/response",
    response_model=EventOrPreview,
    summary="Answer an invitation",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404)},
)
def answer_invitation(event_id: UUID, data: AnswerWrite, user: ActingUser, session: SessionDep, query: Answers) -> Any:
    """For myself: to an event, a series, or one occurrence of it, with a comment and another time if I have one.

    Who is invited with a department answers for themselves. Only the organizer is told.
    """
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: response_service.answer(session, user, event_id, data, query.occurrence),
    )


@router.patch(
    "/{event_id}/mine",
    response_model=EventOrPreview,
    summary="Set what is mine in an event",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404)},
)
def set_mine(event_id: UUID, data: OwnWrite, user: ActingUser, session: SessionDep, query: Answers) -> Any:
    """Whether the event makes me busy. Nobody else notices anything but that."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: response_service.set_own(session, user, event_id, data, query.occurrence),
    )


@router.post(
    "/{event_id}/participants/{user_id}/proposal/accept",
    response_model=EventOrPreview,
    summary="Move an event to the time that a participant proposed",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def accept_proposal(
    event_id: UUID, user_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Answers
) -> Any:
    """For hosts. The room moves along, or the event stays; everybody is asked again."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: proposal_service.accept(session, user, event_id, Key(user_id, None, None), if_match, query.occurrence),
    )


@router.post(
    "/{event_id}/participants/{user_id}/proposal/decline",
    response_model=EventOrPreview,
    summary="Decline the time that a participant proposed",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 412)},
)
def decline_proposal(
    event_id: UUID, user_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Answers
) -> Any:
    """For hosts. The event stays where it is, and who had proposed another time is told."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: proposal_service.decline(session, user, event_id, Key(user_id, None, None), if_match, query.occurrence),
    )


@router.post(
    "/{event_id}/participants/proposal/accept",
    response_model=EventOrPreview,
    summary="Move an event to the time that a guest from outside proposed",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def accept_outside_proposal(
    event_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: OutsideAnswers
) -> Any:
    """For hosts. The room moves along, or the event stays; everybody is asked again."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: proposal_service.accept(
            session, user, event_id, Key(None, None, query.email), if_match, query.occurrence
        ),
    )


@router.post(
    "/{event_id}/participants/proposal/decline",
    response_model=EventOrPreview,
    summary="Decline the time that a guest from outside proposed",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 412)},
)
def decline_outside_proposal(
    event_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: OutsideAnswers
) -> Any:
    """For hosts. The event stays where it is, and the guest is told by mail."""
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: proposal_service.decline(
            session, user, event_id, Key(None, None, query.email), if_match, query.occurrence
        ),
    )


def _take_out(
    event_id: UUID, key: Key, user: ActingUser, session: SessionDep, if_match: IfMatch, query: GuestsQuery
) -> Any:
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: guest_service.take_out(session, user, event_id, key, if_match, query.scope, query.occurrence),
    )
