"""Mail to be sent: rows written with the change that causes them. `delivery_service` sends them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, true
from sqlmodel import Session, col

from app.core.config import get_settings
from app.models.base import now
from app.models.outbox import OutboxMessage
from app.services.nudges import OUTBOX, nudge
from app.services.rows import flush


class MailTemplate(StrEnum):
    """The files of these names are in app/mail_templates, for each language as html and txt."""

    INVITATION = "invitation"
    REGISTRATION = "registration"
    ACCOUNT_EXISTS = "account_exists"
    EVENT_NOTICE = "event_notice"
    ROOM_NOTICE = "room_notice"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. Each value becomes one line: what people typed cannot add headers or paragraphs."""

    template: MailTemplate
    recipient: str
    language: str
    values: Mapping[str, str | None]


def enqueue(session: Session, organization_id: UUID, mails: Iterable[Mail]) -> list[OutboxMessage]:
    """Write mails, which leave soon after the commit."""
    messages = [
        OutboxMessage(
            organization_id=organization_id,
            template=mail.template,
            recipient=mail.recipient,
            language=mail.language,
            values={name: None if value is None else " ".join(value.split()) for name, value in mail.values.items()},
        )
        for mail in mails
    ]
    if messages:
        session.add_all(messages)
        flush(session)
        nudge(session, OUTBOX)
    return messages


def withdraw(session: Session, organization_id: UUID, name: str, value: str) -> None:
    """Take back what waits and has this value; what is being sent at this moment goes out."""
    waiting = (
        select(col(OutboxMessage.id))
        .where(
            col(OutboxMessage.organization_id) == organization_id,
            col(OutboxMessage.sent_at).is_(None),
            col(OutboxMessage.failed_at).is_(None),
            col(OutboxMessage.values)[name].astext == value,
        )
        .with_for_update(skip_locked=True)
    )
    ids = list(session.execute(waiting).scalars())
    if ids:
        session.execute(
            delete(OutboxMessage).where(
                col(OutboxMessage.organization_id) == organization_id, col(OutboxMessage.id).in_(ids)
            )
        )


def was_written_since(session: Session, organization_id: UUID, recipient: str, moment: datetime) -> bool:
    """Whether a mail of the company to this address was written after `moment`, sent or not."""
    query = select(true()).where(
        col(OutboxMessage.organization_id) == organization_id,
        col(OutboxMessage.recipient) == recipient,
        col(OutboxMessage.created_at) > moment,
    )
    return session.execute(query.limit(1)).first() is not None


def delete_old(session: Session, organization_id: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` mails older than OUTBOX_KEEP_DAYS, sent or not, and say how many."""
    old = (
        select(col(OutboxMessage.id))
        .where(
            col(OutboxMessage.organization_id) == organization_id,
            col(OutboxMessage.created_at) < now() - timedelta(days=get_settings().OUTBOX_KEEP_DAYS),
        )
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(
        delete(OutboxMessage).where(
            col(OutboxMessage.organization_id) == organization_id,
            col(OutboxMessage.id).in_(old.scalar_subquery()),
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
