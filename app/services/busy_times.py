"""When people and rooms are busy, as far as the asker may know: the one source of free/busy and of finding a time.

Everybody in a company knows when colleagues are busy; by what, only who reads the event's details (rule 20).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import select
from sqlmodel import Session, col

from app.calendaring.free_busy import Span
from app.calendaring.series import Occurrence
from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, NotFound
from app.core.hot import HotStatement, fetch_row, fetch_rows, hot_statement, snapshot
from app.models.event import Event
from app.models.room import Room
from app.models.user import User
from app.schemas.user import UserFilters
from app.services import department_service, room_service, user_service
from app.services.busy_statement import (
    JSON_BY_COMPANY,
    JSON_BY_PERSON,
    SPANS_BY_COMPANY,
    SPANS_BY_PERSON,
    UNSTORED_SQL,
)
from app.services.closed_times import closed_by_rules
from app.services.event_times import as_instant
from app.services.room_rules import load_rules
from app.services.unstored_occurrences import beyond, overridden
from app.services.windows import Window

# What the clocks of a zone may change by within a window.
_CLOCK_CHANGE = timedelta(hours=2)
# Up to so many calendars of a company for each person asked for, reading all of them costs less than person by person.
CALENDARS_PER_PERSON = 3
# What the statements are told of occurrences beyond the horizon.
_UNSTORED = ("who", "starts", "ends", "tentative", "told", "titles")


@dataclass(slots=True)
class Subject:
    """A person or a room, and when they are busy; a room counts days as the company does.

    Spans as in `free_busy`, merged; what is tentative is not busy as well.
    """

    id: UUID
    name: str
    zone: str
    busy: list[Span] = field(default_factory=list)
    tentative: list[Span] = field(default_factory=list)


_PEOPLE_SQL: HotStatement = hot_statement("""
    SELECT u.id, coalesce(u.full_name, u.email), coalesce(u.time_zone, o.time_zone)
    FROM users u JOIN organizations o ON o.id = u.organization_id
    WHERE u.organization_id = %(company)s AND u.is_active AND u.id = ANY(%(ids)s) ORDER BY 2, 1
""")


# From when on series have rules, but no rows; and how many calendars the company has, counted no further than asked.
_BOUNDS_SQL: HotStatement = hot_statement("""
    SELECT (SELECT min(expanded_until) FROM events WHERE organization_id = %(company)s),
           (SELECT count(*) FROM (SELECT FROM calendars WHERE organization_id = %(company)s LIMIT %(most)s) calendar)
""")


def people_of(session: Session, actor: Actor, user_ids: Collection[UUID]) -> list[Subject]:
    """These colleagues, in the order of their names.

    Raises:
        NotFound: one of them is no active colleague of the actor.
    """
    if not user_ids:
        return []
    rows = fetch_rows(session, _PEOPLE_SQL, {"company": actor.company, "ids": list(user_ids)})
    if len(rows) < len(set(user_ids)):
        raise NotFound("user_not_found")
    return [Subject(*row) for row in rows]


def rooms_of(session: Session, actor: Actor, room_ids: Collection[UUID]) -> list[Subject]:
    """These rooms of the company, in the order of their names.

    Raises:
        NotFound: the company does not have one of them.
    """
    if not room_ids:
        return []
    query = room_service.visible_to(actor).where(col(Room.id).in_(room_ids)).order_by(col(Room.name))
    rooms = session.execute(query).scalars().all()
    if len(rooms) < len(set(room_ids)):
        raise NotFound("room_not_found")
    return [Subject(room.id, room.name, actor.organization_time_zone) for room in rooms]


def members_of(session: Session, actor: Actor, department_id: UUID) -> list[UUID]:
    """The active people of a department and of those below it.

    Raises:
        NotFound: the company has no such department.
    """
    department_service.get_department(session, actor, department_id)
    filters = UserFilters(department_id=department_id, branch=True, is_active=True)
    query = user_service.filtered(user_service.visible_to(actor), filters).with_only_columns(col(User.id))
    return list(session.execute(query).scalars())


def look_up(
    session: Session, actor: Actor, people: Sequence[Subject], rooms: Sequence[Subject], start: datetime, end: datetime
) -> None:
    """Note in each subject when they are busy in [start, end), UTC.

    Raises:
        Invalid: the rules beyond the horizon make more occurrences than SERIES_MAX_OCCURRENCES.
    """
    by_id = {subject.id: subject for subject in (*people, *rooms)}
    question = _Question(actor, people, rooms, start, end)
    for who, is_tentative, starts, ends in _ask(session, question, SPANS_BY_PERSON, SPANS_BY_COMPANY):
        spans = list(zip(starts, ends, strict=True))
        if is_tentative:
            by_id[who].tentative = spans
        else:
            by_id[who].busy = spans


def blocks_json(
    session: Session, actor: Actor, people: Sequence[Subject], rooms: Sequence[Subject], start: datetime, end: datetime
) -> dict[UUID, str]:
    """Whose BusyBlockReads in [start, end), UTC, as JSON between commas; those who are free are left out.

    Rooms are busy while they are closed or blocked, too.

    Raises:
        Invalid: the rules beyond the horizon make more occurrences than SERIES_MAX_OCCURRENCES.
    """
    question = _Question(actor, people, rooms, start, end)
    return dict(_ask(session, question, JSON_BY_PERSON, JSON_BY_COMPANY, _closed(session, question)))


def _closed(session: Session, question: "_Question") -> list[tuple[Any, ...]]:
    """When the rooms are closed or blocked, as `_UNSTORED` names it."""
    if not question.rooms:
        return []
    company, start, end = question.actor.company, question.earliest, question.latest
    rules = load_rules(session, company, question.actor.user_id, [room.id for room in question.rooms], start, end)
    return [
        (room_id, closes, opens, False, None, None)
        for room_id, room in rules.items()
        for closes, opens in closed_by_rules(room, start, end)
    ]


class _Question:
    """Who is asked for, and between which instants occurrences can touch [start, end)."""

    def __init__(
        self, actor: Actor, people: Sequence[Subject], rooms: Sequence[Subject], start: datetime, end: datetime
    ) -> None:
        self.actor = actor
        self.people = people
        self.rooms = rooms
        self.asked = TimestamptzRange(start, end)
        # All-day events lie at 00:00 UTC of their dates, which begin up to 14 hours before or after that.
        away = max(
            (abs(start.astimezone(get_zone(one.zone)).utcoffset() or timedelta()) for one in (*people, *rooms)),
            default=timedelta(),
        )
        self.earliest, self.latest = start - away - _CLOCK_CHANGE, end + away + _CLOCK_CHANGE

    def parameters(self) -> dict[str, Any]:
        """What all statements ask for."""
        first = self.earliest.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [first + timedelta(days=number) for number in range((self.latest - first).days + 2)]
        midnights = [
            (zone, day, _midnight(day, zone)) for zone in {person.zone for person in self.people} for day in days
        ]
        return {
            "company": self.actor.company,
            "user_id": self.actor.user_id,
            "sees_private": self.actor.sees_private,
            "users": [person.id for person in self.people],
            "zones": [person.zone for person in self.people],
            "rooms": [room.id for room in self.rooms],
            "from": self.earliest,
            "until": self.latest,
            "window": TimestamptzRange(self.earliest, self.latest),
            "asked": self.asked,
            "first_day": days[0],
            "last_day": days[-1],
            **_columns("midnight", ("zones", "days", "starts"), midnights),
        }


def _ask(
    session: Session,
    question: _Question,
    by_person: HotStatement,
    by_company: HotStatement,
    closed: Sequence[tuple[Any, ...]] = (),
) -> list[tuple[Any, ...]]:
    if not question.people and not question.rooms:
        return []
    enough = CALENDARS_PER_PERSON * len(question.people)
    bounds = fetch_row(session, _BOUNDS_SQL, {"company": question.actor.company, "most": enough + 1})
    assert bounds is not None
    stored_until, calendars = bounds
    statement = by_company if calendars <= enough else by_person
    asked = question.parameters()
    if stored_until is None or stored_until >= question.latest:
        return fetch_rows(session, statement, {**asked, **_columns("unstored", _UNSTORED, closed)})
    # Rows and rules are read from one snapshot: the nightly extension turns the one into the other.
    with snapshot(session):
        unstored = [*_unstored(session, question, asked), *closed]
        return fetch_rows(session, statement, {**asked, **_columns("unstored", _UNSTORED, unstored)})


def _columns(prefix: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Rows as the arrays that unnest() takes."""
    return {f"{prefix}_{name}": [row[place] for row in rows] for place, name in enumerate(names)}


def _unstored(session: Session, question: _Question, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What the rules make beyond the rows, but for instances that have a row of their own; as `_UNSTORED` names it."""
    rows = fetch_rows(session, UNSTORED_SQL, asked)
    limit = get_settings().SERIES_MAX_OCCURRENCES
    ids = {event_id for _, _, event_id, _ in rows}
    if len(ids) > limit:
        raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    here = col(Event.organization_id) == question.actor.company
    events = {event.id: event for event in session.execute(select(Event).where(here, col(Event.id).in_(ids))).scalars()}
    own_rows = overridden(session, question.actor, list(events.values()))
    window = Window(start=question.earliest, end=question.latest, zone="UTC")
    instances: dict[UUID, list[Occurrence]] = {}
    for event in events.values():
        instances[event.id] = [
            occurrence
            for occurrence in beyond(event, window)
            if (event.id, as_instant(occurrence.original_start)) not in own_rows
        ]
        if sum(map(len, instances.values())) > limit:
            raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    zones = {subject.id: subject.zone for subject in (*question.people, *question.rooms)}
    found = []
    for who, is_tentative, event_id, reads in rows:
        event = events[event_id]
        told = (event.id, event.title) if reads else (None, None)
        for occurrence in instances[event_id]:
            start, end = as_instant(occurrence.start), as_instant(occurrence.end)
            if event.is_all_day:
                start, end = _midnight(start, zones[who]), _midnight(end, zones[who])
            found.append((who, start, end, is_tentative, *told))
    return found


@lru_cache(maxsize=4096)
def _midnight(day: datetime, zone: str) -> datetime:
    """When a date, told as its 00:00 UTC, begins in a zone."""
    return wall_to_utc(day.replace(tzinfo=None), get_zone(zone))
