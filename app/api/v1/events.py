"""Events, series and their occurrences."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import CurrentUser, IfMatch, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.models.base import now
from app.schemas.common import Page
from app.schemas.event import EventPatch, EventRead, EventWrite, OccurrenceQuery, OccurrenceRead, ParticipantWrite
from app.services import event_access, event_list_service, event_service, participant_service
from app.services.rows import PageRequest
from app.services.windows import TAKING_PLACE, Window, resolve_moment

router = PrefixRouter(prefix="/events", tags=["events"], route_class=TransactionRoute)


@router.get("", response_model=Page[OccurrenceRead], summary="List occurrences", responses=responses(401, 403))
def list_events(
    user: CurrentUser,
    session: SessionDep,
    query: Annotated[OccurrenceQuery, Query()],
) -> Any:
    """Every occurrence that overlaps [from, to), across the calendars that I see and the events I take part in."""
    zone = query.time_zone or user.time_zone
    window = Window(
        start=resolve_moment(query.start, zone, "from"),
        end=resolve_moment(query.end, zone, "to"),
        zone=zone,
        calendar_id=query.calendar_id,
        room_id=query.room_id,
        statuses=tuple(query.status) or TAKING_PLACE,
    )
    page = page_request(query.limit, query.cursor)
    body = event_list_service.list_occurrences(session, user, window, page)
    return Response(body, media_type="application/json")


@router.post(
    "",
    response_model=EventRead,
    status_code=201,
    summary="Create an event or a series",
    responses=responses(401, 403, 404, 409),
)
def create_event(data: EventWrite, user: CurrentUser, session: SessionDep) -> EventRead:
    """With its room for every occurrence, or not at all: 409 lists what clashes and which rooms are free."""
    event = event_service.create_event(session, user, data)
    return event_service.read_event(session, event)


@router.get("/upcoming", response_model=Page[OccurrenceRead], summary="What comes next", responses=responses(401, 403))
def list_upcoming_events(
    user: CurrentUser,
    session: SessionDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    days: Annotated[int, Query(ge=1, le=366, description="How far to look ahead")] = 30,
) -> Any:
    """The next occurrences from now on, those under way included."""
    start = now()
    window = Window(start=start, end=start + timedelta(days=days), zone=user.time_zone)
    body = event_list_service.list_occurrences(session, user, window, PageRequest(limit))
    return Response(body, media_type="application/json")


@router.get("/{event_id}", response_model=EventRead, summary="Read an event", responses=responses(401, 403, 404))
def read_event(event_id: UUID, user: CurrentUser, session: SessionDep) -> EventRead:
    event = event_access.get_event(session, user, event_id)
    return event_service.read_event(session, event)


@router.put(
    "/{event_id}",
    response_model=EventRead,
    summary="Replace an event, all its occurrences",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_event(
    event_id: UUID,
    data: EventWrite,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> EventRead:
    """For its organizer. The room follows, or the change fails whole. Participants and calendar not sent stay."""
    event = event_service.replace_event(session, user, event_id, data, if_match)
    return event_service.read_event(session, event)


@router.patch(
    "/{event_id}",
    response_model=EventRead,
    summary="Change an event, all its occurrences",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_event(
    event_id: UUID,
    data: EventPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> EventRead:
    """Only what is sent changes. `status: cancelled` frees the room."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    event = event_service.patch_event(session, user, event_id, values, if_match)
    return event_service.read_event(session, event)


@router.delete(
    "/{event_id}",
    status_code=204,
    summary="Delete an event, all its occurrences",
    responses=responses(401, 403, 404, 412),
)
def delete_event(event_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """For its organizer. The room becomes free."""
    event_service.delete_event(session, user, event_id, if_match)


@router.post(
    "/{event_id}/participants",
    response_model=EventRead,
    status_code=201,
    summary="Add a participant",
    responses=responses(401, 403, 404, 409),
)
def add_participant(event_id: UUID, data: ParticipantWrite, user: CurrentUser, session: SessionDep) -> EventRead:
    event = participant_service.add_participant(session, user, event_id, data)
    return event_service.read_event(session, event)


@router.delete(
    "/{event_id}/participants/{user_id}",
    status_code=204,
    summary="Remove a participant",
    responses=responses(401, 403, 404),
)
def remove_participant(event_id: UUID, user_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """For the organizer; people may take themselves out."""
    participant_service.remove_participant(session, user, event_id, user_id)
