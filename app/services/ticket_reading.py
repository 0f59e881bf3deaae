"""Tickets as clients see them: PostgreSQL builds the JSON of lists, whose keys come from `TicketItem`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.hot import fetch_row, hot_statement
from app.models.base import now
from app.models.ticket import Ticket, TicketPause, TicketWatcher
from app.models.ticket_desk import TicketQueue
from app.schemas.ticket import Named, PausedTime, PromiseRead, SkippedDay, SlaRead, TicketItem, TicketRead
from app.services.colleagues import colleagues
from app.services.json_rows import json_columns
from app.services.opening_hours import spans_as_written
from app.services.ticket_access import Desk, desk_of, find_ticket
from app.services.ticket_clock import Clock, Promise, clock_of

_PERSON = "json_build_object('id', {0}.id, 'full_name', {0}.full_name, 'email', {0}.email)"
_ITEM = json_columns(
    TicketItem,
    "t",
    queue="json_build_object('id', q.id, 'name', q.name)",
    category="CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name) END",
    requester=(
        "CASE WHEN r.id IS NOT NULL THEN " + _PERSON.format("r") + " ELSE"
        " json_build_object('id', NULL, 'full_name', t.requester_name, 'email', t.requester_email) END"
    ),
    assignee=f"CASE WHEN a.id IS NOT NULL THEN {_PERSON.format('a')} END",
)
_FROM = """
    FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY wanted (id, place)
    JOIN tickets t ON t.organization_id = %(company)s AND t.id = wanted.id
    JOIN ticket_queues q ON q.organization_id = t.organization_id AND q.id = t.queue_id
    LEFT JOIN ticket_categories c ON c.organization_id = t.organization_id AND c.id = t.category_id
    LEFT JOIN users r ON r.organization_id = t.organization_id AND r.id = t.requester_id
    LEFT JOIN users a ON a.organization_id = t.organization_id AND a.id = t.assignee_id
"""
_ITEMS_SQL = hot_statement(f"""
    SELECT coalesce(json_agg(item)::text, '[]') FROM (SELECT {_ITEM} {_FROM} ORDER BY wanted.place) item
""")
_ITEMS = TypeAdapter(list[TicketItem])


def items_json(session: Session, company: UUID, ids: Sequence[UUID]) -> str:
    """The tickets as a JSON array, in the order of their ids."""
    row = fetch_row(session, _ITEMS_SQL, {"company": company, "ids": list(ids)})
    assert row is not None
    text: str = row[0]
    return text


def items(session: Session, company: UUID, ids: Sequence[UUID]) -> list[TicketItem]:
    """The same, read."""
    return _ITEMS.validate_json(items_json(session, company, ids))


def read(session: Session, desk: Desk, ticket: Ticket) -> TicketRead:
    """A ticket as somebody who sees it does."""
    session.flush()
    (item,) = items(session, ticket.organization_id, [ticket.id])
    watchers = select(col(TicketWatcher.user_id)).where(
        col(TicketWatcher.organization_id) == ticket.organization_id, col(TicketWatcher.ticket_id) == ticket.id
    )
    watching = list(session.execute(watchers.order_by(col(TicketWatcher.created_at))).scalars())
    approver = [ticket.approver_id] if ticket.approver_id else []
    people = colleagues(session, ticket.organization_id, [*watching, *approver])
    plain = TicketRead.model_fields.keys() - TicketItem.model_fields.keys() - {"approver", "watchers", "may_work"}
    return TicketRead(
        **item.model_dump(),
        **{name: getattr(ticket, name) for name in plain},
        approver=people.get(ticket.approver_id) if ticket.approver_id else None,
        watchers=[people[person] for person in watching],
        may_work=desk.works(ticket),
    )


def read_sla(session: Session, actor: Actor, ticket_id: UUID) -> SlaRead:
    """What of a ticket is due when, and why."""
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id)
    moment = ticket.resolved_at or now()
    horizon = max(moment, *(due for due in (ticket.first_answer_due_at, ticket.resolution_due_at, moment) if due))
    clock = clock_of(session, ticket, horizon + timedelta(days=1))
    queue = session.get_one(TicketQueue, (ticket.organization_id, ticket.queue_id))
    served = clock.served(ticket, moment)
    return SlaRead(
        queue=Named(id=queue.id, name=queue.name),
        priority=ticket.priority,
        time_zone=clock.hours.zone.key,
        first_answer=_promise(ticket, clock, Promise.FIRST_ANSWER, moment),
        resolution=_promise(ticket, clock, Promise.RESOLUTION, moment),
        served_minutes=served // timedelta(minutes=1),
        service_hours=spans_as_written(clock.hours.spans),
        days_off=[SkippedDay(day=day.isoformat(), name=name) for day, name in sorted(clock.hours.days_off.items())],
        days_worked=[
            SkippedDay(day=day.isoformat(), name=name) for day, name in sorted(clock.hours.days_worked.items())
        ],
        pauses=_pauses(session, ticket),
    )


def _promise(ticket: Ticket, clock: Clock, promise: Promise, moment: datetime) -> PromiseRead:
    is_first = promise is Promise.FIRST_ANSWER
    done_at = ticket.first_answered_at if is_first else ticket.resolved_at
    due_at = ticket.first_answer_due_at if is_first else ticket.resolution_due_at
    promised = clock.promised(promise)
    if promised is None:
        return PromiseRead(minutes=None, state="none", due_at=None, done_at=done_at, left_minutes=None)
    left = promised - clock.served(ticket, done_at or moment)
    if done_at is not None:
        state = "kept" if due_at is None or done_at <= due_at else "broken"
    elif left < timedelta() or (due_at is not None and due_at < moment):
        state = "breached"
    else:
        state = "running" if clock.stands_since is None else "paused"
    return PromiseRead(
        minutes=promised // timedelta(minutes=1),
        state=state,
        due_at=due_at,
        done_at=done_at,
        left_minutes=left // timedelta(minutes=1),
    )


def _pauses(session: Session, ticket: Ticket) -> list[PausedTime]:
    query = (
        select(TicketPause)
        .where(col(TicketPause.organization_id) == ticket.organization_id, col(TicketPause.ticket_id) == ticket.id)
        .order_by(col(TicketPause.started_at))
    )
    return [
        PausedTime(state=row.state, start=row.started_at, end=row.ended_at) for row in session.execute(query).scalars()
    ]
