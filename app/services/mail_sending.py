"""How mails leave: rendered, composed, handed to the mail server. Only the workers import this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from jinja2 import TemplateError
from sqlalchemy import ColumnElement, select, true
from sqlmodel import Session, col

from app.calendaring.ical.scheduling import Method, as_sent, for_recipient
from app.core.config import get_settings
from app.core.mail import CalendarPart, Letter, Mailer, MailRefused, MailServerDown, compose
from app.models.outbox import ItipMessage, OutboxChannel, OutboxMessage
from app.services.delivery_service import Delivery, Parcel, Receipt
from app.services.mail_files import read_files
from app.services.mail_templates import render
from app.services.outbox_service import WITH_SECRETS
from app.services.reply_key_service import make_key

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ItipText:
    method: str
    content: str
    hides_guests: bool


@dataclass(frozen=True, slots=True)
class MailContents:
    template: str
    recipient: str
    language: str
    values: Mapping[str, Any]
    thread: UUID | None
    itip: ItipText | None = None


class MailWay:
    """Mails, over one connection to the server."""

    channel = OutboxChannel.MAIL
    keeps_values = False

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def can_leave(self) -> ColumnElement[bool]:
        return true()

    def pack(self, session: Session, messages: Sequence[OutboxMessage]) -> list[Parcel]:
        itip = _itip_of(session, messages)
        return [
            Parcel(
                message.id,
                message.organization_id,
                message.recipient,
                MailContents(
                    template=message.template,
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
            self._mailer.send(compose(_letter(parcel.company, parcel.id, contents), get_settings().MAIL_FROM))
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


def _letter(company: UUID, message_id: UUID, contents: MailContents) -> Letter:
    calendar, reply_url = _calendar(company, contents)
    texts = render(contents.template, contents.language, {**contents.values, "reply_url": reply_url})
    return Letter(
        id=message_id,
        recipient=contents.recipient,
        language=contents.language,
        subject=texts.subject,
        text=texts.text,
        html=texts.html,
        thread=contents.thread,
        calendar=calendar,
        token=contents.values.get("message_token"),
        reply_to=contents.values.get("reply_to"),
        files=read_files(contents.values.get("files") or []),
        is_personal=contents.values.get("is_personal") is not None,
    )


def _calendar(company: UUID, contents: MailContents) -> tuple[CalendarPart | None, str | None]:
    """What the recipient's calendar is told, and where they answer without it."""
    if contents.itip is None or contents.thread is None:
        return None, None
    itip = contents.itip
    if itip.method not in (Method.REQUEST, Method.CANCEL):
        return CalendarPart(itip.method, as_sent(itip.content).decode()), None
    settings = get_settings()
    key = make_key(company, contents.thread, contents.recipient)
    content = for_recipient(
        itip.content, contents.recipient, settings.reply_address(key), hides_guests=itip.hides_guests
    )
    url = _reply_url(settings.reply_url(key), contents) if itip.method == Method.REQUEST else None
    return CalendarPart(itip.method, content.decode()), url


def _reply_url(url: str, contents: MailContents) -> str:
    """The page on which the recipient answers, for one occurrence where the mail is about one."""
    occurrence = contents.values.get("occurrence")
    return f"{url}?{urlencode({'occurrence': occurrence})}&response=" if occurrence else f"{url}?response="


def _itip_of(session: Session, messages: Sequence[OutboxMessage]) -> dict[UUID | None, ItipText]:
    ids = {message.itip_id for message in messages if message.itip_id is not None}
    if not ids:
        return {}
    query = select(ItipMessage).where(
        col(ItipMessage.organization_id) == messages[0].organization_id, col(ItipMessage.id).in_(ids)
    )
    return {row.id: ItipText(row.method, row.content, row.hides_guests) for row in session.execute(query).scalars()}
