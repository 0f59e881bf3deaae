"""Mail: what stands in the outbox, and a server that takes it."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Self

from aiosmtpd.controller import Controller
from psycopg import Connection

from app.core import tenancy
from app.db import SessionLocal
from app.models.base import now
from app.models.outbox import OutboxMessage
from app.supervisor.ports import free_port
from tests.support.people import Company


@dataclass
class Written:
    """A mail in the outbox."""

    template: str
    language: str
    values: dict[str, Any]

    @property
    def token(self) -> str:
        """The token in its link."""
        return str(self.values["url"]).partition("token=")[2]


def written_to(database: Connection, email: str) -> list[Written]:
    """What stands in the outbox for an address, in order."""
    rows = database.execute(
        "SELECT template, language, values FROM outbox_messages WHERE recipient = %s ORDER BY created_at", [email]
    )
    return [Written(*row) for row in rows]


def dead_letter(company: Company) -> str:
    """The id of a mail that was given up."""
    message = OutboxMessage(
        organization_id=company.organization.id,
        template="notice",
        recipient="nobody@example.com",
        language="en",
        failed_at=now(),
    )
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        session.add(message)
        return str(message.id)


def token_for(database: Connection, email: str) -> str:
    """The token in the newest mail to an address."""
    return written_to(database, email)[-1].token


def read_mail(content: bytes) -> EmailMessage:
    """A mail as a reader's program takes it apart."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body_of(message: EmailMessage, kind: str) -> str:
    """The plain or the html body."""
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


class MailServer:
    """An SMTP server on a socket of its own, which keeps what it is given.

    `answers` holds what it says to RCPT of an address instead of 250, and `data_answers` to its DATA.
    """

    def __init__(self, **options: Any) -> None:
        self.contents: list[tuple[str, bytes]] = []
        self.answers: dict[str, str] = {}
        self.data_answers: dict[str, str] = {}
        self.connections = 0
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop()

    @property
    def settings(self) -> dict[str, Any]:
        """The settings with which Planner uses this server."""
        return {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": self._controller.port, "SMTP_TLS": "none"}

    def mails_to(self, email: str) -> list[EmailMessage]:
        """What arrived for an address, in order."""
        return [read_mail(content) for recipient, content in self.contents if recipient == email]

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        (recipient,) = envelope.rcpt_tos
        if recipient in self.data_answers:
            return self.data_answers[recipient]
        self.contents.append((recipient, envelope.content))
        return "250 OK"
