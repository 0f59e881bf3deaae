"""People of the company."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from app.api.deps import AdminUser, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.models.user import Role
from app.schemas.common import Line, Page
from app.schemas.user import BirthdayRead, UserCreate, UserFilters, UserPatch, UserRead, UserSort, UserWrite
from app.services import birthday_service, people_search_service, user_service

router = PrefixRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)


async def get_filters(
    role: Role | None = None,
    department_id: UUID | None = None,
    branch: Annotated[bool, Query(description="With department_id: and all departments below it")] = False,
    manager_id: Annotated[UUID | None, Query(description="Direct reports of this person")] = None,
    position: Annotated[Line | None, Query(description="Exactly this position")] = None,
    is_active: bool | None = None,
    q: Annotated[Line | None, Query(description="Words that the name, e-mail, position, … all hold")] = None,
) -> UserFilters:
    """The filters of a list of people. Async because it does no I/O."""
    return UserFilters(role, department_id, branch, manager_id, position, is_active, q)


Filters = Annotated[UserFilters, Depends(get_filters)]


@router.get("", response_model=Page[UserRead], summary="List users", responses=responses(401))
def list_users(
    user: CurrentUser, session: SessionDep, filters: Filters, page: PageParams, sort: UserSort = UserSort.NAME
) -> Any:
    items, cursor = user_service.list_users(session, user, filters, sort, page)
    return Page(items=[UserRead.shown_to(user, item) for item in items], next_cursor=cursor)


@router.post(
    "",
    response_model=UserRead,
    status_code=201,
    summary="Create a user",
    responses=responses(401, 403, 404, 409),
)
def create_user(data: UserCreate, user: AdminUser, session: SessionDep) -> Any:
    """For administrators. The new user gets a calendar."""
    return UserRead.shown_to(user, user_service.create_user(session, user, data))


@router.get("/search", response_model=Page[UserRead], summary="Search users", responses=responses(401))
def search_users(
    user: CurrentUser,
    session: SessionDep,
    q: Annotated[Line, Query(description="Words of the name, e-mail, position or department; or a part of a phone")],
    limit: Annotated[int, Query(ge=1, le=people_search_service.SEARCH_LIMIT)] = 20,
) -> Response:
    """Active colleagues, best matches first, in Cyrillic or Latin letters whichever the name is in.

    Case does not matter, nor ё against е. Words of one and two letters find beginnings of words, longer ones any part.
    Where that finds fewer than `limit`, names with a typing mistake follow.
    """
    body = people_search_service.search_people(session, user, q, limit)
    return Response(body, media_type="application/json")


@router.get(
    "/birthdays",
    response_model=Page[BirthdayRead],
    summary="Upcoming birthdays",
    responses=responses(401, 403),
)
def list_birthdays(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    days: Annotated[int, Query(ge=1, description="Days from today on; bounded by the installation")] = 30,
) -> Any:
    """Active colleagues whose birthday is today or soon, in the company's days, the next one first.

    Whoever was born on 29 February has it on 1 March of other years: never before the day.
    """
    items, cursor = birthday_service.list_birthdays(session, user, days, page)
    return Page(items=items, next_cursor=cursor)


@router.get("/{user_id}", response_model=UserRead, summary="Read a user", responses=responses(401, 404))
def read_user(user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return UserRead.shown_to(user, user_service.get_user(session, user, user_id))


@router.put(
    "/{user_id}",
    response_model=UserRead,
    summary="Replace a user",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_user(
    user_id: UUID,
    data: UserWrite,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """People may change their own profile; the rest is for administrators. Rights not sent stay as they are."""
    return UserRead.shown_to(user, user_service.replace_user(session, user, user_id, data, if_match))


@router.patch(
    "/{user_id}",
    response_model=UserRead,
    summary="Change a user",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_user(
    user_id: UUID,
    data: UserPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return UserRead.shown_to(user, user_service.change_user(session, user, user_id, values, if_match))


@router.delete("/{user_id}", status_code=204, summary="Deactivate a user", responses=responses(401, 403, 404, 409, 412))
def delete_user(user_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """The person can no longer sign in and every session ends at once; what they did stays."""
    user_service.deactivate_user(session, user, user_id, if_match)
