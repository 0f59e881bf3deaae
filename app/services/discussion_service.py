"""What hangs on an event and goes with it when a series is split or moved: comments, attachments, people's reminders.

Each row names the single event or the series, and for one occurrence its original start. Whoever calls these holds the
lock of the series, as those do who add a row or take one away, so nothing is written to the part that it left.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlmodel import Session, col

from app.core.ids import new_id
from app.models.discussion import EventAttachment, EventComment
from app.models.event import Event
from app.models.reminder import ReminderSettings

TABLES: tuple[type[EventComment] | type[EventAttachment] | type[ReminderSettings], ...] = (
    EventComment,
    EventAttachment,
    ReminderSettings,
)


def copy_to(session: Session, old_event: Event, new_event: Event) -> None:
    """Copy what hangs on the whole of a series to the part that was split off (rule 12); authors and times stay.

    Files are not copied: both rows name the same one, which goes with the last of them.
    """
    for table in TABLES:
        query = (
            select(table)
            .where(
                col(table.organization_id) == old_event.organization_id,
                col(table.event_id) == old_event.id,
                col(table.original_start).is_(None),
            )
            .order_by(col(table.created_at), col(table.id))
        )
        # New ids in the old order, which breaks ties between equal times.
        copies = [
            {**row.model_dump(), "id": new_id(), "event_id": new_event.id} for row in session.execute(query).scalars()
        ]
        if copies:
            session.execute(insert(table), copies)


def move_to(session: Session, old_event: Event, new_event: Event, since: datetime) -> None:
    """Move what hangs on the occurrences whose original start is `since` or later, an instant, to another series."""
    for table in TABLES:
        kept = {"updated_at": col(table.updated_at)} if issubclass(table, EventComment) else {}
        session.execute(
            update(table)
            .where(
                col(table.organization_id) == old_event.organization_id,
                col(table.event_id) == old_event.id,
                col(table.original_start) >= since,
            )
            # To move is not to edit: the time of the last edit stays.
            .values(event_id=new_event.id, **kept)
        )


def move_originals(session: Session, event: Event, mapping: Mapping[datetime, datetime]) -> None:
    """Let what hangs on occurrences of a series follow them when they get other original starts.

    Args:
        mapping: the new original start by the old one, instants. All change at once, so one may take another's place.
    """
    if not mapping:
        return
    values = {
        "company": event.organization_id,
        "event": event.id,
        "old": list(mapping.keys()),
        "new": list(mapping.values()),
    }
    for table in TABLES:
        session.execute(
            text(f"""
                UPDATE {table.__tablename__} t SET original_start = moved.new_start
                FROM unnest(CAST(:old AS timestamptz[]), CAST(:new AS timestamptz[])) moved (old_start, new_start)
                WHERE t.organization_id = :company AND t.event_id = :event AND t.original_start = moved.old_start
            """),
            values,
        )
