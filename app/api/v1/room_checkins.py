"""Using rooms: checking in, ending early, staying longer; and how often nobody came."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.api.check_in_page import check_in_page
from app.api.deps import ActingUser, CurrentUser, get_current_user
from app.api.plain_page import failed_page, wants_html
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.core.errors import PlannerError
from app.core.rate_limit import get_rate_limits
from app.core.security import TOKEN_MAX_LENGTH
from app.db import SessionDep
from app.schemas.check_in import CheckInWrite, ExtendWrite, NoShowsQuery, NoShowsReport, RoomUseRead
from app.services import check_in_link_service, check_in_service, no_show_service
from app.services.check_in_link_service import Invited

router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=RepeatableRoute)

LinkToken = Annotated[str, Query(min_length=1, max_length=TOKEN_MAX_LENGTH, description="From the link in the mail")]
PAGE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page for browsers", "content": {"text/html": {"schema": {"type": "string"}}}}
}


async def _count_guess(request: Request, code: str | None) -> None:
    """Who guesses codes is held back like who guesses passwords."""
    if code is not None:
        claims = await get_current_user.claims(request)
        await get_rate_limits().check("login", f"room-code-of:{claims.get('sub')}")


async def counted_check_in(request: Request, data: CheckInWrite) -> CheckInWrite:
    """The body; an attempt with a code is counted."""
    await _count_guess(request, data.code)
    return data


async def counted_extension(request: Request, data: ExtendWrite) -> ExtendWrite:
    """The body; an attempt with a code is counted."""
    await _count_guess(request, data.code)
    return data


CheckInBody = Annotated[CheckInWrite, Depends(counted_check_in)]
ExtendBody = Annotated[ExtendWrite, Depends(counted_extension)]


@router.get(
    "/check-in",
    response_class=Response,
    summary="Open the link that asks to check in",
    responses={**PAGE, **responses(403, 409)},
)
def open_check_in(token: LinkToken, session: SessionDep, request: Request) -> Response:
    """A page with the meeting's room and time and one button. Opening it changes nothing: programs that look through
    mails follow links, too.
    """
    return _page(request, lambda: check_in_link_service.preview(session, token))


@router.post(
    "/check-in",
    response_class=Response,
    summary="Check in by the link",
    responses={**PAGE, **responses(403, 409)},
)
def check_in_by_link(token: LinkToken, session: SessionDep, request: Request) -> Response:
    """What the button on the page does. The token says who checks in, and to which booking."""
    return _page(request, lambda: check_in_link_service.check_in(session, token))


@router.get(
    "/no-shows",
    response_model=NoShowsReport,
    summary="How often nobody came to a booked room",
    responses=responses(401, 403, 404),
)
def list_no_shows(user: CurrentUser, session: SessionDep, query: Annotated[NoShowsQuery, Query()]) -> Any:
    """Of each organizer for administrators and the IT desk, of oneself for everybody else."""
    return no_show_service.no_shows(session, user, query)


@router.post(
    "/{room_id}/check-in",
    response_model=RoomUseRead,
    summary="Check in to the meeting in a room",
    responses=responses(401, 403, 404, 409),
)
def check_in(room_id: UUID, data: CheckInBody, user: ActingUser, session: SessionDep) -> Any:
    """To the running meeting, or the next one from ROOM_CHECK_IN_EARLY_MINUTES before its start.

    For its organizer, those who take part, and who may write in its calendar; for other colleagues with the room's
    code. Checking in again changes nothing.
    """
    return check_in_service.check_in(session, user, room_id, data.code)


@router.post(
    "/{room_id}/end-early",
    response_model=RoomUseRead,
    summary="Give the rest of a booking back",
    responses=responses(401, 403, 404, 409),
)
def end_early(room_id: UUID, data: CheckInBody, user: ActingUser, session: SessionDep) -> Any:
    """The room is free from now on; the event keeps its times. For whoever may check in."""
    return check_in_service.end_early(session, user, room_id, data.code)


@router.post(
    "/{room_id}/extend",
    response_model=RoomUseRead,
    summary="Keep a room longer",
    responses=responses(401, 403, 404, 409),
)
def extend(room_id: UUID, data: ExtendBody, user: ActingUser, session: SessionDep) -> Any:
    """If it is free, and within its longest booking and opening hours; the event keeps its times.

    For whoever may check in.
    """
    return check_in_service.extend(session, user, room_id, data.minutes, data.code)


def _page(request: Request, read: Callable[[], Invited]) -> Response:
    """The page for what was read; to a browser, errors are a page too."""
    try:
        return check_in_page(request, read())
    except PlannerError as error:
        if not wants_html(request):
            raise
        return failed_page(request, error)
