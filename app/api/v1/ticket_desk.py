"""The desk: queues with their members and promises, categories, saved views."""

from typing import Any
from uuid import UUID

from app.api.deps import CurrentUser, IfMatch, PageParams
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.ticket_desk import (
    CategoryPatch,
    CategoryRead,
    CategoryWrite,
    MemberRead,
    MembersWrite,
    NameSort,
    QueuePatch,
    QueueRead,
    QueueSlaRead,
    QueueWrite,
    SlasWrite,
    ViewPatch,
    ViewRead,
    ViewWrite,
)
from app.schemas.ticket_talk import TalkSort
from app.services import ticket_category_service, ticket_queue_service, ticket_view_service

router = PrefixRouter(prefix="/tickets", tags=["ticket desk"], route_class=RepeatableRoute)


@router.get("/queues", response_model=Page[QueueRead], summary="List queues", responses=responses(401, 403))
def list_ticket_queues(user: CurrentUser, session: SessionDep, page: PageParams, sort: NameSort = NameSort.NAME) -> Any:
    """Those of the company, and what I may do in each."""
    items, cursor = ticket_queue_service.list_queues(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/queues", response_model=QueueRead, status_code=201, summary="Create a queue", responses=responses(401, 403, 409)
)
def create_ticket_queue(data: QueueWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators."""
    return ticket_queue_service.create_queue(session, user, data)


@router.get("/queues/{queue_id}", response_model=QueueRead, summary="Read a queue", responses=responses(401, 403, 404))
def read_ticket_queue(queue_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return ticket_queue_service.read_queue(session, user, queue_id)


@router.patch(
    "/queues/{queue_id}",
    response_model=QueueRead,
    summary="Change a queue",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_ticket_queue(
    queue_id: UUID,
    data: QueuePatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators and whoever manages it. New hours: what is due is counted anew."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return ticket_queue_service.change_queue(session, user, queue_id, values, if_match)


@router.delete(
    "/queues/{queue_id}", status_code=204, summary="Delete a queue", responses=responses(401, 403, 404, 409, 412)
)
def delete_ticket_queue(queue_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """One without tickets. For administrators."""
    ticket_queue_service.delete_queue(session, user, queue_id, if_match)


@router.get(
    "/queues/{queue_id}/members",
    response_model=Page[MemberRead],
    summary="List a queue's members",
    responses=responses(401, 403, 404),
)
def list_ticket_queue_members(queue_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """For those who read the queue."""
    return Page(items=ticket_queue_service.list_members(session, user, queue_id), next_cursor=None)


@router.put(
    "/queues/{queue_id}/members",
    response_model=Page[MemberRead],
    summary="Set a queue's members",
    responses=responses(401, 403, 404),
)
def set_ticket_queue_members(queue_id: UUID, data: MembersWrite, user: CurrentUser, session: SessionDep) -> Any:
    """All of them at once. For administrators and whoever manages it."""
    return Page(items=ticket_queue_service.set_members(session, user, queue_id, data), next_cursor=None)


@router.get(
    "/queues/{queue_id}/slas",
    response_model=Page[QueueSlaRead],
    summary="What a queue promises",
    responses=responses(401, 403, 404),
)
def list_ticket_slas(queue_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """By priority, in minutes of service hours."""
    return Page(items=ticket_queue_service.list_slas(session, user, queue_id), next_cursor=None)


@router.put(
    "/queues/{queue_id}/slas",
    response_model=Page[QueueSlaRead],
    summary="Set what a queue promises",
    responses=responses(401, 403, 404),
)
def set_ticket_slas(queue_id: UUID, data: SlasWrite, user: CurrentUser, session: SessionDep) -> Any:
    """All at once. For administrators and whoever manages it. What is open is counted anew."""
    return Page(items=ticket_queue_service.set_slas(session, user, queue_id, data), next_cursor=None)


@router.get("/categories", response_model=Page[CategoryRead], summary="List categories", responses=responses(401, 403))
def list_ticket_categories(
    user: CurrentUser, session: SessionDep, page: PageParams, sort: NameSort = NameSort.NAME
) -> Any:
    """Those of the company."""
    items, cursor = ticket_category_service.list_categories(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/categories",
    response_model=CategoryRead,
    status_code=201,
    summary="Create a category",
    responses=responses(401, 403, 409),
)
def create_ticket_category(data: CategoryWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators."""
    return ticket_category_service.create_category(session, user, data)


@router.get(
    "/categories/{category_id}",
    response_model=CategoryRead,
    summary="Read a category",
    responses=responses(401, 403, 404),
)
def read_ticket_category(category_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return ticket_category_service.read_category(session, user, category_id)


@router.patch(
    "/categories/{category_id}",
    response_model=CategoryRead,
    summary="Change a category",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_ticket_category(
    category_id: UUID,
    data: CategoryPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For administrators; tickets that are there stay as they are."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return ticket_category_service.change_category(session, user, category_id, values, if_match)


@router.delete(
    "/categories/{category_id}",
    status_code=204,
    summary="Delete a category",
    responses=responses(401, 403, 404, 409, 412),
)
def delete_ticket_category(category_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """One without tickets. For administrators."""
    ticket_category_service.delete_category(session, user, category_id, if_match)


@router.get("/views", response_model=Page[ViewRead], summary="List saved views", responses=responses(401, 403))
def list_ticket_views(
    user: CurrentUser, session: SessionDep, page: PageParams, sort: TalkSort = TalkSort.CREATED
) -> Any:
    """One's own, and for those who work tickets those that are shared."""
    items, cursor = ticket_view_service.list_views(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/views", response_model=ViewRead, status_code=201, summary="Save a view", responses=responses(401, 403, 409)
)
def create_ticket_view(data: ViewWrite, user: CurrentUser, session: SessionDep) -> Any:
    """It shows to each what they see anyway."""
    return ticket_view_service.create_view(session, user, data)


@router.get("/views/{view_id}", response_model=ViewRead, summary="Read a view", responses=responses(401, 403, 404))
def read_ticket_view(view_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return ticket_view_service.read_view(session, user, view_id)


@router.patch(
    "/views/{view_id}",
    response_model=ViewRead,
    summary="Change a view",
    responses=responses(401, 403, 404, 409, 412),
)
def patch_ticket_view(
    view_id: UUID,
    data: ViewPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes. For who made it."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return ticket_view_service.change_view(session, user, view_id, values, if_match)


@router.delete("/views/{view_id}", status_code=204, summary="Delete a view", responses=responses(401, 403, 404, 412))
def delete_ticket_view(view_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch) -> None:
    """For who made it."""
    ticket_view_service.delete_view(session, user, view_id, if_match)
