"""Who reports to whom. The tree of departments is with the departments."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import CurrentUser
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.org_structure import Managers, Reports
from app.services import org_chart_service

router = PrefixRouter(prefix="/users", tags=["departments"], route_class=TransactionRoute)


@router.get(
    "/{user_id}/reports", response_model=Reports, summary="Who reports to a person", responses=responses(401, 403, 404)
)
def list_reports(
    user_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    depth: Annotated[
        int | None, Query(ge=1, description="Levels; without it all, up to the installation's bound")
    ] = None,
) -> Any:
    """Active people only: those below somebody who left are not found through them."""
    body = org_chart_service.reports(session, user, user_id, depth)
    return Response(body, media_type="application/json")


@router.get(
    "/{user_id}/managers",
    response_model=Managers,
    summary="The managers above a person",
    responses=responses(401, 403, 404),
)
def list_managers(user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """From the person's own manager to the top. The chain ends at somebody who left."""
    return Response(org_chart_service.managers(session, user, user_id), media_type="application/json")
