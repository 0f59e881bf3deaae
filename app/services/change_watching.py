"""Which streams of the change feed have something new, for the process that holds live streams open."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.core.hot import HotStatement, fetch_row, hot_statement

_LOOK: HotStatement = hot_statement("""
    WITH moment AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin)
    SELECT m.xmin,
           ARRAY(
               SELECT DISTINCT c.stream_id FROM changes c
               WHERE c.organization_id = %(company)s AND c.xid >= %(since)s::bigint AND c.xid < m.xmin
                 AND c.kind <> ''
           ),
           EXISTS (SELECT FROM changes c WHERE c.organization_id = %(company)s AND c.xid >= m.xmin AND c.kind <> '')
    FROM moment m
""")


@dataclass(frozen=True, slots=True)
class News:
    """The streams with changes that may be told; `xid` is where to go on. `is_behind`: there are more, made by
    transactions later than one that is still open.
    """

    streams: Collection[UUID]
    xid: int
    is_behind: bool


def look(session: Session, company: UUID, since: int | None) -> News:
    """What is new in the entered company since a transaction; None: nothing, from now on."""
    row = fetch_row(session, _LOOK, {"company": company, "since": 2**62 if since is None else since})
    assert row is not None
    return News(row[1], row[0], row[2])
