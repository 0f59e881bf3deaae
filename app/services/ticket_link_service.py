"""What belongs together: links between tickets, watchers, and tickets merged into another one."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.base import now
from app.models.ticket import Ticket, TicketLink, TicketState, TicketWatcher
from app.models.ticket_desk import TicketMail
from app.models.user import User
from app.schemas.ticket import LinkedTicket, TicketLinkWrite, TicketMerge, TicketRead
from app.services import (
    ticket_file_service,
    ticket_history,
    ticket_notices,
    ticket_reading,
    ticket_states,
    ticket_talk_service,
)
from app.services.rows import Conflicts, flush
from app.services.ticket_access import Desk, desk_of, find_ticket, find_worked, visible_to
from app.services.ticket_history import hand_of

_CONFLICTS: Conflicts = {
    "uq_ticket_links_organization_id_ticket_id_kind_other_id": ("ticket_link_exists", {}),
    "ck_ticket_links_no_circle": ("ticket_link_circle", {}),
}


def list_links(session: Session, actor: Actor, ticket_id: UUID) -> list[LinkedTicket]:
    """The links of a ticket, to those that the actor sees."""
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id)
    links = list(session.execute(select(TicketLink).where(*_of(ticket)).order_by(col(TicketLink.created_at))).scalars())
    others = {link.other_id if link.ticket_id == ticket.id else link.ticket_id for link in links}
    seen = visible_to(desk).where(col(Ticket.id).in_(others)).with_only_columns(col(Ticket.id))
    items = {
        item.id: item for item in ticket_reading.items(session, actor.company, list(session.execute(seen).scalars()))
    }
    told = []
    for link in links:
        is_outgoing = link.ticket_id == ticket.id
        other = link.other_id if is_outgoing else link.ticket_id
        if other in items:
            told.append(LinkedTicket(id=link.id, kind=link.kind, is_outgoing=is_outgoing, ticket=items[other]))
    return told


def create_link(session: Session, actor: Actor, ticket_id: UUID, data: TicketLinkWrite) -> LinkedTicket:
    """Say what a ticket that the actor works is to another one that they see.

    Raises:
        NotFound, Forbidden: they do not see or work the ticket.
        Invalid: they see no such other one, or it is the same.
        Conflict: it is said already, would close a circle, or one of them has TICKET_LINKS_MAX.
    """
    desk = desk_of(session, actor)
    ticket = find_worked(session, desk, ticket_id)
    if data.ticket_id == ticket.id:
        raise Invalid("ticket_is_itself", field="ticket_id")
    try:
        other = find_ticket(session, desk, data.ticket_id)
    except NotFound as error:
        raise Invalid("ticket_not_found", field="ticket_id") from error
    _lock_both(session, desk, ticket, other)
    limit = get_settings().TICKET_LINKS_MAX
    for one in (ticket, other):
        if session.execute(select(func.count()).select_from(TicketLink).where(*_of(one))).scalar_one() >= limit:
            raise Conflict("too_many_ticket_links", limit=limit)
    link = TicketLink(
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        kind=data.kind,
        other_id=other.id,
        created_by_id=actor.user_id,
    )
    session.add(link)
    flush(session, _CONFLICTS)
    said = {"link": (None, f"{data.kind} #{other.number}")}
    ticket_history.record(session, ticket, hand_of(actor), said)
    (item,) = ticket_reading.items(session, actor.company, [other.id])
    return LinkedTicket(id=link.id, kind=data.kind, is_outgoing=True, ticket=item)


def delete_link(session: Session, actor: Actor, ticket_id: UUID, link_id: UUID) -> None:
    """Take a link back, from either of its tickets."""
    desk = desk_of(session, actor)
    ticket = find_worked(session, desk, ticket_id)
    link = session.execute(
        select(TicketLink).where(*_of(ticket), col(TicketLink.id) == link_id).with_for_update()
    ).scalar_one_or_none()
    if link is None:
        raise NotFound("ticket_link_not_found")
    session.delete(link)
    flush(session)
    ticket_history.record(session, ticket, hand_of(actor), {"link": (link.kind, None)})


def watch(session: Session, actor: Actor, ticket_id: UUID, user_id: UUID) -> TicketRead:
    """Let somebody watch a ticket: oneself, or as somebody who works it, or asked for it, a colleague.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: it is not theirs to show to others.
        Invalid: that is no active colleague with access to tickets.
        Conflict: it has TICKET_WATCHERS_MAX.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    _may_show(desk, ticket, user_id)
    person = session.get(User, user_id)
    if person is None or person.organization_id != actor.company or not person.is_active:
        raise Invalid("user_not_found", field="user_id")
    if not person.access_tickets:
        raise Invalid("watcher_has_no_tickets", field="user_id")
    counted = select(func.count()).where(
        col(TicketWatcher.organization_id) == ticket.organization_id, col(TicketWatcher.ticket_id) == ticket.id
    )
    limit = get_settings().TICKET_WATCHERS_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_watchers", limit=limit)
    add_watcher(session, ticket, user_id)
    return ticket_reading.read(session, desk, ticket)


def unwatch(session: Session, actor: Actor, ticket_id: UUID, user_id: UUID) -> None:
    """Let somebody watch a ticket no more.

    Raises:
        NotFound: they do not watch it.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    _may_show(desk, ticket, user_id)
    watcher = session.get(TicketWatcher, (ticket.organization_id, ticket.id, user_id))
    if watcher is None:
        raise NotFound("watcher_not_found")
    session.delete(watcher)
    flush(session)


def add_watcher(session: Session, ticket: Ticket, user_id: UUID) -> None:
    row = {
        "organization_id": ticket.organization_id,
        "ticket_id": ticket.id,
        "user_id": user_id,
        "created_at": now(),
    }
    session.execute(insert(TicketWatcher).values(**row).on_conflict_do_nothing())


def merge(session: Session, actor: Actor, ticket_id: UUID, data: TicketMerge) -> TicketRead:
    """Let a ticket go on as another one: what was said, its files and watchers go there, and it is closed for good.

    Its requester watches the other one from now on: whoever merges shows it to them. The other one is told.

    Raises:
        NotFound, Forbidden: the actor does not see or work both.
        Invalid: they are the same, or the other one is not there.
        Conflict: one of them was merged already.
    """
    desk = desk_of(session, actor)
    ticket = find_worked(session, desk, ticket_id)
    if data.into_id == ticket.id:
        raise Invalid("ticket_is_itself", field="into_id")
    try:
        into = find_worked(session, desk, data.into_id)
    except NotFound as error:
        raise Invalid("ticket_not_found", field="into_id") from error
    _lock_both(session, desk, ticket, into)
    if ticket.merged_into_id is not None or into.merged_into_id is not None:
        raise Conflict("ticket_merged_already")
    hand = hand_of(actor)
    ticket_talk_service.move_entries(session, ticket, into)
    ticket_file_service.move_files(session, ticket, into)
    session.execute(
        update(TicketMail)
        .where(col(TicketMail.organization_id) == ticket.organization_id, col(TicketMail.ticket_id) == ticket.id)
        .values(ticket_id=into.id)
    )
    _move_watchers(session, ticket, into)
    ticket_history.record(session, ticket, hand, {"merged_into": (None, f"#{into.number}")}, data.reason)
    ticket_history.record(session, into, hand, {"merged_from": (None, f"#{ticket.number}")}, data.reason)
    ticket_states.change_state(session, ticket, TicketState.CLOSED, hand, data.reason)
    ticket.merged_into_id = into.id
    ticket.version += 1
    into.version += 1
    flush(session)
    ticket_notices.tell_merged(session, ticket, into, actor.user_id)
    return ticket_reading.read(session, desk, into)


def _move_watchers(session: Session, ticket: Ticket, into: Ticket) -> None:
    watchers = (col(TicketWatcher.organization_id) == ticket.organization_id, col(TicketWatcher.ticket_id) == ticket.id)
    people = set(session.execute(select(col(TicketWatcher.user_id)).where(*watchers)).scalars())
    if ticket.requester_id is not None:
        people.add(ticket.requester_id)
    session.execute(delete(TicketWatcher).where(*watchers).execution_options(synchronize_session=False))
    for person in sorted(people - {into.requester_id}):
        add_watcher(session, into, person)


def _lock_both(session: Session, desk: Desk, *tickets: Ticket) -> None:
    """In the order of their ids, so that two never wait in a circle."""
    for ticket in sorted(tickets, key=lambda one: one.id):
        find_ticket(session, desk, ticket.id, lock=True)


def _of(ticket: Ticket) -> tuple[Any, Any]:
    either = or_(col(TicketLink.ticket_id) == ticket.id, col(TicketLink.other_id) == ticket.id)
    return col(TicketLink.organization_id) == ticket.organization_id, either


def _may_show(desk: Desk, ticket: Ticket, user_id: UUID) -> None:
    me = desk.actor.user_id
    if user_id != me and ticket.requester_id != me and not desk.works(ticket):
        raise Forbidden("ticket_not_yours_to_work")
