"""Taking a time: with whom, by whose turn it is; PostgreSQL has the last word, as with rooms.

Whoever takes or frees times of a kind locks the kind, then its hosts in the order of their ids: what is counted before
it adds (seats, turns, days) adds one at a time, and two kinds with the same hosts never wait in a circle.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.appointment import (
    TAKING,
    Appointment,
    AppointmentHost,
    AppointmentKind,
    AppointmentMode,
    AppointmentState,
    AvailabilitySlot,
    SlotHost,
)
from app.models.base import now
from app.models.organization import Organization
from app.services.rows import Conflicts, flush, refusals_as
from app.services.slot_finding import LIVE_SQL, Finding, Offer
from app.services.turns import take_turns

_NEVER: Range[datetime] = Range(empty=True)
_TAKEN: Conflicts = {"ex_slot_hosts_no_overlap": ("slot_taken", {}), "uq_appointments_seat": ("slot_taken", {})}
# Holds that have expired give way.
_FORGET_EXPIRED = text(f"""
    UPDATE slot_hosts h SET during = 'empty'
    WHERE h.organization_id = :company AND h.user_id = ANY(:hosts ::uuid[]) AND h.during && :during
      AND NOT {LIVE_SQL}
""")
# Slots of the kind of late and to come, so that whoever is new does not get all of them until they have as many.
_LOADS = text(f"""
    SELECT h.user_id, count(*) AS load
    FROM availability_slots s
    JOIN slot_hosts h ON h.organization_id = :company AND h.slot_id = s.id
    WHERE s.organization_id = :company AND s.kind_id = :kind AND s.starts_at > :since AND {LIVE_SQL}
    GROUP BY h.user_id
""")


def lock(session: Session, kind: AppointmentKind) -> None:
    """Let nobody else take or free times of the kind, or of its hosts, until the commit."""
    session.execute(
        select(col(AppointmentKind.id))
        .where(col(AppointmentKind.organization_id) == kind.organization_id, col(AppointmentKind.id) == kind.id)
        .with_for_update(key_share=True)
    )
    query = select(col(AppointmentHost.user_id)).where(
        col(AppointmentHost.organization_id) == kind.organization_id, col(AppointmentHost.kind_id) == kind.id
    )
    take_turns(session, "slots", sorted(session.execute(query).scalars()))


def minutes_of(kind: AppointmentKind, minutes: int | None) -> int:
    """The duration that is meant.

    Raises:
        Invalid: the kind is not offered so long.
    """
    if minutes is None:
        return kind.durations[0]
    if minutes not in kind.durations:
        raise Invalid("appointment_duration", field="minutes", durations=", ".join(map(str, kind.durations)))
    return minutes


def take(session: Session, kind: AppointmentKind, offer: Offer) -> tuple[AvailabilitySlot, int]:
    """A slot at a time that is offered and the number of a free seat in it, for a kind that is locked since.

    Raises:
        Conflict: a slot of another kind keeps one of its hosts.
    """
    if offer.slot_id is not None:
        slot = session.get_one(AvailabilitySlot, (kind.organization_id, offer.slot_id))
        return slot, _free_seat(session, slot)
    hosts = offer.hosts
    if kind.mode == AppointmentMode.ROUND_ROBIN:
        hosts = (_whose_turn(session, kind, offer.hosts),)
    slot = AvailabilitySlot(
        organization_id=kind.organization_id,
        kind_id=kind.id,
        starts_at=offer.start,
        ends_at=offer.end,
        capacity=kind.capacity,
    )
    session.add(slot)
    flush(session)
    keep(session, kind, slot, hosts)
    return slot, 1


def offer_at(
    session: Session, kind: AppointmentKind, start: datetime, minutes: int, moving: AvailabilitySlot | None = None
) -> Offer:
    """What can be booked at an instant.

    Raises:
        Conflict: nothing, or nothing any more.
    """
    organization = session.get_one(Organization, kind.organization_id)
    finding = Finding(session, organization, kind, minutes * 60, moving)
    for offer in finding.offers(start, start + timedelta(seconds=1)):
        if offer.start == start:
            return offer
    raise Conflict("slot_taken")


def is_still_free(session: Session, kind: AppointmentKind, slot: AvailabilitySlot) -> bool:
    """Whether the hosts of a slot, and the room, have nothing else then; how long before is not asked again."""
    organization = session.get_one(Organization, kind.organization_id)
    seconds = int((slot.ends_at - slot.starts_at).total_seconds())
    finding = Finding(session, organization, kind, seconds, slot, is_booked=True)
    found = finding.offers(slot.starts_at, slot.starts_at + timedelta(seconds=1))
    hosts = set(hosts_of(session, slot))
    return any(offer.start == slot.starts_at and hosts <= set(offer.hosts) for offer in found)


def keep(session: Session, kind: AppointmentKind, slot: AvailabilitySlot, hosts: Sequence[UUID]) -> None:
    """Keep these hosts for a slot, with its buffers, instead of those it had.

    Raises:
        Conflict: one of them is kept already.
    """
    during = Range(
        slot.starts_at - timedelta(minutes=kind.buffer_before_minutes),
        slot.ends_at + timedelta(minutes=kind.buffer_after_minutes),
    )
    session.execute(
        delete(SlotHost).where(col(SlotHost.organization_id) == slot.organization_id, col(SlotHost.slot_id) == slot.id)
    )
    values = {
        "company": kind.organization_id,
        "hosts": list(hosts),
        "during": TimestamptzRange(during.lower, during.upper),
    }
    session.execute(_FORGET_EXPIRED, values)
    with refusals_as(_TAKEN):
        session.execute(
            insert(SlotHost),
            [
                {"organization_id": kind.organization_id, "slot_id": slot.id, "user_id": host, "during": during}
                for host in sorted(hosts)
            ],
        )


def release(session: Session, slot: AvailabilitySlot) -> None:
    """Keep nobody for a slot any more; whom it was with stays known."""
    session.execute(
        update(SlotHost)
        .where(col(SlotHost.organization_id) == slot.organization_id, col(SlotHost.slot_id) == slot.id)
        .values(during=_NEVER)
    )


def hosts_of(session: Session, slot: AvailabilitySlot) -> list[UUID]:
    """Whom a slot is with, the kind's owner first where they are among them."""
    query = (
        select(col(SlotHost.user_id))
        .where(col(SlotHost.organization_id) == slot.organization_id, col(SlotHost.slot_id) == slot.id)
        .order_by(col(SlotHost.user_id))
    )
    hosts = list(session.execute(query).scalars())
    kind = session.get_one(AppointmentKind, (slot.organization_id, slot.kind_id))
    return sorted(hosts, key=lambda host: host != kind.owner_id)


def others_in(session: Session, slot: AvailabilitySlot, appointment: Appointment) -> int:
    """How many other seats of a slot are taken."""
    query = select(func.count()).where(
        col(Appointment.organization_id) == slot.organization_id,
        col(Appointment.slot_id) == slot.id,
        col(Appointment.id) != appointment.id,
        col(Appointment.state).in_(TAKING),
    )
    count: int = session.execute(query).scalar_one()
    return count


def _free_seat(session: Session, slot: AvailabilitySlot) -> int:
    """Expired seats are forgotten first."""
    query = select(Appointment).where(
        col(Appointment.organization_id) == slot.organization_id,
        col(Appointment.slot_id) == slot.id,
        col(Appointment.state).in_(TAKING),
    )
    taken = set()
    for row in session.execute(query).scalars().all():
        if row.state in (AppointmentState.HELD, AppointmentState.UNCONFIRMED) and (row.act_at or now()) <= now():
            session.delete(row)
        else:
            taken.add(row.seat)
    session.flush()
    return next(number for number in range(1, slot.capacity + 1) if number not in taken)


def _whose_turn(session: Session, kind: AppointmentKind, free: Sequence[UUID]) -> UUID:
    """Of the hosts who are free the one with the least, by weight; of those, who has waited longest."""
    values = {
        "company": kind.organization_id,
        "kind": kind.id,
        "since": now() - timedelta(days=get_settings().APPOINTMENT_FAIRNESS_DAYS),
    }
    loads = {row.user_id: row.load for row in session.execute(_LOADS, values)}
    query = select(AppointmentHost).where(
        col(AppointmentHost.organization_id) == kind.organization_id,
        col(AppointmentHost.kind_id) == kind.id,
        col(AppointmentHost.user_id).in_(free),
    )
    hosts = session.execute(query.execution_options(populate_existing=True)).scalars().all()

    def turn(host: AppointmentHost) -> tuple[float, float, UUID]:
        waited_since = host.last_given_at.timestamp() if host.last_given_at else 0.0
        # What they would have with this one: whoever has twice the weight, gets two of the first three.
        return (loads.get(host.user_id, 0) + 1) / host.weight, waited_since, host.user_id

    chosen: AppointmentHost = min(hosts, key=turn)
    chosen.last_given_at = session.execute(select(func.clock_timestamp())).scalar_one()
    session.flush()
    return chosen.user_id
