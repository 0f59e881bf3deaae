"""Files that go along with a mail: a message names where they lie, and they are read when it is sent."""

import structlog

from app.core.file_store import FileMissing, FileStoreUnavailable, get_file_store
from app.core.mail import FilePart, MailRefused
from app.models.ticket_talk import TicketAttachment

log = structlog.get_logger(__name__)


def mail_file(file: TicketAttachment) -> str:
    """How a message names a file, on one line."""
    return f"{file.storage_key} {file.media_type} {file.name}"


def read_files(named: list[str]) -> list[FilePart]:
    """The files that a message names; what was deleted since stays out.

    Raises:
        MailRefused: the store does not answer; the mail is tried again.
    """
    parts = []
    for line in named:
        key, media_type, name = line.split(" ", 2)
        try:
            parts.append(FilePart(name, media_type, b"".join(get_file_store().open(key))))
        except FileMissing:
            log.info("mail_file_gone", key=key)
        except FileStoreUnavailable as error:
            raise MailRefused(f"the file store does not answer: {error}", permanent=False) from error
    return parts
