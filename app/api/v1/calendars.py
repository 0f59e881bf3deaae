"""Calendars: one's own, those that colleagues share, and the public ones."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import ActingUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.calendar import CalendarPatch, CalendarRead, CalendarSort, CalendarWrite
from app.schemas.common import Page
from app.services import calendar_list_service, calendar_service

router = PrefixRouter(prefix="/calendars", tags=["calendars"], route_class=RepeatableRoute)


@router.get("", response_model=Page[CalendarRead], summary="List calendars", responses=responses(401, 403))
def list_calendars(
    user: ActingUser,
    session: SessionDep,
    page: PageParams,
    sort: CalendarSort = CalendarSort.NAME,
    owner_id: UUID | None = None,
    is_listed: Annotated[bool | None, Query(description="Those that I am subscribed to, or those that I left")] = None,
) -> Any:
    """My own calendars, those shared with me or with my department, and the public ones of the company."""
    items, cursor = calendar_list_service.list_calendars(
        session, user, sort, page, owner_id=owner_id, is_listed=is_listed
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=CalendarRead,
    status_code=201,
    summary="Create a calendar",
    responses=responses(401, 403, 409),
)
def create_calendar(data: CalendarWrite, user: ActingUser, session: SessionDep) -> Any:
    created = calendar_service.create_calendar(session, user, data)
    return calendar_service.read_calendar(session, user, created.id)


@router.get(
    "/{calendar_id}",
    response_model=CalendarRead,
    summary="Read a calendar",
    responses=responses(401, 403, 404),
)
def read_calendar(calendar_id: UUID, user: ActingUser, session: SessionDep) -> Any:
    return calendar_service.read_calendar(session, user, calendar_id)


@router.put(
    "/{calendar_id}",
    response_model=CalendarRead,
    summary="Replace a calendar",
    responses=responses(401, 403, 404, 412),
)
def replace_calendar(
    calendar_id: UUID,
    data: CalendarWrite,
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    return calendar_service.change_calendar(session, user, calendar_id, data.model_dump(), if_match)


@router.patch(
    "/{calendar_id}",
    response_model=CalendarRead,
    summary="Change a calendar",
    responses=responses(401, 403, 404, 412),
)
def patch_calendar(
    calendar_id: UUID,
    data: CalendarPatch,  # type: ignore[valid-type]
    user: ActingUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return calendar_service.change_calendar(session, user, calendar_id, values, if_match)


@router.delete(
    "/{calendar_id}",
    status_code=204,
    summary="Delete a calendar",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_calendar(calendar_id: UUID, user: ActingUser, session: SessionDep, if_match: IfMatch) -> None:
    """Its events go with it, and their rooms become free."""
    calendar_service.delete_calendar(session, user, calendar_id, if_match)
