"""Leaving: what somebody leaves behind, who takes it over, and the way back. For administrators of the company."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.leaving import HandoverRead, LeavingPreview, LeavingWrite
from app.services import leaving_preview, leaving_service

router = PrefixRouter(prefix="/users", tags=["users"], route_class=TransactionRoute)


@router.get(
    "/{user_id}/leaving",
    response_model=LeavingPreview,
    summary="Preview what a person leaves behind",
    responses=responses(401, 403, 404),
)
def preview_leaving(user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Counts, and the first of each kind. Names of private calendars and events stay hidden."""
    return leaving_preview.preview_leaving(session, user, user_id)


@router.post(
    "/{user_id}/leaving",
    response_model=HandoverRead,
    summary="Let a person leave",
    responses=responses(401, 403, 404, 409),
)
def leave(user_id: UUID, data: LeavingWrite, user: CurrentUser, session: SessionDep) -> Any:
    """Deactivates the person and hands over to the successor, all of it or nothing.

    Calendars, meetings that are not over, departments headed and direct reports go to the successor. A successor from
    below the person takes their place in the chart. The successor does not become a participant.
    """
    return leaving_service.leave(session, user, user_id, data)


@router.post(
    "/{user_id}/leaving/undo",
    response_model=HandoverRead,
    summary="Undo a leaving",
    responses=responses(401, 403, 404, 409),
)
def undo_leaving(user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Reactivates the person and gives everything back. Refused, with a list, once something of it was changed."""
    return leaving_service.undo(session, user, user_id)


@router.get(
    "/{user_id}/leaving/history",
    response_model=Page[HandoverRead],
    summary="List a person's leavings",
    responses=responses(401, 403, 404),
)
def list_handovers(user_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams) -> Any:
    """Newest first."""
    items, cursor = leaving_service.list_handovers(session, user, user_id, page)
    return Page(items=items, next_cursor=cursor)
