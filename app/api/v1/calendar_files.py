"""Import of .ics files into a calendar, and its export."""

from dataclasses import dataclass
from email.message import Message
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from app.api.deps import CurrentUser, PageParams, TimeZoneParam, get_current_user
from app.api.ical_response import DOCUMENTED, Range, calendar_response
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.repeatable_route import RepeatableRoute
from app.core.errors import UnsupportedMediaType
from app.db import SessionDep
from app.schemas.common import DateOrMoment, Page
from app.schemas.interchange import IcsImportLineRead, IcsImportRead
from app.services import ical_export_service, ics_import_service

router = PrefixRouter(prefix="/calendars", tags=["calendars"], route_class=RepeatableRoute)

CALENDAR = "text/calendar"
# What browsers and mail programs call it too.
MEDIA_TYPES = (CALENDAR, "application/ics", "application/octet-stream")
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            CALENDAR: {
                "schema": {"type": "string"},
                "example": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
                "DTSTAMP:20270101T000000Z\r\nDTSTART:20270322T090000Z\r\nDTEND:20270322T100000Z\r\n"
                "SUMMARY:Планёрка\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class SentCalendar:
    content: bytes


async def read_calendar(request: Request) -> SentCalendar:
    """The body, if it says that it is iCalendar, of somebody with a token."""
    await get_current_user.claims(request)
    said = Message()
    said["Content-Type"] = request.headers.get("content-type", "")
    if said.get_content_type() not in MEDIA_TYPES:
        raise UnsupportedMediaType("unsupported_media_type", accepted=CALENDAR)
    return SentCalendar(await request.body())


@router.post(
    "/{calendar_id}/imports",
    response_model=IcsImportRead,
    status_code=202,
    summary="Import an .ics file",
    responses=responses(401, 403, 404, 409, 413, 415),
    openapi_extra=_FILE,
)
def start_import(
    calendar_id: UUID, user: CurrentUser, session: SessionDep, file: Annotated[SentCalendar, Depends(read_calendar)]
) -> Any:
    """A worker stores the file; ask for the import to see how far it is.

    An event is known by its UID: the same file twice changes nothing, and what is older than what is stored is left
    alone. Colleagues are recognised by their e-mail; nobody is told, and no room is booked. What is not understood
    comes back on export.
    """
    return ics_import_service.start(session, user, calendar_id, file.content)


@router.get(
    "/{calendar_id}/imports/{import_id}",
    response_model=IcsImportRead,
    summary="Read how an import stands",
    responses=responses(401, 403, 404),
)
def read_import(calendar_id: UUID, import_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return ics_import_service.get_import(session, user, calendar_id, import_id)


@router.get(
    "/{calendar_id}/imports/{import_id}/lines",
    response_model=Page[IcsImportLineRead],
    summary="Read the report of an import",
    responses=responses(401, 403, 404),
)
def list_import_lines(
    calendar_id: UUID, import_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams, request: Request
) -> Any:
    """A line for each event of the file, and for each part that was kept, repaired or refused."""
    language = reader_language(request.scope)
    items, cursor = ics_import_service.list_lines(session, user, calendar_id, import_id, page, language)
    return Page(items=items, next_cursor=cursor)


async def get_range(
    start: Annotated[DateOrMoment | None, Query(alias="from", examples=["2027-03-01"])] = None,
    end: Annotated[DateOrMoment | None, Query(alias="to", examples=["2027-04-01"], description="Exclusive")] = None,
    time_zone: TimeZoneParam = None,
) -> Range:
    return Range(start, end, time_zone)


@router.get(
    "/{calendar_id}/ics",
    response_class=StreamingResponse,
    summary="Export a calendar",
    responses={200: DOCUMENTED, **responses(401, 403, 404)},
)
def export_calendar(
    calendar_id: UUID, user: CurrentUser, session: SessionDep, bounds: Annotated[Range, Depends(get_range)]
) -> StreamingResponse:
    """The whole calendar, or what overlaps `from` and `to`, when both are sent.

    What was imported comes back as it was, unknown properties, alarms and parts that are no events too, but for what
    was changed since. Who sees only the calendar's busy times gets only those.
    """
    export = ical_export_service.of_calendar(session, user, calendar_id, **bounds.resolved(user))
    return calendar_response(export, "calendar")
