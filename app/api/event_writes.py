"""Writing an event, or with dry_run telling what that would do: the same for every route."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlmodel import Session

from app.core.actor import Actor
from app.schemas.event import EventRead, TellQuery
from app.schemas.event_preview import ChangesRead
from app.services import event_preview_service, notice_service, room_request_service
from app.services.event_service import Outcome
from app.services.room_report_service import read_outcome

# The answer to dry_run, for the document.
PREVIEW: dict[int | str, dict[str, Any]] = {200: {"model": ChangesRead, "description": "dry_run: what would happen"}}
# The same where the write itself answers 200 with the event. The union is the response_model of such a route: a model
# in `responses` would be laid over that of the route, and the document would ask for both at once.
EventOrPreview = EventRead | ChangesRead
EVENT_OR_PREVIEW: dict[int | str, dict[str, Any]] = {200: {"description": "The event; with dry_run, what would happen"}}


def write_event(
    session: Session, user: Actor, event_id: UUID | None, query: TellQuery, change: Callable[[], Outcome]
) -> Any:
    """Do `change`, tell whom `query` says, and answer the event as it is then; or with dry_run what would happen.

    Args:
        event_id: the event that is changed; None for a new one.
    """
    if query.dry_run:
        told = event_preview_service.preview(session, user, event_id, query.notify, change)
        return Response(told.model_dump_json(), media_type="application/json")
    outcome = change()
    notice_service.tell(session, user, outcome.trace.notices, query.notify)
    # Whoever is to decide is no guest, whom `notify` could spare.
    room_request_service.tell_approvers(session, user, outcome.trace.booked.requests)
    return None if outcome.event is None else read_outcome(session, user, outcome)
