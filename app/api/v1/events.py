"""Events, series and their occurrences."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import ActingUser, IfMatch, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.models.base import now
from app.schemas.common import DateOrMoment, Page
from app.schemas.event import (
    ChangeQuery,
    EventPatch,
    EventRead,
    EventWrite,
    OccurrenceQuery,
    OccurrenceRead,
    WriteQuery,
)
from app.schemas.event_preview import ChangesRead
from app.schemas.participant import ParticipantWrite
from app.services import (
    event_list_service,
    event_preview_service,
    event_service,
    notice_service,
    participant_service,
)
from app.services.event_reading import read_event as read_as_client
from app.services.event_service import Choice, Outcome
from app.services.rows import PageRequest
from app.services.windows import TAKING_PLACE, Window, resolve_moment

router = PrefixRouter(prefix="/events", tags=["events"], route_class=RepeatableRoute)

Changes = Annotated[ChangeQuery, Query()]
_PREVIEW: dict[int | str, dict[str, Any]] = {200: {"model": ChangesRead, "description": "dry_run: what would happen"}}


@router.get("", response_model=Page[OccurrenceRead], summary="List occurrences", responses=responses(401, 403))
def list_events(
    user: ActingUser,
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
    responses={**_PREVIEW, **responses(401, 403, 404, 409)},
)
def create_event(data: EventWrite, user: ActingUser, session: SessionDep, query: Annotated[WriteQuery, Query()]) -> Any:
    """With its room for every occurrence, or not at all: 409 lists what clashes and which rooms are free."""
    if query.dry_run:
        return _told(
            event_preview_service.preview(
                session, user, None, query.notify, lambda: event_service.create_event(session, user, data)
            )
        )
    outcome = event_service.create_event(session, user, data)
    return _done(session, user, outcome, query)


@router.get("/upcoming", response_model=Page[OccurrenceRead], summary="What comes next", responses=responses(401, 403))
def list_upcoming_events(
    user: ActingUser,
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
def read_event(
    event_id: UUID,
    user: ActingUser,
    session: SessionDep,
    occurrence: Annotated[DateOrMoment | None, Query(description="The original start of one occurrence")] = None,
) -> EventRead:
    """A single event, a series, or with `occurrence` that one of a series."""
    event, one = event_service.find_occurrence(session, user, event_id, occurrence)
    return read_as_client(session, event, one)


@router.put(
    "/{event_id}",
    response_model=EventRead,
    summary="Replace an event, or occurrences of a series",
    responses={**_PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def replace_event(
    event_id: UUID, data: EventWrite, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Changes
) -> Any:
    """For its organizer and who may write in its calendar. Rooms follow, or the change fails whole.

    Of a series `scope` says what is changed; the times sent are those of `occurrence`, if one is named. Calendar,
    participants, exdates, rdates, visibility, transparency and guests' rights that are not sent stay.
    """
    return _change(
        session,
        user,
        event_id,
        query,
        lambda choice: event_service.replace_event(session, user, event_id, data, if_match, choice),
    )


@router.patch(
    "/{event_id}",
    response_model=EventRead,
    summary="Change an event, or occurrences of a series",
    responses={**_PREVIEW, **responses(401, 403, 404, 409, 412)},
)
def patch_event(
    event_id: UUID,
    data: EventPatch,  # type: ignore[valid-type]
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
    query: Changes,
) -> Any:
    """Only what is sent changes. `status: cancelled` frees the room."""
    values = {name: getattr(data, name) for name in data.model_fields_set}  # type: ignore[attr-defined]
    return _change(
        session,
        user,
        event_id,
        query,
        lambda choice: event_service.patch_event(session, user, event_id, values, if_match, choice),
    )


@router.delete(
    "/{event_id}",
    status_code=204,
    response_model=None,
    summary="Delete an event, or occurrences of a series",
    responses={**_PREVIEW, **responses(401, 403, 404, 412)},
)
def delete_event(event_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch, query: Changes) -> Any:
    """For its organizer and who may write in its calendar. Rooms become free."""
    return _change(
        session,
        user,
        event_id,
        query,
        lambda choice: event_service.delete_event(session, user, event_id, if_match, choice),
    )


@router.post(
    "/{event_id}/participants",
    response_model=EventRead,
    status_code=201,
    summary="Add a participant",
    responses=responses(401, 403, 404, 409),
)
def add_participant(event_id: UUID, data: ParticipantWrite, user: ActingUser, session: SessionDep) -> EventRead:
    event = participant_service.add_participant(session, user, event_id, data)
    return read_as_client(session, event)


@router.delete(
    "/{event_id}/participants/{user_id}",
    status_code=204,
    summary="Remove a participant",
    responses=responses(401, 403, 404),
)
def remove_participant(event_id: UUID, user_id: UUID, user: ActingUser, session: SessionDep) -> None:
    """For the organizer; people may take themselves out."""
    participant_service.remove_participant(session, user, event_id, user_id)


def _change(
    session: SessionDep,
    user: ActingUser,
    event_id: UUID,
    query: ChangeQuery,
    change: Callable[[Choice], Outcome],
) -> Any:
    """Do it, or with dry_run tell what it would do."""
    choice = Choice(query.scope, query.occurrence)
    if query.dry_run:
        return _told(event_preview_service.preview(session, user, event_id, query.notify, lambda: change(choice)))
    return _done(session, user, change(choice), query)


def _done(session: SessionDep, user: ActingUser, outcome: Outcome, query: WriteQuery) -> EventRead | None:
    notice_service.tell(session, user, outcome.trace.notices, query.notify)
    return None if outcome.event is None else read_as_client(session, outcome.event)


def _told(changes: ChangesRead) -> Response:
    return Response(changes.model_dump_json(), media_type="application/json")
