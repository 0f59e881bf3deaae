"""Writes the demo's buildings, its rooms and their rules into the database."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from app.calendaring.weekly_hours import spans_of
from app.core.actor import Actor
from app.demo.model import Plan
from app.demo.places import Rules
from app.models.room_policy import BookingPolicy, BookingPolicyPerson, InPolicy, PolicyPurpose
from app.schemas.building import BuildingWrite
from app.schemas.room import EquipmentWrite, RoomWrite
from app.services import building_service, room_service


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


def write_rules(
    session: Session,
    company: UUID,
    rules: Rules,
    people: Mapping[str, UUID],
    *,
    building_id: UUID | None,
    room_id: UUID | None,
) -> None:
    """The rules of a room or of a building. `people` are the ids of those whom they name."""
    policy = BookingPolicy(
        organization_id=company,
        building_id=building_id,
        room_id=room_id,
        opening_hours=[Range(start, end) for start, end in spans_of(rules.opening_hours)] or None,
        in_policy=InPolicy.REQUEST if rules.needs_approval else None,
    )
    session.add(policy)
    session.flush()
    for purpose, names in ((PolicyPurpose.APPROVER, rules.approvers), (PolicyPurpose.EXEMPT, rules.exempt)):
        for name in names:
            session.add(
                BookingPolicyPerson(organization_id=company, policy_id=policy.id, purpose=purpose, user_id=people[name])
            )
    session.flush()
