"""Companies."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Line, Page
from app.schemas.organization import (
    OrganizationCreate,
    OrganizationPatch,
    OrganizationRead,
    OrganizationSort,
    OrganizationWrite,
)
from app.services import founding_service, organization_service

router = PrefixRouter(prefix="/organizations", tags=["organizations"], route_class=TransactionRoute)


@router.get("", response_model=Page[OrganizationRead], summary="List companies", responses=responses(401))
def list_organizations(
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: OrganizationSort = OrganizationSort.NAME,
    q: Annotated[Line | None, Query(description="Part of the name, in any case")] = None,
) -> Any:
    """Your own; every one for an administrator of the installation."""
    items, cursor = organization_service.list_organizations(session, user, sort, page, q=q)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "", response_model=OrganizationRead, status_code=201, summary="Create a company", responses=responses(401, 403, 409)
)
def create_organization(data: OrganizationCreate, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators of the installation. `admin` is invited by mail to be the company's first administrator."""
    return founding_service.found_company(session, user, data)


@router.get(
    "/{organization_id}", response_model=OrganizationRead, summary="Read a company", responses=responses(401, 404)
)
def read_organization(organization_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return organization_service.read_organization(session, user, organization_id)


@router.put(
    "/{organization_id}",
    response_model=OrganizationRead,
    summary="Replace a company's settings",
    responses=responses(401, 403, 404, 409, 412),
)
def replace_organization(
    organization_id: UUID, data: OrganizationWrite, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """For the company's administrators, and those of the installation."""
    return organization_service.change_organization(session, user, organization_id, data.model_dump(), if_match)


@router.patch(
    "/{organization_id}",
    response_model=OrganizationRead,
    summary="Change a company's settings",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_organization(
    organization_id: UUID,
    data: OrganizationPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For the company's administrators, and those of the installation."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return organization_service.change_organization(session, user, organization_id, values, if_match)


@router.delete(
    "/{organization_id}",
    status_code=204,
    summary="Delete a company",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_organization(
    organization_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
    confirm: Annotated[str | None, Query(max_length=200, description="The company's exact name")] = None,
) -> None:
    """For administrators of the installation. Everybody is shut out at once, and everything of it is removed."""
    organization_service.delete_organization(session, user, organization_id, confirm, if_match)
