"""Somebody's notifications as they come, without a gap: in the order of transactions, as the change feed does it."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.hot import HotStatement, fetch_row, hot_statement
from app.schemas.notification import NotificationRead
from app.services.json_rows import instant, json_columns
from app.services.notification_service import UNREAD_COUNTED_MAX

NOTIFICATIONS_A_LOOK = 100
NOWHERE = UUID(int=0)
_LARGEST_XID = 2**62
_COLUMNS: LiteralString = json_columns(
    NotificationRead, "n", original_start=instant("n.original_start"), read_at=instant("n.read_at")
)
_MINE: LiteralString = "n.organization_id = %(company)s AND n.user_id = %(person)s"
_LOOK: HotStatement = hot_statement(f"""
    WITH moment AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin),
    news AS (
        SELECT n.xid, n.id, (SELECT row_to_json(item)::text FROM (SELECT {_COLUMNS}) item) AS item
        FROM notifications n, moment m
        WHERE {_MINE} AND (n.xid, n.id) > (%(xid)s::bigint, %(last)s::uuid) AND n.xid < m.xmin
        ORDER BY n.xid, n.id LIMIT %(limit)s
    )
    SELECT m.xmin, cluster_life(),
           ARRAY(SELECT item FROM news ORDER BY xid, id),
           ARRAY(SELECT xid || ' ' || id FROM news ORDER BY xid, id),
           EXISTS (SELECT FROM notifications n WHERE {_MINE} AND n.xid >= m.xmin),
           (SELECT count(*) FROM (
               SELECT FROM notifications n WHERE {_MINE} AND n.read_at IS NULL LIMIT %(counted)s
           ) unread)
    FROM moment m
""")


@dataclass(frozen=True, slots=True)
class Place:
    """The last notification that was told, by its transaction; in which life of the database."""

    xid: int
    id: UUID
    cluster: str

    def encoded(self) -> str:
        text = json.dumps([self.xid, self.id.hex, self.cluster], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Place":
        """The place that a cursor names.

        Raises:
            Invalid: it is no cursor.
        """
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            xid, last, cluster = json.loads(plain)
            if type(xid) is not int or not 0 <= xid <= _LARGEST_XID or not isinstance(cluster, str):
                raise ValueError
            return cls(xid, UUID(hex=last), cluster)
        except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
            raise Invalid("bad_cursor", field="cursor") from error


@dataclass(frozen=True, slots=True)
class News:
    """Notifications as JSON, each with its place; `place` is behind all of them.

    `is_lost`: what came after the reader's place is not known, since the database is another by now. `is_behind`: there
    is more that may not be told yet, or did not fit.
    """

    items: list[tuple[str, str]]
    place: str
    unread: int
    is_lost: bool
    is_behind: bool


def look(session: Session, actor: Actor, cursor: str | None) -> News:
    """What the actor was told after a place; None: nothing, from now on.

    Raises:
        Invalid: the cursor is none.
    """
    place = None if cursor is None else Place.read(cursor)
    after = {"xid": _LARGEST_XID, "last": NOWHERE} if place is None else {"xid": place.xid, "last": place.id}
    bounds: dict[str, Any] = {"limit": NOTIFICATIONS_A_LOOK, "counted": UNREAD_COUNTED_MAX}
    values = {"company": actor.company, "person": actor.user_id, **after, **bounds}
    row = fetch_row(session, _LOOK, values)
    assert row is not None
    xmin, cluster, items, keys, is_pending, unread = row
    # What lies beyond what is over was never told by this database.
    is_lost = place is not None and (place.cluster != cluster or place.xid > xmin)
    if place is None or is_lost:
        return News([], Place(xmin - 1, NOWHERE, cluster).encoded(), unread, is_lost, is_pending)
    places = [_place(key, cluster) for key in keys]
    last = places[-1] if places else place.encoded()
    is_full = len(items) == NOTIFICATIONS_A_LOOK
    return News(list(zip(items, places, strict=True)), last, unread, False, is_pending or is_full)


def _place(key: str, cluster: str) -> str:
    xid, _, last = key.partition(" ")
    return Place(int(xid), UUID(last), cluster).encoded()
