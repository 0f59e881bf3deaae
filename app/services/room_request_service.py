"""Requests for rooms: what waits for an approver, and what people have asked for."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import NotFound
from app.models.base import now
from app.models.booking import RequestState, RoomBooking, RoomRequest
from app.models.event import Event
from app.models.room import Room
from app.models.user import User
from app.schemas.event import BrokenRuleRead
from app.schemas.event_preview import Listed
from app.schemas.room_request import (
    RequestBox,
    RequestedEventRead,
    RequestedRoomRead,
    RequestedTimeRead,
    RequesterRead,
    RequestSort,
    RoomRequestDetails,
    RoomRequestRead,
)
from app.services import event_access, room_notice_service
from app.services.room_notice_service import RoomNotice, RoomWhy
from app.services.room_rules_sql import RULES_FROM, is_approver
from app.services.rows import PageRequest, SortColumn, fetch_page

SORTS = {"created_at": SortColumn(col(RoomRequest.created_at), datetime)}
_DECIDES = text(f"""
    SELECT r.id FROM {RULES_FROM}
    WHERE r.organization_id = :organization_id AND (:room_id ::uuid IS NULL OR r.id = :room_id ::uuid)
      AND {is_approver(":person")}
""")
# When each request's first occurrence takes place, and how many it has.
_TIMES = text("""
    SELECT DISTINCT ON (b.request_id) b.request_id, b.starts_at, b.ends_at,
           count(*) OVER (PARTITION BY b.request_id) AS occurrences
    FROM room_bookings b
    WHERE b.organization_id = :organization_id AND b.request_id = ANY(:requests ::uuid[])
    ORDER BY b.request_id, b.starts_at, b.id
""")


def list_requests(
    session: Session,
    actor: Actor,
    box: RequestBox,
    states: Collection[RequestState],
    sort: RequestSort,
    page: PageRequest,
) -> tuple[list[RoomRequestRead], str | None]:
    """A page of what waits for the actor as an approver, or of what the actor asked for.

    Without `states`, an approver gets what can still be decided, and who asked gets everything.
    """
    query = select(RoomRequest).where(col(RoomRequest.organization_id) == actor.company)
    if box is RequestBox.MINE:
        query = query.where(col(RoomRequest.requested_by_id) == actor.user_id)
    else:
        states = states or (RequestState.PENDING,)
        query = query.where(_is_among(_decided_by(session, actor)))
        # What has expired and is not swept yet, nobody can decide any more.
        query = query.where((col(RoomRequest.state) != RequestState.PENDING) | (col(RoomRequest.expires_at) > now()))
    if states:
        query = query.where(col(RoomRequest.state).in_(states))
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return read_requests(session, actor, rows), cursor


def get_request(session: Session, actor: Actor, request_id: UUID) -> RoomRequest:
    """A request of the actor, or for a room about which the actor decides.

    Raises:
        NotFound: there is none, as far as the actor may know.
    """
    request = session.get(RoomRequest, (actor.company, request_id), populate_existing=True)
    if request is None or (request.requested_by_id != actor.user_id and not decides(session, actor, request.room_id)):
        raise NotFound("room_request_not_found")
    return request


def read_request(session: Session, actor: Actor, request_id: UUID) -> RoomRequestDetails:
    return read_details(session, actor, get_request(session, actor, request_id))


def decides(session: Session, actor: Actor, room_id: UUID) -> bool:
    """Whether the actor decides about requests for a room."""
    return bool(_decided_by(session, actor, room_id))


def read_requests(session: Session, actor: Actor, requests: Sequence[RoomRequest]) -> list[RoomRequestRead]:
    """Requests as the actor reads them, in as many statements as one."""
    company = actor.company
    rooms = _by_id(session, select(col(Room.id), col(Room.name)), Room, company, [row.room_id for row in requests])
    people = _by_id(
        session,
        select(col(User.id), func.coalesce(col(User.full_name), col(User.email)).label("name")),
        User,
        company,
        [row.requested_by_id for row in requests],
    )
    readable = event_access.visible_to(actor).where(col(Event.id).in_([row.event_id for row in requests]))
    titles = {event.id: event.title for event in session.execute(readable).scalars()} if requests else {}
    times = times_of(session, company, [row.id for row in requests])
    return [
        RoomRequestRead(
            **request.model_dump(exclude={"broken"}),
            room=RequestedRoomRead.model_validate(rooms[request.room_id]),
            requested_by=RequesterRead.model_validate(people[request.requested_by_id]),
            event=RequestedEventRead(id=request.event_id, title=titles[request.event_id])
            if request.event_id in titles
            else None,
            start_time=time.starts_at if (time := times.get(request.id)) else None,
            end_time=time.ends_at if time else None,
            occurrences_count=time.occurrences if time else 0,
            broken=_listed(BrokenRuleRead, request.broken, len(request.broken)),
        )
        for request in requests
    ]


def read_details(session: Session, actor: Actor, request: RoomRequest, *, dry_run: bool = False) -> RoomRequestDetails:
    """A request with the first PREVIEW_ITEMS_SHOWN of its occurrences."""
    (read,) = read_requests(session, actor, [request])
    query = (
        select(RoomBooking)
        .where(col(RoomBooking.organization_id) == request.organization_id, col(RoomBooking.request_id) == request.id)
        .order_by(col(RoomBooking.starts_at), col(RoomBooking.id))
        .limit(get_settings().PREVIEW_ITEMS_SHOWN)
        .execution_options(populate_existing=True)
    )
    items = [
        RequestedTimeRead(
            start_time=booking.starts_at, end_time=booking.ends_at, state=booking.state, reason=booking.reason
        )
        for booking in session.execute(query).scalars()
    ]
    return RoomRequestDetails(
        **dict(read), dry_run=dry_run, occurrences=Listed(count=read.occurrences_count, items=items)
    )


def times_of(session: Session, company: UUID, requests: Iterable[UUID]) -> dict[UUID, Any]:
    """By request, its first occurrence and how many it has; without those that have none."""
    rows = session.execute(_TIMES, {"organization_id": company, "requests": list(requests)})
    return {row.request_id: row for row in rows}


def tell_approvers(session: Session, actor: Actor, requests: Sequence[RoomRequest]) -> None:
    """Write to those who decide about requests that the actor has just made; they get no title of the event."""
    if not requests:
        return
    company = actor.company
    sender = session.get_one(User, actor.user_id)
    times = times_of(session, company, [request.id for request in requests])
    settings = get_settings()
    room_notice_service.tell(
        session,
        company,
        [
            RoomNotice(
                RoomWhy.REQUESTED,
                room_notice_service.approvers(session, company, request.room_id),
                session.get_one(Room, (company, request.room_id)).name,
                times[request.id].starts_at,
                occurrences=times[request.id].occurrences,
                sender=sender.full_name or sender.email,
                until=request.expires_at,
                url=settings.room_request_url(request.id),
            )
            for request in requests
        ],
    )


def _decided_by(session: Session, actor: Actor, room_id: UUID | None = None) -> list[UUID]:
    """The rooms about which the actor decides, or the one of them."""
    values = {"organization_id": actor.company, "person": actor.user_id, "room_id": room_id}
    return list(session.execute(_DECIDES, values).scalars())


def _is_among(rooms: list[UUID]) -> ColumnElement[bool]:
    return col(RoomRequest.room_id) == any_(literal(rooms, ARRAY(Uuid())))


def _by_id(session: Session, query: Any, model: Any, company: UUID, ids: Iterable[UUID]) -> dict[UUID, Any]:
    found = query.where(model.organization_id == company, model.id.in_(set(ids)))
    return {row.id: row for row in session.execute(found)}


def _listed(model: type[Any], items: Sequence[Any], count: int) -> Listed[Any]:
    shown = items[: get_settings().PREVIEW_ITEMS_SHOWN]
    return Listed(count=count, items=[model.model_validate(item) for item in shown])
