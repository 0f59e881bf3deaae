"""Tickets: what somebody asks of a queue."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.api.deps import CurrentUser, IfMatch, PageParams, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import reader_language, responses
from app.api.repeatable_route import RepeatableRoute
from app.core.messages import Language
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.ticket import (
    BoardRead,
    BulkRead,
    LinkedTicket,
    SlaRead,
    TicketBulk,
    TicketChangeRead,
    TicketCreate,
    TicketDecision,
    TicketItem,
    TicketLinkWrite,
    TicketMerge,
    TicketPatch,
    TicketRead,
    TouchedMeeting,
)
from app.schemas.ticket_desk import TicketQuery
from app.schemas.ticket_talk import TalkSort
from app.services import (
    ticket_approvals,
    ticket_bulk_service,
    ticket_equipment,
    ticket_history,
    ticket_link_service,
    ticket_list_service,
    ticket_reading,
    ticket_service,
)
from app.services.ticket_access import desk_of

router = PrefixRouter(prefix="/tickets", tags=["tickets"], route_class=RepeatableRoute)


async def language_of(request: Request) -> Language:
    """The reader's language; no I/O."""
    return reader_language(request.scope)


LanguageDep = Annotated[Language, Depends(language_of)]


@router.get("", response_model=Page[TicketItem], summary="List tickets", responses=responses(401, 403, 404))
def list_tickets(user: CurrentUser, session: SessionDep, query: Annotated[TicketQuery, Query()]) -> Any:
    """What I asked for, watch, approve or was given, and all in the queues that I read. `q` searches.

    Those who work a queue find words of its notes as well; nobody else does.
    """
    page = page_request(query.limit, query.cursor)
    body = ticket_list_service.list_tickets(session, user, query, query.view_id, query.sort, page)
    return Response(body, media_type="application/json")


@router.post(
    "",
    response_model=TicketRead,
    status_code=201,
    summary="Create a ticket",
    responses=responses(401, 403, 409),
)
def create_ticket(data: TicketCreate, user: CurrentUser, session: SessionDep) -> Any:
    """An incident of a room's equipment marks it out of order and warns those whose meetings come."""
    return ticket_service.create_ticket(session, user, data)


@router.get("/board", response_model=BoardRead, summary="Read a board", responses=responses(401, 403, 404))
def read_ticket_board(
    user: CurrentUser,
    session: SessionDep,
    queue_id: UUID,
    assignee_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=ticket_list_service.CARDS_MAX, description="Cards of a column")] = 25,
) -> Any:
    """A queue in columns by state, what changed last on top. More of a column: the list, with `state`."""
    return ticket_list_service.read_board(session, user, queue_id, assignee_id, limit)


@router.post("/bulk", response_model=BulkRead, summary="Change several tickets", responses=responses(401, 403))
def change_tickets(
    data: TicketBulk,
    user: CurrentUser,
    session: SessionDep,
    language: LanguageDep,
    dry_run: Annotated[bool, Query(description="Only say what would become of each")] = False,
) -> Any:
    """The same change of each; one that is refused holds up no other."""
    return ticket_bulk_service.change_tickets(session, user, data, language, dry_run=dry_run)


@router.get("/{ticket_id}", response_model=TicketRead, summary="Read a ticket", responses=responses(401, 403, 404))
def read_ticket(ticket_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return ticket_service.read_ticket(session, user, ticket_id)


@router.patch(
    "/{ticket_id}",
    response_model=TicketRead,
    summary="Change a ticket",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_ticket(
    ticket_id: UUID,
    data: TicketPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. Its requester may resolve, close and reopen it; all else is for those who work it."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return ticket_service.change_ticket(session, user, ticket_id, values, if_match)


@router.delete("/{ticket_id}", status_code=204, summary="Delete a ticket", responses=responses(401, 403, 404, 409, 412))
def delete_ticket(ticket_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """With all that was said and attached. For administrators; its number is not given again."""
    ticket_service.delete_ticket(session, user, ticket_id, if_match)


@router.get(
    "/{ticket_id}/history",
    response_model=Page[TicketChangeRead],
    summary="Read a ticket's history",
    responses=responses(401, 403, 404),
)
def list_ticket_changes(
    ticket_id: UUID, user: CurrentUser, session: SessionDep, page: PageParams, sort: TalkSort = TalkSort.CREATED
) -> Any:
    """Every value that changed, who changed it, when and why."""
    items, cursor = ticket_history.list_changes(session, desk_of(session, user), ticket_id, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/{ticket_id}/sla", response_model=SlaRead, summary="When a ticket is due", responses=responses(401, 403, 404)
)
def read_ticket_sla(ticket_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """What is due when, and why: the hours that count, the days that do not, and when the clock stood."""
    return ticket_reading.read_sla(session, user, ticket_id)


@router.post(
    "/{ticket_id}/approval",
    response_model=TicketRead,
    summary="Approve or refuse a ticket",
    responses=responses(401, 403, 404, 409),
)
def decide_ticket(ticket_id: UUID, data: TicketDecision, user: CurrentUser, session: SessionDep) -> Any:
    """For whoever was asked, or stands in for them while they are away. Refused, the ticket is closed."""
    return ticket_approvals.decide(session, user, ticket_id, data)


@router.post(
    "/{ticket_id}/merge",
    response_model=TicketRead,
    summary="Merge a ticket into another",
    responses=responses(401, 403, 404, 409),
)
def merge_ticket(ticket_id: UUID, data: TicketMerge, user: CurrentUser, session: SessionDep) -> Any:
    """What was said and attached goes to the other one, which is the answer. Its requester watches that from now on."""
    return ticket_link_service.merge(session, user, ticket_id, data)


@router.get(
    "/{ticket_id}/links",
    response_model=Page[LinkedTicket],
    summary="List a ticket's links",
    responses=responses(401, 403, 404),
)
def list_ticket_links(ticket_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Those to tickets that I see."""
    return Page(items=ticket_link_service.list_links(session, user, ticket_id), next_cursor=None)


@router.post(
    "/{ticket_id}/links",
    response_model=LinkedTicket,
    status_code=201,
    summary="Link tickets",
    responses=responses(401, 403, 404, 409),
)
def create_ticket_link(ticket_id: UUID, data: TicketLinkWrite, user: CurrentUser, session: SessionDep) -> Any:
    """Links of one kind make no circle."""
    return ticket_link_service.create_link(session, user, ticket_id, data)


@router.delete(
    "/{ticket_id}/links/{link_id}", status_code=204, summary="Take a link back", responses=responses(401, 403, 404)
)
def delete_ticket_link(ticket_id: UUID, link_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    ticket_link_service.delete_link(session, user, ticket_id, link_id)


@router.put(
    "/{ticket_id}/watchers/{user_id}",
    response_model=TicketRead,
    summary="Watch a ticket",
    responses=responses(401, 403, 404, 409),
)
def watch_ticket(ticket_id: UUID, user_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """Oneself; its requester, and those who work it, may let any colleague watch, who then sees it."""
    return ticket_link_service.watch(session, user, ticket_id, user_id)


@router.delete(
    "/{ticket_id}/watchers/{user_id}",
    status_code=204,
    summary="Watch a ticket no more",
    responses=responses(401, 403, 404),
)
def unwatch_ticket(ticket_id: UUID, user_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    ticket_link_service.unwatch(session, user, ticket_id, user_id)


@router.get(
    "/{ticket_id}/meetings",
    response_model=Page[TouchedMeeting],
    summary="Meetings that miss what is out of order",
    responses=responses(401, 403, 404),
)
def list_ticket_meetings(ticket_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """The next ones in the room of a ticket on its equipment, each with free rooms that have such a thing."""
    return Page(items=ticket_equipment.list_meetings(session, user, ticket_id), next_cursor=None)
