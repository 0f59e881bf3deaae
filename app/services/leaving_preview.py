"""What somebody leaves behind when they go: counted, and the first of each kind by name. One statement a kind."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.actor import Actor
from app.core.config import get_settings
from app.models.booking import BLOCKING_SQL
from app.schemas.leaving import (
    AppointmentKindLeft,
    CalendarLeft,
    CalendarsLeft,
    DepartmentLeft,
    InvitationLeft,
    LeavingPreview,
    Left,
    MeetingLeft,
    MeetingsLeft,
    ReportLeft,
    RoomLeft,
    RoomsLeft,
    TicketLeft,
)
from app.services import user_service
from app.services.event_access import DETAILS_FROM_SQL
from app.services.handover_items import AHEAD, MEETINGS

# Names and titles stay hidden from administrators too, unless they see the calendar or read the event.
_CALENDARS = text("""
    SELECT t.id, CASE WHEN calendar_level(:organization_id, :actor, t.id) > 0 THEN t.name END AS name, t.is_public,
           count(*) OVER () AS total, count(*) FILTER (WHERE t.is_public) OVER () AS public
    FROM calendars t WHERE t.organization_id = :organization_id AND t.owner_id = :leaver
    ORDER BY t.created_at, t.id LIMIT :shown
""")
_READS = f"""
    (takes_part(:organization_id, :actor, m.id) OR calendar_level(:organization_id, :actor, m.calendar_id)
     >= {DETAILS_FROM_SQL.format(visibility="m.visibility")})
"""
_MEETINGS = text(f"""
    SELECT m.id, m.is_all_day, m.is_recurring, m.room_id, m.total, m.series,
           CASE WHEN {_READS} THEN m.title END AS title,
           least(
               (SELECT min(o.starts_at) FROM event_occurrences o
                WHERE o.organization_id = :organization_id AND o.event_id = m.id AND o.ends_at > now()),
               (SELECT min(o.start_time) FROM events o
                WHERE o.organization_id = :organization_id AND o.series_id = m.id AND {AHEAD.format(row="o")})
           ) AS next_start
    FROM (
        SELECT t.id, t.title, t.visibility, t.calendar_id, t.is_all_day, t.is_recurring, t.room_id, t.start_time,
               count(*) OVER () AS total, count(*) FILTER (WHERE t.is_recurring) OVER () AS series
        FROM events t WHERE t.organization_id = :organization_id AND {MEETINGS}
        ORDER BY t.start_time, t.id LIMIT :shown
    ) m
    ORDER BY m.start_time, m.id
""")
_ROOMS = text(f"""
    SELECT r.id, r.name, held.bookings, count(*) OVER () AS total, sum(held.bookings) OVER () AS all_bookings
    FROM (
        SELECT b.room_id, count(*) AS bookings
        FROM events t
        JOIN room_bookings b ON b.organization_id = t.organization_id AND b.series_id = t.id
        WHERE t.organization_id = :organization_id AND {MEETINGS}
          AND b.during && tstzrange(now(), NULL) AND b.{BLOCKING_SQL}
        GROUP BY b.room_id
    ) held
    JOIN rooms r ON r.organization_id = :organization_id AND r.id = held.room_id
    ORDER BY r.name, r.id LIMIT :shown
""")
_DEPARTMENTS = text("""
    SELECT t.id, t.name, count(*) OVER () AS total
    FROM departments t WHERE t.organization_id = :organization_id AND t.head_id = :leaver
    ORDER BY t.name, t.id LIMIT :shown
""")
_REPORTS = text("""
    SELECT t.id, t.full_name, t.email, count(*) OVER () AS total
    FROM users t WHERE t.organization_id = :organization_id AND t.manager_id = :leaver AND t.is_active
    ORDER BY coalesce(t.full_name, ''), t.id LIMIT :shown
""")
_TICKETS = text("""
    SELECT t.id, t.number, t.title, count(*) OVER () AS total
    FROM tickets t WHERE t.organization_id = :organization_id AND t.assignee_id = :leaver AND t.is_open
    ORDER BY t.created_at, t.id LIMIT :shown
""")
_APPOINTMENT_KINDS = text("""
    SELECT t.id, t.name, count(*) OVER () AS total
    FROM appointment_kinds t WHERE t.organization_id = :organization_id AND t.owner_id = :leaver
    ORDER BY t.name, t.id LIMIT :shown
""")
_INVITATIONS = text("""
    SELECT t.id, t.email, count(*) OVER () AS total
    FROM invitations t WHERE t.organization_id = :organization_id AND t.invited_by = :leaver
      AND t.accepted_at IS NULL AND t.revoked_at IS NULL AND t.expires_at > now()
    ORDER BY t.email, t.id LIMIT :shown
""")

_DELEGATIONS = text("""
    SELECT count(*) FROM delegations
    WHERE organization_id = :organization_id AND (principal_id = :leaver OR delegate_id = :leaver)
""")


def preview_leaving(session: Session, actor: Actor, user_id: UUID) -> LeavingPreview:
    """What the person would leave behind; of each kind the first HANDOVER_ITEMS_SHOWN. For administrators.

    Raises:
        NotFound: there is no such colleague.
    """
    values = {
        "organization_id": actor.company,
        "leaver": user_id,
        "actor": actor.user_id,
        "shown": get_settings().HANDOVER_ITEMS_SHOWN,
    }
    user = user_service.get_user(session, actor, user_id)
    actor.require_admin()

    def first(statement: Any) -> tuple[list[Any], int]:
        rows = list(session.execute(statement, values))
        return rows, rows[0].total if rows else 0

    calendars, calendar_count = first(_CALENDARS)
    meetings, meeting_count = first(_MEETINGS)
    rooms, room_count = first(_ROOMS)
    departments, department_count = first(_DEPARTMENTS)
    reports, report_count = first(_REPORTS)
    tickets, ticket_count = first(_TICKETS)
    kinds, kind_count = first(_APPOINTMENT_KINDS)
    invitations, invitation_count = first(_INVITATIONS)
    public = calendars[0].public if calendars else 0
    return LeavingPreview(
        user_id=user.id,
        is_active=user.is_active,
        calendars=CalendarsLeft(
            count=calendar_count,
            public=public,
            items=[CalendarLeft.model_validate(row) for row in calendars],
        ),
        meetings=MeetingsLeft(
            count=meeting_count,
            series=meetings[0].series if meetings else 0,
            items=[MeetingLeft.model_validate(row) for row in meetings],
        ),
        rooms=RoomsLeft(
            count=room_count,
            bookings=rooms[0].all_bookings if rooms else 0,
            items=[RoomLeft.model_validate(row) for row in rooms],
        ),
        departments=Left(count=department_count, items=[DepartmentLeft.model_validate(row) for row in departments]),
        reports=Left(count=report_count, items=[ReportLeft.model_validate(row) for row in reports]),
        tickets=Left(count=ticket_count, items=[TicketLeft.model_validate(row) for row in tickets]),
        appointment_kinds=Left(count=kind_count, items=[AppointmentKindLeft.model_validate(row) for row in kinds]),
        invitations=Left(count=invitation_count, items=[InvitationLeft.model_validate(row) for row in invitations]),
        delegations=session.execute(_DELEGATIONS, values).scalar_one(),
        needs_successor=bool(meeting_count or department_count or report_count or public),
    )
