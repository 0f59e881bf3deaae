"""Telling hosts what becomes of their appointments."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session

from app.core.spoken_times import SpokenTime
from app.models.appointment import Appointment, AppointmentKind, AppointmentState, AvailabilitySlot
from app.models.notification import NotificationReason, NotificationType
from app.services.announcement_service import Announcement, announce


def tell_hosts(
    session: Session,
    kind: AppointmentKind,
    slot: AvailabilitySlot,
    appointment: Appointment,
    hosts: Collection[UUID],
    text: str,
) -> None:
    """Say one of the lines about appointments to those whom it is with, the kind's owner where it is to be decided."""
    waits = appointment.state == AppointmentState.PENDING
    people = {*hosts, kind.owner_id} if waits else set(hosts)
    said = Announcement(
        type=NotificationType.APPOINTMENT,
        reason=NotificationReason.DECIDES if waits else NotificationReason.HOST,
        people=people - {appointment.user_id},
        text=text,
        params={
            "visitor": appointment.name or appointment.email or "",
            "kind": kind.name,
            "when": SpokenTime(slot.starts_at),
        },
    )
    announce(session, slot.organization_id, [said])
