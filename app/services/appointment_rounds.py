"""What the clock does for appointments: what is held and not confirmed expires, requests nobody decided are refused,
and whoever booked is reminded. All of it is in the database, so nothing is told twice and nothing is lost.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, delete, select, text
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import PlannerError
from app.models.appointment import Appointment, AppointmentKind, AppointmentState, AvailabilitySlot
from app.models.base import now
from app.services import appointment_events, appointment_mails, appointment_service, slot_taking
from app.services.rows import flush

STEP = 100
_COMPANIES = text("SELECT companies_with_appointments_due()")
log = structlog.get_logger(__name__)


def companies_with_appointments_due(session: Session) -> list[UUID]:
    """The companies in which the clock has something to do."""
    return list(session.execute(_COMPANIES).scalars())


def tend_next(session: Session, company: UUID) -> bool:
    """Do what is due for one appointment of the entered company; whether there was one."""
    query = (
        select(Appointment)
        .where(col(Appointment.organization_id) == company, col(Appointment.act_at) <= now())
        .order_by(col(Appointment.act_at))
        .limit(1)
    )
    appointment: Appointment | None = session.execute(query).scalar_one_or_none()
    if appointment is None:
        return False
    slot = session.get_one(AvailabilitySlot, (company, appointment.slot_id))
    kind = session.get_one(AppointmentKind, (company, slot.kind_id))
    # In the order in which all take them; somebody may have confirmed it meanwhile.
    slot_taking.lock(session, kind)
    session.refresh(appointment, with_for_update={"key_share": True})
    moment = now()
    if appointment.act_at is None or appointment.act_at > moment:
        return True
    try:
        with session.begin_nested():
            _tend(session, kind, slot, appointment, moment)
    except PlannerError as error:
        log.error("appointment_not_tended", appointment_id=str(appointment.id), code=error.code)
        session.refresh(appointment)
        appointment.act_at = moment + timedelta(hours=1)
        flush(session)
    return True


def forget_old(session: Session, company: UUID, *, batch: int = 1000) -> int:
    """Forget up to `batch` slots, with who had them, APPOINTMENT_KEEP_DAYS after they ended; how many."""
    before = now() - timedelta(days=get_settings().APPOINTMENT_KEEP_DAYS)
    old = (
        select(col(AvailabilitySlot.id))
        .where(col(AvailabilitySlot.organization_id) == company, col(AvailabilitySlot.ends_at) < before)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(
        delete(AvailabilitySlot).where(
            col(AvailabilitySlot.organization_id) == company, col(AvailabilitySlot.id).in_(old.scalar_subquery())
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _tend(
    session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment, moment: datetime
) -> None:
    if appointment.state in appointment_service.EXPIRING:
        is_last = slot_taking.others_in(session, slot, appointment) == 0
        session.delete(appointment)
        flush(session)
        if is_last and slot.event_id is None:
            session.delete(slot)
            flush(session)
        elif is_last:
            # Those who had booked it have left meanwhile.
            slot_taking.release(session, slot)
            appointment_events.end_meeting(session, slot, appointment, is_last=True)
    elif appointment.state == AppointmentState.PENDING:
        appointment_service.refuse(session, kind, slot, appointment, None)
    else:
        _remind(session, kind, slot, appointment, moment)


def _remind(
    session: Session, kind: AppointmentKind, slot: AvailabilitySlot, appointment: Appointment, moment: datetime
) -> None:
    """One mail for all reminders that have become due; none once it has begun."""
    due = [
        minutes
        for minutes in kind.reminder_minutes
        if minutes not in appointment.reminded and slot.starts_at - timedelta(minutes=minutes) <= moment
    ]
    appointment.reminded = [*appointment.reminded, *due]
    appointment.act_at = appointment_service.next_reminder(kind, slot, appointment)
    flush(session)
    if due and moment < slot.starts_at:
        hosts = slot_taking.hosts_of(session, slot)
        appointment_mails.send(session, kind, slot, appointment, "reminder", hosts)
