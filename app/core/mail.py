"""Mail as it leaves the house: composed (RFC 5322), and handed to an SMTP server (RFC 5321) or written to a file.

Only the workers import this.
"""

import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.core.config import Settings

# Every server takes it, whatever it knows.
SEVEN_BIT = SMTP.clone(cte_type="7bit")
FIRST_PERMANENT_REPLY = 500
REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """What one person is to read. `id` names the mail for good: sent twice, it is folded into one."""

    id: UUID
    recipient: str
    language: str
    subject: str
    text: str
    html: str
    # Names what all mails about the same event belong to.
    thread: UUID | None = None
    calendar: "CalendarPart | None" = None
    # What answers are known by: a part of the Message-ID; and where they go.
    token: str | None = None
    reply_to: str | None = None
    files: "Sequence[FilePart]" = ()
    # Written by a person, not made by a program: programs may take it for an answer.
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """What the reader's calendar is told (iMIP, RFC 6047): a text/calendar with its method."""

    method: str
    content: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that comes along."""

    name: str
    media_type: str
    content: bytes


class MailRefused(Exception):
    """The server does not take this mail; a permanent refusal (5xx) will not change."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason[:REASON_LENGTH])
        self.permanent = permanent


class MailServerDown(Exception):
    """The server takes no mail at all: not reachable, too slow, or it does not let us in."""


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand the message over.

        Raises:
            MailRefused: this message is not taken.
            MailServerDown: no message would be.
        """


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The message with a plain and an HTML body.

    Raises:
        MailRefused: the address or the subject cannot stand in a header; line breaks cannot.
    """
    message = EmailMessage(policy=SEVEN_BIT)
    name, address = parseaddr(sender)
    try:
        message["From"] = Address(name, addr_spec=_ascii_domain(address))
        message["To"] = Address(addr_spec=_ascii_domain(letter.recipient))
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        domain = _ascii_domain(address).rpartition("@")[2]
        name = f"{letter.id}.{letter.token}" if letter.token else str(letter.id)
        message["Message-ID"] = f"<{name}@{domain}>"
        if letter.reply_to is not None:
            message["Reply-To"] = Address(addr_spec=_ascii_domain(letter.reply_to))
        if letter.thread is not None:
            # A message that nobody has sent: programs show together what refers to the same.
            message["In-Reply-To"] = message["References"] = f"<{letter.thread}.thread@{domain}>"
    except (ValueError, IndexError) as error:
        raise MailRefused(f"cannot be addressed: {error}", permanent=True) from error
    if not letter.is_personal:
        # No answer of an absent reader's program, please (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for file in letter.files:
        maintype, _, subtype = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    if letter.calendar is not None:
        _add_calendar(message, letter.calendar)
    # Last: the content's own headers move into the first part.
    message["Content-Language"] = letter.language
    return message


def _add_calendar(message: EmailMessage, calendar: CalendarPart) -> None:
    """As an alternative, for programs that show buttons; and as a file, for those that only open files."""
    params = {"method": calendar.method}
    message.add_alternative(calendar.content, subtype="calendar", charset="utf-8", params=params)
    message.add_attachment(calendar.content.encode(), maintype="application", subtype="ics", filename="invite.ics")


def _ascii_domain(address: str) -> str:
    """The address with its domain as servers know it (IDNA)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.encode('idna').decode('ascii')}"


class SmtpMailer:
    """One connection to the server of SMTP_HOST, opened for the first message and kept for the next ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None

    def send(self, message: EmailMessage) -> None:
        try:
            connection = self._ready()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise MailServerDown(_described(error)) from error
        try:
            connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            raise MailRefused(_reason(code, reply), permanent=code >= FIRST_PERMANENT_REPLY) from error
        except smtplib.SMTPDataError as error:
            permanent = error.smtp_code >= FIRST_PERMANENT_REPLY
            raise MailRefused(_reason(error.smtp_code, error.smtp_error), permanent=permanent) from error
        except smtplib.SMTPNotSupportedError as error:
            # The local part of the address has letters that the server does not know (RFC 6531).
            raise MailRefused(str(error), permanent=True) from error
        except (smtplib.SMTPException, OSError) as error:
            # A refused sender among them: a matter of our settings, so every mail would fare the same.
            self.close()
            raise MailServerDown(_described(error)) from error

    def close(self) -> None:
        """Say good-bye; the next message opens a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _ready(self) -> smtplib.SMTP:
        """The connection, or a new one where the server has closed it in the meantime."""
        if self._connection is not None:
            try:
                if self._connection.noop()[0] < FIRST_PERMANENT_REPLY:
                    return self._connection
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        settings = self._settings
        timeout, context = settings.SMTP_TIMEOUT_SECONDS, ssl.create_default_context()
        if settings.SMTP_TLS == "tls":
            self._connection = smtplib.SMTP_SSL(
                settings.SMTP_HOST, settings.SMTP_PORT, timeout=timeout, context=context
            )
        else:
            self._connection = smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT, timeout=timeout)
        if settings.SMTP_TLS == "starttls":
            self._connection.starttls(context=context)
        if settings.SMTP_USER:
            self._connection.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
        return self._connection


class FolderMailer:
    """Writes each message as an .eml file, which mail programs open: for development, where there is no server."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit

    def send(self, message: EmailMessage) -> None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self.folder / f"{stamp}-{name}.eml"
            # Nobody else on the machine should find the links in it.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(message.as_bytes())
            for old in sorted(self.folder.glob("*.eml"))[: -self.limit]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise MailServerDown(f"{self.folder}: {error.strerror}") from error


@contextmanager
def open_mailer(settings: Settings) -> Iterator[Mailer | None]:
    """What mails are handed to: the server of SMTP_HOST, or a folder; in production without a server, None."""
    if settings.SMTP_HOST:
        mailer = SmtpMailer(settings)
        try:
            yield mailer
        finally:
            mailer.close()
    elif settings.is_production:
        yield None
    else:
        yield FolderMailer(settings.PLANNER_HOME / "mail", settings.MAIL_FILES_MAX)


def _described(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reason(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"[:REASON_LENGTH]


def _reason(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {text}"[:REASON_LENGTH]
