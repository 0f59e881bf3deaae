"""Files attached to events. Who reads an event's details reads them; participants and the host attach them."""

from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden
from app.models.discussion import EventAttachment
from app.schemas.discussion import AttachmentRead, DiscussionSort
from app.services import event_access
from app.services.colleagues import colleagues
from app.services.discussion_places import Place, find_place, visible_to
from app.services.nudges import after_commit
from app.services.rows import PageRequest, SortColumn, fetch_page, flush, get_visible
from app.services.stored_files import SentFile, check_room, check_size, keep, remove_files, used

SORTS = {"created_at": SortColumn(col(EventAttachment.created_at), datetime)}


def list_attachments(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, sort: DiscussionSort, page: PageRequest
) -> tuple[list[AttachmentRead], str | None]:
    """A page of the files at a place, and the cursor of the next one or None.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
    """
    place = find_place(session, actor, event_id, occurrence)
    rows, cursor = fetch_page(session, visible_to(actor, place, EventAttachment), SORTS, sort, page)
    return _told(session, place, rows), cursor


def read_attachment(session: Session, actor: Actor, event_id: UUID, attachment_id: UUID) -> AttachmentRead:
    """What is known of a file.

    Raises:
        NotFound: the actor sees no such file there.
    """
    place = find_place(session, actor, event_id)
    return _told(session, place, [_get_attachment(session, actor, place, attachment_id)])[0]


def find_content(session: Session, actor: Actor, event_id: UUID, attachment_id: UUID) -> EventAttachment:
    """The row of a file whose bytes the actor may have.

    Raises:
        NotFound: the actor sees no such file there.
    """
    return _get_attachment(session, actor, find_place(session, actor, event_id), attachment_id)


def attach(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, name: str | None, file: SentFile
) -> AttachmentRead:
    """Attach a file, of whoever really sends it, a delegate too.

    Raises:
        NotFound: the actor does not see the event, or there is no such occurrence.
        Forbidden: the actor neither takes part nor keeps the event.
        Invalid: the file is empty, or its name says nothing.
        PayloadTooLarge: it has more than ATTACHMENT_MAX_BYTES.
        Conflict: the event has ATTACHMENTS_PER_EVENT_MAX files, or the company ATTACHMENTS_TOTAL_MAX_BYTES.
        Unavailable: the store does not answer.
    """
    # Looked at twice: before anything is stored, and then with the lock, which nobody holds while a file is written.
    _admit(session, actor, event_id, occurrence, file)
    kept = keep(actor.company, name, file)
    try:
        place = _admit(session, actor, event_id, occurrence, file, lock=True)
        attachment = EventAttachment(
            organization_id=actor.company,
            event_id=place.whole.id,
            original_start=place.original_start,
            uploaded_by_id=actor.delegate_id or actor.user_id,
            **asdict(kept),
        )
        session.add(attachment)
        flush(session)
    except Exception:
        remove_files([kept.storage_key])
        raise
    return _told(session, place, [attachment])[0]


def delete_attachment(session: Session, actor: Actor, event_id: UUID, attachment_id: UUID) -> None:
    """Delete what one attached, or as the event's host, what anybody attached.

    Raises:
        NotFound: the actor sees no such file there.
        Forbidden: somebody else attached it, and the actor is no host.
    """
    place = find_place(session, actor, event_id, lock=True)
    attachment = _get_attachment(session, actor, place, attachment_id)
    is_uploader = attachment.uploaded_by_id == (actor.delegate_id or actor.user_id)
    if not is_uploader and not event_access.is_host(session, actor, place.event):
        raise Forbidden("not_uploader_or_host")
    key = attachment.storage_key
    session.delete(attachment)
    flush(session)
    if not used(session, actor.company, [key]):
        after_commit(session, lambda: remove_files([key]))


def _admit(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, file: SentFile, *, lock: bool = False
) -> Place:
    """The place, if the actor may attach this file to it."""
    settings = get_settings()
    place = find_place(session, actor, event_id, occurrence, lock=lock)
    may_attach = event_access.takes_part(session, actor, place.event)
    if not may_attach and not event_access.is_host(session, actor, place.event):
        raise Forbidden("not_participant")
    check_size(file)
    company = col(EventAttachment.organization_id) == actor.company
    of_event = select(func.count()).where(company, col(EventAttachment.event_id) == place.whole.id)
    if session.execute(of_event).scalar_one() >= settings.ATTACHMENTS_PER_EVENT_MAX:
        raise Conflict("too_many_attachments", limit=settings.ATTACHMENTS_PER_EVENT_MAX)
    check_room(session, actor.company, file.size, lock=lock)
    return place


def _get_attachment(session: Session, actor: Actor, place: Place, attachment_id: UUID) -> EventAttachment:
    return get_visible(session, visible_to(actor, place, EventAttachment), attachment_id, "attachment_not_found")


def _told(session: Session, place: Place, attachments: list[EventAttachment]) -> list[AttachmentRead]:
    names = colleagues(session, place.whole.organization_id, (row.uploaded_by_id for row in attachments))
    return [
        AttachmentRead(
            id=row.id,
            event_id=row.event_id,
            original_start=place.shown_start(row.original_start),
            uploaded_by=names[row.uploaded_by_id],
            name=row.name,
            media_type=row.media_type,
            size=row.size,
            sha256=row.sha256,
            created_at=row.created_at,
        )
        for row in attachments
    ]
