"""Events, series and their occurrences."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import ActingUser, IfMatch, page_request
from app.api.event_writes import EVENT_OR_PREVIEW, PREVIEW, EventOrPreview, write_event
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
from app.services import event_list_service, event_service
from app.services.event_reading import read_event as read_as_client
from app.services.event_service import Choice, Outcome
from app.services.rows import PageRequest
from app.services.windows import TAKING_PLACE, Window, resolve_moment

router = PrefixRouter(prefix="/events", tags=["events"], route_class=RepeatableRoute)

Changes = Annotated[ChangeQuery, Query()]


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
    responses={**PREVIEW, **responses(401, 403, 404, 409)},
)
def create_event(data: EventWrite, user: ActingUser, session: SessionDep, query: Annotated[WriteQuery, Query()]) -> Any:
    """With its room for every occurrence, or not at all: 409 lists what clashes and which rooms are free."""
    percent = query.room_clashes_percent
    return write_event(session, user, None, query, lambda: event_service.create_event(session, user, data, percent))


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
    return read_as_client(session, user, event, one)


@router.put(
    "/{event_id}",
    response_model=EventOrPreview,
    summary="Replace an event, or occurrences of a series",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409, 412)},
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
    response_model=EventOrPreview,
    summary="Change an event, or occurrences of a series",
    responses={**EVENT_OR_PREVIEW, **responses(401, 403, 404, 409, 412)},
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
    responses={**PREVIEW, **responses(401, 403, 404, 412)},
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


def _change(
    session: SessionDep,
    user: ActingUser,
    event_id: UUID,
    query: ChangeQuery,
    change: Callable[[Choice], Outcome],
) -> Any:
    choice = Choice(query.scope, query.occurrence, query.room_clashes_percent)
    return write_event(session, user, event_id, query, lambda: change(choice))
