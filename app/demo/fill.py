"""Writes a plan of the demo company into the database, through the services that the API uses."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.security import get_password_hash
from app.demo.company import PASSWORD
from app.demo.fill_availability import write_availability
from app.demo.fill_places import write_rooms, write_rules
from app.demo.fill_tickets import write_tickets
from app.demo.model import Meeting, Plan
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.event import Event, EventOccurrence
from app.models.organization import Organization
from app.models.user import User
from app.schemas.calendar import CalendarWrite
from app.schemas.event import EventWrite
from app.schemas.participant import ParticipantWrite
from app.schemas.user import UserWrite
from app.services import calendar_service, event_service, user_service
from app.services.bootstrap_service import FIRST_COMPANY
from app.services.room_policy_service import Place

_ANSWER = text("""
    UPDATE event_participants p SET response = answer.response
    FROM unnest(CAST(:events AS uuid[]), CAST(:users AS uuid[]), CAST(:responses AS text[]))
        AS answer (event_id, user_id, response)
    WHERE p.organization_id = :organization_id AND p.event_id = answer.event_id AND p.user_id = answer.user_id
""")
# Taken, or later than this installation books rooms ahead.
ROOM_REFUSALS = ("room_taken", "room_beyond_horizon")


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was written."""

    departments: int
    people: int
    rooms: int
    events: int
    occurrences: int
    tickets: int


@dataclass(slots=True)
class _Written:
    """What has its id already, by the names of the plan."""

    departments: dict[str, Department] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    buildings: dict[str, UUID] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    calendars: dict[str, UUID] = field(default_factory=dict)
    answers: list[tuple[UUID, UUID, str]] = field(default_factory=list)


def fill(session: Session, organization: Organization, plan: Plan) -> Filled | None:
    """Write the plan into the company, within the caller's transaction; None if the demo is there already.

    Everybody gets the password `PASSWORD`. A company that still has its first name gets the demo's.

    Raises:
        Conflict: an e-mail or the name of a room is taken.
    """
    # One at a time: the second waits here, and then finds the demo.
    session.get_one(Organization, organization.id, with_for_update={"key_share": True})
    if _is_there(session, organization, plan):
        return None
    if organization.name == FIRST_COMPANY:
        organization.name = plan.company
        organization.version += 1
    written = _Written()
    _write_departments(session, organization, plan, written)
    _write_people(session, organization, plan, written)
    admin = next(actor for actor in written.actors.values() if actor.is_admin)
    written.buildings, written.rooms = write_rooms(session, admin, plan)
    _write_calendars(session, plan, written)
    for meeting in plan.meetings:
        if not meeting.asks_for_room:
            write_meeting(session, meeting, written)
    _write_rules(session, admin, plan, written)
    for meeting in plan.meetings:
        if meeting.asks_for_room:
            write_meeting(session, meeting, written)
    _write_answers(session, organization, written)
    tickets = write_tickets(session, admin, written.actors)
    write_availability(session, written.actors, plan.vacations)
    occurrences = select(func.count()).where(col(EventOccurrence.organization_id) == organization.id)
    return Filled(
        departments=len(plan.departments),
        people=len(plan.employees),
        rooms=len(plan.rooms),
        events=len(plan.meetings),
        occurrences=session.execute(occurrences).scalar_one(),
        tickets=tickets,
    )


def _is_there(session: Session, organization: Organization, plan: Plan) -> bool:
    """Whether anybody of the plan works in the company. The demo is written whole or not at all."""
    emails = [employee.email for employee in plan.employees]
    found = select(col(User.id)).where(col(User.organization_id) == organization.id, col(User.email).in_(emails))
    return session.execute(found.limit(1)).first() is not None


def _write_departments(session: Session, organization: Organization, plan: Plan, written: _Written) -> None:
    """The tree; heads follow when the people are there."""
    for planned in plan.departments:
        parent = written.departments[planned.parent].id if planned.parent else None
        department = Department(organization_id=organization.id, name=planned.name, parent_id=parent)
        session.add(department)
        session.flush()
        written.departments[planned.key] = department


def _write_people(session: Session, organization: Organization, plan: Plan, written: _Written) -> None:
    # Hashing takes tens of milliseconds, so all share one.
    password_hash = get_password_hash(PASSWORD)
    zone = organization.time_zone
    for employee in plan.employees:
        department = written.departments[employee.department]
        profile = UserWrite(
            email=employee.email,
            full_name=employee.name,
            phone=employee.phone,
            position=employee.position,
            department=department.name,
            department_id=department.id,
            manager_id=written.users[employee.manager].id if employee.manager else None,
            birthday=employee.birthday,
            time_zone=employee.zone if employee.zone != zone else None,
            role=employee.role,
        )
        user = User(**profile.model_dump(), hashed_password=password_hash, organization_id=organization.id)
        user_service.add_user(session, user)
        written.users[employee.name] = user
        written.actors[employee.name] = Actor(user.id, organization.id, user.role, None, user.time_zone or zone, zone)
    for planned in plan.departments:
        written.departments[planned.key].head_id = written.users[planned.head].id
    _color_calendars(session, organization, plan, written)
    session.flush()


def _color_calendars(session: Session, organization: Organization, plan: Plan, written: _Written) -> None:
    """Give the calendar that everybody got with their account the colour of the department."""
    colors = {written.users[employee.name].id: employee.color for employee in plan.employees}
    query = select(Calendar).where(col(Calendar.organization_id) == organization.id, col(Calendar.owner_id).in_(colors))
    for calendar in session.execute(query).scalars():
        calendar.color = colors[calendar.owner_id]


def _write_calendars(session: Session, plan: Plan, written: _Written) -> None:
    for calendar in plan.calendars:
        public = CalendarWrite(
            name=calendar.name, description=calendar.description, color=calendar.color, is_public=True
        )
        created = calendar_service.create_calendar(session, written.actors[calendar.owner], public)
        written.calendars[calendar.name] = created.id


def _write_rules(session: Session, admin: Actor, plan: Plan, written: _Written) -> None:
    people = {name: user.id for name, user in written.users.items()}
    for rules in plan.rules:
        place = Place(room_id=written.rooms.get(rules.place), building_id=written.buildings.get(rules.place))
        write_rules(session, admin, rules, place, people)


def write_meeting(session: Session, meeting: Meeting, written: _Written) -> Event:
    """Create the event as its organizer. If the room is taken, take another that is free, or none."""
    actor = written.actors[meeting.organizer]
    data = EventWrite(
        title=meeting.title,
        description=meeting.description,
        start_time=meeting.start,
        end_time=meeting.end,
        time_zone=meeting.zone,
        location=meeting.location,
        calendar_id=written.calendars[meeting.calendar] if meeting.calendar else None,
        room_id=written.rooms[meeting.room] if meeting.room else None,
        is_all_day=meeting.is_all_day,
        recurrence_rule=meeting.rule,
        exdates=list(meeting.exdates),
        status=meeting.status,
        participants=[
            ParticipantWrite(user_id=written.users[guest.name].id, role=guest.role) for guest in meeting.guests
        ],
    )
    event = _create(session, actor, data)
    written.answers += [(event.id, written.users[guest.name].id, str(guest.response)) for guest in meeting.guests]
    return event


def _create(session: Session, actor: Actor, data: EventWrite) -> Event:
    if data.room_id is None:
        return event_service.create_event(session, actor, data).series[0]
    try:
        with session.begin_nested():
            return event_service.create_event(session, actor, data).series[0]
    except (Conflict, Invalid) as refusal:
        if refusal.code not in ROOM_REFUSALS:
            raise
        free = [UUID(room["id"]) for room in refusal.extra.get("free_rooms", [])]
        return _create(session, actor, data.model_copy(update={"room_id": free[0] if free else None}))


def _write_answers(session: Session, organization: Organization, written: _Written) -> None:
    """What the guests answered, in one statement; invitations themselves begin unanswered."""
    session.execute(
        _ANSWER,
        {
            "organization_id": organization.id,
            "events": [event_id for event_id, _, _ in written.answers],
            "users": [user_id for _, user_id, _ in written.answers],
            "responses": [response for _, _, response in written.answers],
        },
    )
