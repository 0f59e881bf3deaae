"""Approval of tickets: by the requester's manager or a named person, where the category asks for it.

Until then nobody works the ticket, and its clock stands. Whoever stands in for an absent approver decides as well.
"""

from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden
from app.models.ticket import Ticket, TicketApproval, TicketState
from app.models.ticket_desk import TicketApprover, TicketCategory, TicketQueue
from app.models.user import User
from app.schemas.ticket import TicketDecision, TicketRead
from app.services import ticket_assignment, ticket_history, ticket_notices, ticket_reading, ticket_states
from app.services.rows import flush
from app.services.ticket_access import desk_of, find_ticket, standing_in
from app.services.ticket_history import hand_of


def begin(session: Session, ticket: Ticket, category: TicketCategory | None) -> set[UUID]:
    """Let a new ticket wait for whoever has to approve it; whom to ask, nobody where nobody has to.

    Nobody approves their own: then it counts as approved.
    """
    approver = _approver(session, ticket, category) if category is not None else None
    if approver is None:
        return set()
    ticket.approver_id = approver
    if approver == ticket.requester_id:
        ticket.approval = TicketApproval.APPROVED
        return set()
    ticket.approval, ticket.state = TicketApproval.WAITING, TicketState.PENDING
    return {approver, *standing_in(session, ticket)}


def decide(session: Session, actor: Actor, ticket_id: UUID, data: TicketDecision) -> TicketRead:
    """Approve what waits for it, or refuse it, which closes it.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: somebody else was asked.
        Conflict: it waits for no approval.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    if ticket.approval != TicketApproval.WAITING or ticket.approver_id is None:
        raise Conflict("ticket_waits_for_nobody")
    if actor.user_id not in {ticket.approver_id, *standing_in(session, ticket)}:
        raise Forbidden("not_ticket_approver")
    hand = hand_of(actor)
    decision = TicketApproval.APPROVED if data.is_approved else TicketApproval.REFUSED
    ticket_history.record(session, ticket, hand, {"approval": (ticket.approval, decision)}, data.reason)
    state = TicketState.OPEN if data.is_approved else TicketState.CLOSED
    ticket_states.change_state(session, ticket, state, hand, data.reason)
    ticket.approval = decision
    if data.is_approved:
        queue = session.get_one(TicketQueue, (ticket.organization_id, ticket.queue_id))
        ticket.assignee_id = ticket.assignee_id or ticket_assignment.pick(session, queue, ticket.requester_id)
        if ticket.assignee_id is not None:
            ticket_history.record(session, ticket, hand, {"assignee": (None, ticket.assignee_id)})
    ticket.version += 1
    flush(session)
    ticket_notices.tell_decision(session, ticket, actor.user_id, data.reason)
    return ticket_reading.read(session, desk, ticket)


def _approver(session: Session, ticket: Ticket, category: TicketCategory) -> UUID | None:
    if category.approval == TicketApprover.NOBODY:
        return None
    found = category.approver_id
    if category.approval == TicketApprover.MANAGER and ticket.requester_id is not None:
        found = session.get_one(User, ticket.requester_id).manager_id or found
    person = session.get(User, found) if found else None
    return person.id if person is not None and person.is_active else None
