"""When people and rooms are free."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import ActingUser, TimeZoneParam
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import DateOrMoment
from app.schemas.free_time import FindTimeRead, FindTimeWrite, FreeBusyRead
from app.services import find_time_service, free_busy_service
from app.services.windows import resolve_moment

router = PrefixRouter(prefix="/freebusy", tags=["free time"], route_class=TransactionRoute)
# Asked before the routes of single events, to whom "find-time" would be a wrong id.
finding = PrefixRouter(prefix="/events/find-time", tags=["free time"], route_class=TransactionRoute)

Ids = Annotated[list[UUID], Query(max_length=1000, description="Repeat it for several")]


@router.get(
    "",
    response_model=FreeBusyRead,
    summary="When people and rooms are busy",
    responses=responses(401, 403, 404),
)
def read_free_busy(
    user: ActingUser,
    session: SessionDep,
    start: Annotated[DateOrMoment, Query(alias="from", examples=["2027-03-22"])],
    end: Annotated[DateOrMoment, Query(alias="to", examples=["2027-03-29"], description="Exclusive")],
    time_zone: TimeZoneParam = None,
    users: Ids = [],  # noqa: B006 - FastAPI copies it
    departments: Ids = [],  # noqa: B006
    rooms: Ids = [],  # noqa: B006
) -> Any:
    """Merged blocks of colleagues, of all people of departments, and of rooms; the events in them only as far as you
    read their details.

    Tentative is what is not answered yet or answered so, an event that is itself tentative, and a booking that is not
    confirmed. Declined, cancelled and transparent events do not block.
    """
    zone = time_zone or user.time_zone
    body = free_busy_service.read_free_busy(
        session, user, users, departments, rooms, resolve_moment(start, zone, "from"), resolve_moment(end, zone, "to")
    )
    return Response(body, media_type="application/json")


@finding.post(
    "",
    response_model=FindTimeRead,
    summary="Find a time for a meeting",
    responses=responses(401, 403, 404),
)
def find_time(data: FindTimeWrite, user: ActingUser, session: SessionDep) -> FindTimeRead:
    """Times at which all required people, anyone of each department and enough rooms are free, ranked, with their
    price: who is missing, and who would meet outside their working hours. Proposals do not overlap each other.

    When there is none, the answer says who or what stands in the way, and which times come closest.
    """
    return find_time_service.find_time(session, user, data)
