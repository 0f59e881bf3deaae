"""Giving new tickets to people: in turn, or to whoever has least. Who is away is passed over; who stands in, is not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.models.base import now
from app.models.organization import Organization
from app.models.ticket import Ticket
from app.models.ticket_desk import TicketAssignment, TicketQueue, TicketQueueMember
from app.models.user import User
from app.services.substitutes import stand_ins

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def pick(session: Session, queue: TicketQueue, requester_id: UUID | None) -> UUID | None:
    """Who gets the next ticket of a queue; None where that is decided by hand, or nobody is there.

    Locks the queue, so that two tickets do not both go to the same person.
    """
    if queue.assignment == TicketAssignment.MANUAL:
        return None
    session.execute(
        select(col(TicketQueue.id))
        .where(col(TicketQueue.organization_id) == queue.organization_id, col(TicketQueue.id) == queue.id)
        .with_for_update(key_share=True)
    )
    members = _members(session, queue)
    organization = session.get_one(Organization, queue.organization_id)
    acting = stand_ins(session, organization, [member.user_id for member in members], now())
    allowed = _with_access(session, queue.organization_id, acting.values()) - {requester_id}
    candidates = [member for member in members if acting.get(member.user_id) in allowed]
    if not candidates:
        return None
    loads = _loads(session, queue, [acting[member.user_id] for member in candidates])

    def turn(member: TicketQueueMember) -> tuple[int, datetime, UUID]:
        load = loads.get(acting[member.user_id], 0) if queue.assignment == TicketAssignment.LEAST_LOADED else 0
        return load, member.last_given_at or _NEVER, member.user_id

    chosen = min(candidates, key=turn)
    chosen.last_given_at = session.execute(select(func.clock_timestamp())).scalar_one()
    session.flush()
    return acting[chosen.user_id]


def _members(session: Session, queue: TicketQueue) -> Sequence[TicketQueueMember]:
    query = (
        select(TicketQueueMember)
        .where(
            col(TicketQueueMember.organization_id) == queue.organization_id,
            col(TicketQueueMember.queue_id) == queue.id,
            col(TicketQueueMember.takes_tickets),
        )
        # Read after the lock.
        .execution_options(populate_existing=True)
    )
    return session.execute(query).scalars().all()


def _with_access(session: Session, company: UUID, people: object) -> set[UUID | None]:
    query = select(col(User.id)).where(
        col(User.organization_id) == company,
        col(User.id).in_(people),  # type: ignore[arg-type]
        col(User.access_tickets),
    )
    return set(session.execute(query).scalars())


def _loads(session: Session, queue: TicketQueue, people: Sequence[UUID]) -> dict[UUID, int]:
    """How many open tickets people have, of all queues."""
    query = (
        select(col(Ticket.assignee_id), func.count())
        .where(
            col(Ticket.organization_id) == queue.organization_id,
            col(Ticket.assignee_id).in_(people),
            Ticket.is_open,
        )
        .group_by(col(Ticket.assignee_id))
    )
    return {person: count for person, count in session.execute(query) if person is not None}
