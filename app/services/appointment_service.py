"""The life of an appointment: held, confirmed by the link in a mail, approved, moved, cancelled.

Every change locks the kind and its hosts first (`slot_taking.lock`), then the meeting, then the appointment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Conflict, PlannerError, TooManyRequests
from app.models.appointment import TAKING, Appointment, AppointmentKind, AppointmentState, AvailabilitySlot
from app.models.base import now
from app.models.event import Event
from app.models.organization import Organization
from app.models.user import User
from app.services import appointment_events, appointment_mails, appointment_notices, slot_taking
from app.services.appointment_answers import checked
from app.services.rows import flush
from app.services.slot_finding import Offer

log = structlog.get_logger(__name__)

EXPIRING = (AppointmentState.HELD, AppointmentState.UNCONFIRMED)
STANDING = (AppointmentState.PENDING, AppointmentState.CONFIRMED)


def hold(
    session: Session,
    kind: AppointmentKind,
    start: datetime,
    minutes: int,
    *,
    language: str,
    time_zone: str,
    address: str | None,
) -> Appointment:
    """Keep a time for somebody who fills in the form, SLOT_HOLD_MINUTES long.

    Raises:
        Conflict: it cannot be booked, or not any more.
        TooManyRequests: SLOT_HOLDS_PER_ADDRESS are held from there, or were booked within an hour.
    """
    slot_taking.lock(session, kind)
    _check_address(session, kind, address)
    slot, seat = slot_taking.take(session, kind, slot_taking.offer_at(session, kind, start, minutes))
    appointment = Appointment(
        organization_id=kind.organization_id,
        slot_id=slot.id,
        capacity=slot.capacity,
        seat=seat,
        language=language,
        time_zone=time_zone,
        address=address,
        act_at=now() + timedelta(minutes=get_settings().SLOT_HOLD_MINUTES),
    )
    session.add(appointment)
    flush(session)
    return appointment


def submit(session: Session, appointment: Appointment, name: str, email: str, answers: dict[str, Any]) -> None:
    """Take what the form says, and ask by mail whether it was them.

    Raises:
        Conflict: the time is not held any more, or this address has APPOINTMENTS_PER_EMAIL.
        Invalid: a question is not answered, or wrongly.
    """
    kind, slot = _locked(session, appointment)
    _require(appointment, AppointmentState.HELD)
    found = checked(kind.questions, answers)
    _check_email(session, kind, email)
    appointment.name, appointment.email, appointment.answers = name, email, found
    appointment.user_id = _colleague(session, kind, email)
    appointment.state = AppointmentState.UNCONFIRMED
    appointment.act_at = now() + timedelta(minutes=get_settings().SLOT_CONFIRM_MINUTES)
    appointment.version += 1
    flush(session)
    appointment_mails.send(session, kind, slot, appointment, "confirm", slot_taking.hosts_of(session, slot))


def confirm(session: Session, appointment: Appointment) -> None:
    """What the link in the mail does: book, or ask the hosts where they approve.

    Raises:
        Conflict: the time is not held any more, or somebody has taken it otherwise.
    """
    kind, slot = _locked(session, appointment)
    if appointment.state in STANDING:
        # The button was pressed twice.
        return
    _require(appointment, AppointmentState.UNCONFIRMED)
    _check_again(session, kind, slot)
    _settle(session, kind, slot, appointment)


def book(
    session: Session,
    kind: AppointmentKind,
    user: User,
    start: datetime,
    minutes: int,
    answers: dict[str, Any],
    zone: str,
) -> Appointment:
    """Book for a colleague, who needs no mail to confirm it.

    Raises:
        Conflict: it cannot be booked, or not any more; or they have APPOINTMENTS_PER_EMAIL.
        Invalid: a question is not answered, or wrongly.
    """
    found = checked(kind.questions, answers)
    slot_taking.lock(session, kind)
    _check_email(session, kind, user.email)
    slot, seat = slot_taking.take(session, kind, slot_taking.offer_at(session, kind, start, minutes))
    appointment = Appointment(
        organization_id=kind.organization_id,
        slot_id=slot.id,
        capacity=slot.capacity,
        seat=seat,
        state=AppointmentState.UNCONFIRMED,
        act_at=now(),
        name=user.full_name or user.email,
        email=user.email,
        user_id=user.id,
        answers=found,
        language=user.language or session.get_one(Organization, kind.organization_id).locale,
        time_zone=zone,
    )
    session.add(appointment)
    flush(session)
    _settle(session, kind, slot, appointment)
    return appointment


def _settle(session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment) -> None:
    """Have it approved, where the kind asks for it, or make the meeting."""
    hosts = slot_taking.hosts_of(session, slot)
    if kind.needs_approval:
        appointment.state = AppointmentState.PENDING
        until = now() + timedelta(hours=get_settings().APPOINTMENT_APPROVAL_HOURS)
        appointment.act_at = min(until, slot.starts_at)
        appointment.version += 1
        flush(session)
        appointment_mails.send(session, kind, slot, appointment, "pending", hosts)
        appointment_notices.tell_hosts(session, kind, slot, appointment, hosts, "appointment_asked")
        return
    _make(session, kind, slot, appointment, hosts)
    appointment_notices.tell_hosts(session, kind, slot, appointment, hosts, "appointment_booked")


def decide(session: Session, appointment: Appointment, reason: str | None, *, is_approved: bool) -> None:
    """Approve what waits for it, which is checked again, or refuse it.

    Raises:
        Conflict: it waits for nobody, or the time is not free any more.
    """
    kind, slot = _locked(session, appointment)
    if appointment.state != AppointmentState.PENDING:
        raise Conflict("appointment_waits_for_nobody")
    if is_approved:
        _check_again(session, kind, slot)
        _make(session, kind, slot, appointment, slot_taking.hosts_of(session, slot))
    else:
        refuse(session, kind, slot, appointment, reason)


def refuse(
    session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment, reason: str | None
) -> None:
    """Let a request go; whoever asked is told."""
    hosts = slot_taking.hosts_of(session, slot)
    _end(session, slot, appointment, AppointmentState.REFUSED, reason)
    appointment_mails.send(session, kind, slot, appointment, "refused", hosts)


def cancel(session: Session, appointment: Appointment, reason: str | None, *, by_visitor: bool) -> None:
    """Let it not take place; the others are told.

    Raises:
        Conflict: it is cancelled already, or is too near for whoever booked it.
    """
    kind, slot = _locked(session, appointment)
    _require(appointment, *STANDING)
    if by_visitor:
        _require_in_time(kind, slot)
    hosts = slot_taking.hosts_of(session, slot)
    is_last = slot_taking.others_in(session, slot, appointment) == 0
    _end(session, slot, appointment, AppointmentState.CANCELLED, reason)
    itip = appointment_events.end_meeting(session, slot, appointment, is_last=is_last)
    appointment_mails.send(session, kind, slot, appointment, "cancelled", hosts, itip)
    if by_visitor:
        appointment_notices.tell_hosts(session, kind, slot, appointment, hosts, "appointment_cancelled")


def move(session: Session, appointment: Appointment, start: datetime, *, by_visitor: bool) -> None:
    """Take another time instead, with the same people where they are free then.

    Raises:
        Conflict: that time cannot be booked; or it is too late, or was moved too often, for whoever booked it.
    """
    kind, slot = _locked(session, appointment)
    _require(appointment, *STANDING)
    if by_visitor:
        _require_in_time(kind, slot)
        if appointment.moves >= kind.max_moves:
            raise Conflict("appointment_moved_often", limit=kind.max_moves)
    hosts = slot_taking.hosts_of(session, slot)
    minutes = int((slot.ends_at - slot.starts_at).total_seconds()) // 60
    is_alone = kind.capacity == 1 and appointment.state == AppointmentState.CONFIRMED
    stays = is_alone and not (kind.needs_approval and by_visitor)
    if start == slot.starts_at:
        raise Conflict("slot_taken")
    offer = slot_taking.offer_at(session, kind, start, minutes, slot if kind.capacity == 1 else None)
    appointment.moves += 1
    appointment.reminded = []
    if stays and hosts and set(hosts) <= set(offer.hosts):
        slot.starts_at, slot.ends_at = offer.start, offer.end
        flush(session)
        with _as_taken(appointment):
            itip = appointment_events.move_meeting(session, slot, appointment)
        session.refresh(slot)
        slot_taking.keep(session, kind, slot, hosts)
        appointment.act_at = next_reminder(kind, slot, appointment)
        appointment.version += 1
        flush(session)
        appointment_mails.send(session, kind, slot, appointment, "moved", hosts, itip)
        appointment_notices.tell_hosts(session, kind, slot, appointment, hosts, "appointment_moved")
        return
    _take_instead(session, kind, slot, appointment, offer)


def next_reminder(kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment) -> datetime | None:
    """When whoever booked is reminded next."""
    due = [
        slot.starts_at - timedelta(minutes=minutes)
        for minutes in kind.reminder_minutes
        if minutes not in appointment.reminded
    ]
    return min(due, default=None)


def _take_instead(
    session: Session,
    kind: AppointmentKind,
    slot: AvailabilitySlot,
    appointment: Appointment,
    offer: Offer,
) -> None:
    """End the meeting that there was, and book the other time as if it were new."""
    hosts = slot_taking.hosts_of(session, slot)
    is_last = slot_taking.others_in(session, slot, appointment) == 0
    if is_last:
        slot_taking.release(session, slot)
    itip = appointment_events.end_meeting(session, slot, appointment, is_last=is_last)
    if itip is not None:
        appointment_mails.send(session, kind, slot, appointment, "cancelled", hosts, itip)
    appointment.state, appointment.act_at = AppointmentState.UNCONFIRMED, now()
    taken, seat = slot_taking.take(session, kind, offer)
    appointment.slot_id, appointment.seat, appointment.capacity = taken.id, seat, taken.capacity
    flush(session)
    _settle(session, kind, taken, appointment)


def _make(
    session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment, hosts: list[UUID]
) -> None:
    with _as_taken(appointment):
        itip = appointment_events.hold_meeting(session, kind, slot, appointment, hosts)
    appointment.state = AppointmentState.CONFIRMED
    # What should have been said before it was booked is not said any more.
    passed = [minutes for minutes in kind.reminder_minutes if slot.starts_at - timedelta(minutes=minutes) <= now()]
    appointment.reminded = passed
    appointment.act_at = next_reminder(kind, slot, appointment)
    appointment.version += 1
    flush(session)
    appointment_mails.send(session, kind, slot, appointment, "confirmed", hosts, itip)


def _end(
    session: Session, slot: AvailabilitySlot, appointment: Appointment, state: AppointmentState, reason: str | None
) -> None:
    appointment.state, appointment.act_at, appointment.reason = state, None, reason
    appointment.version += 1
    flush(session)
    if slot_taking.others_in(session, slot, appointment) == 0:
        slot_taking.release(session, slot)


def _locked(session: Session, appointment: Appointment) -> tuple[AppointmentKind, AvailabilitySlot]:
    """The kind and the slot of an appointment, which is locked behind them and read anew."""
    company = appointment.organization_id
    slot = session.get_one(AvailabilitySlot, (company, appointment.slot_id))
    kind = session.get_one(AppointmentKind, (company, slot.kind_id))
    slot_taking.lock(session, kind)
    session.refresh(appointment)
    slot = session.get_one(AvailabilitySlot, (company, appointment.slot_id))
    session.refresh(slot)
    if slot.event_id is not None:
        # Whoever edits the meeting locks it first, and then what follows it.
        locked = select(col(Event.id)).where(col(Event.organization_id) == company, col(Event.id) == slot.event_id)
        session.execute(locked.with_for_update(key_share=True))
        session.refresh(slot)
    session.refresh(appointment, with_for_update={"key_share": True})
    return kind, slot


@contextmanager
def _as_taken(appointment: Appointment) -> Iterator[None]:
    """What stands against the meeting is the hosts' business: whoever books is told that the time is taken."""
    try:
        yield
    except PlannerError as error:
        log.warning("appointment_not_booked", appointment_id=str(appointment.id), code=error.code)
        raise Conflict("slot_taken") from error


def _require(appointment: Appointment, *states: AppointmentState) -> None:
    if appointment.state not in states:
        raise Conflict("appointment_is_over")
    if appointment.state in EXPIRING and (appointment.act_at is None or appointment.act_at <= now()):
        raise Conflict("slot_hold_expired")


def _require_in_time(kind: AppointmentKind, slot: AvailabilitySlot) -> None:
    if now() > slot.starts_at - timedelta(minutes=kind.change_until_minutes):
        raise Conflict("appointment_too_near", minutes=kind.change_until_minutes)


def _check_again(session: Session, kind: AppointmentKind, slot: AvailabilitySlot) -> None:
    if slot.event_id is None and not slot_taking.is_still_free(session, kind, slot):
        raise Conflict("slot_taken")


def _check_address(session: Session, kind: AppointmentKind, address: str | None) -> None:
    if address is None:
        return
    counted = select(func.count()).where(
        col(Appointment.organization_id) == kind.organization_id,
        col(Appointment.address) == address,
        col(Appointment.created_at) > now() - timedelta(hours=1),
    )
    if session.execute(counted).scalar_one() >= get_settings().SLOT_HOLDS_PER_ADDRESS:
        raise TooManyRequests("too_many_slot_holds", retry_after=3600)


def _check_email(session: Session, kind: AppointmentKind, email: str) -> None:
    """Whoever books in somebody else's name sends them only so many mails."""
    limit = get_settings().APPOINTMENTS_PER_EMAIL
    counted = (
        select(func.count())
        .select_from(Appointment)
        .join(
            AvailabilitySlot,
            (col(AvailabilitySlot.organization_id) == col(Appointment.organization_id))
            & (col(AvailabilitySlot.id) == col(Appointment.slot_id)),
        )
        .where(
            col(Appointment.organization_id) == kind.organization_id,
            col(Appointment.email) == email,
            col(Appointment.state).in_(TAKING),
            col(AvailabilitySlot.ends_at) > now(),
        )
    )
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_appointments", limit=limit)


def _colleague(session: Session, kind: AppointmentKind, email: str) -> UUID | None:
    query = select(col(User.id)).where(
        col(User.organization_id) == kind.organization_id, col(User.email) == email, col(User.is_active)
    )
    found: UUID | None = session.execute(query).scalar_one_or_none()
    return found
