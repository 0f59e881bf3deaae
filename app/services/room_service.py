"""Meeting rooms: everybody in the company sees them, administrators and the IT desk keep them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict
from app.models.room import AccessibilityFeature, Room
from app.schemas.room import HIGHEST_FLOOR, RoomRead, RoomSort, RoomWrite
from app.services import booking_service, building_service, equipment_service
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)

SORTS = {
    "name": SortColumn(col(Room.name), str),
    "capacity": SortColumn(col(Room.capacity), int),
    # Rooms of which nobody has said where they are lie above all others.
    "floor": SortColumn(func.coalesce(col(Room.floor), HIGHEST_FLOOR + 1), int),
}


def visible_to(actor: Actor) -> Select[Room]:
    """The rooms of the company."""
    return select(Room).where(col(Room.organization_id) == actor.company)


def list_rooms(
    session: Session,
    actor: Actor,
    sort: RoomSort,
    page: PageRequest,
    *,
    capacity: int | None = None,
    equipment: list[str] | None = None,
    building_id: UUID | None = None,
    floor: int | None = None,
    accessibility: list[AccessibilityFeature] | None = None,
    is_active: bool | None = True,
) -> tuple[list[RoomRead], str | None]:
    """Rooms for at least `capacity` people, in this place.

    They have all of `equipment`, of each something that works, and all of `accessibility`.
    """
    query = visible_to(actor)
    if is_active is not None:
        query = query.where(col(Room.is_active).is_(is_active))
    if capacity is not None:
        query = query.where(col(Room.capacity) >= capacity)
    if equipment:
        query = query.where(equipment_service.has_working(equipment))
    if building_id is not None:
        query = query.where(col(Room.building_id) == building_id)
    if floor is not None:
        query = query.where(col(Room.floor) == floor)
    if accessibility:
        query = query.where(col(Room.accessibility).contains(accessibility))
    rooms, cursor = fetch_page(session, query, SORTS, sort, page)
    return equipment_service.read_rooms(session, rooms), cursor


def get_room(session: Session, actor: Actor, room_id: UUID, *, lock: bool = False) -> Room:
    return get_visible(session, visible_to(actor), room_id, "room_not_found", lock=lock)


def read_room(session: Session, actor: Actor, room_id: UUID) -> RoomRead:
    return equipment_service.read_room(session, get_room(session, actor, room_id))


def get_changeable(session: Session, actor: Actor, room_id: UUID, if_match: frozenset[int] | None) -> Room:
    """The room, locked, for somebody who keeps rooms.

    Raises:
        NotFound: the company has no such room.
        Forbidden: the actor is neither an administrator nor of the IT desk.
        PreconditionFailed: somebody changed the room since the client read it.
    """
    room = get_room(session, actor, room_id, lock=True)
    actor.require_admin_or_it()
    check_version(room, if_match)
    return room


def create_room(session: Session, actor: Actor, data: RoomWrite) -> RoomRead:
    """A new room.

    Raises:
        NotFound: the company has no such building.
        Conflict: the company has a room of this name.
    """
    values = data.model_dump()
    equipment = values.pop("equipment")
    building_service.require_building(session, actor, data.building_id)
    room = Room(**values, organization_id=actor.company)
    session.add(room)
    _flush(session, room)
    equipment_service.set_equipment(session, room, equipment)
    return equipment_service.read_room(session, room)


def change_room(
    session: Session, actor: Actor, room_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> RoomRead:
    """Change what `values` names.

    Raises:
        Forbidden: the actor is neither an administrator nor of the IT desk.
        NotFound: the company has no such building.
        Conflict: the name is taken, or the room is to go out of use while bookings lie ahead.
    """
    room = get_changeable(session, actor, room_id, if_match)
    if room.is_active and values.get("is_active") is False:
        _require_no_bookings(session, room)
    if values.get("building_id") != room.building_id:
        building_service.require_building(session, actor, values.get("building_id"))
    plain = {name: value for name, value in values.items() if name != "equipment"}
    changed = apply_changes(room, plain)
    if "equipment" in values and equipment_service.set_equipment(session, room, values["equipment"]) and not changed:
        room.version += 1
    _flush(session, room)
    return equipment_service.read_room(session, room)


def change_equipment(
    session: Session,
    actor: Actor,
    room_id: UUID,
    equipment_id: UUID,
    values: dict[str, Any],
    if_match: frozenset[int] | None,
) -> RoomRead:
    """Change how many there are of one thing in a room, how many do not work, and the note about it.

    Bookings that are there stay. The version is the room's, and rises with it.

    Raises:
        NotFound: the company has no such room, or the room no such thing.
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Invalid: more would be out of order than there are.
    """
    room = get_changeable(session, actor, room_id, if_match)
    if equipment_service.change_item(session, room, equipment_id, values):
        room.version += 1
    flush(session)
    return equipment_service.read_room(session, room)


def delete_room(session: Session, actor: Actor, room_id: UUID, if_match: frozenset[int] | None) -> None:
    """Take a room out of use for good; the history of its bookings stays.

    Raises:
        Conflict: bookings lie ahead.
    """
    change_room(session, actor, room_id, {"is_active": False}, if_match)


def _flush(session: Session, room: Room) -> None:
    flush(session, {"uq_rooms_organization_id_name": ("room_name_taken", {"name": room.name})})


def _require_no_bookings(session: Session, room: Room) -> None:
    count = booking_service.count_ahead(session, room)
    if count:
        raise Conflict("room_has_bookings", room=room.name, count=count)
