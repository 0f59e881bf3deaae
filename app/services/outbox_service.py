"""What is to leave the house: rows written with the change that causes them. `delivery_service` sends them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlmodel import Session, col

from app.core.config import get_settings
from app.models.base import now
from app.models.outbox import ItipMessage, OutboxMessage
from app.services.nudges import OUTBOX, nudge
from app.services.rows import delete_written_before, flush


class MailTemplate(StrEnum):
    """The files of these names are in app/mail_templates, for each language as html and txt."""

    INVITATION = "invitation"
    REGISTRATION = "registration"
    ACCOUNT_EXISTS = "account_exists"
    EVENT_NOTICE = "event_notice"
    ROOM_NOTICE = "room_notice"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class About:
    """The event that a message is about: its row, and the event or series whose messages leave in their order.

    Args:
        gathers: a later message about this row that `replaces` takes the place of this one while it waits.
    """

    event_id: UUID
    thread: UUID
    gathers: bool = False
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. Each value becomes one line: what people typed cannot add headers or paragraphs.

    Args:
        itip_id: what their calendar is told along with it.
        due_at: when it leaves; None for at once, or after MAIL_GATHER_SECONDS where it gathers.
    """

    template: MailTemplate
    recipient: str
    language: str
    values: Mapping[str, str | None]
    about: About | None = None
    itip_id: UUID | None = None
    due_at: datetime | None = None


def enqueue(session: Session, organization_id: UUID, mails: Iterable[Mail]) -> list[OutboxMessage]:
    """Write mails, which leave soon after the commit."""
    messages: list[OutboxMessage] = []
    by_about: dict[About, list[OutboxMessage]] = {}
    for mail in mails:
        messages.append(_mail(organization_id, mail))
        if mail.about is not None and mail.about.replaces:
            by_about.setdefault(mail.about, []).append(messages[-1])
    if messages:
        for about, replacing in by_about.items():
            _take_over(session, organization_id, about, replacing)
        session.add_all(messages)
        flush(session)
        nudge(session, OUTBOX)
    return messages


def is_waiting() -> ColumnElement[bool]:
    """That a message has not left, is not given up, and no worker has it in hand."""
    return (
        col(OutboxMessage.sent_at).is_(None)
        & col(OutboxMessage.failed_at).is_(None)
        & or_(col(OutboxMessage.claimed_until).is_(None), col(OutboxMessage.claimed_until) <= now())
    )


def withdraw(session: Session, organization_id: UUID, name: str, value: str) -> None:
    """Take back what waits and has this value; what is being sent at this moment goes out."""
    waiting = (
        select(col(OutboxMessage.id))
        .where(
            col(OutboxMessage.organization_id) == organization_id,
            is_waiting(),
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
    """Forget up to `batch` messages older than OUTBOX_KEEP_DAYS, sent or not, and say how many."""
    return delete_written_before(session, OutboxMessage, organization_id, _too_old(), batch)


def delete_old_itip(session: Session, organization_id: UUID, *, batch: int = 5000) -> int:
    """The same for what calendars were told: no message refers to it any more."""
    return delete_written_before(session, ItipMessage, organization_id, _too_old(), batch)


def _too_old() -> datetime:
    return now() - timedelta(days=get_settings().OUTBOX_KEEP_DAYS)


def _mail(organization_id: UUID, mail: Mail) -> OutboxMessage:
    return OutboxMessage(
        organization_id=organization_id,
        template=mail.template,
        recipient=mail.recipient,
        language=mail.language,
        values={name: None if value is None else " ".join(value.split()) for name, value in mail.values.items()},
        itip_id=mail.itip_id,
        due_at=_due(mail.due_at, mail.about),
        **_about(mail.about),
    )


def _about(about: About | None) -> dict[str, Any]:
    if about is None:
        return {}
    return {"event_id": about.event_id, "thread": about.thread, "gathers": about.gathers}


def _due(due_at: datetime | None, about: About | None) -> datetime:
    gathers = about is not None and about.gathers
    earliest = now() + timedelta(seconds=get_settings().MAIL_GATHER_SECONDS if gathers else 0)
    return earliest if due_at is None else max(due_at, earliest)


def _take_over(session: Session, organization_id: UUID, about: About, messages: list[OutboxMessage]) -> None:
    """Let what still waits about the same row give way: ten changes in a minute make one mail.

    What replaces a change says all that it would have said, and leaves when that would have left. What is no change
    leaves at once, and what waits about the rest of the series leaves before it.
    """
    by_recipient = {message.recipient: message for message in messages}
    mine = (
        col(OutboxMessage.organization_id) == organization_id,
        col(OutboxMessage.thread) == about.thread,
        col(OutboxMessage.recipient).in_(by_recipient),
        col(OutboxMessage.gathers),
        is_waiting(),
    )
    gone = session.execute(
        delete(OutboxMessage)
        .where(*mine, col(OutboxMessage.event_id) == about.event_id)
        .returning(col(OutboxMessage.recipient), col(OutboxMessage.due_at), col(OutboxMessage.values))
        .execution_options(synchronize_session=False)
    )
    for recipient, due_at, values in gone:
        message = by_recipient[recipient]
        if about.gathers:
            message.due_at = min(message.due_at, due_at)
        # What was before the first of the changes.
        message.values = {**message.values, **{name: said for name, said in values.items() if name.startswith("old_")}}
    if not about.gathers:
        session.execute(
            update(OutboxMessage).where(*mine).values(due_at=now()).execution_options(synchronize_session=False)
        )
