"""The states of a ticket: which follow which, and what comes with each. The database refuses others too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.core.texts.tickets import STATES
from app.models.base import now
from app.models.ticket import DONE_STATES, TRANSITIONS, Ticket, TicketApproval, TicketState
from app.models.ticket_desk import TicketQueue
from app.services import ticket_clock, ticket_equipment, ticket_history
from app.services.ticket_history import Hand


@dataclass(frozen=True, slots=True)
class Wait:
    """What a pending ticket waits for, and until when; neither: for an approval."""

    reason: str | None = None
    until: datetime | None = None


def change_state(
    session: Session,
    ticket: Ticket,
    state: TicketState,
    hand: Hand,
    reason: str | None = None,
    wait: Wait | None = None,
    *,
    answers: bool = False,
) -> bool:
    """Bring a locked ticket into a state; whether it was in another one, or waits for something else.

    Args:
        answers: a resolution by the desk is a first answer too.

    Raises:
        Conflict: that state does not follow on the present one, the ticket can be reopened no more, or it waits for
            an approval.
        Invalid: a pending ticket does not say why and until when.
    """
    before = TicketState(ticket.state)
    wait = wait or Wait()
    if state is before:
        return state is TicketState.PENDING and _wait_on(session, ticket, hand, reason, wait)
    if state not in TRANSITIONS[before]:
        raise Conflict("ticket_transition", before=STATES[before], after=STATES[state])
    moment = now()
    if before in DONE_STATES and state is TicketState.OPEN:
        _check_reopening(session, ticket, moment)
    if state is TicketState.PENDING:
        _check_wait(ticket, wait)
    if state in DONE_STATES and before not in DONE_STATES:
        ticket_clock.freeze(session, ticket, moment)
    changes: dict[str, tuple[Any, Any]] = {"state": (before, state)}
    if wait.until is not None:
        changes["pending_until"] = (ticket.pending_until, wait.until)
    ticket_history.record(session, ticket, hand, changes, reason or wait.reason)
    _enter(ticket, before, state, wait, moment, answers=answers)
    session.flush()
    ticket_clock.start_or_stop(session, ticket, moment)
    ticket_clock.refresh(session, ticket)
    if (before in DONE_STATES) is not (state in DONE_STATES):
        ticket_equipment.follow_state(session, ticket)
    return True


def change_wait(values: Mapping[str, Any]) -> Wait:
    """What a change says of waiting."""
    return Wait(values.get("pending_reason"), values.get("pending_until"))


def _enter(
    ticket: Ticket, before: TicketState, state: TicketState, wait: Wait, moment: datetime, *, answers: bool
) -> None:
    ticket.state = state
    ticket.pending_reason, ticket.pending_until = wait.reason, wait.until
    if ticket.approval == TicketApproval.WAITING and state is not TicketState.PENDING:
        # It was withdrawn, or its approver decided.
        ticket.approval = None
    if state in DONE_STATES:
        ticket.resolved_at = ticket.resolved_at or moment
        ticket.closed_at = moment if state is TicketState.CLOSED else None
        if answers and ticket.first_answered_at is None:
            ticket.first_answered_at = moment
    elif before in DONE_STATES:
        ticket.resolved_at = ticket.closed_at = None
        ticket.reopened_count += 1


def _wait_on(session: Session, ticket: Ticket, hand: Hand, reason: str | None, wait: Wait) -> bool:
    """Let a pending ticket wait for something else."""
    wait = Wait(wait.reason or ticket.pending_reason, wait.until or ticket.pending_until)
    if ticket.approval == TicketApproval.WAITING or wait == Wait(ticket.pending_reason, ticket.pending_until):
        return False
    _check_wait(ticket, wait)
    changes = {"pending_until": (ticket.pending_until, wait.until)}
    ticket_history.record(session, ticket, hand, changes, reason or wait.reason)
    ticket.pending_reason, ticket.pending_until = wait.reason, wait.until
    ticket_clock.refresh(session, ticket)
    return True


def _check_wait(ticket: Ticket, wait: Wait) -> None:
    if ticket.approval == TicketApproval.WAITING:
        return
    limit = get_settings().TICKET_PENDING_MAX_DAYS
    is_good = wait.reason is not None and wait.until is not None
    if not is_good or not now() < wait.until <= now() + timedelta(days=limit):  # type: ignore[operator]
        raise Invalid("pending_says_why", field="pending_until", limit=limit)


def reopens_until(session: Session, ticket: Ticket) -> datetime:
    """Until when a resolved or closed ticket can be reopened."""
    return ticket_clock.reopens_until(session.get_one(TicketQueue, (ticket.organization_id, ticket.queue_id)), ticket)


def _check_reopening(session: Session, ticket: Ticket, moment: datetime) -> None:
    if ticket.merged_into_id is not None or moment >= reopens_until(session, ticket):
        raise Conflict("ticket_closed_for_good")
