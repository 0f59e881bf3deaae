"""The link in the mail that asks to check in: for whoever it was sent to, about one booking, until its end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import tenancy
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Unauthenticated
from app.core.messages import Language
from app.core.security import CHECK_IN, create_check_in_token, decode_token
from app.models.base import now
from app.models.booking import BookingState, RoomBooking
from app.models.organization import Organization
from app.models.room import Room
from app.models.user import User
from app.services import check_in_service


@dataclass(frozen=True, slots=True)
class Invited:
    """What a link is good for. Times are UTC, to be shown in `time_zone`, the person's."""

    room: str
    start: datetime
    end: datetime
    time_zone: str
    language: Language
    is_checked_in: bool


def link_for(company: UUID, booking_id: UUID, person: UUID, until: datetime) -> str:
    """The address under which a person checks in to a booking, up to an instant."""
    token = create_check_in_token({"company": str(company), "booking": str(booking_id), "person": str(person)}, until)
    return f"{get_settings().public_url}/api/v1/rooms/check-in?token={token}"


def preview(session: Session, token: str) -> Invited:
    """What a link is good for, for a session that has entered no company yet. Changes nothing: mail scanners follow it.

    Raises:
        Forbidden: the link is none of ours or has expired, or the person has left.
        Conflict: the meeting is not in this room any more.
    """
    booking, person, organization = _open(session, token)
    return _read(session, booking, person, organization)


def check_in(session: Session, token: str) -> Invited:
    """Check in as whoever the link was sent to; again and again, if they like. Raises as `preview`."""
    booking, person, organization = _open(session, token)
    return _read(session, check_in_service.check_in_booking(session, booking, person.id), person, organization)


def _open(session: Session, token: str) -> tuple[RoomBooking, User, Organization]:
    try:
        claims = decode_token(token, CHECK_IN)
    except Unauthenticated as error:
        raise Forbidden("check_in_link_invalid") from error
    company, booking_id, person_id = (UUID(claims[name]) for name in ("company", "booking", "person"))
    tenancy.enter(session, company, actor=person_id)
    query = (
        select(User, Organization)
        .join(Organization, col(Organization.id) == col(User.organization_id))
        .where(
            col(User.organization_id) == company,
            col(User.id) == person_id,
            col(User.is_active),
            col(Organization.deleted_at).is_(None),
        )
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise Forbidden("check_in_link_invalid")
    booked = select(RoomBooking).where(
        col(RoomBooking.organization_id) == company,
        col(RoomBooking.id) == booking_id,
        col(RoomBooking.state) == BookingState.CONFIRMED,
    )
    booking = session.execute(booked).scalar_one_or_none()
    if booking is None or (booking.used_until or booking.ends_at) <= now():
        raise Conflict("check_in_link_late")
    return booking, found[0], found[1]


def _read(session: Session, booking: RoomBooking, person: User, organization: Organization) -> Invited:
    room = session.get_one(Room, (booking.organization_id, booking.room_id))
    return Invited(
        room=room.name,
        start=booking.starts_at,
        end=booking.used_until or booking.ends_at,
        time_zone=person.time_zone or organization.time_zone,
        language="ru" if organization.locale == "ru" else "en",
        is_checked_in=booking.checked_in_at is not None,
    )
