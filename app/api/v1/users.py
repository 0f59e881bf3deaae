"""People of the company."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import AdminUser, CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.models.user import Role
from app.schemas.common import Line, Page
from app.schemas.user import UserCreate, UserPatch, UserRead, UserSort, UserWrite
from app.services import user_service

router = PrefixRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)


@router.get("", response_model=Page[UserRead], summary="List users", responses=responses(401))
def list_users(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: UserSort = UserSort.NAME,
    role: Role | None = None,
    department_id: UUID | None = None,
    is_active: bool | None = None,
) -> Any:
    items, cursor = user_service.list_users(
        session, user, sort, page, role=role, department_id=department_id, is_active=is_active
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=UserRead,
    status_code=201,
    summary="Create a user",
    responses=responses(401, 403, 404, 409),
)
def create_user(data: UserCreate, user: AdminUser, session: SessionDep) -> Any:
    """For administrators. The new user gets a calendar."""
    return user_service.create_user(session, user, data)


@router.get("/search", response_model=Page[UserRead], summary="Search users", responses=responses(401))
def search_users(
    user: CurrentUser,
    session: SessionDep,
    q: Annotated[Line, Query(description="Words of the name, e-mail, position or department")],
    limit: Annotated[int, Query(ge=1, le=user_service.SEARCH_LIMIT)] = 20,
) -> Any:
    """Active colleagues, best matches first. Case does not matter, nor ё against е."""
    return Page(items=user_service.search_users(session, user, q, limit))


@router.get("/{user_id}", response_model=UserRead, summary="Read a user", responses=responses(401, 404))
def read_user(user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return user_service.get_user(session, user, user_id)


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
    return user_service.replace_user(session, user, user_id, data, if_match)


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
    return user_service.change_user(session, user, user_id, values, if_match)


@router.delete("/{user_id}", status_code=204, summary="Deactivate a user", responses=responses(401, 403, 404, 409, 412))
def delete_user(user_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """The person can no longer sign in and every session ends at once; what they did stays."""
    user_service.deactivate_user(session, user, user_id, if_match)
