"""What stands in rooms: kept with the room, asked for by name, counted only where it works."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from app.core.errors import Invalid, NotFound
from app.models.room import Room, RoomEquipment
from app.schemas.room import EquipmentRead, RoomRead
from app.services.rows import flush

# Whether a room `r` has something that works of each of %(equipment)s.
HAS_WORKING_SQL: LiteralString = """NOT EXISTS (
    SELECT FROM unnest(%(equipment)s::text[]) wanted (name)
    WHERE NOT EXISTS (
        SELECT FROM room_equipment q
        WHERE q.organization_id = r.organization_id AND q.room_id = r.id AND q.name = wanted.name
          AND q.quantity > q.out_of_order
    )
)"""
# The equipment of a room `r` as RoomRead shows it.
EQUIPMENT_JSON: LiteralString = """(
    SELECT coalesce(json_agg(json_build_object('id', q.id, 'name', q.name, 'quantity', q.quantity,
                                               'out_of_order', q.out_of_order, 'note', q.note) ORDER BY q.name), '[]')
    FROM room_equipment q WHERE q.organization_id = r.organization_id AND q.room_id = r.id
)"""


def has_working(names: Collection[str]) -> ColumnElement[bool]:
    """The condition on `rooms` that a room has something that works of each of these."""
    found = (
        select(func.count())
        .where(
            col(RoomEquipment.organization_id) == col(Room.organization_id),
            col(RoomEquipment.room_id) == col(Room.id),
            col(RoomEquipment.name).in_(names),
            col(RoomEquipment.quantity) > col(RoomEquipment.out_of_order),
        )
        .scalar_subquery()
    )
    return found == len(set(names))


def read_room(session: Session, room: Room) -> RoomRead:
    """The room with its equipment."""
    return read_rooms(session, [room])[0]


def read_rooms(session: Session, rooms: Sequence[Room]) -> list[RoomRead]:
    """The same of several rooms, in one statement."""
    equipment: dict[UUID, list[EquipmentRead]] = defaultdict(list)
    for item in _equipment_of(session, rooms):
        equipment[item.room_id].append(EquipmentRead.model_validate(item))
    plain = RoomRead.model_fields.keys() - {"equipment"}
    return [
        RoomRead.model_validate({**{name: getattr(room, name) for name in plain}, "equipment": equipment[room.id]})
        for room in rooms
    ]


def set_equipment(session: Session, room: Room, wanted: Sequence[dict[str, Any]]) -> bool:
    """Make a flushed room's equipment these; what has the same name stays the same thing. Whether anything changed."""
    present = {item.name: item for item in _equipment_of(session, [room])}
    changed = False
    for values in wanted:
        item = present.pop(values["name"], None)
        if item is None:
            session.add(RoomEquipment(organization_id=room.organization_id, room_id=room.id, **values))
            changed = True
            continue
        for name, value in values.items():
            changed |= getattr(item, name) != value
            setattr(item, name, value)
    for item in present.values():
        session.delete(item)
    flush(session)
    return changed or bool(present)


def change_item(session: Session, room: Room, equipment_id: UUID, values: Mapping[str, Any]) -> bool:
    """Change one thing in a locked room; whether anything changed.

    Raises:
        NotFound: it does not stand in this room.
        Invalid: more would be out of order than there are.
    """
    item = session.get(RoomEquipment, (room.organization_id, equipment_id))
    if item is None or item.room_id != room.id:
        raise NotFound("equipment_not_found")
    changed = False
    for name, value in values.items():
        changed |= getattr(item, name) != value
        setattr(item, name, value)
    if item.out_of_order > item.quantity:
        raise Invalid("equipment_out_of_order", field="out_of_order", name=item.name, quantity=item.quantity)
    return changed


def _equipment_of(session: Session, rooms: Sequence[Room]) -> Sequence[RoomEquipment]:
    if not rooms:
        return []
    query = (
        select(RoomEquipment)
        .where(
            col(RoomEquipment.organization_id) == rooms[0].organization_id,
            col(RoomEquipment.room_id).in_([room.id for room in rooms]),
        )
        .order_by(col(RoomEquipment.name))
    )
    return session.execute(query).scalars().all()
