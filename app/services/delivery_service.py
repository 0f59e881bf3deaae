"""Sending what stands in the outbox. Only the workers import this."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from jinja2 import TemplateError
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.mail import REASON_LENGTH, Letter, Mailer, MailRefused, MailServerDown, compose
from app.models.base import now
from app.models.organization import Organization
from app.models.outbox import OutboxMessage
from app.services.mail_templates import render

log = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(minutes=1)
# A server may take its time for each step, while the transaction holds the row.
_TRANSACTION_MILLISECONDS = 540_000


class Delivery(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    # It will be tried again, after twice the wait of the time before.
    DELAYED = "delayed"
    # Given up.
    FAILED = "failed"
    # It will be tried again; and the server takes no other mail either.
    SERVER_DOWN = "server_down"


def companies_with_mail(session: Session) -> list[UUID]:
    """The companies that have mail to send now."""
    return list(session.execute(text("SELECT companies_with_mail()")).scalars())


def send_next(session: Session, organization_id: UUID, mailer: Mailer) -> Delivery | None:
    """Send the mail of the entered company that has waited longest; None if there is none that nobody else sends.

    Its values, which may hold secrets, go once it needs them no more. A crash between sending and the commit sends it
    again: with the same Message-ID.
    """
    message = _claim(session, organization_id)
    if message is None:
        return None
    try:
        _send(message, mailer)
    except MailRefused as refusal:
        outcome = _after_failure(message, str(refusal), permanent=refusal.permanent)
    except MailServerDown as outage:
        _after_failure(message, str(outage), permanent=False)
        outcome = Delivery.SERVER_DOWN
    except (TemplateError, ValueError, KeyError) as error:
        # A mistake of ours: it must not keep the mails behind it from leaving.
        log.error("mail_not_composed", template=message.template, id=str(message.id), exc_info=error)
        outcome = _after_failure(message, f"not composed: {type(error).__name__}", permanent=True)
    else:
        message.sent_at, message.error, message.values = now(), None, {}
        outcome = Delivery.SENT
    session.flush()
    log.info("mail", outcome=outcome.value, template=message.template, id=str(message.id), attempts=message.attempts)
    return outcome


def _claim(session: Session, organization_id: UUID) -> OutboxMessage | None:
    session.execute(
        select(func.set_config("idle_in_transaction_session_timeout", str(_TRANSACTION_MILLISECONDS), True))
    )
    due = (
        select(OutboxMessage)
        .join(Organization, col(Organization.id) == col(OutboxMessage.organization_id))
        .where(
            col(OutboxMessage.organization_id) == organization_id,
            col(OutboxMessage.sent_at).is_(None),
            col(OutboxMessage.failed_at).is_(None),
            col(OutboxMessage.due_at) <= now(),
            col(Organization.deleted_at).is_(None),
        )
        .order_by(col(OutboxMessage.due_at))
        .limit(1)
        .with_for_update(of=OutboxMessage, skip_locked=True)
    )
    found: OutboxMessage | None = session.execute(due).scalar_one_or_none()
    return found


def _send(message: OutboxMessage, mailer: Mailer) -> None:
    texts = render(message.template, message.language, message.values)
    letter = Letter(
        id=message.id,
        recipient=message.recipient,
        language=message.language,
        subject=texts.subject,
        text=texts.text,
        html=texts.html,
    )
    mailer.send(compose(letter, get_settings().MAIL_FROM))


def _after_failure(message: OutboxMessage, reason: str, *, permanent: bool) -> Delivery:
    message.attempts += 1
    message.error = reason[:REASON_LENGTH]
    if permanent or message.attempts >= get_settings().OUTBOX_MAX_ATTEMPTS:
        message.failed_at, message.values = now(), {}
        return Delivery.FAILED
    message.due_at = now() + FIRST_WAIT * 2 ** (message.attempts - 1)
    return Delivery.DELAYED
