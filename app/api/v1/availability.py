"""When people can be met: their hours, where they work, and what they are from moment to moment."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, TimeZoneParam, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.availability import (
    AvailabilityRead,
    GroupAvailabilityRead,
    HoursCreate,
    HoursPatch,
    HoursQuery,
    HoursRead,
    PlaceRead,
    PlaceWrite,
)
from app.schemas.common import Date, DateOrMoment, Page
from app.services import availability_service, user_availability_service
from app.services.windows import resolve_moment

router = PrefixRouter(prefix="/availability", tags=["availability"], route_class=RepeatableRoute)
of_people = PrefixRouter(prefix="/users", tags=["availability"], route_class=TransactionRoute)

Start = Annotated[DateOrMoment, Query(alias="from", examples=["2027-03-22"])]
End = Annotated[DateOrMoment, Query(alias="to", examples=["2027-03-29"], description="Exclusive")]
Ids = Annotated[list[UUID], Query(max_length=1000, description="Repeat it for several")]


@of_people.get(
    "/{user_id}/availability",
    response_model=AvailabilityRead,
    summary="When a colleague can be met",
    responses=responses(401, 403, 404),
)
def read_user_availability(
    user_id: UUID, user: CurrentUser, session: SessionDep, start: Start, end: End, time_zone: TimeZoneParam = None
) -> Any:
    """Free, busy, tentative, away or outside hours, from moment to moment; where they work, and their holidays."""
    zone = time_zone or user.time_zone
    bounds = resolve_moment(start, zone, "from"), resolve_moment(end, zone, "to")
    return availability_service.read_availability(session, user, [user_id], [], *bounds).people[0]


@router.get(
    "", response_model=GroupAvailabilityRead, summary="When people can be met", responses=responses(401, 403, 404)
)
def read_availability(
    user: CurrentUser,
    session: SessionDep,
    start: Start,
    end: End,
    time_zone: TimeZoneParam = None,
    users: Ids = [],  # noqa: B006 - FastAPI copies it
    departments: Ids = [],  # noqa: B006
) -> Any:
    """Of colleagues, and of all people of departments and those below; and when all of them are free."""
    zone = time_zone or user.time_zone
    bounds = resolve_moment(start, zone, "from"), resolve_moment(end, zone, "to")
    return availability_service.read_availability(session, user, users, departments, *bounds)


@router.get("/hours", response_model=Page[HoursRead], summary="List working hours", responses=responses(401, 403))
def list_hours(user: CurrentUser, session: SessionDep, query: Annotated[HoursQuery, Query()]) -> Any:
    """Of people and departments. Who has none works as the company does."""
    page = page_request(query.limit, query.cursor)
    items, cursor = user_availability_service.list_hours(session, user, query, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/hours", response_model=HoursRead, status_code=201, summary="Set working hours", responses=responses(401, 403, 409)
)
def create_hours(data: HoursCreate, user: CurrentUser, session: SessionDep) -> Any:
    """One's own, from a day on; of others for administrators, of a department for its head, too."""
    return user_availability_service.create_hours(session, user, data)


@router.get(
    "/hours/{hours_id}", response_model=HoursRead, summary="Read working hours", responses=responses(401, 403, 404)
)
def read_hours(hours_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return user_availability_service.read_hours(session, user, hours_id)


@router.patch(
    "/hours/{hours_id}",
    response_model=HoursRead,
    summary="Change working hours",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_hours(
    hours_id: UUID,
    data: HoursPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return user_availability_service.change_hours(session, user, hours_id, values, if_match)


@router.delete(
    "/hours/{hours_id}", status_code=204, summary="Delete working hours", responses=responses(401, 403, 404, 412)
)
def delete_hours(hours_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """Weaker ones hold again."""
    user_availability_service.delete_hours(session, user, hours_id, if_match)


@router.put(
    "/places", response_model=PlaceRead, summary="Say where somebody works on a day", responses=responses(401, 403, 409)
)
def set_work_place(data: PlaceWrite, user: CurrentUser, session: SessionDep) -> Any:
    """Otherwise than on that weekday. Of others for administrators."""
    return user_availability_service.set_place(session, user, data)


@router.delete(
    "/places", status_code=204, summary="Work where one does on that weekday", responses=responses(401, 403, 404)
)
def forget_work_place(
    user: CurrentUser,
    session: SessionDep,
    day: Annotated[Date, Query(examples=["2027-07-05"])],
    user_id: Annotated[UUID | None, Query(description="Whose; only administrators name somebody else")] = None,
) -> None:
    user_availability_service.forget_place(session, user, day, user_id)
