"""Panels at the doors of rooms: a secret address a room, for the tablet that hangs there."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from sqlmodel import Session

from app.api.deps import CurrentUser
from app.api.live_stream import DOCUMENTED, LiveStream, Seen, Told
from app.api.pages import PAGE, page_response
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core.config import get_settings
from app.core.secret_tokens import TOKEN_LENGTH
from app.core.tenancy import READS
from app.db import SessionDep, SessionLocal, get_read_engine
from app.schemas.room_panel import PanelMinutes, PanelRead, PanelToken
from app.services import room_panel_reading, room_panel_service
from app.services.live_rooms import channel_of
from app.services.room_panel_service import Panel

# No idempotency keys here: an answer that is kept would keep a secret, and at the door nobody is signed in.
router = PrefixRouter(prefix="/rooms", tags=["rooms"], route_class=TransactionRoute)
# Asynchronous, and in no transaction.
streams = PrefixRouter(prefix="/rooms", tags=["rooms"])

LOOK_SECONDS = 10.0

Token = Annotated[str, Query(max_length=TOKEN_LENGTH, description="The secret of the panel's address")]


@router.post(
    "/{room_id}/panel-token",
    response_model=PanelToken,
    status_code=201,
    summary="Make the address of a room's panel",
    responses=responses(401, 403, 404),
)
def make_panel_token(room_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    """For administrators and the IT desk. It is told this once, and replaces the last one."""
    room, token, page_url = room_panel_service.make_token(session, user, room_id)
    return PanelToken(token=token, page_url=page_url, version=room.version)


@router.delete(
    "/{room_id}/panel-token",
    status_code=204,
    summary="Revoke the address of a room's panel",
    responses=responses(401, 403, 404),
)
def revoke_panel_token(room_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """For administrators and the IT desk. Whatever shows the panel stops."""
    room_panel_service.revoke_token(session, user, room_id)


@router.get("/{room_id}/panel", response_model=PanelRead, summary="Read a room's panel", responses=responses(404))
def read_panel(room_id: UUID, session: SessionDep, token: Token = "") -> Any:
    """What the room is used for now and today, and what can be done at its door. No signing in: the token says it."""
    return _shown(session, room_panel_service.open_panel(session, room_id, token))


@router.post(
    "/{room_id}/panel/book",
    response_model=PanelRead,
    status_code=201,
    summary="Book a room at its door",
    responses=responses(404, 409),
)
def book_at_panel(room_id: UUID, data: PanelMinutes, session: SessionDep, token: Token = "") -> Any:
    """From now on, for nobody in particular, if it is free and its rules let everybody book it."""
    panel = room_panel_service.open_panel(session, room_id, token)
    room_panel_service.book(session, panel, data.minutes)
    return _shown(session, panel)


@router.post(
    "/{room_id}/panel/check-in",
    response_model=PanelRead,
    summary="Check in at a room's door",
    responses=responses(404, 409),
)
def check_in_at_panel(room_id: UUID, session: SessionDep, token: Token = "") -> Any:
    """To the meeting that goes on, or that begins soon."""
    panel = room_panel_service.open_panel(session, room_id, token)
    room_panel_service.check_in(session, panel)
    return _shown(session, panel)


@router.post(
    "/{room_id}/panel/end",
    response_model=PanelRead,
    summary="End a meeting at its room's door",
    responses=responses(404, 409),
)
def end_at_panel(room_id: UUID, session: SessionDep, token: Token = "") -> Any:
    """The room is free from now on; what stands in people's calendars stays."""
    panel = room_panel_service.open_panel(session, room_id, token)
    room_panel_service.end(session, panel)
    return _shown(session, panel)


@router.post(
    "/{room_id}/panel/extend",
    response_model=PanelRead,
    summary="Extend a meeting at its room's door",
    responses=responses(404, 409),
)
def extend_at_panel(room_id: UUID, data: PanelMinutes, session: SessionDep, token: Token = "") -> Any:
    """The room stays taken for so long, if it is free then and its rules allow."""
    panel = room_panel_service.open_panel(session, room_id, token)
    room_panel_service.extend(session, panel, data.minutes)
    return _shown(session, panel)


@router.get(
    "/{room_id}/panel/page",
    response_class=HTMLResponse,
    summary="Show a room's panel",
    responses={200: PAGE, **responses(404)},
)
def show_panel(room_id: UUID, session: SessionDep, token: Token = "") -> Response:
    """The panel as a page for any tablet's browser, in the company's language."""
    panel = room_panel_service.open_panel(session, room_id, token)
    return page_response("room_panel", panel.locale)


@streams.get(
    "/{room_id}/panel/stream",
    response_class=StreamingResponse,
    summary="Follow a room's panel",
    responses={200: DOCUMENTED, **responses(404, 503)},
)
async def follow_panel(
    request: Request,
    room_id: UUID,
    token: Token = "",
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=200)] = None,
) -> StreamingResponse:
    """Server-sent events named `panel`: what reading the panel answers, at once and whenever it changes."""
    settings = get_settings()

    def look(place: str | None) -> Seen:
        with SessionLocal(bind=get_read_engine(), info={READS: True}) as session:
            panel = room_panel_service.open_panel(session, room_id, token)
            state = room_panel_reading.read(session, panel)
            news = Told("panel", state.shown.model_dump_json(), state.tag)
            # A state that the client has already is not told again.
            told = () if state.tag == place else (news,)
            return Seen(frozenset({channel_of(panel.company, room_id)}), state.tag, told, state.changes_at)

    stream = LiveStream(
        hub=request.app.state.live,
        kind="panel",
        look=look,
        limit=settings.ROOM_PANEL_STREAMS_MAX,
        seconds=settings.ROOM_PANEL_STREAM_SECONDS,
        look_seconds=LOOK_SECONDS,
    )
    return await stream.respond(last_event_id)


def _shown(session: Session, panel: Panel) -> PanelRead:
    return room_panel_reading.read(session, panel).shown
