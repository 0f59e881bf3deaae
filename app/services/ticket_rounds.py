"""What the clock does for tickets: wakes those that waited, escalates what is due, closes what is resolved for good."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col

from app.core.errors import PlannerError
from app.models.base import now
from app.models.ticket import Ticket, TicketState
from app.services import ticket_clock, ticket_history, ticket_notices, ticket_states
from app.services.ticket_history import Hand

log = structlog.get_logger(__name__)

TICKETS_A_STEP = 100
AGAIN_AFTER = timedelta(hours=1)
_COMPANIES = text("SELECT companies_with_tickets_due()")
WOKEN, CLOSED, ESCALATED = Hand(cause="woken"), Hand(cause="reopening_over"), Hand(cause="due")


def companies_with_tickets_due(session: Session) -> list[UUID]:
    """The companies in which the clock has something to do."""
    return list(session.execute(_COMPANIES).scalars())


def tend_next(session: Session, company: UUID) -> int:
    """Do what is due for some tickets of a company that nobody else has in hand; how many."""
    moment = now()
    due = (
        select(Ticket)
        .where(col(Ticket.organization_id) == company, col(Ticket.act_at) <= moment)
        .order_by(col(Ticket.act_at))
        .limit(TICKETS_A_STEP)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    tickets = list(session.execute(due).scalars())
    for ticket in tickets:
        try:
            with session.begin_nested():
                _tend(session, ticket, moment)
        except PlannerError as error:
            # One that cannot be helped must not keep those behind it waiting.
            log.error("ticket_not_tended", ticket_id=str(ticket.id), code=error.code)
            session.refresh(ticket)
            ticket.act_at = moment + AGAIN_AFTER
            session.flush()
    return len(tickets)


def _tend(session: Session, ticket: Ticket, moment: datetime) -> None:
    edited_at = ticket.updated_at
    closes = ticket.state == TicketState.RESOLVED and ticket.act_at is not None and _is_over(session, ticket, moment)
    wakes = ticket.pending_until is not None and ticket.pending_until <= moment
    if closes or wakes:
        state, hand = (TicketState.CLOSED, CLOSED) if closes else (TicketState.OPEN, WOKEN)
        ticket_states.change_state(session, ticket, state, hand)
        ticket.version += 1
        session.flush()
        ticket_notices.tell_state(session, ticket, None)
        return
    clock = ticket_clock.refresh(session, ticket)
    for escalation in ticket_clock.next_escalations(ticket, clock, moment):
        ticket.escalated = [*ticket.escalated, escalation.name]
        ticket_history.record(session, ticket, ESCALATED, {"escalated": (None, escalation.name)})
        ticket_notices.tell_due(session, ticket, escalation)
    ticket_clock.set_next_act(ticket, clock)
    # Nobody edited the ticket. A value that is the same again would be left out, and `onupdate` set another.
    ticket.updated_at = edited_at
    flag_modified(ticket, "updated_at")
    session.flush()


def _is_over(session: Session, ticket: Ticket, moment: datetime) -> bool:
    return moment >= ticket_states.reopens_until(session, ticket)
