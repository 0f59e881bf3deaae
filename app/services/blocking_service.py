"""When rooms are blocked: cleaning, holidays, repairs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import Session, col

from app.calendaring.rule import Rule
from app.calendaring.series import Series
from app.calendaring.zones import get_zone
from app.models.room_policy import RoomBlocking

# No zone is further from UTC.
_ZONES_APART = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A room, where it is, and its clock."""

    room_id: UUID
    building_id: UUID | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """One time in which a room cannot be booked, UTC, half open."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    title: str | None


def blocked_times(
    session: Session, company: UUID, places: Sequence[Place], start: datetime, end: datetime
) -> dict[UUID, list[Blocked]]:
    """By room, what blocks it within [start, end), UTC, in order of time. Rooms without any are left out."""
    rooms, buildings = [place.room_id for place in places], {place.building_id for place in places}
    rows = session.execute(
        select(RoomBlocking).where(
            col(RoomBlocking.organization_id) == company,
            or_(
                col(RoomBlocking.last_end_wall).is_(None),
                col(RoomBlocking.last_end_wall) > (start - _ZONES_APART).replace(tzinfo=None),
            ),
            col(RoomBlocking.start_wall) < (end + _ZONES_APART).replace(tzinfo=None),
            or_(
                col(RoomBlocking.room_id).in_(rooms),
                col(RoomBlocking.building_id).in_([building for building in buildings if building is not None]),
                col(RoomBlocking.room_id).is_(None) & col(RoomBlocking.building_id).is_(None),
            ),
        )
    ).scalars()
    expanded: dict[tuple[UUID, str], list[Blocked]] = {}
    found: dict[UUID, list[Blocked]] = {}
    for row in rows:
        for place in places:
            if row.room_id not in (None, place.room_id) or row.building_id not in (None, place.building_id):
                continue
            key = (row.id, place.time_zone)
            if key not in expanded:
                expanded[key] = list(_expand(row, place.time_zone, start, end))
            found.setdefault(place.room_id, []).extend(expanded[key])
    for times in found.values():
        times.sort(key=lambda block: block.starts_at)
    return {room: times for room, times in found.items() if times}


def series_of_blocking(row: RoomBlocking, time_zone: str) -> Series:
    """A blocking as the clock of a place counts it."""
    rule = None if row.recurrence_rule is None else Rule.parse(row.recurrence_rule)
    return Series(row.start_wall, row.end_wall, get_zone(time_zone), rule)


def _expand(row: RoomBlocking, time_zone: str, start: datetime, end: datetime) -> Iterable[Blocked]:
    for one in series_of_blocking(row, time_zone).occurrences_between(start, end):
        yield Blocked(one.start, one.end, row.kind, row.title)  # type: ignore[arg-type]
