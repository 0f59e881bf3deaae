"""What I was told in the application."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.api.deps import CurrentUser, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.db import SessionDep
from app.schemas.common import Page
from app.schemas.notification import (
    ChoicesRead,
    ChoicesWrite,
    DigestRead,
    DigestWrite,
    NotificationQuery,
    NotificationRead,
    QuietHoursRead,
    QuietHoursWrite,
    ReadAllQuery,
    UnreadRead,
)
from app.services import digest_service, notification_service, notification_settings_service

router = PrefixRouter(prefix="/notifications", tags=["notifications"], route_class=TransactionRoute)


@router.get("", response_model=Page[NotificationRead], summary="List my notifications", responses=responses(401, 403))
def list_notifications(user: CurrentUser, session: SessionDep, query: Annotated[NotificationQuery, Query()]) -> Any:
    """The newest first. They are kept for NOTIFICATION_KEEP_DAYS."""
    page = page_request(query.limit, query.cursor)
    content = notification_service.list_notifications(session, user, query, page)
    return Response(content, media_type="application/json")


@router.get(
    "/unread-count", response_model=UnreadRead, summary="Count what I have not read", responses=responses(401, 403)
)
def count_unread(user: CurrentUser, session: SessionDep) -> Any:
    """For the number on the bell."""
    return notification_service.count_unread(session, user)


@router.get("/preferences", response_model=ChoicesRead, summary="Show what I am told of", responses=responses(401, 403))
def read_preferences(user: CurrentUser, session: SessionDep) -> Any:
    """By type and channel, and for single calendars where I have chosen something."""
    return notification_settings_service.read_choices(session, user)


@router.put(
    "/preferences", response_model=ChoicesRead, summary="Choose what I am told of", responses=responses(401, 403, 404)
)
def set_preferences(data: ChoicesWrite, user: CurrentUser, session: SessionDep) -> Any:
    """All choices at once; what is not named is as it is for everybody."""
    return notification_settings_service.set_choices(session, user, data)


@router.get("/quiet-hours", response_model=QuietHoursRead, summary="Show my quiet hours", responses=responses(401, 403))
def read_quiet_hours(user: CurrentUser, session: SessionDep) -> Any:
    """On my clock."""
    return notification_settings_service.read_quiet_hours(session, user)


@router.put("/quiet-hours", response_model=QuietHoursRead, summary="Set my quiet hours", responses=responses(401, 403))
def set_quiet_hours(data: QuietHoursWrite, user: CurrentUser, session: SessionDep) -> Any:
    """Mail waits until they are over, but for what makes no sense later: a room that is offered, or a check-in."""
    return notification_settings_service.set_quiet_hours(session, user, data)


@router.get("/digest", response_model=DigestRead, summary="Show my daily mail", responses=responses(401, 403))
def read_digest(user: CurrentUser, session: SessionDep) -> Any:
    """When it comes, on my clock."""
    return digest_service.read_digest(session, user)


@router.put("/digest", response_model=DigestRead, summary="Set my daily mail", responses=responses(401, 403))
def set_digest(data: DigestWrite, user: CurrentUser, session: SessionDep) -> Any:
    """What is on that day, and what I have not read since the last one; none comes where there is nothing to tell.

    Of what it tells, I choose with the channel `digest` of my preferences.
    """
    return digest_service.set_digest(session, user, data)


@router.post("/read-all", status_code=204, summary="Mark all my notifications as read", responses=responses(401, 403))
def read_all_notifications(user: CurrentUser, session: SessionDep, query: Annotated[ReadAllQuery, Query()]) -> None:
    """With `up_to`, only what was told until then: what arrives while I read stays unread."""
    notification_service.mark_all_read(session, user, query.up_to)


@router.post(
    "/{notification_id}/read",
    response_model=NotificationRead,
    summary="Mark a notification as read",
    responses=responses(401, 403, 404),
)
def read_notification(notification_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """The first time counts."""
    return notification_service.mark(session, user, notification_id, is_read=True)


@router.post(
    "/{notification_id}/unread",
    response_model=NotificationRead,
    summary="Mark a notification as not read",
    responses=responses(401, 403, 404),
)
def unread_notification(notification_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """As if I had not seen it."""
    return notification_service.mark(session, user, notification_id, is_read=False)


@router.delete(
    "/{notification_id}", status_code=204, summary="Delete a notification", responses=responses(401, 403, 404)
)
def delete_notification(notification_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """For good."""
    notification_service.delete_notification(session, user, notification_id)
