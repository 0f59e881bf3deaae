"""The mailbox into which answers come, read over IMAP (RFC 3501). Only the workers import this."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from app.core.config import Settings

log = structlog.get_logger(__name__)

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxError(Exception):
    """The mailbox cannot be read now; the message says why."""


class Mailbox:
    """The unread messages of one folder."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def unread(self, limit: int) -> list[str]:
        """The UIDs of the first unread messages, the oldest first."""
        (found, *_) = self._asked("search", None, "UNSEEN")
        return [uid.decode() for uid in (found or b"").split()[:limit]]

    def size(self, uid: str) -> int | None:
        """Bytes of a message; None if it is gone."""
        for item in self._asked("fetch", uid, "(RFC822.SIZE)"):
            match = _SIZE.search(item if isinstance(item, bytes) else b"".join(item or ()))
            if match:
                return int(match[1])
        return None

    def fetch(self, uid: str) -> bytes | None:
        """The message as it came; it stays unread. None if it is gone."""
        for item in self._asked("fetch", uid, "(BODY.PEEK[])"):
            if isinstance(item, tuple):
                content: bytes = item[1]
                return content
        return None

    def mark_read(self, uid: str) -> None:
        self._asked("store", uid, "+FLAGS.SILENT", r"(\Seen)")

    def _asked(self, command: str, *arguments: Any) -> list[Any]:
        try:
            status, data = self._connection.uid(command, *arguments)
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"{command}: {error}") from error
        if status != "OK":
            raise MailboxError(f"{command}: {data!r:.200}")
        return list(data)


@contextmanager
def open_mailbox(settings: Settings) -> Iterator[Mailbox]:
    """The folder IMAP_FOLDER of the mailbox that the settings name.

    Raises:
        MailboxError: the server is not there, does not let us in, or does not know the folder.
    """
    try:
        connection = _connect(settings)
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxError(f"{type(error).__name__}: {error}"[:300]) from error
    try:
        try:
            connection.login(settings.IMAP_USER, settings.IMAP_PASSWORD)
            status, data = connection.select(f'"{settings.IMAP_FOLDER}"')
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(f"{type(error).__name__}: {error}"[:300]) from error
        if status != "OK":
            raise MailboxError(f"{settings.IMAP_FOLDER}: {data!r:.200}")
        yield Mailbox(connection)
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            connection.logout()


def _connect(settings: Settings) -> imaplib.IMAP4:
    timeout = settings.SMTP_TIMEOUT_SECONDS
    if settings.IMAP_TLS == "tls":
        return imaplib.IMAP4_SSL(
            settings.IMAP_HOST, settings.IMAP_PORT, ssl_context=ssl.create_default_context(), timeout=timeout
        )
    connection = imaplib.IMAP4(settings.IMAP_HOST, settings.IMAP_PORT, timeout=timeout)
    if settings.IMAP_TLS == "starttls":
        connection.starttls(ssl.create_default_context())
    return connection
