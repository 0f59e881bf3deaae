"""Writes the demo's desk and its tickets into the database."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.demo.tickets import AGENTS, CATEGORIES, LAPTOPS, PROMISES, QUEUE, TICKETS, DemoTicket
from app.models.base import now
from app.models.room import RoomEquipment
from app.models.ticket import TicketState
from app.models.ticket_desk import QueueRight, TicketApprover, TicketAssignment
from app.models.ticket_talk import EntryKind
from app.schemas.ticket import TicketCreate
from app.schemas.ticket_desk import CategoryWrite, MembersWrite, MemberWrite, QueueWrite, SlasWrite, SlaWrite
from app.schemas.ticket_talk import EntryWrite
from app.services import ticket_category_service, ticket_queue_service, ticket_service, ticket_talk_service


def write_tickets(session: Session, admin: Actor, actors: Mapping[str, Actor]) -> int:
    """A queue with its members, promises and categories, and tickets in every state; how many."""
    queue_id = _write_queue(session, admin, actors)
    categories = {
        name: ticket_category_service.create_category(
            session, admin, CategoryWrite(name=name, type=type_, queue_id=queue_id)
        ).id
        for name, type_ in CATEGORIES
    }
    approved = CategoryWrite(name=LAPTOPS, queue_id=queue_id, approval=TicketApprover.MANAGER)
    categories[LAPTOPS] = ticket_category_service.create_category(session, admin, approved).id
    for planned in TICKETS:
        _write(session, planned, categories[planned.category], actors)
    return len(TICKETS)


def _write_queue(session: Session, admin: Actor, actors: Mapping[str, Actor]) -> UUID:
    data = QueueWrite(name=QUEUE, is_default=True, assignment=TicketAssignment.ROUND_ROBIN, holiday_country="RU")
    queue_id = ticket_queue_service.create_queue(session, admin, data).id
    members = [MemberWrite(user_id=actors[name].user_id, right=QueueRight.MANAGE) for name in AGENTS]
    ticket_queue_service.set_members(session, admin, queue_id, MembersWrite(members=members))
    slas = [
        SlaWrite(priority=priority, first_answer_minutes=answer, resolution_minutes=solution, warn_minutes=15)
        for priority, (answer, solution) in PROMISES.items()
    ]
    ticket_queue_service.set_slas(session, admin, queue_id, SlasWrite(slas=slas))
    return queue_id


def _write(session: Session, planned: DemoTicket, category_id: UUID, actors: Mapping[str, Actor]) -> None:
    requester, agent = actors[planned.requester], actors[AGENTS[0]]
    room_id, equipment_id = _thing(session, requester.company, planned.thing) if planned.thing else (None, None)
    ticket = ticket_service.create_ticket(
        session,
        requester,
        TicketCreate(
            title=planned.title,
            body=planned.body,
            category_id=category_id,
            priority=planned.priority,
            room_id=room_id,
            equipment_id=equipment_id,
        ),
    )
    if planned.note:
        note = EntryWrite(kind=EntryKind.NOTE, body=planned.note)
        ticket_talk_service.create_entry(session, agent, ticket.id, note)
    for actor, said in ((agent, planned.answer), (requester, planned.reply)):
        if said:
            ticket_talk_service.create_entry(session, actor, ticket.id, EntryWrite(body=said))
    if planned.state not in (TicketState.NEW, TicketState.OPEN):
        wait = {"pending_reason": "Поставка", "pending_until": now() + timedelta(days=7)}
        values = wait if planned.state is TicketState.PENDING else {}
        ticket_service.change_ticket(session, agent, ticket.id, {"state": planned.state, **values}, None)


def _thing(session: Session, company: UUID, name: str) -> tuple[UUID, UUID]:
    """A room that has one of these, and the thing in it."""
    query = (
        select(col(RoomEquipment.room_id), col(RoomEquipment.id))
        .where(col(RoomEquipment.organization_id) == company, col(RoomEquipment.name) == name)
        .order_by(col(RoomEquipment.quantity), col(RoomEquipment.room_id))
    )
    room_id, equipment_id = session.execute(query.limit(1)).one()
    return room_id, equipment_id
