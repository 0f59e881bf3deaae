"""Answers and notes. A note is for those who work the queue; its requester never learns that there is one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.base import now
from app.models.ticket import DONE_STATES, Ticket, TicketApproval, TicketSource, TicketState
from app.models.ticket_talk import EntryKind, TicketAttachment, TicketEntry
from app.schemas.ticket import Requester
from app.schemas.ticket_talk import EntryRead, EntryWrite
from app.services import ticket_clock, ticket_file_service, ticket_notices, ticket_states
from app.services.colleagues import colleagues
from app.services.rows import PageRequest, SortColumn, fetch_page, flush
from app.services.ticket_access import desk_of, find_ticket, readers_among
from app.services.ticket_history import Hand

SORTS = {"created_at": SortColumn(col(TicketEntry.created_at), datetime)}
NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Author:
    """Who says something: a colleague, who works the ticket or not, or somebody outside."""

    user_id: UUID | None
    works: bool = False
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    body: str
    folded: str | None = None
    mentions: Sequence[UUID] = ()
    files: Sequence[TicketAttachment] = ()
    source: TicketSource = TicketSource.API


def list_entries(
    session: Session, actor: Actor, ticket_id: UUID, sort: Any, page: PageRequest
) -> tuple[list[EntryRead], str | None]:
    """A page of what the actor may read of it, and the cursor of the next one or None."""
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id)
    query = select(TicketEntry).where(
        col(TicketEntry.organization_id) == ticket.organization_id, col(TicketEntry.ticket_id) == ticket.id
    )
    if not desk.sees_internal(ticket):
        query = query.where(col(TicketEntry.kind) == EntryKind.REPLY)
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return _told(session, ticket, rows), cursor


def create_entry(session: Session, actor: Actor, ticket_id: UUID, data: EntryWrite) -> EntryRead:
    """An answer of somebody who sees the ticket, or a note of somebody who works it.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: a note is not theirs to write.
        Invalid: somebody is mentioned who does not see it, or a file cannot go along.
        Conflict: the ticket has TICKET_ENTRIES_MAX, or the requester's answer would reopen what is closed for good.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    if data.kind is EntryKind.NOTE and not (desk.works(ticket) and desk.sees_internal(ticket)):
        raise Forbidden("ticket_note_not_yours")
    mentions = list(dict.fromkeys(data.mentions))
    _check_mentions(session, ticket, data.kind, mentions)
    author = Author(actor.user_id, works=desk.works(ticket) and ticket.requester_id != actor.user_id)
    files = ticket_file_service.to_send(session, ticket, data.kind, data.attachment_ids)
    entry = add_entry(session, ticket, author, data.kind, Said(data.body, mentions=mentions, files=files))
    return _told(session, ticket, [entry])[0]


def add_entry(session: Session, ticket: Ticket, author: Author, kind: EntryKind, said: Said) -> TicketEntry:
    """Write an answer or a note of a locked ticket, with what follows from it.

    The desk's first answer keeps its promise; an answer of the requester brings back what waits or is resolved.
    """
    counted = select(func.count()).where(
        col(TicketEntry.organization_id) == ticket.organization_id, col(TicketEntry.ticket_id) == ticket.id
    )
    limit = get_settings().TICKET_ENTRIES_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_entries", limit=limit)
    entry = TicketEntry(
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        kind=kind,
        author_id=author.user_id,
        author_email=author.email if author.user_id is None else None,
        author_name=author.name if author.user_id is None else None,
        body=said.body,
        folded=said.folded,
        mentions=list(said.mentions),
        source=said.source,
    )
    session.add(entry)
    flush(session)
    for file in said.files:
        file.entry_id = entry.id
    flush(session)
    if kind == EntryKind.REPLY:
        _follow_reply(session, ticket, author)
    ticket_notices.tell_entry(session, ticket, entry, said.files)
    return entry


def _follow_reply(session: Session, ticket: Ticket, author: Author) -> None:
    hand = Hand(author.user_id, cause=None if author.user_id else "answered_by_mail")
    if author.works:
        if ticket.first_answered_at is None and ticket.resolved_at is None:
            ticket.first_answered_at = now()
        if ticket.state == TicketState.NEW:
            ticket_states.change_state(session, ticket, TicketState.OPEN, hand)
        else:
            ticket_clock.refresh(session, ticket)
    elif author.user_id == ticket.requester_id:
        waits = ticket.state == TicketState.PENDING and ticket.approval != TicketApproval.WAITING
        if waits or ticket.state in DONE_STATES:
            ticket_states.change_state(session, ticket, TicketState.OPEN, hand)
    ticket.version += 1
    ticket.updated_at = now()
    flush(session)


def move_entries(session: Session, ticket: Ticket, into: Ticket) -> None:
    """Let what was said at a ticket stand at another one; authors and times stay."""
    session.execute(
        update(TicketEntry)
        .where(col(TicketEntry.organization_id) == ticket.organization_id, col(TicketEntry.ticket_id) == ticket.id)
        .values(ticket_id=into.id)
        .execution_options(synchronize_session=False)
    )


def _check_mentions(session: Session, ticket: Ticket, kind: EntryKind, mentions: Collection[UUID]) -> None:
    limit = get_settings().COMMENT_MENTIONS_MAX
    if len(mentions) > limit:
        raise Invalid("too_many_mentions", field="mentions", limit=limit)
    blind = set(mentions) - readers_among(session, ticket, mentions, internal=kind is EntryKind.NOTE)
    if blind:
        known = colleagues(session, ticket.organization_id, blind)
        people = sorted(known[id_].full_name or known[id_].email if id_ in known else str(id_) for id_ in blind)
        named = ", ".join(people[:NAMED_MAX]) + (" …" if len(people) > NAMED_MAX else "")
        raise Invalid("ticket_mention_not_reader", field="mentions", people=named)


def _told(session: Session, ticket: Ticket, rows: Sequence[TicketEntry]) -> list[EntryRead]:
    ids = {id_ for row in rows for id_ in (row.author_id, *row.mentions) if id_ is not None}
    names = colleagues(session, ticket.organization_id, ids)
    files = ticket_file_service.of_entries(session, ticket, {row.id for row in rows})
    return [
        EntryRead(
            **row.model_dump(include={"id", "kind", "body", "folded", "source", "created_at"}),
            author=Requester(id=None, full_name=row.author_name, email=row.author_email or "")
            if row.author_id is None
            else Requester.model_validate(names[row.author_id]),
            mentions=[names[id_] for id_ in row.mentions if id_ in names],
            attachments=files.get(row.id, []),
        )
        for row in rows
    ]
