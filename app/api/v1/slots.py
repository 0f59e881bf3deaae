"""Bookable times: what is offered, when, and who booked it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from app.api.deps import CurrentUser, IfMatch, PageParams, page_request
from app.api.prefix_router import PrefixRouter
from app.api.problems import responses
from app.api.repeatable_route import RepeatableRoute
from app.db import SessionDep
from app.schemas.appointment import (
    BookingDecision,
    BookingMove,
    BookingQuery,
    BookingRead,
    BookingWrite,
    KindPatch,
    KindRead,
    KindSort,
    KindWrite,
    SlotsQuery,
    SlotsRead,
)
from app.schemas.common import LongLine, Page
from app.services import appointment_kind_service, appointment_reading

router = PrefixRouter(prefix="/slots", tags=["slots"], route_class=RepeatableRoute)


@router.get("", response_model=SlotsRead, summary="When something can be booked", responses=responses(401, 403, 404))
def list_slots(user: CurrentUser, session: SessionDep, query: Annotated[SlotsQuery, Query()]) -> Any:
    """The beginnings within the hours of the hosts that nothing stands against: their meetings and absences, the room,
    what others have booked. Nothing is told of what these are.
    """
    return appointment_reading.list_slots(session, user, query)


@router.get("/kinds", response_model=Page[KindRead], summary="List what can be booked", responses=responses(401, 403))
def list_appointment_kinds(
    user: CurrentUser, session: SessionDep, page: PageParams, sort: KindSort = KindSort.NAME
) -> Any:
    """The kinds of appointment that colleagues offer; one's own also while they are switched off."""
    items, cursor = appointment_kind_service.list_kinds(session, user, sort, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/kinds", response_model=KindRead, status_code=201, summary="Offer something", responses=responses(401, 403, 409)
)
def create_appointment_kind(data: KindWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For those with `access_availability_slots`, which its hosts have, too."""
    return appointment_kind_service.create_kind(session, user, data)


@router.get(
    "/kinds/{appointment_kind_id}",
    response_model=KindRead,
    summary="Read what can be booked",
    responses=responses(401, 403, 404),
)
def read_appointment_kind(appointment_kind_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return appointment_kind_service.read_kind(session, user, appointment_kind_id)


@router.patch(
    "/kinds/{appointment_kind_id}",
    response_model=KindRead,
    summary="Change what can be booked",
    responses=responses(401, 403, 404, 412),
)
def patch_appointment_kind(
    appointment_kind_id: UUID,
    data: KindPatch,  # type: ignore[valid-type]
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
) -> Any:
    """Only what is sent changes; hosts, days and questions are sent whole. What is booked stays as it is."""
    values = data.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    return appointment_kind_service.change_kind(session, user, appointment_kind_id, values, if_match)


@router.delete(
    "/kinds/{appointment_kind_id}", status_code=204, summary="Offer it no more", responses=responses(401, 403, 404, 412)
)
def delete_appointment_kind(
    appointment_kind_id: UUID, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> None:
    """With what is known of its appointments. Their meetings stay."""
    appointment_kind_service.delete_kind(session, user, appointment_kind_id, if_match)


@router.get("/bookings", response_model=Page[BookingRead], summary="List appointments", responses=responses(401, 403))
def list_appointments(user: CurrentUser, session: SessionDep, query: Annotated[BookingQuery, Query()]) -> Any:
    """Those that I host, offer or booked."""
    page = page_request(query.limit, query.cursor)
    items, cursor = appointment_reading.list_bookings(session, user, query, page)
    return Page(items=items, next_cursor=cursor)


@router.post(
    "/bookings",
    response_model=BookingRead,
    status_code=201,
    summary="Book an appointment",
    responses=responses(401, 403, 404, 409),
)
def book_appointment(data: BookingWrite, user: CurrentUser, session: SessionDep) -> Any:
    """For oneself. Whoever comes second gets a 409: the database decides."""
    return appointment_reading.book(session, user, data)


@router.get(
    "/bookings/{booking_id}",
    response_model=BookingRead,
    summary="Read an appointment",
    responses=responses(401, 403, 404),
)
def read_appointment(booking_id: UUID, user: CurrentUser, session: SessionDep) -> Any:
    return appointment_reading.read_booking(session, user, booking_id)


@router.post(
    "/bookings/{booking_id}/decision",
    response_model=BookingRead,
    summary="Approve an appointment, or refuse it",
    responses=responses(401, 403, 404, 409),
)
def decide_appointment(booking_id: UUID, data: BookingDecision, user: CurrentUser, session: SessionDep) -> Any:
    """For hosts, whoever offers it, and administrators. Whether the time is still free is checked again."""
    return appointment_reading.decide(session, user, booking_id, data)


@router.post(
    "/bookings/{booking_id}/move",
    response_model=BookingRead,
    summary="Move an appointment",
    responses=responses(401, 403, 404, 409, 412),
)
def move_appointment(
    booking_id: UUID, data: BookingMove, user: CurrentUser, session: SessionDep, if_match: IfMatch
) -> Any:
    """To another time that can be booked; with the same people where they are free then."""
    return appointment_reading.move(session, user, booking_id, data.start, if_match)


@router.delete(
    "/bookings/{booking_id}",
    status_code=204,
    summary="Cancel an appointment",
    responses=responses(401, 403, 404, 409, 412),
)
def cancel_appointment(
    booking_id: UUID,
    user: CurrentUser,
    session: SessionDep,
    if_match: IfMatch,
    reason: Annotated[LongLine | None, Query(description="Told to whoever booked")] = None,
) -> None:
    """Its meeting is cancelled, and everybody in it told."""
    appointment_reading.cancel(session, user, booking_id, reason, if_match)
