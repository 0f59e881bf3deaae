"""The change feed over calendars and events."""

from typing import Annotated, Any

from fastapi import Query

from app.api.deps import CurrentUser, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.change import CURSOR_MAX_LENGTH, ChangePage
from app.services import change_service

router = PrefixRouter(prefix="/changes", tags=["changes"], route_class=TransactionRoute)


@router.get("", response_model=ChangePage, summary="What changed since", responses=responses(401, 403, 410))
def list_changes(
    user: CurrentUser,
    session: SessionDep,
    limit: Annotated[int | None, Query(ge=1, description="Items a page; capped by the installation")] = None,
    cursor: Annotated[
        str | None, Query(max_length=CURSOR_MAX_LENGTH, description="cursor of the last answer; not sent: everything")
    ] = None,
) -> Any:
    """Keeps a copy of all calendars and events that I see the same as the original.

    The first request, without a cursor, tells everything; each further one, with the cursor of the answer before, what
    changed since. An item is the calendar or the event as it is now: it replaces what the copy has under this id, or
    removes it (`deleted`). With a deleted calendar go the events that the copy has in it; those that I see for another
    reason follow as items of their own. Something may be told more than once, or be told as deleted that the copy never
    had. An occurrence that differs from its series is an event of its own.

    A cursor is good for CHANGES_KEEP_DAYS, and for me only; then it is a 410: empty the copy and start without one.
    """
    return change_service.read_changes(session, user, page_request(limit, cursor))
