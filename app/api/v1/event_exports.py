"""Export of events as iCalendar."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.api.deps import CurrentUser, TimeZoneParam
from app.api.ical_response import DOCUMENTED, Range, calendar_response
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import DateOrMoment
from app.services import ical_export_service

router = PrefixRouter(prefix="/events", tags=["events"], route_class=TransactionRoute)


@router.get(
    "/ics",
    response_class=StreamingResponse,
    summary="Export all that I see in a range",
    responses={200: DOCUMENTED, **responses(401, 403)},
)
def export_events(
    user: CurrentUser,
    session: SessionDep,
    start: Annotated[DateOrMoment, Query(alias="from", examples=["2027-03-01"])],
    end: Annotated[DateOrMoment, Query(alias="to", examples=["2027-04-01"], description="Exclusive")],
    time_zone: TimeZoneParam = None,
) -> StreamingResponse:
    """Everything in the calendars of my list, and what I take part in elsewhere.

    A series is whole when one of its occurrences is in the range. What I may know only as busy times says "Busy".
    """
    bounds = Range(start, end, time_zone).resolved(user)
    return calendar_response(ical_export_service.of_everything(session, user, **bounds), "events")


@router.get(
    "/{event_id}/ics",
    response_class=StreamingResponse,
    summary="Export an event",
    responses={200: DOCUMENTED, **responses(401, 403, 404)},
)
def export_event(event_id: UUID, user: CurrentUser, session: SessionDep) -> StreamingResponse:
    """An event, or its whole series as far as I see it."""
    return calendar_response(ical_export_service.of_event(session, user, event_id), "event")
