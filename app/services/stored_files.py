"""Files that people attach, to events and to tickets: their bytes in the file store, their rows in either table.

A file is stored before its row is committed, and removed after its last row is gone: whatever happens in between, a row
has its file. What a crash, a deleted event or a deleted company leaves over, a daily task removes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import BinaryIO
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.errors import Conflict, Invalid, NotFound, PayloadTooLarge, Unavailable
from app.core.file_names import safe_name
from app.core.file_store import FileMissing, FileStoreUnavailable, StoredFile, company_of, get_file_store, new_key
from app.core.media_types import media_type_of
from app.models.discussion import EventAttachment
from app.models.ticket_talk import TicketAttachment
from app.services.turns import take_turn

log = structlog.get_logger(__name__)

# A file this young may belong to a request that has not committed yet.
LEFTOVER_AGE = timedelta(days=1)
KEYS_AT_ONCE = 1000
TABLES: tuple[type[EventAttachment] | type[TicketAttachment], ...] = (EventAttachment, TicketAttachment)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that arrived whole, with its size in bytes and its digest in hexadecimal."""

    content: BinaryIO
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the store: what a row says of it."""

    name: str
    media_type: str
    size: int
    sha256: str
    storage_key: str


def check_size(file: SentFile) -> None:
    """Raises PayloadTooLarge above ATTACHMENT_MAX_BYTES, and Invalid for an empty file."""
    limit = get_settings().ATTACHMENT_MAX_BYTES
    if file.size > limit:
        raise PayloadTooLarge("attachment_too_large", limit=limit)
    if not file.size:
        raise Invalid("attachment_empty")


def check_room(session: Session, company: UUID, size: int, *, lock: bool) -> None:
    """Raises Conflict when so many bytes more would exceed ATTACHMENTS_TOTAL_MAX_BYTES of the company."""
    if lock:
        # Two files must not both fit into what is left for one.
        take_turn(session, "attachments", company)
    total = 0
    for table in TABLES:
        # Parts of a split series share files.
        keys = select(col(table.storage_key), col(table.size)).where(col(table.organization_id) == company)
        files = keys.distinct().subquery()
        total += session.execute(select(func.coalesce(func.sum(files.c.size), 0))).scalar_one()
    limit = get_settings().ATTACHMENTS_TOTAL_MAX_BYTES
    if total + size > limit:
        raise Conflict("attachments_full", limit=limit)


def keep(company: UUID, name: str | None, file: SentFile) -> KeptFile:
    """Store a file.

    Raises:
        Invalid: its name says nothing.
        Unavailable: the store does not answer.
    """
    safe = safe_name(name or "")
    if safe is None:
        raise Invalid("attachment_needs_name", field="name")
    kept = KeptFile(safe, media_type_of(file.content, safe), file.size, file.sha256, new_key(company))
    file.content.seek(0)
    with _store_answers():
        get_file_store().put(kept.storage_key, file.content)
    return kept


def open_content(file: EventAttachment | TicketAttachment) -> Iterator[bytes]:
    """The bytes of a file, in pieces.

    Raises:
        NotFound: the store has lost it.
        Unavailable: the store does not answer.
    """
    try:
        with _store_answers():
            return get_file_store().open(file.storage_key)
    except FileMissing as error:
        log.error("attachment_lost", attachment_id=str(file.id), key=file.storage_key)
        raise NotFound("attachment_content_missing") from error


def leftover_candidates() -> Iterator[tuple[UUID, list[str]]]:
    """Keys of files that are old enough to be left over, by company, some at once."""
    before = datetime.now(UTC) - LEFTOVER_AGE

    def company(file: StoredFile) -> UUID:
        return company_of(file.key)

    old = (file for file in get_file_store().list() if file.written_at < before)
    for organization_id, files in groupby(old, key=company):
        while keys := [file.key for file in islice(files, KEYS_AT_ONCE)]:
            yield organization_id, keys


def used(session: Session, organization_id: UUID, keys: list[str]) -> set[str]:
    """Those of the keys that some row refers to, in the company that the session has entered; it may be gone."""
    found: set[str] = set()
    for table in TABLES:
        query = select(col(table.storage_key)).where(
            col(table.organization_id) == organization_id, col(table.storage_key).in_(keys)
        )
        found |= set(session.execute(query).scalars())
    return found


def unused(session: Session, organization_id: UUID, keys: list[str]) -> list[str]:
    """Those of the keys that no row refers to, likewise."""
    taken = used(session, organization_id, keys)
    return [key for key in keys if key not in taken]


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


@contextmanager
def _store_answers() -> Iterator[None]:
    try:
        yield
    except FileStoreUnavailable as error:
        log.error("file_store_unavailable", error=str(error))
        raise Unavailable("file_store_unavailable") from error
