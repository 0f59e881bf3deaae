"""Following a company's whole change feed, for those of ours who must hear of everything: reminders, webhooks.

As `change_service` does, a follower stays below the oldest running transaction, so nothing is missed, in whatever order
transactions commit. One worker at a time goes on; how far it came is stored with what it did.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

# A transaction is taken whole, however many changes it made.
CHANGES_A_STEP = 1000
_BEGIN = text("""
    INSERT INTO change_followers (organization_id, name, xid, cluster, updated_at)
    VALUES (:company, :name, pg_snapshot_xmin(pg_current_snapshot())::text::bigint, cluster_life(), now())
    ON CONFLICT (organization_id, name) DO UPDATE
    SET xid = EXCLUDED.xid, cluster = EXCLUDED.cluster, updated_at = now()
    WHERE change_followers.cluster <> EXCLUDED.cluster
""")
_END = text("DELETE FROM change_followers WHERE organization_id = :company AND name = :name")
_LOCK = text("""
    SELECT xid, cluster <> cluster_life() AS is_elsewhere, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin
    FROM change_followers
    WHERE organization_id = :company AND name = :name
    FOR UPDATE SKIP LOCKED
""")
_BOUND = text("""
    SELECT max(xid) FROM (
        SELECT xid FROM changes WHERE organization_id = :company AND xid >= :xid AND xid < :xmin AND kind <> ''
        ORDER BY xid LIMIT :limit
    ) c
""")
_CHANGED = text("""
    SELECT DISTINCT object_id FROM changes
    WHERE organization_id = :company AND xid >= :xid AND xid <= :bound AND kind <> '' AND kind = 'event'
""")
_ADVANCE = text("""
    UPDATE change_followers SET xid = :xid, updated_at = now() WHERE organization_id = :company AND name = :name
""")


@dataclass(frozen=True, slots=True)
class Step:
    """What a follower is to look at: rows of `events` that changed, or are gone; whether there is more.

    `since` and `until` are the first and the last of the transactions that were looked at. What one of them made and a
    later one has changed since is among the events of the later one only (`events.created_xid`).
    """

    events: Collection[UUID]
    has_more: bool
    since: int = 0
    until: int = 0


def companies_with_changes(session: Session, follower: str) -> list[UUID]:
    """The companies that the follower follows, and in which something changed since it was there last."""
    return list(session.execute(text("SELECT companies_with_changes(:name)"), {"name": follower}).scalars())


def begin(session: Session, company: UUID, follower: str) -> None:
    """Let a follower that has not followed the company yet hear of what changes from now on."""
    session.execute(_BEGIN, {"company": company, "name": follower})


def end(session: Session, company: UUID, follower: str) -> None:
    """Let it hear of nothing any more."""
    session.execute(_END, {"company": company, "name": follower})


def step(session: Session, company: UUID, follower: str, limit: int = CHANGES_A_STEP) -> Step | None:
    """The next changes in the entered company, looked at with the commit. None: somebody else is at it, or it ended.

    After a restore, it begins anew.
    """
    values = {"company": company, "name": follower, "limit": limit}
    place = session.execute(_LOCK, values).one_or_none()
    if place is None:
        return None
    if place.is_elsewhere:
        begin(session, company, follower)
        return Step((), has_more=False)
    bound = session.execute(_BOUND, {**values, "xid": place.xid, "xmin": place.xmin}).scalar_one()
    if bound is None:
        reached = max(place.xid, place.xmin)
        session.execute(_ADVANCE, {**values, "xid": reached})
        return Step((), has_more=False, since=place.xid, until=reached - 1)
    events = set(session.execute(_CHANGED, {**values, "xid": place.xid, "bound": bound}).scalars())
    session.execute(_ADVANCE, {**values, "xid": bound + 1})
    return Step(events, has_more=True, since=place.xid, until=bound)
