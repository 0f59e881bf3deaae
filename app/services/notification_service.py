"""The notifications of one person: reading them, marking them, forgetting them. `announcement_service` writes them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, delete, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import NotFound
from app.core.hot import HotStatement, fetch_row, hot_statement
from app.models.base import now
from app.models.notification import Notification
from app.schemas.notification import NotificationQuery, NotificationRead, UnreadRead
from app.services.announcement_service import tell_streams
from app.services.json_rows import instant, json_columns, page_json
from app.services.rows import PageRequest, decode_cursor, encode_cursor, flush

# Counting further tells nobody more, and would cost more.
UNREAD_COUNTED_MAX = 1000
_COLUMNS = json_columns(NotificationRead, "n", original_start=instant("n.original_start"), read_at=instant("n.read_at"))
_LIST: HotStatement = hot_statement(f"""
    WITH page AS (
        SELECT (SELECT row_to_json(item) FROM (SELECT {_COLUMNS}) item) AS item,
               n.created_at, n.id
        FROM notifications n
        WHERE n.organization_id = %(company)s AND n.user_id = %(person)s AND n.is_shown
          AND (NOT %(unread)s OR n.read_at IS NULL)
          AND (%(type)s::text IS NULL OR n.type = %(type)s)
          AND (%(last)s::timestamptz IS NULL OR (n.created_at, n.id) < (%(last)s, %(last_id)s))
        ORDER BY n.created_at DESC, n.id DESC LIMIT %(limit)s + 1
    ), shown AS (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT %(limit)s)
    SELECT coalesce(json_agg(item ORDER BY created_at DESC, id DESC), '[]')::text,
           (SELECT count(*) FROM page) > %(limit)s,
           (SELECT created_at FROM shown ORDER BY created_at, id LIMIT 1),
           (SELECT id FROM shown ORDER BY created_at, id LIMIT 1)
    FROM shown
""")
_UNREAD: HotStatement = hot_statement("""
    SELECT count(*) FROM (
        SELECT FROM notifications n
        WHERE n.organization_id = %(company)s AND n.user_id = %(person)s AND n.is_shown AND n.read_at IS NULL
        LIMIT %(limit)s
    ) unread
""")


def list_notifications(session: Session, actor: Actor, query: NotificationQuery, page: PageRequest) -> bytes:
    """A page of what the actor was told, newest first, as the JSON of `Page[NotificationRead]`."""
    last, last_id = (None, None) if page.cursor is None else decode_cursor(page.cursor, [datetime, UUID])
    values = {"unread": query.unread, "type": query.type, "last": last, "last_id": last_id, "limit": page.limit}
    row = fetch_row(session, _LIST, {**_who(actor), **values})
    assert row is not None
    items, has_more, last, last_id = row
    return page_json(items, encode_cursor([last, last_id]) if has_more else None)


def count_unread(session: Session, actor: Actor) -> UnreadRead:
    """How many the actor has not read, up to UNREAD_COUNTED_MAX."""
    row = fetch_row(session, _UNREAD, {**_who(actor), "limit": UNREAD_COUNTED_MAX})
    assert row is not None
    return UnreadRead(count=row[0], limit=UNREAD_COUNTED_MAX)


def mark(session: Session, actor: Actor, notification_id: UUID, *, is_read: bool) -> Notification:
    """Mark one as read, or as not read; again and again, if they like: the first time counts.

    Raises:
        NotFound: the actor was told no such thing.
    """
    row = _get(session, actor, notification_id)
    if is_read != (row.read_at is not None):
        row.read_at = now() if is_read else None
        flush(session)
        tell_streams(session, actor.company, {actor.user_id})
    return row


def mark_all_read(session: Session, actor: Actor, up_to: datetime | None) -> None:
    """Mark all as read that were told until an instant, or until now."""
    unread = [*_of(actor), col(Notification.read_at).is_(None)]
    if up_to is not None:
        unread.append(col(Notification.created_at) <= up_to)
    session.execute(update(Notification).where(*unread).values(read_at=now()))
    tell_streams(session, actor.company, {actor.user_id})


def delete_notification(session: Session, actor: Actor, notification_id: UUID) -> None:
    """Forget one. Raises NotFound: the actor was told no such thing."""
    session.delete(_get(session, actor, notification_id))
    flush(session)
    tell_streams(session, actor.company, {actor.user_id})


def delete_old(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` notifications older than NOTIFICATION_KEEP_DAYS, read or not, and say how many."""
    old = (
        select(col(Notification.id))
        .where(
            col(Notification.organization_id) == company,
            col(Notification.created_at) < now() - timedelta(days=get_settings().NOTIFICATION_KEEP_DAYS),
        )
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(
        delete(Notification).where(
            col(Notification.organization_id) == company, col(Notification.id).in_(old.scalar_subquery())
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _get(session: Session, actor: Actor, notification_id: UUID) -> Notification:
    query = select(Notification).where(*_of(actor), col(Notification.id) == notification_id).with_for_update()
    row: Notification | None = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("notification_not_found")
    return row


def _of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Notification.organization_id) == actor.company,
        col(Notification.user_id) == actor.user_id,
        col(Notification.is_shown).is_(True),
    )


def _who(actor: Actor) -> dict[str, Any]:
    return {"company": actor.company, "person": actor.user_id}
