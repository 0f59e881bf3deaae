"""When people and rooms are busy, as far as the asker may know: the one source of free/busy and of finding a time.

Everybody in a company knows when colleagues are busy; by what, only who reads the event's details (rule 20).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.range import TimestamptzRange
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.calendaring.free_busy import BusyType, Span
from app.calendaring.series import Occurrence
from app.calendaring.zones import get_zone, wall_to_utc
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, NotFound
from app.core.hot import HotStatement, fetch_rows, hot_statement, snapshot
from app.models.event import Event
from app.models.room import Room
from app.models.user import User
from app.schemas.user import UserFilters
from app.services import department_service, room_service, user_service
from app.services.busy_statement import PEOPLE_SQL, ROOMS_SQL, UNSTORED_SQL
from app.services.event_times import as_instant
from app.services.unstored_occurrences import beyond, overridden
from app.services.windows import Window

# What the clocks of a zone may change by within a window.
_CLOCK_CHANGE = timedelta(hours=2)


class Reason(NamedTuple):
    """An event that makes somebody busy, and whose details the asker reads; spans as in `free_busy`."""

    event_id: UUID
    title: str
    type: BusyType
    spans: list[Span]


@dataclass(slots=True)
class Subject:
    """A person or a room, and all that makes them busy; a room counts days as the company does."""

    id: UUID
    name: str
    zone: str
    busy: list[Span] = field(default_factory=list)
    tentative: list[Span] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)


_PEOPLE_SQL: HotStatement = hot_statement("""
    SELECT u.id, coalesce(u.full_name, u.email), coalesce(u.time_zone, o.time_zone)
    FROM users u JOIN organizations o ON o.id = u.organization_id
    WHERE u.organization_id = %(company)s AND u.is_active AND u.id = ANY(%(ids)s) ORDER BY 2, 1
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
    """Note in each subject what makes them busy in [start, end), UTC, in no order and clipped to nothing.

    Raises:
        Invalid: the rules beyond the horizon make more occurrences than SERIES_MAX_OCCURRENCES.
    """
    if not people and not rooms:
        return
    # All-day events lie at 00:00 UTC of their dates, which begin up to 14 hours before or after that.
    away = max(
        abs(start.astimezone(get_zone(subject.zone)).utcoffset() or timedelta()) for subject in (*people, *rooms)
    )
    earliest, latest = start - away - _CLOCK_CHANGE, end + away + _CLOCK_CHANGE
    stored_until = session.execute(
        select(func.min(col(Event.expanded_until))).where(col(Event.organization_id) == actor.company)
    ).scalar_one()
    if stored_until is None or stored_until >= latest:
        _note_stored(session, actor, people, rooms, earliest, latest)
        return
    # Rows and rules are read from one snapshot: the nightly extension turns the one into the other.
    with snapshot(session):
        _note_stored(session, actor, people, rooms, earliest, latest)
        _note_unstored(session, actor, people, rooms, earliest, latest)


def _note_stored(
    session: Session,
    actor: Actor,
    people: Sequence[Subject],
    rooms: Sequence[Subject],
    earliest: datetime,
    latest: datetime,
) -> None:
    asked = _parameters(actor, people, rooms, earliest, latest)
    for statement, subjects in ((PEOPLE_SQL, people), (ROOMS_SQL, rooms)):
        if subjects:
            by_id = {subject.id: subject for subject in subjects}
            for who, *found in fetch_rows(session, statement, asked):
                _note(by_id[who], *found)


def _note_unstored(
    session: Session,
    actor: Actor,
    people: Sequence[Subject],
    rooms: Sequence[Subject],
    earliest: datetime,
    latest: datetime,
) -> None:
    """What the rules make beyond the rows, but for instances that have a row of their own."""
    rows = fetch_rows(session, UNSTORED_SQL, _parameters(actor, people, rooms, earliest, latest))
    limit = get_settings().SERIES_MAX_OCCURRENCES
    ids = {event_id for _, _, event_id, _ in rows}
    if len(ids) > limit:
        raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    here = col(Event.organization_id) == actor.company
    events = {event.id: event for event in session.execute(select(Event).where(here, col(Event.id).in_(ids))).scalars()}
    own_rows = overridden(session, actor, list(events.values()))
    window = Window(start=earliest, end=latest, zone="UTC")
    instances: dict[UUID, list[Occurrence]] = {}
    for event in events.values():
        instances[event.id] = [
            occurrence
            for occurrence in beyond(event, window)
            if (event.id, as_instant(occurrence.original_start)) not in own_rows
        ]
        if sum(map(len, instances.values())) > limit:
            raise Invalid("too_many_occurrences_in_window", field="to", limit=limit)
    by_id = {subject.id: subject for subject in (*people, *rooms)}
    for who, is_tentative, event_id, reads in rows:
        event = events[event_id]
        starts = [int(as_instant(occurrence.start).timestamp()) for occurrence in instances[event_id]]
        ends = [int(as_instant(occurrence.end).timestamp()) for occurrence in instances[event_id]]
        told = (event.id, event.title) if reads else (None, None)
        _note(by_id[who], starts, ends, event.is_all_day, is_tentative, *told)


def _parameters(
    actor: Actor, people: Sequence[Subject], rooms: Sequence[Subject], earliest: datetime, latest: datetime
) -> dict[str, Any]:
    return {
        "company": actor.company,
        "user_id": actor.user_id,
        "sees_private": actor.sees_private,
        "users": [person.id for person in people],
        "rooms": [room.id for room in rooms],
        "from": earliest,
        "until": latest,
        "window": TimestamptzRange(earliest, latest),
    }


def _note(
    subject: Subject,
    starts: list[int],
    ends: list[int],
    is_all_day: bool,
    is_tentative: bool,
    event_id: UUID | None,
    title: str | None,
) -> None:
    if is_all_day:
        starts = [_midnight(start, subject.zone) for start in starts]
        ends = [_midnight(end, subject.zone) for end in ends]
    spans = list(zip(starts, ends, strict=True))
    (subject.tentative if is_tentative else subject.busy).extend(spans)
    if event_id is not None and title is not None:
        kind = BusyType.TENTATIVE if is_tentative else BusyType.BUSY
        subject.reasons.append(Reason(event_id, title, kind, spans))


@lru_cache(maxsize=4096)
def _midnight(day: int, zone: str) -> int:
    """When a date, told as its 00:00 UTC, begins in a zone."""
    wall = datetime.fromtimestamp(day, UTC).replace(tzinfo=None)
    return int(wall_to_utc(wall, get_zone(zone)).timestamp())
