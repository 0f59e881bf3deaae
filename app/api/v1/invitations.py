"""Invitations into a company."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.models.invitation import InvitationState
from app.models.user import Role
from app.schemas.common import Email, Page
from app.schemas.invitation import InvitationRead, InvitationSort, InvitationWrite
from app.services import invitation_service

router = PrefixRouter(prefix="/organizations", tags=["organizations"], route_class=TransactionRoute)

_PATH = "/{organization_id}/invitations"


@router.get(_PATH, response_model=Page[InvitationRead], summary="List invitations", responses=responses(401, 403, 404))
def list_invitations(
    organization_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    page: PageParams,
    sort: InvitationSort = InvitationSort.CREATED_DESC,
    state: InvitationState | None = None,
    role: Role | None = None,
    email: Annotated[Email | None, Query(description="Exactly this address")] = None,
) -> Any:
    """For the company's administrators, and those of the installation."""
    items, cursor = invitation_service.list_invitations(
        session, user, organization_id, sort, page, state=state, role=role, email=email
    )
    return Page(items=items, next_cursor=cursor)


@router.post(
    _PATH,
    response_model=InvitationRead,
    status_code=201,
    summary="Invite somebody",
    responses=responses(401, 403, 404, 409),
)
def create_invitation(organization_id: UUID, data: InvitationWrite, user: CurrentUser, session: SessionDep) -> Any:
    """By mail, with a link that expires. A second invitation to the same address renews the first.

    For the company's administrators, and those of the installation.
    """
    return invitation_service.invite(session, user, organization_id, data)


@router.post(
    _PATH + "/{invitation_id}/resend",
    response_model=InvitationRead,
    summary="Send an invitation again",
    responses=responses(401, 403, 404, 409),
)
def resend_invitation(organization_id: UUID, invitation_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """With a new link; the old one no longer works."""
    return invitation_service.resend(session, user, organization_id, invitation_id)


@router.delete(
    _PATH + "/{invitation_id}",
    status_code=204,
    summary="Withdraw an invitation",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_invitation(
    organization_id: UUID, invitation_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> None:
    """Its link no longer works."""
    invitation_service.revoke(session, user, organization_id, invitation_id, if_match)
