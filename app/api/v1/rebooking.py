"""What became of the rooms of an event, and other rooms for the occurrences that did not get theirs."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import ActingUser, IfMatch, OccurrenceParam
from app.api.event_writes import EVENT_OR_PREVIEW, EventOrPreview, write_event
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.event import RoomReport, TellQuery
from app.schemas.rebooking import RebookingWrite
from app.services import rebooking_service

router = PrefixRouter(prefix="/events", tags=["events"], route_class=RepeatableRoute)


@router.get(
    "/{event_id}/room-report",
    response_model=RoomReport,
    summary="Read what became of an event's rooms",
    responses=responses(401, 403, 404),
)
def read_room_report(
    event_id: UUID, user: ActingUser, session: SessionDep, occurrence: OccurrenceParam = None
) -> RoomReport:
    """Every occurrence that asks for a room: whether it has it, and if not, why. For who reads the event."""
    return rebooking_service.read_report(session, user, event_id, occurrence)


@router.post(
    "/{event_id}/rebooking",
    response_model=EventOrPreview,
    summary="Give occurrences other rooms or times",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def rebook(
    event_id: UUID,
    data: RebookingWrite,
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
    query: Annotated[TellQuery, Query()],
) -> Any:
    """For who may change the event: one call for all that were skipped, in the order sent; all of them, or nothing.

    An occurrence for which nothing is sent asks again for the room that it did not get.
    """
    return write_event(
        session,
        user,
        event_id,
        query,
        lambda: rebooking_service.rebook(session, user, event_id, data.items, if_match),
    )
