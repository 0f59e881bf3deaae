"""How mails leave: rendered, composed, handed to the mail server. Only the workers import this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from jinja2 import TemplateError
from sqlalchemy import select
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.mail import Letter, Mailer, MailRefused, MailServerDown, compose
from app.models.outbox import ItipMessage, OutboxChannel, OutboxMessage
from app.services.delivery_service import Delivery, Parcel, Receipt
from app.services.mail_templates import render
from app.services.outbox_service import MailTemplate

# Their links sign somebody in.
WITH_SECRETS = frozenset({MailTemplate.INVITATION, MailTemplate.REGISTRATION, MailTemplate.ACCOUNT_EXISTS})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailContents:
    template: str
    recipient: str
    language: str
    values: Mapping[str, Any]
    thread: UUID | None
    # The method, and the text with the placeholders that `itip_mail` fills in for each recipient.
    itip: tuple[str, str] | None = None


class MailWay:
    """Mails, over one connection to the server."""

    channel = OutboxChannel.MAIL

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def pack(self, session: Session, messages: Sequence[OutboxMessage]) -> list[Parcel]:
        itip = _itip_of(session, messages)
        return [
            Parcel(
                message.id,
                message.organization_id,
                MailContents(
                    template=message.template or "",
                    recipient=message.recipient,
                    language=message.language,
                    values=dict(message.values),
                    thread=message.thread,
                    itip=itip.get(message.itip_id),
                ),
            )
            for message in messages
        ]

    def send(self, parcel: Parcel) -> Receipt:
        contents: MailContents = parcel.contents
        try:
            self._mailer.send(compose(_letter(parcel.id, contents), get_settings().MAIL_FROM))
        except MailRefused as refusal:
            return Receipt(Delivery.FAILED if refusal.permanent else Delivery.DELAYED, str(refusal))
        except MailServerDown as outage:
            return Receipt(Delivery.SERVER_DOWN, str(outage))
        except (TemplateError, ValueError, KeyError) as error:
            # A mistake of ours: it must not keep the mails behind it from leaving.
            log.error("mail_not_composed", template=contents.template, id=str(parcel.id), exc_info=error)
            return Receipt(Delivery.FAILED, f"not composed: {type(error).__name__}")
        return Receipt(Delivery.SENT)

    def settle(self, session: Session, message: OutboxMessage, receipt: Receipt) -> None:
        """Of what was given up, secrets are forgotten: such a mail is made anew, not tried again."""
        if message.failed_at is not None and message.template in WITH_SECRETS:
            message.values = {}


def _letter(message_id: UUID, contents: MailContents) -> Letter:
    texts = render(contents.template, contents.language, contents.values)
    return Letter(
        id=message_id,
        recipient=contents.recipient,
        language=contents.language,
        subject=texts.subject,
        text=texts.text,
        html=texts.html,
    )


def _itip_of(session: Session, messages: Sequence[OutboxMessage]) -> dict[UUID | None, tuple[str, str]]:
    ids = {message.itip_id for message in messages if message.itip_id is not None}
    if not ids:
        return {}
    query = select(ItipMessage).where(
        col(ItipMessage.organization_id) == messages[0].organization_id, col(ItipMessage.id).in_(ids)
    )
    return {row.id: (row.method, row.content) for row in session.execute(query).scalars()}
