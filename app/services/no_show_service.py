"""Figures of rooms that were booked and not used, by organizer."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, NotFound
from app.models.base import now
from app.models.booking import ASKED_SQL
from app.models.department import Department
from app.schemas.check_in import NoShowsItem, NoShowsQuery, NoShowsReport
from app.services.department_members import BELOW_SQL
from app.services.windows import resolve_moment

# What was asked about has needed check-in, whatever the rules of the room say today. Where the room was lost for
# another reason, or the meeting has not begun, nobody could come.
_BY_ORGANIZER = text(f"""
    WITH {BELOW_SQL}, counted AS (
        SELECT e.organizer_id, count(*) AS bookings, count(*) FILTER (WHERE b.state = 'released') AS no_shows
        FROM room_bookings b
        JOIN event_occurrences o
          ON o.organization_id = :organization_id AND o.series_id = b.series_id AND o.original_start = b.original_start
        JOIN events e ON e.organization_id = :organization_id AND e.id = o.event_id
        WHERE b.organization_id = :organization_id AND b.{ASKED_SQL}
          AND b.starts_at >= :from AND b.starts_at < :until AND b.starts_at <= :moment
          AND (b.state = 'confirmed' OR b.state = 'released' AND b.reason = 'no_show')
          AND (:person ::uuid IS NULL OR e.organizer_id = :person)
        GROUP BY e.organizer_id
    )
    SELECT u.id AS user_id, coalesce(u.full_name, u.email) AS name, c.bookings, c.no_shows, count(*) OVER () AS total
    FROM counted c
    JOIN users u ON u.organization_id = :organization_id AND u.id = c.organizer_id
    WHERE NOT :is_of_department OR u.department_id IN (SELECT id FROM below)
    ORDER BY c.no_shows DESC, c.bookings DESC, name, u.id
    LIMIT :limit
""")


def no_shows(session: Session, actor: Actor, query: NoShowsQuery) -> NoShowsReport:
    """How many of the bookings that needed check-in were released, by organizer, those with most first.

    Of everybody for administrators and the IT desk, of oneself for all others. Days are those of the company's zone.

    Raises:
        Invalid: the window is empty or wider than ROOM_NO_SHOWS_MAX_DAYS.
        NotFound: the company has no such department.
    """
    zone = actor.organization_time_zone
    start, end = resolve_moment(query.start, zone, "from"), resolve_moment(query.end, zone, "to")
    days = get_settings().ROOM_NO_SHOWS_MAX_DAYS
    if end <= start:
        raise Invalid("window_needs_order", field="from")
    if end - start > timedelta(days=days):
        raise Invalid("no_shows_too_wide", field="to", days=days)
    if query.department_id is not None:
        known = select(col(Department.id)).where(
            col(Department.organization_id) == actor.company, col(Department.id) == query.department_id
        )
        if session.execute(known).first() is None:
            raise NotFound("department_not_found")
    values: dict[str, Any] = {
        "organization_id": actor.company,
        "from": start,
        "until": end,
        "moment": now(),
        "person": None if actor.role in ("admin", "it") else actor.user_id,
        "departments": [] if query.department_id is None else [query.department_id],
        "is_of_department": query.department_id is not None,
        "limit": query.limit,
    }
    rows = session.execute(_BY_ORGANIZER, values).all()
    return NoShowsReport(
        start=start,
        end=end,
        time_zone=zone,
        total=rows[0].total if rows else 0,
        items=[
            NoShowsItem(
                user_id=row.user_id,
                name=row.name,
                bookings=row.bookings,
                no_shows=row.no_shows,
                share=round(row.no_shows / row.bookings, 4),
            )
            for row in rows
        ],
    )
