"""Who offers appointments, and who sees and changes what of them: every look-up starts here."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Forbidden
from app.models.appointment import Appointment, AppointmentKind, AvailabilitySlot, SlotHost
from app.models.user import User
from app.services.rows import get_visible


def kinds_visible_to(actor: Actor) -> Select[AppointmentKind]:
    """Those that are offered; and all of the actor's own, and to administrators all."""
    query = select(AppointmentKind).where(col(AppointmentKind.organization_id) == actor.company)
    if actor.is_admin:
        return query
    return query.where(or_(col(AppointmentKind.is_active), col(AppointmentKind.owner_id) == actor.user_id))


def find_kind(session: Session, actor: Actor, kind_id: UUID, *, lock: bool = False) -> AppointmentKind:
    """Raises NotFound: the actor sees no such kind."""
    return get_visible(session, kinds_visible_to(actor), kind_id, "appointment_kind_not_found", lock=lock)


def require_owner(actor: Actor, kind: AppointmentKind) -> None:
    """Raises Forbidden unless the kind is the actor's, or the actor an administrator."""
    if kind.owner_id != actor.user_id and not actor.is_admin:
        raise Forbidden("appointment_kind_not_yours")


def require_offering(session: Session, actor: Actor) -> None:
    """Raises Forbidden unless the actor is an administrator or has `access_availability_slots`."""
    if not actor.is_admin and not session.get_one(User, actor.user_id).access_availability_slots:
        raise Forbidden("slots_not_allowed")


def bookings_visible_to(actor: Actor) -> Select[Appointment]:
    """What the actor hosts, whose kind is theirs, or what they booked; to administrators all."""
    query = select(Appointment).where(col(Appointment.organization_id) == actor.company)
    if actor.is_admin:
        return query
    hosted = select(col(SlotHost.slot_id)).where(
        col(SlotHost.organization_id) == actor.company, col(SlotHost.user_id) == actor.user_id
    )
    owned = (
        select(col(AvailabilitySlot.id))
        .join(
            AppointmentKind,
            (col(AppointmentKind.organization_id) == col(AvailabilitySlot.organization_id))
            & (col(AppointmentKind.id) == col(AvailabilitySlot.kind_id)),
        )
        .where(col(AvailabilitySlot.organization_id) == actor.company, col(AppointmentKind.owner_id) == actor.user_id)
    )
    return query.where(
        or_(
            col(Appointment.slot_id).in_(hosted),
            col(Appointment.slot_id).in_(owned),
            col(Appointment.user_id) == actor.user_id,
        )
    )


def find_booking(session: Session, actor: Actor, booking_id: UUID) -> Appointment:
    """Raises NotFound: the actor sees no such appointment."""
    return get_visible(session, bookings_visible_to(actor), booking_id, "appointment_not_found")


def is_host(actor: Actor, kind: AppointmentKind, hosts: Sequence[UUID]) -> bool:
    """Whether the actor decides about an appointment: its hosts, the kind's owner, administrators."""
    return actor.is_admin or actor.user_id == kind.owner_id or actor.user_id in hosts
