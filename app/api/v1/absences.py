"""When people are away, who stands in for them, and who approves it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from app.api.deps import CurrentUser, IfMatch, PageParams, page_request
from app.api.ical_response import DOCUMENTED, MEDIA_TYPE
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.working_time import (
    AbsenceCreate,
    AbsenceDecision,
    AbsenceFilters,
    AbsencePatch,
    AbsenceQuery,
    AbsenceRead,
    OwnKindPatch,
    OwnKindRead,
    OwnKindSort,
    OwnKindWrite,
)
from app.services import absence_export, absence_kind_service, absence_service

router = PrefixRouter(prefix="/absences", tags=["absences"], route_class=RepeatableRoute)


@router.get("", response_model=Page[AbsenceRead], summary="List absences", responses=responses(401, 403))
def list_absences(user: CurrentUser, session: SessionDep, query: Annotated[AbsenceQuery, Query()]) -> Any:
    """Of all colleagues. Of which kind they are, only themselves, their managers and administrators see."""
    page = page_request(query.limit, query.cursor)
    items, cursor = absence_service.list_absences(session, user, query.sort, page, query)
    return Page(items=items, next_cursor=cursor)


@router.post("", response_model=AbsenceRead, status_code=201, summary="Be away", responses=responses(401, 403, 409))
def create_absence(data: AbsenceCreate, user: CurrentUser, session: SessionDep) -> Any:
    """One's own; administrators may name anybody. Where its kind needs approval, it is a request until the manager, or
    an administrator, decides. Tickets go to the substitute meanwhile.
    """
    return absence_service.create_absence(session, user, data)


@router.get(
    "/calendar.ics",
    response_class=Response,
    summary="Absences as a calendar",
    responses={200: DOCUMENTED, **responses(401, 403)},
)
def export_absences(
    user: CurrentUser, session: SessionDep, request: Request, query: Annotated[AbsenceFilters, Query()]
) -> Response:
    """As iCalendar: of a team, a department, a person; without those that were refused."""
    body = absence_export.as_calendar(session, user, query, reader_language(request.scope))
    headers = {"Content-Disposition": 'attachment; filename="absences.ics"'}
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


@router.get(
    "/kinds", response_model=Page[OwnKindRead], summary="List own kinds of absence", responses=responses(401, 403)
)
def list_absence_kinds(
    user: CurrentUser, session: SessionDep, page: PageParams, sort: OwnKindSort = OwnKindSort.NAME
) -> Any:
    """Those that the company has besides vacation, sick leave, trip and other."""
    items, cursor = absence_kind_service.list_kinds(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/kinds",
    response_model=OwnKindRead,
    status_code=201,
    summary="Create a kind of absence",
    responses=responses(401, 403, 409),
)
def create_absence_kind(data: OwnKindWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators."""
    return absence_kind_service.create_kind(session, user, data)


@router.get(
    "/kinds/{absence_kind_id}",
    response_model=OwnKindRead,
    summary="Read a kind of absence",
    responses=responses(401, 403, 404),
)
def read_absence_kind(absence_kind_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return absence_kind_service.read_kind(session, user, absence_kind_id)


@router.patch(
    "/kinds/{absence_kind_id}",
    response_model=OwnKindRead,
    summary="Change a kind of absence",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_absence_kind(
    absence_kind_id: UUID,
    data: OwnKindPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes; absences that are there stay as they are. For administrators."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return absence_kind_service.change_kind(session, user, absence_kind_id, values, if_match)


@router.delete(
    "/kinds/{absence_kind_id}",
    status_code=204,
    summary="Delete a kind of absence",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_absence_kind(absence_kind_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """One of which there is no absence. For administrators."""
    absence_kind_service.delete_kind(session, user, absence_kind_id, if_match)


@router.get("/{absence_id}", response_model=AbsenceRead, summary="Read an absence", responses=responses(401, 403, 404))
def read_absence(absence_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return absence_service.read_absence(session, user, absence_id)


@router.patch(
    "/{absence_id}",
    response_model=AbsenceRead,
    summary="Change an absence",
    responses=responses(401, 403, 404, 412),
)
def patch_absence(
    absence_id: UUID,
    data: AbsencePatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. Other days or another kind are approved anew, where that needs it."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return absence_service.change_absence(session, user, absence_id, values, if_match)


@router.delete("/{absence_id}", status_code=204, summary="Delete an absence", responses=responses(401, 403, 404, 412))
def delete_absence(absence_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    absence_service.delete_absence(session, user, absence_id, if_match)


@router.post(
    "/{absence_id}/decision",
    response_model=AbsenceRead,
    summary="Approve an absence, or refuse it",
    responses=responses(401, 403, 404, 409),
)
def decide_absence(absence_id: UUID, data: AbsenceDecision, user: CurrentUser, session: SessionDep) -> Any:
    """For the manager of whoever asks, who stands in for them, and administrators."""
    return absence_service.decide_absence(session, user, absence_id, data)
