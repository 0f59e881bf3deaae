"""The notifications of one person: reading them, marking them, forgetting them. `announcement_service` writes them."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, func, select, text, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.hot import HotStatement, fetch_row, hot_statement
from app.models.base import now
from app.models.notification import Notification
from app.schemas.notification import NotificationQuery, NotificationRead, UnreadRead
from app.services.json_rows import instant, json_columns, page_json
from app.services.live_people import people_change
from app.services.rows import PageRequest, decode_cursor, delete_written_before, encode_cursor, flush, get_visible

# Counting further tells nobody more, and would cost more.
UNREAD_COUNTED_MAX = 1000
_COLUMNS = json_columns(NotificationRead, "n", original_start=instant("n.original_start"), read_at=instant("n.read_at"))
_UNREAD: LiteralString = "AND n.read_at IS NULL"
_TYPE: LiteralString = "AND n.type = %(type)s"
_BEYOND: LiteralString = "AND (n.created_at, n.id) < (%(last)s::timestamptz, %(last_id)s::uuid)"


def _list(*conditions: LiteralString) -> HotStatement:
    return hot_statement(f"""
        WITH page AS (
            SELECT (SELECT row_to_json(item) FROM (SELECT {_COLUMNS}) item) AS item, n.created_at, n.id
            FROM notifications n
            WHERE n.organization_id = %(company)s AND n.user_id = %(person)s {" ".join(conditions)}
            ORDER BY n.created_at DESC, n.id DESC LIMIT %(limit)s + 1
        ), shown AS (SELECT * FROM page ORDER BY created_at DESC, id DESC LIMIT %(limit)s)
        SELECT coalesce(json_agg(item ORDER BY created_at DESC, id DESC), '[]')::text,
               (SELECT count(*) FROM page) > %(limit)s,
               (SELECT created_at FROM shown ORDER BY created_at, id LIMIT 1),
               (SELECT id FROM shown ORDER BY created_at, id LIMIT 1)
        FROM shown
    """)


# One for each way to ask: a condition that may be off would keep a prepared plan from entering the index where it can.
_LISTS: dict[tuple[bool, ...], HotStatement] = {
    shape: _list(*(part for part, is_there in zip((_UNREAD, _TYPE, _BEYOND), shape, strict=True) if is_there))
    for shape in product((False, True), repeat=3)
}
_COUNT: HotStatement = hot_statement("""
    SELECT count(*) FROM (
        SELECT FROM notifications n
        WHERE n.organization_id = %(company)s AND n.user_id = %(person)s AND n.read_at IS NULL
        LIMIT %(limit)s
    ) unread
""")
_BEYOND_BOUND = text("""
    DELETE FROM notifications WHERE organization_id = :company AND id = ANY(ARRAY(
        SELECT id FROM (
            SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_at DESC, id DESC) AS place
            FROM notifications WHERE organization_id = :company
        ) placed
        WHERE place > :bound LIMIT :batch
    ))
""")


def list_notifications(session: Session, actor: Actor, query: NotificationQuery, page: PageRequest) -> bytes:
    """A page of what the actor was told, newest first, as the JSON of `Page[NotificationRead]`."""
    last, last_id = (None, None) if page.cursor is None else decode_cursor(page.cursor, [datetime, UUID])
    statement = _LISTS[query.unread, query.type is not None, last is not None]
    values = {"type": query.type, "last": last, "last_id": last_id, "limit": page.limit}
    row = fetch_row(session, statement, {**_who(actor), **values})
    assert row is not None
    items, has_more, last, last_id = row
    return page_json(items, encode_cursor([last, last_id]) if has_more else None)


def count_unread(session: Session, actor: Actor) -> UnreadRead:
    """How many the actor has not read, up to UNREAD_COUNTED_MAX."""
    row = fetch_row(session, _COUNT, {**_who(actor), "limit": UNREAD_COUNTED_MAX})
    assert row is not None
    return UnreadRead(count=row[0], limit=UNREAD_COUNTED_MAX)


def visible_to(actor: Actor) -> Select[Notification]:
    """What the actor was told."""
    return select(Notification).where(*_of(actor))


def mark(session: Session, actor: Actor, notification_id: UUID, *, is_read: bool) -> Notification:
    """Mark one as read, or as not read; again and again, if they like: the first time counts.

    Raises:
        NotFound: the actor was told no such thing.
    """
    row = _get(session, actor, notification_id)
    if is_read != (row.read_at is not None):
        row.read_at = now() if is_read else None
        flush(session)
        people_change(session, {actor.user_id})
    return row


def mark_all_read(session: Session, actor: Actor, up_to: datetime | None) -> None:
    """Mark all as read that were told until an instant, or until now."""
    unread = [*_of(actor), col(Notification.read_at).is_(None)]
    if up_to is not None:
        unread.append(col(Notification.created_at) <= up_to)
    # In the order of ids, as whoever forgets outdated ones: two never wait in a circle.
    ids = list(
        session.execute(
            select(col(Notification.id)).where(*unread).order_by(col(Notification.id)).with_for_update()
        ).scalars()
    )
    if ids:
        session.execute(
            update(Notification)
            .where(col(Notification.organization_id) == actor.company, col(Notification.id) == func.any(ids))
            .values(read_at=now())
            .execution_options(synchronize_session=False)
        )
        people_change(session, {actor.user_id})


def delete_notification(session: Session, actor: Actor, notification_id: UUID) -> None:
    """Forget one. Raises NotFound: the actor was told no such thing."""
    session.delete(_get(session, actor, notification_id))
    flush(session)
    people_change(session, {actor.user_id})


def delete_old(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` notifications older than NOTIFICATION_KEEP_DAYS, read or not, and say how many."""
    before = now() - timedelta(days=get_settings().NOTIFICATION_KEEP_DAYS)
    return delete_written_before(session, Notification, company, before, batch)


def delete_beyond_bound(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` of the oldest that somebody has beyond NOTIFICATIONS_PER_USER_MAX, and say how many."""
    values = {"company": company, "bound": get_settings().NOTIFICATIONS_PER_USER_MAX, "batch": batch}
    result = session.execute(_BEYOND_BOUND, values)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _get(session: Session, actor: Actor, notification_id: UUID) -> Notification:
    return get_visible(session, visible_to(actor), notification_id, "notification_not_found", lock=True)


def _of(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return col(Notification.organization_id) == actor.company, col(Notification.user_id) == actor.user_id


def _who(actor: Actor) -> dict[str, Any]:
    return {"company": actor.company, "person": actor.user_id}
