"""What changes, as it changes: server-sent events (HTML Living Standard §9.2)."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.api import change_watch
from app.api.change_watch import ChangeWatch
from app.api.deps import ClaimsOfStream, CurrentUser
from app.api.live_stream import BREATH_SECONDS, DOCUMENTED, LiveStream, Seen, Told
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.transaction_route import TransactionRoute
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Gone
from app.core.security import STREAM_TICKET_SECONDS, create_stream_ticket
from app.core.tenancy import READS
from app.db import SessionDep, SessionLocal, get_read_engine
from app.schemas.change import CURSOR_MAX_LENGTH
from app.schemas.stream import StreamTicket
from app.services import change_service, live_people, notification_stream, session_service
from app.services.notification_service import UNREAD_COUNTED_MAX
from app.services.rows import PageRequest

CHANGES_A_LOOK = 100
PERSON = "person"

tickets = PrefixRouter(prefix="/auth", tags=["auth"], route_class=TransactionRoute)
# Asynchronous, and in no transaction.
of_events = PrefixRouter(prefix="/events", tags=["events"])
of_notifications = PrefixRouter(prefix="/notifications", tags=["notifications"])


def last_place(
    cursor: Annotated[
        str | None,
        Query(max_length=CURSOR_MAX_LENGTH, description="Go on from here: the id of the last event that came"),
    ] = None,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=CURSOR_MAX_LENGTH)] = None,
) -> str | None:
    """Where a stream goes on: EventSource sends the header of itself when it connects again."""
    return last_event_id or cursor


LastPlace = Annotated[str | None, Depends(last_place)]


@tickets.post(
    "/stream-ticket",
    response_model=StreamTicket,
    status_code=201,
    summary="Get a ticket for a stream",
    responses=responses(401),
)
def make_stream_ticket(user: CurrentUser, session: SessionDep) -> Any:
    """For EventSource, which sends no headers: good for a minute to open streams, as `?ticket=`."""
    assert user.session_id is not None
    return StreamTicket(ticket=create_stream_ticket(user.user_id, user.session_id), expires_in=STREAM_TICKET_SECONDS)


@of_notifications.get(
    "/stream",
    response_class=StreamingResponse,
    summary="Follow my notifications",
    responses={200: DOCUMENTED, **responses(401, 403, 429, 503)},
)
async def follow_notifications(request: Request, claims: ClaimsOfStream, place: LastPlace) -> StreamingResponse:
    """Events named `notification`, as the list has them, and `unread` with the number of those that are not read.

    From now on, or without a gap after the last event's id. `reset` says that what came meanwhile is not known: read
    the list. The stream ends with the sign-in session.
    """
    told_unread: list[int] = []

    def look(cursor: str | None) -> Seen:
        with SessionLocal(bind=get_read_engine(), info={READS: True}) as session:
            actor = session_service.authenticate(session, claims)
            news = notification_stream.look(session, actor, cursor)
        events = [Told("notification", item, id_) for item, id_ in news.items]
        if news.is_lost:
            events.append(Told("reset", "{}", news.place))
        if told_unread != [news.unread]:
            told_unread[:] = [news.unread]
            counted = {"count": news.unread, "limit": UNREAD_COUNTED_MAX}
            events.append(Told("unread", json.dumps(counted), news.place))
        mine = {live_people.channel_of(actor.user_id), live_people.sessions_channel_of(actor.user_id)}
        return Seen(frozenset(mine), news.place, events, _soon(news.is_behind))

    return await _stream(request, claims, look).respond(place)


@of_events.get(
    "/stream",
    response_class=StreamingResponse,
    summary="Follow my calendars and events",
    responses={200: DOCUMENTED, **responses(401, 403, 422, 429, 503)},
)
async def follow_events(request: Request, claims: ClaimsOfStream, place: LastPlace) -> StreamingResponse:
    """Events named `change`, as `GET /changes` has them.

    From now on, which an event named `ready` says, or without a gap after the last event's id or a cursor of
    `GET /changes`. `reset` says that too much is forgotten since: begin anew. The stream ends with the sign-in session.
    """

    companies: list[UUID] = []

    def look(cursor: str | None) -> Seen:
        with SessionLocal(bind=get_read_engine(), info={READS: True}) as session:
            actor = session_service.authenticate(session, claims)
            companies[:] = [actor.company]
            channels = frozenset(map(change_watch.channel_of, change_service.followed(session, actor)))
            events, going_on, has_more = _changes(session, actor, cursor)
        return Seen(channels | {live_people.sessions_channel_of(actor.user_id)}, going_on, events, _soon(has_more))

    watch: ChangeWatch = request.app.state.change_watch
    return await _stream(request, claims, look, lambda: watch.watching(companies[0])).respond(place)


def _changes(session: Session, actor: Actor, cursor: str | None) -> tuple[list[Told], str, bool]:
    """What changed after a cursor, where to go on, and whether there is more."""
    if cursor is None:
        fresh = change_service.cursor_of_now(session, actor)
        return [Told("ready", "{}", fresh)], fresh, False
    try:
        page = change_service.read_changes(session, actor, PageRequest(CHANGES_A_LOOK, cursor))
    except Gone:
        fresh = change_service.cursor_of_now(session, actor)
        return [Told("reset", "{}", fresh)], fresh, False
    # The cursor stands behind all of them: whoever loses the connection in between gets them once more.
    last = len(page.items) - 1
    events = [
        Told("change", item.model_dump_json(), page.cursor if number == last else None)
        for number, item in enumerate(page.items)
    ]
    return events, page.cursor, page.has_more


def _stream(
    request: Request,
    claims: dict[str, Any],
    look: Callable[[str | None], Seen],
    within: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> LiveStream:
    settings = get_settings()
    _, user = session_service.identity(claims)
    return LiveStream(
        hub=request.app.state.live,
        kind=PERSON,
        look=look,
        limit=settings.STREAMS_MAX,
        seconds=settings.STREAM_SECONDS,
        look_seconds=settings.STREAM_LOOK_SECONDS,
        user=user,
        within=within,
    )


def _soon(is_behind: bool) -> datetime | None:
    """When to look again where an open transaction holds something back, or not all fitted."""
    return datetime.now(UTC) + timedelta(seconds=BREATH_SECONDS) if is_behind else None
