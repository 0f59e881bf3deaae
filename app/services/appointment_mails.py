"""The mails to whoever books an appointment, with the signed link by which they confirm, move or cancel it."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from app.core.config import get_settings
from app.models.appointment import Appointment, AppointmentKind, AvailabilitySlot
from app.models.room import Room
from app.services import appointment_keys
from app.services.colleagues import colleagues
from app.services.outbox_service import About, Mail, MailTemplate, enqueue

What = Literal["confirm", "pending", "confirmed", "moved", "cancelled", "refused", "reminder"]
# After these there is nothing to move any more: the link leads to other times.
_OVER = ("cancelled", "refused")


def send(
    session: Session,
    kind: AppointmentKind,
    slot: AvailabilitySlot,
    appointment: Appointment,
    what: What,
    hosts: Sequence[UUID],
    itip_id: UUID | None = None,
) -> None:
    """Write the mail; `itip_id` is what their calendar is told along with it."""
    assert appointment.email is not None
    names = colleagues(session, slot.organization_id, hosts)
    room = None if kind.room_id is None else session.get(Room, (slot.organization_id, kind.room_id))
    values = {
        "what": what,
        "kind": kind.name,
        "start": slot.starts_at.isoformat(),
        "time_zone": appointment.time_zone,
        "hosts": ", ".join(one.full_name or one.email for one in names.values()) or None,
        "place": ", ".join(part for part in (kind.place, room.name if room else None) if part) or None,
        "reason": appointment.reason,
        "url": _url(kind, appointment, what),
    }
    # The thread is that of the meeting, by which the key of the answer is made.
    about = None if slot.event_id is None else About(slot.event_id, slot.event_id, replaces=False)
    enqueue(
        session,
        slot.organization_id,
        [Mail(MailTemplate.APPOINTMENT, appointment.email, appointment.language, values, about=about, itip_id=itip_id)],
    )


def _url(kind: AppointmentKind, appointment: Appointment, what: What) -> str | None:
    settings = get_settings()
    if what in _OVER:
        return settings.booking_url(kind.public_key) if kind.is_public and kind.is_active else None
    return settings.appointment_url(appointment_keys.mail_key(appointment))
