"""Blockings as administrators keep them. What they mean for a booking, `blocking_service` says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text
from sqlmodel import Session, col

from app.calendaring.series import Series
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.models.base import now
from app.models.booking import BLOCKING_STATES, BookingState
from app.models.organization import Organization
from app.models.place import Building
from app.models.room import Room
from app.models.room_policy import RoomBlocking
from app.schemas.blocking import BlockedRead, BlockingRead, BlockingSort, BlockingWrite
from app.schemas.event import EventWrite
from app.services import building_service, room_service
from app.services.blocking_service import Place, blocked_times, series_of_blocking
from app.services.event_times import checked_series, resolve_times
from app.services.rows import PageRequest, SortColumn, apply_changes, check_version, fetch_page, flush, get_visible
from app.services.turns import take_turn
from app.services.windows import check_window, horizon

SORTS = {"start": SortColumn(col(RoomBlocking.start_wall), datetime)}
_TOUCHED = text("""
    SELECT count(*) FROM room_bookings b
    WHERE b.organization_id = :organization_id AND b.room_id = ANY(:rooms ::uuid[])
      AND b.during && :times ::tstzmultirange AND b.state = ANY(:states) AND b.source = 'event'
""")


def visible_to(actor: Actor) -> Select[RoomBlocking]:
    """The blockings of the company."""
    return select(RoomBlocking).where(col(RoomBlocking.organization_id) == actor.company)


def list_blockings(
    session: Session,
    actor: Actor,
    sort: BlockingSort,
    page: PageRequest,
    *,
    room_id: UUID | None,
    building_id: UUID | None,
    is_over: bool | None,
) -> tuple[list[BlockingRead], str | None]:
    """Blockings: all, or those that a room has by itself, its building and the company; or those of a building.

    Raises:
        NotFound: the company has no such room or building.
    """
    query = visible_to(actor)
    if room_id is not None:
        room = room_service.get_room(session, actor, room_id)
        own = col(RoomBlocking.room_id) == room_id
        query = query.where(or_(own, _of_building(room.building_id), _of_company()))
    if building_id is not None:
        building_service.get_building(session, actor, building_id)
        query = query.where(or_(_of_building(building_id), _of_company()))
    if is_over is not None:
        ended = func.coalesce(col(RoomBlocking.last_end_wall) < (now() - timedelta(days=1)).replace(tzinfo=None), False)
        query = query.where(ended == is_over)
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return [_read(row) for row in rows], cursor


def get_blocking(session: Session, actor: Actor, blocking_id: UUID, *, lock: bool = False) -> RoomBlocking:
    return get_visible(session, visible_to(actor), blocking_id, "blocking_not_found", lock=lock)


def read_blocking(session: Session, actor: Actor, blocking_id: UUID) -> BlockingRead:
    return _read(get_blocking(session, actor, blocking_id))


def create_blocking(session: Session, actor: Actor, data: BlockingWrite) -> BlockingRead:
    """A new blocking. For administrators and the IT desk.

    Raises:
        NotFound: the company has no such room or building.
        Invalid: the times or the rule are not acceptable.
        Conflict: the company has ROOM_BLOCKINGS_MAX of them.
    """
    actor.require_admin_or_it()
    # Two must not both be the last that is possible.
    take_turn(session, "blockings", actor.company)
    limit = get_settings().ROOM_BLOCKINGS_MAX
    counted = select(func.count()).where(col(RoomBlocking.organization_id) == actor.company)
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_blockings", limit=limit)
    _check_place(session, actor, data)
    blocking = RoomBlocking(organization_id=actor.company, **_columns(data))
    session.add(blocking)
    flush(session)
    return _read(blocking, _touched(session, actor, blocking))


def change_blocking(
    session: Session, actor: Actor, blocking_id: UUID, values: Mapping[str, Any], if_match: frozenset[int] | None
) -> BlockingRead:
    """Lay `values` over a blocking, and treat the result as a new one.

    Raises:
        NotFound: there is no such blocking, room or building.
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Invalid: the times or the rule are not acceptable.
    """
    blocking = get_blocking(session, actor, blocking_id, lock=True)
    actor.require_admin_or_it()
    check_version(blocking, if_match)
    written = {
        "start": blocking.start_wall,
        "end": blocking.end_wall,
        **{name: getattr(blocking, name) for name in ("room_id", "building_id", "kind", "title", "recurrence_rule")},
    }
    if values.get("room_id") is not None and "building_id" not in values:
        written["building_id"] = None
    if values.get("building_id") is not None and "room_id" not in values:
        written["room_id"] = None
    if values.get("room_id") is not None and values.get("building_id") is not None:
        raise Invalid("one_place", field="building_id")
    data = BlockingWrite.model_validate({**written, **values})
    _check_place(session, actor, data)
    apply_changes(blocking, _columns(data))
    flush(session)
    return _read(blocking, _touched(session, actor, blocking))


def delete_blocking(session: Session, actor: Actor, blocking_id: UUID, if_match: frozenset[int] | None) -> None:
    """Let the rooms be booked in this time again."""
    blocking = get_blocking(session, actor, blocking_id, lock=True)
    actor.require_admin_or_it()
    check_version(blocking, if_match)
    session.delete(blocking)
    flush(session)


def list_blocked(session: Session, actor: Actor, room_id: UUID, start: datetime, end: datetime) -> list[BlockedRead]:
    """The times within [start, end), UTC, in which a room cannot be booked.

    Raises:
        NotFound: the company has no such room.
        Invalid: the window is empty or too wide.
    """
    room = room_service.get_room(session, actor, room_id)
    check_window(start, end)
    place = _places(session, actor, [room])[0]
    return [
        BlockedRead(start_time=block.starts_at, end_time=block.ends_at, kind=block.kind, title=block.title)
        for block in blocked_times(session, actor.company, [place], start, end).get(room_id, ())
    ]


def _check_place(session: Session, actor: Actor, data: BlockingWrite) -> None:
    if data.room_id is not None:
        room_service.get_room(session, actor, data.room_id)
    building_service.require_building(session, actor, data.building_id)


def _columns(data: BlockingWrite) -> dict[str, Any]:
    """What is stored; the rule is found affordable as that of an event.

    Raises:
        Invalid: the end is not after the start, or the rule is wrong or makes too many times.
    """
    start, end = _wall(data.start), _wall(data.end)
    if end <= start:
        raise Invalid("end_before_start", field="end")
    event = EventWrite(title="-", start_time=start, end_time=end, time_zone="UTC", recurrence_rule=data.recurrence_rule)
    times = resolve_times(event, "UTC")
    series = checked_series(times)
    columns = {name: getattr(data, name) for name in ("room_id", "building_id", "kind", "title")}
    columns.update(start_wall=start, end_wall=end, recurrence_rule=times.recurrence_rule)
    return {**columns, "last_end_wall": _last_end(series, start, end)}


def _last_end(series: Series, start: datetime, end: datetime) -> datetime | None:
    """The last wall time that a blocking can reach; None where its rule has no end, or only a number of times."""
    if series.rule is None:
        return end
    if not isinstance(series.until, datetime):
        return None
    return series.until.astimezone(UTC).replace(tzinfo=None) + (end - start)


def _wall(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def _touched(session: Session, actor: Actor, blocking: RoomBlocking) -> int:
    """How many coming bookings lie in a blocking's time."""
    rooms = select(Room).where(col(Room.organization_id) == actor.company)
    if blocking.room_id is not None:
        rooms = rooms.where(col(Room.id) == blocking.room_id)
    if blocking.building_id is not None:
        rooms = rooms.where(col(Room.building_id) == blocking.building_id)
    by_zone: dict[str, list[UUID]] = {}
    for place in _places(session, actor, list(session.execute(rooms).scalars())):
        by_zone.setdefault(place.time_zone, []).append(place.room_id)
    total = 0
    for zone, room_ids in by_zone.items():
        times = series_of_blocking(blocking, zone).occurrences_between(now(), horizon())
        values = {
            "organization_id": actor.company,
            "rooms": room_ids,
            "times": "{" + ",".join(f"[{one.start.isoformat()},{one.end.isoformat()})" for one in times) + "}",
            "states": [*BLOCKING_STATES, BookingState.LATER],
        }
        total += session.execute(_TOUCHED, values).scalar_one()
    return total


def _places(session: Session, actor: Actor, rooms: list[Room]) -> list[Place]:
    zones = select(col(Building.id), col(Building.time_zone)).where(col(Building.organization_id) == actor.company)
    of_buildings = {row.id: row.time_zone for row in session.execute(zones)}
    own = session.get_one(Organization, actor.company).time_zone
    return [
        Place(room.id, room.building_id, own if room.building_id is None else of_buildings[room.building_id])
        for room in rooms
    ]


def _of_building(building_id: UUID | None) -> Any:
    return (col(RoomBlocking.building_id) == building_id) & col(RoomBlocking.room_id).is_(None)


def _of_company() -> Any:
    return col(RoomBlocking.room_id).is_(None) & col(RoomBlocking.building_id).is_(None)


def _read(blocking: RoomBlocking, touched: int | None = None) -> BlockingRead:
    plain = BlockingRead.model_fields.keys() - {"start", "end", "bookings_touched"}
    return BlockingRead(
        **{name: getattr(blocking, name) for name in plain},
        start=blocking.start_wall,
        end=blocking.end_wall,
        bookings_touched=touched,
    )
