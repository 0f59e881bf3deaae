"""Messages that were given up: administrators see them, have them tried again, or forget them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict
from app.models.base import now
from app.models.outbox import OutboxChannel, OutboxMessage
from app.schemas.outbox import DeadLetterQuery, DeadLetterRead, OutboxChannelRead, OutboxStatusRead
from app.services.nudges import nudge
from app.services.outbox_service import NUDGES, WITH_SECRETS
from app.services.rows import PageRequest, after, cut_page, decode_cursor, flush, get_visible

RETRIED_AT_ONCE = 5000


def visible_to(actor: Actor) -> Select[OutboxMessage]:
    """What the actor's company could not send."""
    return select(OutboxMessage).where(
        col(OutboxMessage.organization_id) == actor.company, col(OutboxMessage.failed_at).is_not(None)
    )


def list_dead_letters(
    session: Session, actor: Actor, query: DeadLetterQuery, page: PageRequest
) -> tuple[list[DeadLetterRead], str | None]:
    """A page of them, those that were given up last first. Raises Forbidden: the actor is no administrator."""
    actor.require_admin()
    rows = visible_to(actor)
    if query.channel is not None:
        rows = rows.where(col(OutboxMessage.channel) == query.channel)
    failed = col(OutboxMessage.failed_at)
    if page.cursor is not None:
        last, last_id = decode_cursor(page.cursor, [datetime, UUID])
        rows = rows.where(after(failed, col(OutboxMessage.id), last, last_id, descending=True))
    order = rows.add_columns(failed.label("sort_key")).order_by(failed.desc(), col(OutboxMessage.id))
    found, cursor = cut_page(session.execute(order.limit(page.limit + 1)).all(), page)
    return [_told(row[0]) for row in found], cursor


def retry(session: Session, actor: Actor, message_id: UUID) -> None:
    """Have one tried again, as if it were new.

    Raises:
        NotFound: nothing that was given up has this id.
        Conflict: it held a secret, and is forgotten.
    """
    message = _get(session, actor, message_id)
    if message.template in WITH_SECRETS:
        raise Conflict("dead_letter_has_secret")
    _revive(session, actor, [message.id])


def retry_all(session: Session, actor: Actor, channel: OutboxChannel | None) -> int:
    """Have up to RETRIED_AT_ONCE tried again, those first that were given up first; how many."""
    actor.require_admin()
    rows = visible_to(actor).where(col(OutboxMessage.template).not_in(WITH_SECRETS))
    if channel is not None:
        rows = rows.where(col(OutboxMessage.channel) == channel)
    ids = rows.with_only_columns(col(OutboxMessage.id)).order_by(col(OutboxMessage.failed_at), col(OutboxMessage.id))
    found = list(session.execute(ids.limit(RETRIED_AT_ONCE).with_for_update(skip_locked=True)).scalars())
    _revive(session, actor, found)
    return len(found)


def delete(session: Session, actor: Actor, message_id: UUID) -> None:
    """Forget one. Raises NotFound: nothing that was given up has this id."""
    session.delete(_get(session, actor, message_id))
    flush(session)


def status(session: Session, actor: Actor) -> OutboxStatusRead:
    """How much of the company's waits, since when, and how much was given up."""
    actor.require_admin()
    waits = col(OutboxMessage.sent_at).is_(None) & col(OutboxMessage.failed_at).is_(None)
    waiting = _by_channel(session, actor, waits, func.min(col(OutboxMessage.due_at)))
    failed = _by_channel(
        session, actor, col(OutboxMessage.failed_at).is_not(None), func.min(col(OutboxMessage.failed_at))
    )
    return OutboxStatusRead(
        channels=[
            OutboxChannelRead(
                channel=channel,
                waiting=waiting.get(channel, (0, None))[0],
                oldest_due_at=_if_past(waiting.get(channel, (0, None))[1]),
                failed=failed.get(channel, (0, None))[0],
            )
            for channel in OutboxChannel
        ]
    )


def _if_past(moment: datetime | None) -> datetime | None:
    return moment if moment is not None and moment <= now() else None


def _by_channel(
    session: Session, actor: Actor, which: ColumnElement[bool], oldest: ColumnElement[datetime | None]
) -> dict[str, tuple[int, datetime | None]]:
    query = (
        select(col(OutboxMessage.channel), func.count(), oldest)
        .where(col(OutboxMessage.organization_id) == actor.company, which)
        .group_by(col(OutboxMessage.channel))
    )
    return {channel: (count, moment) for channel, count, moment in session.execute(query)}


def _get(session: Session, actor: Actor, message_id: UUID) -> OutboxMessage:
    message = get_visible(session, visible_to(actor), message_id, "dead_letter_not_found", lock=True)
    actor.require_admin()
    return message


def _revive(session: Session, actor: Actor, ids: Iterable[UUID]) -> None:
    revived = session.execute(
        update(OutboxMessage)
        .where(col(OutboxMessage.organization_id) == actor.company, col(OutboxMessage.id) == func.any(list(ids)))
        .values(failed_at=None, attempts=0, due_at=now(), claimed_until=None)
        .returning(col(OutboxMessage.channel))
        .execution_options(synchronize_session=False)
    )
    for channel in set(revived.scalars()):
        nudge(session, NUDGES[OutboxChannel(channel)])


def _told(row: OutboxMessage) -> DeadLetterRead:
    shown = row.model_dump(include={"id", "channel", "recipient", "attempts", "error", "created_at", "failed_at"})
    return DeadLetterRead(**shown, kind=row.template, can_retry=row.template not in WITH_SECRETS)
