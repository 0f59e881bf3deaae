"""Tickets: making and changing them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.department import Department
from app.models.event import Event
from app.models.room import Room
from app.models.ticket import DONE_STATES, Ticket, TicketApproval, TicketNumber, TicketPriority, TicketState, TicketType
from app.models.ticket_desk import QueueRight, TicketCategory, TicketQueue
from app.models.ticket_talk import TicketAttachment
from app.models.user import User
from app.schemas.ticket import TicketCreate, TicketRead
from app.services import (
    event_access,
    ticket_approvals,
    ticket_assignment,
    ticket_clock,
    ticket_equipment,
    ticket_history,
    ticket_notices,
    ticket_reading,
    ticket_states,
)
from app.services.nudges import after_commit
from app.services.rows import apply_changes, check_version, flush
from app.services.stored_files import remove_files
from app.services.ticket_access import Desk, desk_of, find_ticket, may_work, require_tickets
from app.services.ticket_history import Hand, hand_of
from app.services.ticket_queue_service import default_queue, find_queue

# What the requester of a ticket may change.
OWN_FIELDS = frozenset({"state", "reason"})
OWN_STATES = frozenset({TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED})
# Columns by the field of a change, and how the history calls them.
_COLUMNS = {
    **{name: name for name in ("title", "body", "type", "priority")},
    "category_id": "category",
    "queue_id": "queue",
    "assignee_id": "assignee",
    "requester_id": "requester",
    "room_id": "room",
    "equipment_id": "equipment",
    "event_id": "event",
    "department_id": "department",
}
# Of what the clock counts; and what says whether a thing is out of order.
_COUNTED = frozenset({"priority", "queue_id"})
_THING = frozenset({"room", "equipment", "type"})


def read_ticket(session: Session, actor: Actor, ticket_id: UUID) -> TicketRead:
    """A ticket that the actor sees."""
    desk = desk_of(session, actor)
    return ticket_reading.read(session, desk, find_ticket(session, desk, ticket_id))


def create_ticket(session: Session, actor: Actor, data: TicketCreate) -> TicketRead:
    """A new ticket.

    Raises:
        Forbidden: the actor asks for somebody else and does not work the queue, or has no access to tickets.
        Invalid: something that it names is not there.
        Conflict: the requester has TICKETS_OPEN_MAX, or the queue takes none.
    """
    require_tickets(actor)
    category = _category(session, actor, data.category_id)
    queue = _queue_for(session, actor, data.queue_id, category)
    desk = desk_of(session, actor)
    requester = _requester(session, desk, queue, data.requester_id)
    values = data.model_dump(include={"title", "body", "room_id", "equipment_id", "event_id", "department_id"})
    _check_things(session, actor, values)
    ticket = Ticket(
        **values,
        organization_id=actor.company,
        number=0,
        queue_id=queue.id,
        category_id=category.id if category else None,
        type=data.type or (category and category.type) or TicketType.REQUEST,
        priority=data.priority or (category and category.priority) or TicketPriority.NORMAL,
        requester_id=requester.id,
        created_by_id=actor.user_id,
        next_due_at=ticket_clock.NEVER_DUE,
    )
    if "department_id" not in data.model_fields_set:
        ticket.department_id = requester.department_id
    add(session, ticket, queue, category, hand_of(actor))
    return ticket_reading.read(session, desk, ticket)


def add(session: Session, ticket: Ticket, queue: TicketQueue, category: TicketCategory | None, hand: Hand) -> None:
    """Write a new ticket with all that follows from it: number, approval, assignee, promises, notices.

    Raises:
        Conflict: the requester has TICKETS_OPEN_MAX.
    """
    approvers = ticket_approvals.begin(session, ticket, category)
    # Its row is locked from here on, so that two tickets are not both the last that is possible.
    ticket.number = _next_number(session, ticket.organization_id)
    _check_open(session, ticket)
    session.add(ticket)
    flush(session)
    changes: dict[str, tuple[Any, Any]] = {"state": (None, ticket.state)}
    if not approvers:
        ticket.assignee_id = ticket_assignment.pick(session, queue, ticket.requester_id)
    if ticket.assignee_id is not None:
        changes["assignee"] = (None, ticket.assignee_id)
    ticket_history.record(session, ticket, hand, changes)
    ticket_clock.start_or_stop(session, ticket, ticket.created_at)
    ticket_clock.refresh(session, ticket)
    ticket_equipment.mark(session, ticket)
    flush(session)
    if approvers:
        ticket_notices.ask_approval(session, ticket, approvers)
    else:
        ticket_notices.tell_created(session, ticket, hand.person_id)


def change_ticket(
    session: Session, actor: Actor, ticket_id: UUID, values: Mapping[str, Any], if_match: frozenset[int] | None
) -> TicketRead:
    """Change what `values` names.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: it is not theirs to change so.
        PreconditionFailed: it was changed meanwhile.
        Invalid, Conflict: what is asked for cannot be.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    change(session, desk, ticket, values, if_match)
    return ticket_reading.read(session, desk, ticket)


def change(
    session: Session, desk: Desk, ticket: Ticket, values: Mapping[str, Any], if_match: frozenset[int] | None
) -> None:
    """The same of a ticket that is found and locked."""
    actor, hand = desk.actor, hand_of(desk.actor)
    _check_rights(desk, ticket, values)
    check_version(ticket, if_match)
    reason = values.get("reason")
    columns = {name: value for name, value in values.items() if name in _COLUMNS}
    if columns.get("room_id", ticket.room_id) != ticket.room_id:
        # A ticket of another room is about another thing, if it is about one.
        columns.setdefault("equipment_id", None)
    place = {"room_id": ticket.room_id} if columns.get("equipment_id") is not None else {}
    _check_things(session, actor, {**place, **columns})
    _check_desk(session, actor, ticket, columns)
    version = ticket.version
    changes = {
        said: (getattr(ticket, name), columns[name])
        for name, said in _COLUMNS.items()
        if name in columns and getattr(ticket, name) != columns[name]
    }
    had = ticket.assignee_id
    is_another_thing = bool(changes.keys() & _THING)
    if is_another_thing:
        ticket_equipment.unmark(session, ticket)
    if changes:
        if ticket.requester_id is None and "requester_id" in columns:
            ticket.requester_email = ticket.requester_name = None
        ticket_history.record(session, ticket, hand, changes, reason)
        counted = apply_changes(ticket, columns) & _COUNTED
        flush(session)
        if counted:
            ticket_clock.refresh(session, ticket)
        if is_another_thing and ticket.state not in DONE_STATES:
            ticket_equipment.mark(session, ticket)
    if _change_state(session, desk, ticket, values, hand) and ticket.version == version:
        ticket.version += 1
    flush(session)
    if ticket.assignee_id != had and ticket.assignee_id is not None:
        ticket_notices.tell_assigned(session, ticket, actor.user_id)


def delete_ticket(session: Session, actor: Actor, ticket_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a ticket with all that hangs on it. For administrators.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: the actor is no administrator.
        Conflict: others were merged into it.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    actor.require_admin()
    check_version(ticket, if_match)
    if ticket.state not in DONE_STATES:
        ticket_states.change_state(session, ticket, TicketState.CLOSED, hand_of(actor))
    here = (
        col(TicketAttachment.organization_id) == ticket.organization_id,
        col(TicketAttachment.ticket_id) == ticket.id,
    )
    keys = list(session.execute(select(col(TicketAttachment.storage_key)).where(*here)).scalars())
    session.execute(delete(TicketAttachment).where(*here))
    session.delete(ticket)
    flush(session)
    if keys:
        after_commit(session, lambda: remove_files(keys))


def _change_state(session: Session, desk: Desk, ticket: Ticket, values: Mapping[str, Any], hand: Hand) -> bool:
    state = values.get("state")
    wait = ticket_states.change_wait(values)
    is_waiting = (state or ticket.state) == TicketState.PENDING
    if not is_waiting and (wait.reason is not None or wait.until is not None):
        raise Invalid("pending_only", field="pending_until")
    if state is None and not {"pending_reason", "pending_until"} & values.keys():
        return False
    if ticket.approval == TicketApproval.WAITING and state not in (None, TicketState.CLOSED):
        raise Conflict("ticket_waits_for_approval")
    target = TicketState(state or ticket.state)
    answers = desk.works(ticket) and ticket.requester_id != hand.person_id
    if not ticket_states.change_state(session, ticket, target, hand, values.get("reason"), wait, answers=answers):
        return False
    ticket_notices.tell_state(session, ticket, hand.person_id)
    return True


def _check_rights(desk: Desk, ticket: Ticket, values: Mapping[str, Any]) -> None:
    if desk.works(ticket):
        return
    is_own = ticket.requester_id == desk.actor.user_id
    if not is_own:
        raise Forbidden("ticket_not_yours_to_work")
    if values.keys() - OWN_FIELDS or values.get("state", TicketState.OPEN) not in OWN_STATES:
        raise Forbidden("ticket_field_not_yours")


def _check_desk(session: Session, actor: Actor, ticket: Ticket, columns: dict[str, Any]) -> None:
    """The queue, category, requester and assignee that a change names; who cannot work the new queue loses it."""
    queue_id = columns.get("queue_id", ticket.queue_id)
    if queue_id != ticket.queue_id:
        queue = find_queue(session, actor, queue_id, field="queue_id")
        if not queue.is_active:
            raise Conflict("ticket_queue_off")
    if columns.get("category_id") is not None and columns["category_id"] != ticket.category_id:
        _category(session, actor, columns["category_id"])
    if columns.get("requester_id") is not None:
        _active_person(session, actor, columns["requester_id"], "requester_id")
    wanted = columns.get("assignee_id", ticket.assignee_id)
    if wanted is None or (wanted == ticket.assignee_id and queue_id == ticket.queue_id):
        return
    if not may_work(session, actor.company, queue_id, wanted):
        if columns.get("assignee_id") is not None:
            raise Invalid("assignee_cannot_work", field="assignee_id")
        columns["assignee_id"] = None


def _check_things(session: Session, actor: Actor, values: Mapping[str, Any]) -> None:
    """What a ticket is about: in the company, and of events, seen by the actor."""
    company = actor.company
    room_id, department_id, event_id = (values.get(name) for name in ("room_id", "department_id", "event_id"))
    if room_id is not None and session.get(Room, (company, room_id)) is None:
        raise Invalid("room_not_found", field="room_id")
    if values.get("equipment_id") is not None:
        ticket_equipment.find_equipment(session, company, room_id, values["equipment_id"])
    if department_id is not None and session.get(Department, (company, department_id)) is None:
        raise Invalid("department_not_found", field="department_id")
    if event_id is not None:
        seen = event_access.visible_to(actor).where(col(Event.id) == event_id)
        if session.execute(seen).scalar_one_or_none() is None:
            raise Invalid("event_not_found", field="event_id")


def _queue_for(session: Session, actor: Actor, queue_id: UUID | None, category: TicketCategory | None) -> TicketQueue:
    wanted = queue_id or (category and category.queue_id)
    queue = find_queue(session, actor, wanted, field="queue_id") if wanted else default_queue(session, actor.company)
    if not queue.is_active:
        raise Conflict("ticket_queue_off")
    return queue


def _category(session: Session, actor: Actor, category_id: UUID | None) -> TicketCategory | None:
    if category_id is None:
        return None
    category = session.get(TicketCategory, (actor.company, category_id))
    if category is None or not category.is_active:
        raise Invalid("ticket_category_not_found", field="category_id")
    return category


def _requester(session: Session, desk: Desk, queue: TicketQueue, requester_id: UUID | None) -> User:
    if requester_id is None or requester_id == desk.actor.user_id:
        return session.get_one(User, desk.actor.user_id)
    person = _active_person(session, desk.actor, requester_id, "requester_id")
    if not desk.may(queue.id, QueueRight.WORK):
        raise Forbidden("requester_not_yours")
    return person


def _active_person(session: Session, actor: Actor, person_id: UUID, field: str) -> User:
    person = session.get(User, person_id)
    if person is None or person.organization_id != actor.company or not person.is_active:
        raise Invalid("user_not_found", field=field)
    return person


def _check_open(session: Session, ticket: Ticket) -> None:
    whose = (
        col(Ticket.requester_email) == ticket.requester_email
        if ticket.requester_id is None
        else col(Ticket.requester_id) == ticket.requester_id
    )
    query = select(func.count()).where(col(Ticket.organization_id) == ticket.organization_id, whose, Ticket.is_open)
    limit = get_settings().TICKETS_OPEN_MAX
    if session.execute(query).scalar_one() >= limit:
        raise Conflict("too_many_open_tickets", limit=limit)


def _next_number(session: Session, company: UUID) -> int:
    """The next number; its row stays locked until the commit, so that there are neither doubles nor gaps."""
    first = insert(TicketNumber).values(organization_id=company, last=1)
    counted = first.on_conflict_do_update(
        index_elements=["organization_id"],
        set_={"last": TicketNumber.__table__.c.last + 1},  # type: ignore[attr-defined]
    ).returning(col(TicketNumber.last))
    number: int = session.execute(counted).scalar_one()
    return number
