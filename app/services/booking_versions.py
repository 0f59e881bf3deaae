"""Telling clients that the bookings of an event have changed, though nobody has edited the event."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

_RAISE = text("""
    UPDATE events SET version = version + 1, updated_at = now()
    WHERE organization_id = :organization_id AND (id = :series_id OR id IN (
        SELECT o.event_id FROM event_occurrences o
        WHERE o.organization_id = :organization_id AND o.series_id = :series_id
          AND o.original_start = ANY(:originals ::timestamptz[])
    ))
""")


def raise_versions(session: Session, company: UUID, series_id: UUID, originals: Collection[datetime]) -> None:
    """Raise the version of a locked series, and of the rows that describe these occurrences of it.

    Clients find them in the change feed, and an ETag from before is stale.
    """
    session.execute(_RAISE, {"organization_id": company, "series_id": series_id, "originals": sorted(originals)})
