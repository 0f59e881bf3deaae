"""Signed links by which somebody books, moves and cancels without signing in.

A key names an appointment and carries a signature made with SECRET_KEY, so nothing is stored for it. The key of the
form is good while the time is held; that of the mails is made with the address, and proves that its owner has it.
"""

import base64
import binascii
import hmac
import secrets
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core import tenancy
from app.core.config import get_settings
from app.core.errors import NotFound
from app.models.appointment import Appointment, AppointmentKind, AppointmentState

_ID_BYTES, _MAC_BYTES = 16, 16
KEY_LENGTH = -(-(2 * _ID_BYTES + _MAC_BYTES) * 4 // 3)
_COMPANY_OF_KIND = text("SELECT company_of_appointment_kind(:key)")


def new_public_key() -> str:
    """What the address of a public page ends with: random, and telling nothing."""
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


def form_key(appointment: Appointment) -> str:
    """The key of whoever holds the time."""
    return _encoded(appointment, "form")


def mail_key(appointment: Appointment) -> str:
    """The key of whoever reads the mails to its address."""
    return _encoded(appointment, f"mail:{appointment.email}")


def find_by_key(session: Session, key: str) -> Appointment:
    """The appointment of a key, for a session that has entered no company yet: it enters the appointment's.

    Raises:
        NotFound: the key is none, or was for the form of an appointment that has gone on.
    """
    try:
        parts = base64.b64decode(key + "=" * (-len(key) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise NotFound("appointment_not_found") from None
    if len(parts) != 2 * _ID_BYTES + _MAC_BYTES:
        raise NotFound("appointment_not_found")
    company, appointment_id = UUID(bytes=parts[:_ID_BYTES]), UUID(bytes=parts[_ID_BYTES : 2 * _ID_BYTES])
    tenancy.enter(session, company)
    appointment = session.get(Appointment, (company, appointment_id))
    if appointment is not None:
        good = form_key(appointment) if appointment.state == AppointmentState.HELD else mail_key(appointment)
        if hmac.compare_digest(good, key):
            return appointment
    raise NotFound("appointment_not_found")


def find_public_kind(session: Session, key: str) -> AppointmentKind:
    """The kind of a public page, for a session that has entered no company yet: it enters the kind's.

    Raises:
        NotFound: there is no such page, or not any more.
    """
    company = session.execute(_COMPANY_OF_KIND, {"key": key}).scalar_one_or_none()
    if company is None:
        raise NotFound("appointment_kind_not_found")
    tenancy.enter(session, company)
    kind: AppointmentKind = session.execute(
        select(AppointmentKind).where(
            col(AppointmentKind.organization_id) == company, col(AppointmentKind.public_key) == key
        )
    ).scalar_one()
    return kind


def _encoded(appointment: Appointment, purpose: str) -> str:
    named = appointment.organization_id.bytes + appointment.id.bytes
    secret = get_settings().SECRET_KEY.encode()
    mac = hmac.digest(secret, b"appointment:" + named + purpose.encode(), "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(named + mac).decode().rstrip("=")
