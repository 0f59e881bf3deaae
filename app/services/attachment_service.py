"""Files attached to events. Who reads an event's details reads them; participants and the host attach them.

The file is stored before its row is committed, and removed after its last row is gone: whatever happens in between, a
row has its file. What a crash, a deleted event or a deleted company leaves over, a daily task removes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from typing import BinaryIO
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, PayloadTooLarge, Unavailable
from app.core.file_names import safe_name
from app.core.file_store import FileMissing, FileStoreUnavailable, StoredFile, company_of, get_file_store, new_key
from app.core.media_types import media_type_of
from app.models.discussion import EventAttachment
from app.schemas.discussion import AttachmentRead, DiscussionSort
from app.services import event_access
from app.services.colleagues import colleagues
from app.services.discussion_places import Place, find_place, visible_to
from app.services.nudges import after_commit
from app.services.rows import PageRequest, SortColumn, fetch_page, flush, get_visible

log = structlog.get_logger(__name__)

SORTS = {"created_at": SortColumn(col(EventAttachment.created_at), datetime)}
# A file this young may belong to a request that has not committed yet.
LEFTOVER_AGE = timedelta(days=1)
KEYS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that arrived whole, with its size in bytes and its digest in hexadecimal."""

    content: BinaryIO
    size: int
    sha256: str


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


def open_content(attachment: EventAttachment) -> Iterator[bytes]:
    """The bytes of a file, in pieces.

    Raises:
        NotFound: the store has lost it.
        Unavailable: the store does not answer.
    """
    try:
        with _store_answers():
            return get_file_store().open(attachment.storage_key)
    except FileMissing as error:
        log.error("attachment_lost", attachment_id=str(attachment.id), key=attachment.storage_key)
        raise NotFound("attachment_content_missing") from error


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
    safe = safe_name(name or "")
    if safe is None:
        raise Invalid("attachment_needs_name", field="name")
    media_type = media_type_of(file.content, safe)
    key = new_key(actor.company)
    file.content.seek(0)
    with _store_answers():
        get_file_store().put(key, file.content)
    try:
        place = _admit(session, actor, event_id, occurrence, file, lock=True)
        attachment = EventAttachment(
            organization_id=actor.company,
            event_id=place.whole.id,
            original_start=place.original_start,
            uploaded_by_id=actor.delegate_id or actor.user_id,
            name=safe,
            media_type=media_type,
            size=file.size,
            sha256=file.sha256,
            storage_key=key,
        )
        session.add(attachment)
        flush(session)
    except Exception:
        remove_files([key])
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
    if not _used(session, actor.company, [key]):
        after_commit(session, lambda: remove_files([key]))


def leftover_candidates() -> Iterator[tuple[UUID, list[str]]]:
    """Keys of files that are old enough to be left over, by company, some at once."""
    before = datetime.now(UTC) - LEFTOVER_AGE

    def company(file: StoredFile) -> UUID:
        return company_of(file.key)

    old = (file for file in get_file_store().list() if file.written_at < before)
    for organization_id, files in groupby(old, key=company):
        while keys := [file.key for file in islice(files, KEYS_AT_ONCE)]:
            yield organization_id, keys


def unused(session: Session, organization_id: UUID, keys: list[str]) -> list[str]:
    """Those of the keys that no row of the company, which the session has entered, refers to; it may be gone."""
    used = _used(session, organization_id, keys)
    return [key for key in keys if key not in used]


def remove_files(keys: list[str]) -> int:
    """Remove files, as far as the store lets us; how many. What stays, the daily task meets again."""
    removed = 0
    for key in keys:
        try:
            get_file_store().delete(key)
            removed += 1
        except FileStoreUnavailable as error:
            log.warning("attachment_not_removed", key=key, error=str(error))
    return removed


def _admit(
    session: Session, actor: Actor, event_id: UUID, occurrence: date | None, file: SentFile, *, lock: bool = False
) -> Place:
    """The place, if the actor may attach this file to it."""
    settings = get_settings()
    place = find_place(session, actor, event_id, occurrence, lock=lock)
    may_attach = event_access.takes_part(session, actor, place.event)
    if not may_attach and not event_access.is_host(session, actor, place.event):
        raise Forbidden("not_participant")
    if file.size > settings.ATTACHMENT_MAX_BYTES:
        raise PayloadTooLarge("attachment_too_large", limit=settings.ATTACHMENT_MAX_BYTES)
    if not file.size:
        raise Invalid("attachment_empty")
    company = col(EventAttachment.organization_id) == actor.company
    of_event = select(func.count()).where(company, col(EventAttachment.event_id) == place.whole.id)
    if session.execute(of_event).scalar_one() >= settings.ATTACHMENTS_PER_EVENT_MAX:
        raise Conflict("too_many_attachments", limit=settings.ATTACHMENTS_PER_EVENT_MAX)
    if lock:
        # Two files must not both fit into what is left for one.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"attachments:{actor.company}", 0))))
    # Parts of a split series share files.
    files = select(col(EventAttachment.storage_key), col(EventAttachment.size)).where(company).distinct().subquery()
    total = session.execute(select(func.coalesce(func.sum(files.c.size), 0))).scalar_one()
    if total + file.size > settings.ATTACHMENTS_TOTAL_MAX_BYTES:
        raise Conflict("attachments_full", limit=settings.ATTACHMENTS_TOTAL_MAX_BYTES)
    return place


def _get_attachment(session: Session, actor: Actor, place: Place, attachment_id: UUID) -> EventAttachment:
    return get_visible(session, visible_to(actor, place, EventAttachment), attachment_id, "attachment_not_found")


def _used(session: Session, organization_id: UUID, keys: list[str]) -> set[str]:
    query = select(col(EventAttachment.storage_key)).where(
        col(EventAttachment.organization_id) == organization_id, col(EventAttachment.storage_key).in_(keys)
    )
    return set(session.execute(query).scalars())


@contextmanager
def _store_answers() -> Iterator[None]:
    try:
        yield
    except FileStoreUnavailable as error:
        log.error("file_store_unavailable", error=str(error))
        raise Unavailable("file_store_unavailable") from error


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
