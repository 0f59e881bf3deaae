"""What leaves the company, and what could not. For its administrators."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import AdminUser, CurrentUser, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.outbox import DeadLetterQuery, DeadLetterRead, OutboxStatusRead, RetriedRead, RetryQuery
from app.services import dead_letter_service

router = PrefixRouter(prefix="/outbox", tags=["outbox"], route_class=TransactionRoute)


@router.get("/status", response_model=OutboxStatusRead, summary="See what waits", responses=responses(401, 403))
def read_outbox_status(user: AdminUser, session: SessionDep) -> Any:
    """Mails, pushes to devices, and deliveries to webhooks of the company."""
    return dead_letter_service.status(session, user)


@router.get(
    "/dead-letters",
    response_model=Page[DeadLetterRead],
    summary="List what could not be sent",
    responses=responses(401, 403),
)
def list_dead_letters(user: AdminUser, session: SessionDep, query: Annotated[DeadLetterQuery, Query()]) -> Any:
    """Refused for good, or tried OUTBOX_MAX_ATTEMPTS times; the latest first, for OUTBOX_KEEP_DAYS."""
    page = page_request(query.limit, query.cursor)
    items, cursor = dead_letter_service.list_dead_letters(session, user, query, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/dead-letters/retry",
    response_model=RetriedRead,
    summary="Try again what could not be sent",
    responses=responses(401, 403),
)
def retry_dead_letters(user: AdminUser, session: SessionDep, query: Annotated[RetryQuery, Query()]) -> Any:
    """All that can be, or those of one channel; up to 5,000 at once."""
    return RetriedRead(count=dead_letter_service.retry_all(session, user, query.channel))


@router.post(
    "/dead-letters/{dead_letter_id}/retry",
    status_code=204,
    summary="Try again one that could not be sent",
    responses=responses(401, 403, 404, 409),
)
def retry_dead_letter(dead_letter_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """As if it were new."""
    dead_letter_service.retry(session, user, dead_letter_id)


@router.delete(
    "/dead-letters/{dead_letter_id}",
    status_code=204,
    summary="Forget one that could not be sent",
    responses=responses(401, 403, 404),
)
def delete_dead_letter(dead_letter_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """For good."""
    dead_letter_service.delete(session, user, dead_letter_id)
