"""Tickets on what stands in rooms: one of it is out of order while a ticket says so, and coming meetings are warned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.hot import fetch_rows, hot_statement
from app.core.spoken_times import SpokenTime
from app.models.base import now
from app.models.booking import BLOCKING_SQL
from app.models.notification import NotificationReason, NotificationType
from app.models.room import Room, RoomEquipment
from app.models.ticket import DONE_STATES, Ticket, TicketMark, TicketType
from app.schemas.ticket import OtherRoom, TouchedMeeting
from app.services.announcement_service import Announcement, announce
from app.services.equipment_service import HAS_WORKING_SQL
from app.services.event_access import reads_details_sql
from app.services.nudges import OFFERS, nudge
from app.services.outbox_service import About
from app.services.ticket_access import desk_of, find_ticket

MEETINGS_MAX = 200
ROOMS_SHOWN = 5
_COMING = """
    SELECT o.event_id, o.series_id, o.original_start, o.starts_at, o.ends_at, e.title, e.organizer_id, e.calendar_id,
           e.is_all_day, {reads}
    FROM room_bookings b
    JOIN event_occurrences o ON o.organization_id = b.organization_id AND o.series_id = b.series_id
                            AND o.original_start = b.original_start
    JOIN events e ON e.organization_id = o.organization_id AND e.id = o.event_id
    {access}
    WHERE b.organization_id = %(company)s AND b.room_id = %(room)s AND b.state IN ('pending', 'confirmed')
      AND b.during && tstzrange(%(from)s, %(until)s)
    ORDER BY o.starts_at LIMIT {limit}
"""
# For the organizers themselves; and for somebody who may not read of each.
_COMING_SQL = hot_statement(_COMING.format(reads="true", access="", limit=MEETINGS_MAX))
_SEEN_SQL = hot_statement(
    _COMING.format(
        reads=reads_details_sql("takes_part(%(company)s, %(user_id)s, e.id)"),
        access="LEFT JOIN calendar_access(%(company)s, %(user_id)s) a ON a.calendar_id = e.calendar_id",
        limit=MEETINGS_MAX,
    )
)
# For each time, rooms that are free then and have one of these that works: in the same building, as large.
_FREE_SQL = hot_statement(f"""
    SELECT asked.place, free.id, free.name
    FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY asked (starts_at, ends_at, place)
    JOIN rooms broken ON broken.organization_id = %(company)s AND broken.id = %(room)s
    CROSS JOIN LATERAL (
        SELECT r.id, r.name FROM rooms r
        WHERE r.organization_id = %(company)s AND r.id <> broken.id AND r.is_active AND {HAS_WORKING_SQL}
          AND NOT EXISTS (
              SELECT FROM room_bookings b
              WHERE b.organization_id = r.organization_id AND b.room_id = r.id AND b.{BLOCKING_SQL}
                AND b.during && tstzrange(asked.starts_at, asked.ends_at)
          )
        ORDER BY r.building_id IS DISTINCT FROM broken.building_id, r.capacity < broken.capacity,
                 abs(r.capacity - broken.capacity), r.name, r.id
        LIMIT {ROOMS_SHOWN}
    ) free
    ORDER BY asked.place
""")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A coming occurrence in a room."""

    event_id: UUID
    series_id: UUID
    original_start: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    organizer_id: UUID
    calendar_id: UUID
    is_all_day: bool
    is_read: bool


def find_equipment(session: Session, company: UUID, room_id: UUID | None, equipment_id: UUID) -> RoomEquipment:
    """A thing in a room.

    Raises:
        Invalid: no room is named, or the thing does not stand in it.
    """
    if room_id is None:
        raise Invalid("equipment_needs_room", field="room_id")
    item = session.get(RoomEquipment, (company, equipment_id))
    if item is None or item.room_id != room_id:
        raise Invalid("equipment_not_found", field="equipment_id")
    return item


def mark(session: Session, ticket: Ticket) -> None:
    """Let one of a thing count as out of order for an incident, and warn the meetings that lose the last one."""
    if ticket.equipment_id is None or ticket.type != TicketType.INCIDENT:
        return
    item = _locked(session, ticket)
    if item is None or item.out_of_order >= item.quantity:
        # Another ticket, or somebody by hand, has said so of all of them.
        return
    item.out_of_order += 1
    session.add(TicketMark(organization_id=ticket.organization_id, ticket_id=ticket.id, equipment_id=item.id))
    _changed(session, ticket)
    if item.out_of_order == item.quantity:
        _warn(session, ticket, item)


def follow_state(session: Session, ticket: Ticket) -> None:
    """Let a thing work again once its ticket is done, unless another ticket says that it does not; and back."""
    if ticket.state in DONE_STATES:
        unmark(session, ticket)
    else:
        mark(session, ticket)


def unmark(session: Session, ticket: Ticket) -> None:
    """Let one of a thing count as working again, unless another ticket says that it does not."""
    if ticket.equipment_id is None:
        return
    # Before the mark is looked at: whoever else holds this lock may be handing theirs on to this ticket.
    item = _locked(session, ticket)
    own = select(TicketMark).where(
        col(TicketMark.organization_id) == ticket.organization_id, col(TicketMark.ticket_id) == ticket.id
    )
    marked = session.execute(own.execution_options(populate_existing=True)).scalar_one_or_none()
    if marked is None:
        return
    session.delete(marked)
    session.flush()
    heir = session.execute(_unmarked(ticket)).scalar_one_or_none()
    if heir is not None:
        session.add(
            TicketMark(organization_id=ticket.organization_id, ticket_id=heir, equipment_id=ticket.equipment_id)
        )
        session.flush()
    elif item is not None:
        item.out_of_order = max(item.out_of_order - 1, 0)
        _changed(session, ticket)


def _unmarked(ticket: Ticket) -> Select[UUID]:
    """The oldest other open incident of the same thing that has no mark."""
    marks = select(col(TicketMark.ticket_id)).where(
        col(TicketMark.organization_id) == ticket.organization_id,
        col(TicketMark.equipment_id) == ticket.equipment_id,
    )
    return (
        select(col(Ticket.id))
        .where(
            col(Ticket.organization_id) == ticket.organization_id,
            col(Ticket.room_id) == ticket.room_id,
            col(Ticket.equipment_id) == ticket.equipment_id,
            col(Ticket.id) != ticket.id,
            col(Ticket.type) == TicketType.INCIDENT,
            col(Ticket.id).not_in(marks),
            Ticket.is_open,
        )
        .order_by(col(Ticket.created_at), col(Ticket.id))
        .limit(1)
    )


def list_meetings(session: Session, actor: Actor, ticket_id: UUID) -> list[TouchedMeeting]:
    """The meetings of the next TICKET_WARN_DAYS in the room of a ticket, with rooms that have what is broken."""
    ticket = find_ticket(session, desk_of(session, actor), ticket_id)
    item = session.get(RoomEquipment, (ticket.organization_id, ticket.equipment_id)) if ticket.equipment_id else None
    if item is None or ticket.room_id is None:
        return []
    meetings = _coming(session, ticket, actor)
    return [
        TouchedMeeting(
            event_id=meeting.event_id,
            title=meeting.title if meeting.is_read else None,
            start_time=meeting.starts_at,
            end_time=meeting.ends_at,
            rooms=rooms,
        )
        for meeting, rooms in zip(meetings, _rooms_for(session, ticket, item.name, meetings), strict=True)
    ]


def _warn(session: Session, ticket: Ticket, item: RoomEquipment) -> None:
    """Tell the organizers, each of their next meeting in the room."""
    room = session.get_one(Room, (ticket.organization_id, item.room_id))
    by_organizer: dict[UUID, list[Meeting]] = {}
    for meeting in _coming(session, ticket, None):
        by_organizer.setdefault(meeting.organizer_id, []).append(meeting)
    free = _rooms_for(session, ticket, item.name, [meetings[0] for meetings in by_organizer.values()])
    announcements = []
    for (organizer, (meeting, *others)), rooms in zip(by_organizer.items(), free, strict=True):
        announcements.append(
            Announcement(
                type=NotificationType.ROOM,
                reason=NotificationReason.ORGANIZER,
                people={organizer},
                text="equipment_broken_for_more" if others else "equipment_broken",
                params={
                    "room": room.name,
                    "what": item.name,
                    "title": meeting.title,
                    "when": SpokenTime(meeting.starts_at, meeting.is_all_day),
                    "rooms": ", ".join(other.name for other in rooms) or "—",
                    "more": len(others),
                },
                about=About(meeting.event_id, meeting.series_id, replaces=False),
                calendar_id=meeting.calendar_id,
            )
        )
    announce(session, ticket.organization_id, announcements)


def _coming(session: Session, ticket: Ticket, asker: Actor | None) -> list[Meeting]:
    values = {
        "company": ticket.organization_id,
        "user_id": asker and asker.user_id,
        "sees_private": asker is not None and asker.sees_private,
        "room": ticket.room_id,
        "from": now(),
        "until": now() + timedelta(days=get_settings().TICKET_WARN_DAYS),
    }
    return [Meeting(*row) for row in fetch_rows(session, _SEEN_SQL if asker else _COMING_SQL, values)]


def _rooms_for(session: Session, ticket: Ticket, name: str, meetings: Sequence[Meeting]) -> list[list[OtherRoom]]:
    """For each meeting, the rooms that have such a thing and are free then."""
    values = {
        "company": ticket.organization_id,
        "room": ticket.room_id,
        "equipment": [name],
        "starts": [meeting.starts_at for meeting in meetings],
        "ends": [meeting.ends_at for meeting in meetings],
    }
    found: list[list[OtherRoom]] = [[] for _ in meetings]
    for place, room_id, room in fetch_rows(session, _FREE_SQL, values):
        found[place - 1].append(OtherRoom(id=room_id, name=room))
    return found


def _locked(session: Session, ticket: Ticket) -> RoomEquipment | None:
    """The thing, after its room: in this order everybody locks them. None where either is gone."""
    room = select(col(Room.id)).where(
        col(Room.organization_id) == ticket.organization_id, col(Room.id) == ticket.room_id
    )
    session.execute(room.with_for_update(key_share=True))
    query = (
        select(RoomEquipment)
        .where(
            col(RoomEquipment.organization_id) == ticket.organization_id,
            col(RoomEquipment.room_id) == ticket.room_id,
            col(RoomEquipment.id) == ticket.equipment_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    item: RoomEquipment | None = session.execute(query).scalar_one_or_none()
    return item


def _changed(session: Session, ticket: Ticket) -> None:
    """The version of a thing is its room's; whoever waits for such a room may get one."""
    session.flush()
    session.execute(
        update(Room)
        .where(col(Room.organization_id) == ticket.organization_id, col(Room.id) == ticket.room_id)
        .values(version=col(Room.version) + 1)
    )
    nudge(session, OFFERS)
