"""Who may act for whom."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.delegation import DelegationPatch, DelegationRead, DelegationSort, DelegationWrite
from app.services import delegation_service

router = PrefixRouter(prefix="/delegations", tags=["delegations"], route_class=RepeatableRoute)


@router.get("", response_model=Page[DelegationRead], summary="List delegations", responses=responses(401, 403))
def list_delegations(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: DelegationSort = DelegationSort.CREATED,
    principal_id: Annotated[UUID | None, Query(description="Given by them; my own id: given by me")] = None,
    delegate_id: Annotated[UUID | None, Query(description="To them; my own id: to me")] = None,
) -> Any:
    """Those that I gave, and those by which I may act for others."""
    items, cursor = delegation_service.list_delegations(
        session, user, sort, page, principal_id=principal_id, delegate_id=delegate_id
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    "",
    response_model=DelegationRead,
    status_code=201,
    summary="Let a colleague act for me",
    responses=responses(401, 403, 409),
)
def create_delegation(data: DelegationWrite, user: CurrentUser, session: SessionDep) -> Any:
    """They keep my calendars, organize meetings and answer in my name: with the header `X-On-Behalf-Of`.

    They get none of my rights besides, and cannot share my calendars or give them away.
    """
    return delegation_service.create_delegation(session, user, data)


@router.patch(
    "/{delegation_id}",
    response_model=DelegationRead,
    summary="Change a delegation",
    responses=responses(401, 403, 404, 412),
)
def patch_delegation(
    delegation_id: UUID, data: DelegationPatch, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """Open my private events to the delegate, or close them. For who gave it."""
    return delegation_service.change_delegation(session, user, delegation_id, data, if_match)


@router.delete(
    "/{delegation_id}",
    status_code=204,
    summary="End a delegation",
    responses=responses(401, 403, 404, 412),
)
def delete_delegation(delegation_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """Either of the two may."""
    delegation_service.delete_delegation(session, user, delegation_id, if_match)
