"""What is to leave the house: rows written with the change that causes them. `delivery_service` sends them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select, true, update
from sqlmodel import Session, col

from app.core.config import get_settings
from app.core.ids import new_id
from app.models.base import now
from app.models.outbox import ItipMessage, OutboxChannel, OutboxMessage
from app.services.bulk_rows import insert_rows
from app.services.nudges import OUTBOX, PUSHES, WEBHOOKS, nudge
from app.services.rows import delete_written_before, flush


class MailTemplate(StrEnum):
    """The files of these names are in app/mail_templates, for each language as html and txt."""

    INVITATION = "invitation"
    REGISTRATION = "registration"
    ACCOUNT_EXISTS = "account_exists"
    EVENT_NOTICE = "event_notice"
    ROOM_NOTICE = "room_notice"
    NOTICE = "notice"
    REMINDER = "reminder"
    DIGEST = "digest"
    TICKET = "ticket"
    APPOINTMENT = "appointment"


# Their links sign somebody in. Given up, they are forgotten, and made anew instead of tried again.
WITH_SECRETS = frozenset({MailTemplate.INVITATION, MailTemplate.REGISTRATION, MailTemplate.ACCOUNT_EXISTS})
MailValue: TypeAlias = str | Sequence[str] | None
NUDGES = {OutboxChannel.MAIL: OUTBOX, OutboxChannel.PUSH: PUSHES, OutboxChannel.WEBHOOK: WEBHOOKS}


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
    """A mail to one person. Each value, or each of a list, becomes one line: what people typed cannot add headers or
    paragraphs.

    Args:
        itip_id: what their calendar is told along with it.
        due_at: when it leaves; None for at once, or after MAIL_GATHER_SECONDS where it gathers.
    """

    template: MailTemplate
    recipient: str
    language: str
    values: Mapping[str, MailValue]
    about: About | None = None
    itip_id: UUID | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """A push to one browser; `values` is what its service worker gets, as JSON.

    Args:
        kind: what it is about, for whoever reads the outbox.
    """

    subscription_id: UUID
    kind: str
    language: str
    values: Mapping[str, str | None]
    about: About | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a webhook is told; `values` is the body, whose `id` stays when it is told again."""

    webhook_id: UUID
    kind: str
    values: Mapping[str, Any]
    thread: UUID | None = None


def enqueue(session: Session, organization_id: UUID, messages: Iterable[Mail | Push | Delivery]) -> list[UUID]:
    """Write messages, which leave soon after the commit; their ids."""
    rows: list[dict[str, Any]] = []
    by_about: dict[About, list[dict[str, Any]]] = {}
    for message in messages:
        rows.append(_row(organization_id, message))
        if not isinstance(message, Delivery) and message.about is not None and message.about.replaces:
            by_about.setdefault(message.about, []).append(rows[-1])
    if rows:
        for about, replacing in by_about.items():
            _take_over(session, organization_id, about, replacing)
        flush(session)
        insert_rows(session, OutboxMessage, rows)
        for channel in {row["channel"] for row in rows}:
            nudge(session, NUDGES[channel])
    return [row["id"] for row in rows]


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


def hasten(session: Session, organization_id: UUID, which: ColumnElement[bool]) -> None:
    """Let what waits leave at once. Before the webhook is locked: whoever notes what became of a message locks that
    first.
    """
    session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.organization_id) == organization_id, which, is_waiting())
        .values(due_at=now())
        .execution_options(synchronize_session=False)
    )


def delete_messages(session: Session, organization_id: UUID, which: ColumnElement[bool]) -> None:
    """Delete all messages to a webhook or browser that is about to go; before it is locked, likewise."""
    session.execute(
        delete(OutboxMessage)
        .where(col(OutboxMessage.organization_id) == organization_id, which)
        .execution_options(synchronize_session=False)
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


def _row(organization_id: UUID, message: Mail | Push | Delivery) -> dict[str, Any]:
    row: dict[str, Any] = {
        "organization_id": organization_id,
        "id": new_id(),
        "channel": OutboxChannel.MAIL,
        "template": "",
        "recipient": "",
        "language": "",
        "values": {},
        "thread": None,
        "event_id": None,
        "itip_id": None,
        "subscription_id": None,
        "webhook_id": None,
        "gathers": False,
        "attempts": 0,
        "created_at": now(),
        "due_at": now(),
    }
    if isinstance(message, Delivery):
        return row | {
            "channel": OutboxChannel.WEBHOOK,
            "template": message.kind,
            "recipient": str(message.webhook_id),
            "webhook_id": message.webhook_id,
            "values": dict(message.values),
            "thread": message.thread,
        }
    row |= {"language": message.language, "values": _one_line_each(message.values), **_about(message.about)}
    row["due_at"] = _due(message.due_at, message.about)
    if isinstance(message, Push):
        return row | {
            "channel": OutboxChannel.PUSH,
            "template": message.kind,
            "recipient": str(message.subscription_id),
            "subscription_id": message.subscription_id,
        }
    return row | {"template": message.template, "recipient": message.recipient, "itip_id": message.itip_id}


def _one_line_each(values: Mapping[str, MailValue]) -> dict[str, MailValue]:
    return {name: _one_line(value) for name, value in values.items()}


def _one_line(value: MailValue) -> MailValue:
    if isinstance(value, str):
        return " ".join(value.split())
    return value if value is None else [" ".join(line.split()) for line in value]


def _about(about: About | None) -> dict[str, Any]:
    if about is None:
        return {}
    return {"event_id": about.event_id, "thread": about.thread, "gathers": about.gathers}


def _due(due_at: datetime | None, about: About | None) -> datetime:
    gathers = about is not None and about.gathers
    earliest = now() + timedelta(seconds=get_settings().MAIL_GATHER_SECONDS if gathers else 0)
    return earliest if due_at is None else max(due_at, earliest)


def _take_over(session: Session, organization_id: UUID, about: About, rows: list[dict[str, Any]]) -> None:
    """Let what still waits about the same row give way: ten changes in a minute make one mail.

    What replaces a change says all that it would have said, and leaves when that would have left. What is no change
    leaves at once, and what waits about the rest of the series leaves before it.
    """
    by_recipient = {row["recipient"]: row for row in rows}
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
        row = by_recipient[recipient]
        if about.gathers:
            row["due_at"] = min(row["due_at"], due_at)
        # What was before the first of the changes.
        row["values"] |= {name: said for name, said in values.items() if name.startswith("old_")}
    if not about.gathers:
        session.execute(
            update(OutboxMessage).where(*mine).values(due_at=now()).execution_options(synchronize_session=False)
        )
