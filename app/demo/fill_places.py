"""Writes the demo's buildings, its rooms and their rules into the database."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from app.core.actor import Actor
from app.demo.model import Plan
from app.demo.places import Rules
from app.models.room_policy import InPolicy
from app.schemas.building import BuildingWrite
from app.schemas.room import EquipmentWrite, RoomWrite
from app.schemas.room_policy import PolicyPerson, PolicyWrite
from app.services import building_service, room_policy_service, room_service
from app.services.room_policy_service import Place


def write_rooms(session: Session, admin: Actor, plan: Plan) -> tuple[dict[str, UUID], dict[str, UUID]]:
    """Buildings and the rooms in them; the ids of both by name."""
    buildings = {
        building.name: building_service.create_building(
            session, admin, BuildingWrite(name=building.name, address=building.address, time_zone=building.zone)
        ).id
        for building in plan.buildings
    }
    rooms = {}
    for room in plan.rooms:
        data = RoomWrite(
            name=room.name,
            description=room.description,
            capacity=room.capacity,
            location=room.location,
            building_id=buildings[room.office],
            floor=room.floor,
            zone=room.zone,
            accessibility=list(room.accessibility),
            equipment=[EquipmentWrite(**item._asdict()) for item in room.equipment],
        )
        rooms[room.name] = room_service.create_room(session, admin, data).id
    return buildings, rooms


def write_rules(session: Session, admin: Actor, rules: Rules, place: Place, people: Mapping[str, UUID]) -> None:
    """The rules of a room or of a building. `people` are the ids of those whom they name."""
    policy = PolicyWrite(
        opening_hours=[rules.open] if rules.open else None,
        in_policy=InPolicy.REQUEST if rules.needs_approval else None,
        approvers=[PolicyPerson(user_id=people[name]) for name in rules.approvers],
        exempt=[PolicyPerson(user_id=people[name]) for name in rules.exempt],
    )
    room_policy_service.change_policy(session, admin, place, policy.model_dump(), None)
