"""Days that are not as their weekday is."""

from typing import Annotated, Any

from fastapi import Query

from app.api.deps import AdminUser, CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Date, Page
from app.schemas.working_time import CompanyDayWrite, HolidayRead
from app.services import holiday_service

router = PrefixRouter(prefix="/holidays", tags=["absences"], route_class=TransactionRoute)


@router.get("", response_model=Page[HolidayRead], summary="List holidays", responses=responses(401, 403))
def list_holidays(
    user: CurrentUser,
    session: SessionDep,
    first: Annotated[Date, Query(alias="from", examples=["2027-01-01"])],
    last: Annotated[Date, Query(alias="to", examples=["2028-01-01"], description="Exclusive")],
) -> Any:
    """Of the company's country, with moved days and the Saturdays worked for them, and the company's own."""
    return Page(items=holiday_service.list_holidays(session, user, first, last), next_cursor=None)


@router.put("", response_model=HolidayRead, summary="Keep a day otherwise", responses=responses(401, 403, 409))
def set_company_day(data: CompanyDayWrite, user: AdminUser, session: SessionDep) -> Any:
    """Otherwise than the country does. For administrators. What tickets are due is counted anew."""
    return holiday_service.set_day(session, user, data)


@router.delete("", status_code=204, summary="Keep a day as the country does", responses=responses(401, 403, 404))
def forget_company_day(
    user: AdminUser, session: SessionDep, day: Annotated[Date, Query(examples=["2027-07-05"])]
) -> None:
    """For administrators."""
    holiday_service.forget_day(session, user, day)
