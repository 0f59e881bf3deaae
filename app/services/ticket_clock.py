"""When tickets are due: what their queue promises, counted in its service hours, without the times the clock stood.

Everything is counted anew from the ticket's own history: when it was made, and its pauses. So a change of hours,
holidays, priority or queue gives what it would have given from the beginning (decision 25).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session, col

from app.calendaring.service_hours import ServiceHours
from app.calendaring.zones import get_zone, utc_to_wall
from app.models.base import now
from app.models.organization import Organization
from app.models.ticket import DONE_STATES, Ticket, TicketPause, TicketState
from app.models.ticket_desk import TicketQueue, TicketSla
from app.services import holiday_service
from app.services.opening_hours import as_spans
from app.services.presence import company_hours

# What sorts behind all that is due.
NEVER_DUE = datetime(9000, 1, 1, tzinfo=UTC)
# A promise that is not due within so long is due never.
FURTHEST = timedelta(days=730)
STANDING = DONE_STATES | {TicketState.PENDING}


class Promise(StrEnum):
    FIRST_ANSWER = "first_answer"
    RESOLUTION = "resolution"


class Stage(StrEnum):
    """When people are told of what is due."""

    BEFORE = "before"
    BREACH = "breach"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Escalation:
    """One time at which people are told; its name stands in `tickets.escalated` once they were."""

    promise: Promise
    stage: Stage
    at: datetime

    @property
    def name(self) -> str:
        return f"{self.promise}:{self.stage}"


@dataclass(frozen=True)
class Clock:
    """What is known of a ticket's promises: the queue and its hours, the promise for the priority, and the pauses."""

    queue: TicketQueue
    hours: ServiceHours
    sla: TicketSla | None
    pauses: Sequence[tuple[datetime, datetime]]
    stands_since: datetime | None

    def promised(self, promise: Promise) -> timedelta | None:
        if self.sla is None:
            return None
        first = promise is Promise.FIRST_ANSWER
        minutes = self.sla.first_answer_minutes if first else self.sla.resolution_minutes
        return None if minutes is None else timedelta(minutes=minutes)

    def due_at(self, ticket: Ticket, promise: Promise, later: timedelta = timedelta()) -> datetime | None:
        """When a promise is due, or `later` in service hours than that; None: nothing is promised, or it is too far."""
        promised = self.promised(promise)
        if promised is None or promised + later <= timedelta():
            return None
        limit = ticket.created_at + FURTHEST
        return self.hours.due_at(ticket.created_at, promised + later, self.pauses, limit)

    def served(self, ticket: Ticket, until: datetime) -> timedelta:
        """The service hours that have counted for a ticket up to an instant."""
        return self.hours.served(ticket.created_at, min(until, self.stands_since or until), self.pauses)

    def escalations(self, ticket: Ticket) -> Iterator[Escalation]:
        """All that would be told of what still runs, in whatever order."""
        if self.sla is None or self.stands_since is not None:
            return
        for promise, is_done in (
            (Promise.FIRST_ANSWER, ticket.first_answered_at is not None),
            (Promise.RESOLUTION, False),
        ):
            due = None if is_done else self.due_at(ticket, promise)
            if due is None:
                continue
            yield Escalation(promise, Stage.BREACH, due)
            warned = self.due_at(ticket, promise, -timedelta(minutes=self.sla.warn_minutes))
            if self.sla.warn_minutes and warned is not None:
                yield Escalation(promise, Stage.BEFORE, warned)
            again = self.due_at(ticket, promise, timedelta(minutes=self.sla.again_minutes))
            if self.sla.again_minutes and again is not None:
                yield Escalation(promise, Stage.AFTER, again)


def clock_of(session: Session, ticket: Ticket, until: datetime | None = None) -> Clock:
    """The clock of a ticket, with the holidays up to an instant (the furthest that matters, when not given)."""
    company = ticket.organization_id
    queue = session.get_one(TicketQueue, (company, ticket.queue_id))
    query = (
        select(TicketPause)
        .where(col(TicketPause.organization_id) == company, col(TicketPause.ticket_id) == ticket.id)
        .order_by(col(TicketPause.started_at))
    )
    rows = list(session.execute(query).scalars())
    pauses = [(row.started_at, row.ended_at) for row in rows if row.ended_at is not None]
    open_pause = next((row for row in rows if row.ended_at is None), None)
    end = until or max(ticket.created_at, now()) + FURTHEST
    return Clock(
        queue=queue,
        hours=hours_of_queue(session, queue, ticket.created_at, end),
        sla=session.get(TicketSla, (company, queue.id, ticket.priority)),
        pauses=pauses,
        stands_since=open_pause.started_at if open_pause else None,
    )


def hours_of_queue(session: Session, queue: TicketQueue, start: datetime, end: datetime) -> ServiceHours:
    """When a queue serves, with the holidays within [start, end)."""
    organization = session.get_one(Organization, queue.organization_id)
    zone = get_zone(queue.time_zone or organization.time_zone)
    spans = company_hours(organization) if queue.service_hours is None else as_spans(queue.service_hours)
    first, last = (utc_to_wall(bound, zone).date() for bound in (start, end))
    holidays = holiday_service.holidays_of(session, organization, first, last, queue.holiday_country)
    return ServiceHours(zone, spans, holidays.off, holidays.worked)


def start_or_stop(session: Session, ticket: Ticket, moment: datetime) -> None:
    """Let the clock stand in the states in which it does, and run in the others; before `refresh`."""
    running = (
        select(TicketPause)
        .where(
            col(TicketPause.organization_id) == ticket.organization_id,
            col(TicketPause.ticket_id) == ticket.id,
            col(TicketPause.ended_at).is_(None),
        )
        .with_for_update()
    )
    pause: TicketPause | None = session.execute(running).scalar_one_or_none()
    if pause is not None and pause.state == ticket.state:
        return
    if pause is not None:
        pause.ended_at = max(moment, pause.started_at)
        session.flush()
    if ticket.state in STANDING:
        session.add(
            TicketPause(
                organization_id=ticket.organization_id, ticket_id=ticket.id, state=ticket.state, started_at=moment
            )
        )
    session.flush()


def refresh(session: Session, ticket: Ticket) -> Clock:
    """Set when a ticket is due and when the clock has to do something for it; what is over keeps when it was due."""
    clock = clock_of(session, ticket)
    before = (ticket.first_answer_due_at, ticket.resolution_due_at)
    if ticket.first_answered_at is None and ticket.resolved_at is None:
        ticket.first_answer_due_at = _due_now(ticket, clock, Promise.FIRST_ANSWER)
    if ticket.resolved_at is None:
        ticket.resolution_due_at = _due_now(ticket, clock, Promise.RESOLUTION)
    _forget_escalations(ticket, before)
    ticket.next_due_at = min(_still_due(ticket), default=NEVER_DUE)
    set_next_act(ticket, clock)
    return clock


def set_next_act(ticket: Ticket, clock: Clock) -> None:
    """When the clock has to do something next; None: never, as things are."""
    ticket.act_at = min(_acts(ticket, clock), default=None)


def reopens_until(queue: TicketQueue, ticket: Ticket) -> datetime:
    """Until when a resolved ticket can be reopened; then it is closed for good."""
    assert ticket.resolved_at is not None
    return ticket.resolved_at + timedelta(days=queue.reopen_days)


def freeze(session: Session, ticket: Ticket, moment: datetime) -> None:
    """Before a ticket is resolved: note when its promises were due, also while the clock stood."""
    clock = clock_of(session, ticket)
    if clock.stands_since is not None:
        # It would have run from now on.
        clock = replace(clock, pauses=[*clock.pauses, (clock.stands_since, moment)], stands_since=None)
    if ticket.first_answered_at is None:
        ticket.first_answer_due_at = clock.due_at(ticket, Promise.FIRST_ANSWER)
    ticket.resolution_due_at = clock.due_at(ticket, Promise.RESOLUTION)


def next_escalations(ticket: Ticket, clock: Clock, moment: datetime) -> list[Escalation]:
    """What is to be told by an instant and was not yet, the earliest first."""
    due = [one for one in clock.escalations(ticket) if one.name not in ticket.escalated and one.at <= moment]
    return sorted(due, key=lambda one: one.at)


def _due_now(ticket: Ticket, clock: Clock, promise: Promise) -> datetime | None:
    """When a promise is due; None while the clock stands, unless it was late before that."""
    due = clock.due_at(ticket, promise)
    is_ahead = due is not None and clock.stands_since is not None and due > clock.stands_since
    return None if is_ahead else due


def _still_due(ticket: Ticket) -> Iterator[datetime]:
    if ticket.resolved_at is not None:
        return
    if ticket.first_answered_at is None and ticket.first_answer_due_at is not None:
        yield ticket.first_answer_due_at
    if ticket.resolution_due_at is not None:
        yield ticket.resolution_due_at


def _acts(ticket: Ticket, clock: Clock) -> Iterator[datetime]:
    if ticket.pending_until is not None:
        yield ticket.pending_until
    if ticket.state == TicketState.RESOLVED:
        yield reopens_until(clock.queue, ticket)
    for escalation in clock.escalations(ticket):
        if escalation.name not in ticket.escalated:
            yield escalation.at


def _forget_escalations(ticket: Ticket, before: tuple[datetime | None, datetime | None]) -> None:
    """Whoever was told of what is due later now is told again."""
    after = (ticket.first_answer_due_at, ticket.resolution_due_at)
    for promise, was, becomes in zip(Promise, before, after, strict=True):
        if was is not None and becomes is not None and becomes > was:
            ticket.escalated = [name for name in ticket.escalated if not name.startswith(f"{promise}:")]
