"""When people are away, and who stands in for them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Date, Page
from app.schemas.working_time import AbsenceCreate, AbsencePatch, AbsenceRead, AbsenceSort
from app.services import absence_service

router = PrefixRouter(prefix="/absences", tags=["absences"], route_class=RepeatableRoute)


@router.get("", response_model=Page[AbsenceRead], summary="List absences", responses=responses(401, 403))
def list_absences(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: AbsenceSort = AbsenceSort.FIRST_DAY,
    user_id: UUID | None = None,
    first: Annotated[Date | None, Query(alias="from", examples=["2027-07-01"])] = None,
    last: Annotated[Date | None, Query(alias="to", examples=["2027-08-01"], description="Exclusive")] = None,
) -> Any:
    """Of all colleagues. Of which kind they are, only themselves, their managers and administrators see."""
    items, cursor = absence_service.list_absences(session, user, sort, page, user_id=user_id, first=first, last=last)
    return Page(items=items, next_cursor=cursor)


@router.post("", response_model=AbsenceRead, status_code=201, summary="Be away", responses=responses(401, 403, 409))
def create_absence(data: AbsenceCreate, user: CurrentUser, session: SessionDep) -> Any:
    """One's own; administrators may name anybody. Tickets go to the substitute meanwhile."""
    return absence_service.create_absence(session, user, data)


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
    """Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return absence_service.change_absence(session, user, absence_id, values, if_match)


@router.delete("/{absence_id}", status_code=204, summary="Delete an absence", responses=responses(401, 403, 404, 412))
def delete_absence(absence_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    absence_service.delete_absence(session, user, absence_id, if_match)
