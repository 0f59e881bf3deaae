"""Who sees which tickets, and may do what: every look-up starts here.

Administrators, the IT desk (in queues that are for it) and the members of a queue work what is in it. Others see what
they asked for, watch, approve or were given. What is internal, only those see who work or read the queue, and whoever
the ticket was given to.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, union_all
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound
from app.models.base import now
from app.models.organization import Organization
from app.models.ticket import Ticket, TicketApproval, TicketWatcher
from app.models.ticket_desk import QueueRight, TicketQueue, TicketQueueMember
from app.models.user import Role, User
from app.services.substitutes import stand_ins

_RANKS = {right: rank for rank, right in enumerate(QueueRight, start=1)}


@dataclass(frozen=True, slots=True)
class Desk:
    """An actor and their rights in queues."""

    actor: Actor
    rights: Mapping[UUID, QueueRight]

    def may(self, queue_id: UUID, right: QueueRight) -> bool:
        """Whether the actor has at least this right in a queue."""
        held = self.rights.get(queue_id)
        return held is not None and _RANKS[held] >= _RANKS[right]

    def queues(self, right: QueueRight = QueueRight.READ) -> list[UUID]:
        """The queues in which the actor has at least this right."""
        return [queue for queue in self.rights if self.may(queue, right)]

    def works(self, ticket: Ticket) -> bool:
        """Whether the actor works a ticket: in its queue, or because it was given to them."""
        return self.may(ticket.queue_id, QueueRight.WORK) or ticket.assignee_id == self.actor.user_id

    def sees_internal(self, ticket: Ticket) -> bool:
        """Whether the actor sees what is internal at a ticket.

        Never at what they themselves asked for: whoever works a queue is its customer as others are.
        """
        if ticket.requester_id == self.actor.user_id:
            return False
        return self.may(ticket.queue_id, QueueRight.READ) or ticket.assignee_id == self.actor.user_id

    def require_work(self, ticket: Ticket) -> None:
        """Raises Forbidden unless the actor works the ticket."""
        if not self.works(ticket):
            raise Forbidden("ticket_not_yours_to_work")


def require_tickets(actor: Actor) -> UUID:
    """The company whose tickets the actor may use.

    Raises:
        Forbidden: the actor belongs to no company, or their access to tickets is off.
    """
    company = actor.company
    if not actor.access_tickets:
        raise Forbidden("tickets_off")
    return company


def desk_of(session: Session, actor: Actor) -> Desk:
    """The actor's rights, read once a request.

    Raises:
        Forbidden: the actor belongs to no company, or their access to tickets is off.
    """
    company = require_tickets(actor)
    query = (
        select(col(TicketQueue.id), col(TicketQueue.is_for_it), col(TicketQueueMember.queue_right))
        .outerjoin(
            TicketQueueMember,
            (col(TicketQueueMember.organization_id) == col(TicketQueue.organization_id))
            & (col(TicketQueueMember.queue_id) == col(TicketQueue.id))
            & (col(TicketQueueMember.user_id) == actor.user_id),
        )
        .where(col(TicketQueue.organization_id) == company)
    )
    rights: dict[UUID, QueueRight] = {}
    for queue_id, is_for_it, member_right in session.execute(query):
        held = [QueueRight(member_right)] if member_right else []
        if actor.is_admin:
            held.append(QueueRight.MANAGE)
        elif actor.role == Role.IT and is_for_it:
            held.append(QueueRight.WORK)
        if held:
            rights[queue_id] = max(held, key=_RANKS.__getitem__)
    return Desk(actor, rights)


def visible_to(desk: Desk) -> Select[Ticket]:
    """The tickets that somebody sees."""
    company = desk.actor.company
    return select(Ticket).where(col(Ticket.organization_id) == company, is_seen_by(desk))


def is_seen_by(desk: Desk) -> ColumnElement[bool]:
    """The condition on `tickets` that somebody sees them."""
    own = col(Ticket.id).in_(own_tickets(desk.actor))
    queues = desk.queues()
    return or_(col(Ticket.queue_id).in_(queues), own) if queues else own


def own_tickets(actor: Actor) -> Select[UUID]:
    """The ids of what somebody asked for, watches, approves or was given: each part by an index of its own."""
    company = col(Ticket.organization_id) == actor.company
    watched = select(col(TicketWatcher.ticket_id)).where(
        col(TicketWatcher.organization_id) == actor.company, col(TicketWatcher.user_id) == actor.user_id
    )
    parts = [
        select(col(Ticket.id)).where(company, column == actor.user_id)
        for column in (col(Ticket.requester_id), col(Ticket.assignee_id), col(Ticket.approver_id))
    ]
    return union_all(*parts, watched)  # type: ignore[return-value]


def find_ticket(session: Session, desk: Desk, ticket_id: UUID, *, lock: bool = False) -> Ticket:
    """A ticket that somebody sees. Whoever stands in for its approver sees it while it waits for that.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    query = select(Ticket).where(col(Ticket.organization_id) == desk.actor.company, col(Ticket.id) == ticket_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    ticket: Ticket | None = session.execute(query).scalar_one_or_none()
    if ticket is None or not _sees(session, desk, ticket):
        raise NotFound("ticket_not_found")
    return ticket


def find_worked(session: Session, desk: Desk, ticket_id: UUID, *, lock: bool = False) -> Ticket:
    """A ticket that somebody works.

    Raises:
        NotFound: there is none, or it is not theirs to see.
        Forbidden: they see it, but do not work it.
    """
    ticket = find_ticket(session, desk, ticket_id, lock=lock)
    desk.require_work(ticket)
    return ticket


def _sees(session: Session, desk: Desk, ticket: Ticket) -> bool:
    me = desk.actor.user_id
    if desk.may(ticket.queue_id, QueueRight.READ):
        return True
    if me in (ticket.requester_id, ticket.assignee_id, ticket.approver_id):
        return True
    if session.get(TicketWatcher, (ticket.organization_id, ticket.id, me)) is not None:
        return True
    return ticket.approval == TicketApproval.WAITING and me in standing_in(session, ticket)


def standing_in(session: Session, ticket: Ticket) -> set[UUID]:
    """Who decides now instead of the absent approver of a ticket; the approver, where they are there."""
    if ticket.approver_id is None:
        return set()
    organization = session.get_one(Organization, ticket.organization_id)
    return set(stand_ins(session, organization, [ticket.approver_id], now()).values())


def workers_of(session: Session, company: UUID, queue_id: UUID, right: QueueRight = QueueRight.WORK) -> set[UUID]:
    """The active people with at least this right in a queue by membership or role, administrators not counted."""
    rights = [held for held in QueueRight if _RANKS[held] >= _RANKS[right]]
    members = (
        select(col(TicketQueueMember.user_id))
        .join(
            User,
            (col(User.organization_id) == col(TicketQueueMember.organization_id))
            & (col(User.id) == col(TicketQueueMember.user_id)),
        )
        .where(
            col(TicketQueueMember.organization_id) == company,
            col(TicketQueueMember.queue_id) == queue_id,
            col(TicketQueueMember.queue_right).in_(rights),
            col(User.is_active),
            col(User.access_tickets),
        )
    )
    people = set(session.execute(members).scalars())
    if right is not QueueRight.MANAGE and session.get_one(TicketQueue, (company, queue_id)).is_for_it:
        desk = select(col(User.id)).where(
            col(User.organization_id) == company,
            col(User.role) == Role.IT,
            col(User.is_active),
            col(User.access_tickets),
        )
        people |= set(session.execute(desk).scalars())
    return people


def may_work(session: Session, company: UUID, queue_id: UUID, person_id: UUID) -> bool:
    """Whether a colleague may be given the tickets of a queue."""
    person = session.get(User, person_id)
    if person is None or person.organization_id != company or not (person.is_active and person.access_tickets):
        return False
    return person.role == Role.ADMIN or person_id in workers_of(session, company, queue_id)


def readers_among(session: Session, ticket: Ticket, people: Collection[UUID], *, internal: bool = False) -> set[UUID]:
    """Those of these people who see a ticket; with `internal`, who see its notes."""
    wanted = set(people)
    if not wanted:
        return set()
    company = ticket.organization_id
    active = select(col(User.id), col(User.role)).where(
        col(User.organization_id) == company,
        col(User.id) == func.any(list(wanted)),
        col(User.is_active),
        col(User.access_tickets),
    )
    roles = {row.id: row.role for row in session.execute(active)}
    found = {person for person, role in roles.items() if role == Role.ADMIN}
    found |= workers_of(session, company, ticket.queue_id, QueueRight.READ) & roles.keys()
    found |= {ticket.assignee_id} & roles.keys() if ticket.assignee_id else set()
    if internal:
        return found - {ticket.requester_id}
    watchers = select(col(TicketWatcher.user_id)).where(
        col(TicketWatcher.organization_id) == company, col(TicketWatcher.ticket_id) == ticket.id
    )
    seeing = {ticket.requester_id, ticket.approver_id, *session.execute(watchers).scalars()}
    return found | (roles.keys() & seeing)
