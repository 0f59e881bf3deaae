"""A meeting that is lengthened or shortened while it takes place is booked anew, and stays checked in to."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.core.config import get_settings
from app.models.event import Event

# Only where whoever checked in could have checked in to what is booked now: the same room, at about the same time.
_KEEP = text("""
    UPDATE room_bookings b
    SET checked_in_at = was.at, checked_in_by_id = was.person, check_in_asked_at = was.asked_at
    FROM unnest(:originals ::timestamptz[], :rooms ::uuid[], :times ::timestamptz[], :people ::uuid[],
                :asked ::timestamptz[]) AS was (original_start, room_id, at, person, asked_at)
    WHERE b.organization_id = :organization_id AND b.series_id = :series_id
      AND b.original_start = was.original_start AND b.room_id = was.room_id AND b.state = 'confirmed'
      AND was.at >= b.starts_at - :early ::interval AND was.at < b.ends_at
""")


def keep_check_ins(session: Session, series: Event, released: Sequence[Any]) -> None:
    """Give the new bookings of a series what those that they replace knew of check-in.

    Args:
        released: what the statement RELEASE has returned.
    """
    known = [row for row in released if row.checked_in_at is not None]
    if not known:
        return
    values = {
        "organization_id": series.organization_id,
        "series_id": series.id,
        "early": timedelta(minutes=get_settings().ROOM_CHECK_IN_EARLY_MINUTES),
        "originals": [row.original_start for row in known],
        "rooms": [row.room_id for row in known],
        "times": [row.checked_in_at for row in known],
        "people": [row.checked_in_by_id for row in known],
        "asked": [row.check_in_asked_at for row in known],
    }
    session.execute(_KEEP, values)
