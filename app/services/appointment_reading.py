"""Times and appointments as colleagues see them."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.appointment import (
    Appointment,
    AppointmentKind,
    AppointmentState,
    AvailabilitySlot,
    SlotHost,
)
from app.models.organization import Organization
from app.models.user import User
from app.schemas.appointment import (
    BookingDecision,
    BookingQuery,
    BookingRead,
    BookingWrite,
    SlotRead,
    SlotsQuery,
    SlotsRead,
)
from app.services import appointment_service, slot_taking
from app.services.appointment_access import bookings_visible_to, find_booking, find_kind, is_host
from app.services.colleagues import colleagues
from app.services.rows import PageRequest, SortColumn, check_version, fetch_page
from app.services.slot_finding import Finding, Offer
from app.services.windows import check_window, resolve_moment

SORTS = {"created_at": SortColumn(col(Appointment.created_at), datetime)}
_PLAIN = ("id", "state", "name", "email", "answers", "language", "time_zone", "reason", "created_at", "updated_at")


def list_slots(session: Session, actor: Actor, query: SlotsQuery) -> SlotsRead:
    """The times of a kind that can be booked.

    Raises:
        NotFound: the actor sees no such kind.
        Invalid: it is not offered so long, or the window is empty or wider than SLOTS_WINDOW_MAX_DAYS.
    """
    kind = find_kind(session, actor, query.kind)
    zone = query.time_zone or actor.time_zone
    start, end = resolve_moment(query.start, zone, "from"), resolve_moment(query.end, zone, "to")
    minutes = slot_taking.minutes_of(kind, query.minutes)
    found = offers_between(session, kind, minutes, start, end)
    slots = [SlotRead(start=offer.start, end=offer.end, seats=offer.seats) for offer in found]
    return SlotsRead(kind_id=kind.id, minutes=minutes, slots=slots)


def offers_between(
    session: Session,
    kind: AppointmentKind,
    minutes: int,
    start: datetime,
    end: datetime,
    moving: AvailabilitySlot | None = None,
) -> list[Offer]:
    """The same for whoever asks; nothing of a kind that is not offered now.

    Args:
        moving: a slot that is to move there.

    Raises:
        Invalid: the window is empty or wider than SLOTS_WINDOW_MAX_DAYS.
    """
    check_window(start, end)
    days = get_settings().SLOTS_WINDOW_MAX_DAYS
    if end - start > timedelta(days=days):
        raise Invalid("window_too_wide", field="to", days=days)
    if not kind.is_active:
        return []
    organization = session.get_one(Organization, kind.organization_id)
    offers = Finding(session, organization, kind, minutes * 60, moving).offers(start, end)
    return [offer for offer in offers if moving is None or offer.start != moving.starts_at]


def book(session: Session, actor: Actor, data: BookingWrite) -> BookingRead:
    """Book for the actor.

    Raises:
        NotFound: the actor sees no such kind.
        Invalid: it is not offered so long, or a question is not answered, or wrongly.
        Conflict: the time cannot be booked, or the actor has too many appointments.
    """
    kind = find_kind(session, actor, data.kind_id)
    minutes = slot_taking.minutes_of(kind, data.minutes)
    if not kind.is_active:
        raise Conflict("slot_taken")
    user = session.get_one(User, actor.user_id)
    start = data.start.astimezone(UTC)
    appointment = appointment_service.book(session, kind, user, start, minutes, data.answers, actor.time_zone)
    return read_booking(session, actor, appointment.id)


def list_bookings(
    session: Session, actor: Actor, query: BookingQuery, page: PageRequest
) -> tuple[list[BookingRead], str | None]:
    """A page of the appointments that the actor hosts, offers or booked, and the cursor of the next one or None.

    What is only held is nobody's yet.
    """
    rows = bookings_visible_to(actor).where(col(Appointment.state) != AppointmentState.HELD)
    slots = select(col(AvailabilitySlot.id)).where(col(AvailabilitySlot.organization_id) == actor.company)
    if query.kind_id is not None:
        slots = slots.where(col(AvailabilitySlot.kind_id) == query.kind_id)
    if query.start is not None:
        slots = slots.where(col(AvailabilitySlot.ends_at) > datetime.combine(query.start, time(), UTC))
    if query.end is not None:
        slots = slots.where(col(AvailabilitySlot.starts_at) < datetime.combine(query.end, time(), UTC))
    if query.kind_id or query.start or query.end:
        rows = rows.where(col(Appointment.slot_id).in_(slots))
    if query.state is not None:
        rows = rows.where(col(Appointment.state) == query.state)
    found, cursor = fetch_page(session, rows, SORTS, query.sort, page)
    return _told(session, actor, found), cursor


def read_booking(session: Session, actor: Actor, booking_id: UUID) -> BookingRead:
    return _told(session, actor, [find_booking(session, actor, booking_id)])[0]


def decide(session: Session, actor: Actor, booking_id: UUID, data: BookingDecision) -> BookingRead:
    """Approve or refuse, for hosts, the kind's owner and administrators.

    Raises:
        NotFound: the actor sees no such appointment.
        Forbidden: it is not theirs to decide.
        Conflict: it waits for nobody, or the time is not free any more.
    """
    appointment = find_booking(session, actor, booking_id)
    _require_host(session, actor, appointment)
    appointment_service.decide(session, appointment, data.reason, is_approved=data.is_approved)
    return read_booking(session, actor, booking_id)


def cancel(
    session: Session, actor: Actor, booking_id: UUID, reason: str | None, if_match: frozenset[int] | None
) -> None:
    """Let it not take place: for hosts and whoever booked.

    Raises:
        NotFound: the actor sees no such appointment.
        Conflict: it is over, or too near for whoever booked it.
    """
    appointment = find_booking(session, actor, booking_id)
    check_version(appointment, if_match)
    appointment_service.cancel(session, appointment, reason, by_visitor=_is_visitor(session, actor, appointment))


def move(
    session: Session, actor: Actor, booking_id: UUID, start: datetime, if_match: frozenset[int] | None
) -> BookingRead:
    """Take another time instead: for hosts and whoever booked.

    Raises:
        NotFound: the actor sees no such appointment.
        Conflict: it is over, or that time cannot be booked; or too late or too often for whoever booked it.
    """
    appointment = find_booking(session, actor, booking_id)
    check_version(appointment, if_match)
    by_visitor = _is_visitor(session, actor, appointment)
    appointment_service.move(session, appointment, start.astimezone(UTC), by_visitor=by_visitor)
    return read_booking(session, actor, booking_id)


def _require_host(session: Session, actor: Actor, appointment: Appointment) -> None:
    if _is_visitor(session, actor, appointment):
        raise Forbidden("appointment_not_yours")


def _is_visitor(session: Session, actor: Actor, appointment: Appointment) -> bool:
    """Whether the actor only booked it."""
    slot = session.get_one(AvailabilitySlot, (appointment.organization_id, appointment.slot_id))
    kind = session.get_one(AppointmentKind, (appointment.organization_id, slot.kind_id))
    return not is_host(actor, kind, slot_taking.hosts_of(session, slot))


def _told(session: Session, actor: Actor, rows: Sequence[Appointment]) -> list[BookingRead]:
    company = actor.company
    ids = {row.slot_id for row in rows}
    slots = {
        slot.id: slot
        for slot in session.execute(
            select(AvailabilitySlot).where(
                col(AvailabilitySlot.organization_id) == company, col(AvailabilitySlot.id).in_(ids)
            )
        ).scalars()
    }
    kinds = {
        kind.id: kind
        for kind in session.execute(
            select(AppointmentKind).where(
                col(AppointmentKind.organization_id) == company,
                col(AppointmentKind.id).in_({slot.kind_id for slot in slots.values()}),
            )
        ).scalars()
    }
    hosts: dict[UUID, list[UUID]] = {}
    for held in session.execute(
        select(col(SlotHost.slot_id), col(SlotHost.user_id))
        .where(col(SlotHost.organization_id) == company, col(SlotHost.slot_id).in_(ids))
        .order_by(col(SlotHost.user_id))
    ):
        hosts.setdefault(held.slot_id, []).append(held.user_id)
    people = {host for found in hosts.values() for host in found} | {row.user_id for row in rows if row.user_id}
    names = colleagues(session, company, people)
    items = []
    for row in rows:
        slot = slots[row.slot_id]
        kind = kinds[slot.kind_id]
        own = hosts.get(slot.id, [])
        items.append(
            BookingRead.model_validate(
                {
                    **{name: getattr(row, name) for name in (*_PLAIN, "version")},
                    "kind_id": kind.id,
                    "kind_name": kind.name,
                    "start": slot.starts_at,
                    "end": slot.ends_at,
                    "hosts": [names[host] for host in own],
                    "user": names[row.user_id] if row.user_id else None,
                    "event_id": slot.event_id,
                    "may_decide": row.state == AppointmentState.PENDING and is_host(actor, kind, own),
                }
            )
        )
    return items
