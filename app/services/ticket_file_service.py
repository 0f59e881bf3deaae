"""Files at tickets. Who sees the ticket reads and attaches them; internal ones are for those who work it."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.ticket import Ticket
from app.models.ticket_talk import EntryKind, TicketAttachment
from app.schemas.ticket_talk import TicketFileRead
from app.services.colleagues import colleagues
from app.services.nudges import after_commit
from app.services.rows import PageRequest, SortColumn, fetch_page, flush, get_visible
from app.services.stored_files import KeptFile, SentFile, check_room, check_size, keep, remove_files
from app.services.ticket_access import Desk, desk_of, find_ticket

SORTS = {"created_at": SortColumn(col(TicketAttachment.created_at), datetime)}


def list_files(
    session: Session, actor: Actor, ticket_id: UUID, sort: Any, page: PageRequest
) -> tuple[list[TicketFileRead], str | None]:
    """A page of the files that the actor may read, and the cursor of the next one or None."""
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id)
    rows, cursor = fetch_page(session, _visible(desk, ticket), SORTS, sort, page)
    return _told(session, ticket, rows), cursor


def find_content(session: Session, actor: Actor, ticket_id: UUID, file_id: UUID) -> TicketAttachment:
    """The row of a file whose bytes the actor may have.

    Raises:
        NotFound: the actor sees no such file there.
    """
    desk = desk_of(session, actor)
    return _get(session, desk, find_ticket(session, desk, ticket_id), file_id)


def attach(
    session: Session, actor: Actor, ticket_id: UUID, name: str | None, file: SentFile, *, is_internal: bool
) -> TicketFileRead:
    """Attach a file.

    Raises:
        NotFound: the actor sees no such ticket.
        Forbidden: it is to be internal, and the actor does not work the ticket.
        Invalid: the file is empty, or its name says nothing.
        PayloadTooLarge: it has more than ATTACHMENT_MAX_BYTES.
        Conflict: the ticket has TICKET_ATTACHMENTS_MAX, or the company ATTACHMENTS_TOTAL_MAX_BYTES.
        Unavailable: the store does not answer.
    """
    # Looked at twice: before anything is stored, and then with the lock, which nobody holds while a file is written.
    _admit(session, actor, ticket_id, file, is_internal=is_internal)
    kept = keep(actor.company, name, file)
    try:
        ticket = _admit(session, actor, ticket_id, file, is_internal=is_internal, lock=True)
        attachment = add_file(session, ticket, actor.user_id, kept, is_internal=is_internal)
    except Exception:
        remove_files([kept.storage_key])
        raise
    return _told(session, ticket, [attachment])[0]


def add_file(
    session: Session,
    ticket: Ticket,
    uploaded_by: UUID | None,
    kept: KeptFile,
    *,
    is_internal: bool,
    entry_id: UUID | None = None,
) -> TicketAttachment:
    """The row of a file that is stored."""
    attachment = TicketAttachment(
        **asdict(kept),
        organization_id=ticket.organization_id,
        ticket_id=ticket.id,
        entry_id=entry_id,
        uploaded_by_id=uploaded_by,
        is_internal=is_internal,
    )
    session.add(attachment)
    flush(session)
    return attachment


def to_send(session: Session, ticket: Ticket, kind: EntryKind, ids: Collection[UUID]) -> list[TicketAttachment]:
    """Files of a locked ticket that are to go along with an answer or a note.

    Raises:
        Invalid: one is not there, went along already, or is internal while that is not; or they are too large.
    """
    query = select(TicketAttachment).where(
        col(TicketAttachment.organization_id) == ticket.organization_id,
        col(TicketAttachment.ticket_id) == ticket.id,
        col(TicketAttachment.id).in_(set(ids)),
        col(TicketAttachment.entry_id).is_(None),
        col(TicketAttachment.is_internal) == (kind == EntryKind.NOTE),
    )
    files = list(session.execute(query.order_by(col(TicketAttachment.created_at))).scalars())
    if len(files) < len(set(ids)):
        raise Invalid("attachment_not_found", field="attachment_ids")
    limit = get_settings().TICKET_MAIL_FILES_MAX_BYTES
    if sum(file.size for file in files) > limit:
        raise Invalid("ticket_files_too_large", field="attachment_ids", limit=limit)
    return files


def of_entries(session: Session, ticket: Ticket, entries: Collection[UUID]) -> dict[UUID, list[TicketFileRead]]:
    """The files that came with entries, by these."""
    query = select(TicketAttachment).where(
        col(TicketAttachment.organization_id) == ticket.organization_id, col(TicketAttachment.entry_id).in_(entries)
    )
    found: dict[UUID, list[TicketFileRead]] = {}
    for file in _told(
        session, ticket, session.execute(query.order_by(col(TicketAttachment.created_at))).scalars().all()
    ):
        assert file.entry_id is not None
        found.setdefault(file.entry_id, []).append(file)
    return found


def delete_file(session: Session, actor: Actor, ticket_id: UUID, file_id: UUID) -> None:
    """Delete what one attached, or as somebody who works the ticket, what anybody did.

    Raises:
        NotFound: the actor sees no such file there.
        Forbidden: somebody else attached it.
    """
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=True)
    attachment = _get(session, desk, ticket, file_id)
    if attachment.uploaded_by_id != actor.user_id and not desk.works(ticket):
        raise Forbidden("not_ticket_uploader")
    key = attachment.storage_key
    session.delete(attachment)
    flush(session)
    after_commit(session, lambda: remove_files([key]))


def move_files(session: Session, ticket: Ticket, into: Ticket) -> None:
    """Let the files of a ticket stand at another one."""
    session.execute(
        update(TicketAttachment)
        .where(
            col(TicketAttachment.organization_id) == ticket.organization_id,
            col(TicketAttachment.ticket_id) == ticket.id,
        )
        .values(ticket_id=into.id)
        .execution_options(synchronize_session=False)
    )


def free_places(session: Session, ticket: Ticket) -> int:
    """How many files more the ticket may have."""
    counted = select(func.count()).where(
        col(TicketAttachment.organization_id) == ticket.organization_id, col(TicketAttachment.ticket_id) == ticket.id
    )
    count: int = session.execute(counted).scalar_one()
    return get_settings().TICKET_ATTACHMENTS_MAX - count


def _admit(
    session: Session, actor: Actor, ticket_id: UUID, file: SentFile, *, is_internal: bool, lock: bool = False
) -> Ticket:
    """The ticket, if the actor may attach this file to it."""
    desk = desk_of(session, actor)
    ticket = find_ticket(session, desk, ticket_id, lock=lock)
    if is_internal and not (desk.works(ticket) and desk.sees_internal(ticket)):
        raise Forbidden("ticket_note_not_yours")
    check_size(file)
    if free_places(session, ticket) < 1:
        raise Conflict("too_many_ticket_files", limit=get_settings().TICKET_ATTACHMENTS_MAX)
    check_room(session, actor.company, file.size, lock=lock)
    return ticket


def _visible(desk: Desk, ticket: Ticket) -> Select[TicketAttachment]:
    query = select(TicketAttachment).where(
        col(TicketAttachment.organization_id) == ticket.organization_id, col(TicketAttachment.ticket_id) == ticket.id
    )
    return query if desk.sees_internal(ticket) else query.where(~col(TicketAttachment.is_internal))


def _get(session: Session, desk: Desk, ticket: Ticket, file_id: UUID) -> TicketAttachment:
    return get_visible(session, _visible(desk, ticket), file_id, "attachment_not_found")


def _told(session: Session, ticket: Ticket, rows: Collection[TicketAttachment]) -> list[TicketFileRead]:
    names = colleagues(session, ticket.organization_id, {row.uploaded_by_id for row in rows if row.uploaded_by_id})
    plain = TicketFileRead.model_fields.keys() - {"uploaded_by"}
    return [
        TicketFileRead(
            **{name: getattr(row, name) for name in plain},
            uploaded_by=names[row.uploaded_by_id] if row.uploaded_by_id else None,
        )
        for row in rows
    ]
