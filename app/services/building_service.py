"""Buildings: everybody in the company sees them, administrators and the IT desk keep them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, NotFound
from app.models.place import Building
from app.models.room import Room
from app.schemas.building import BuildingSort, BuildingWrite
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.turns import take_turn

SORTS = {"name": SortColumn(col(Building.name), str)}


def visible_to(actor: Actor) -> Select[Building]:
    """The buildings of the company."""
    return select(Building).where(col(Building.organization_id) == actor.company)


def list_buildings(
    session: Session, actor: Actor, sort: BuildingSort, page: PageRequest
) -> tuple[list[Building], str | None]:
    return fetch_page(session, visible_to(actor), SORTS, sort, page)


def get_building(session: Session, actor: Actor, building_id: UUID, *, lock: bool = False) -> Building:
    return get_visible(session, visible_to(actor), building_id, "building_not_found", lock=lock)


def require_building(session: Session, actor: Actor, building_id: UUID | None) -> None:
    """Keep a building that something is about to lie in from being deleted before that is committed; None is none.

    Raises:
        NotFound: the company has no such building.
    """
    if building_id is not None:
        query = visible_to(actor).where(col(Building.id) == building_id)
        if session.execute(query.with_for_update(read=True, key_share=True)).first() is None:
            raise NotFound("building_not_found")


def create_building(session: Session, actor: Actor, data: BuildingWrite) -> Building:
    """A new building. For administrators and the IT desk.

    Raises:
        Conflict: the company has a building of this name, or BUILDINGS_MAX of them.
    """
    actor.require_admin_or_it()
    # Two buildings must not both be the last that is possible.
    take_turn(session, "buildings", actor.company)
    limit = get_settings().BUILDINGS_MAX
    counted = select(func.count()).where(col(Building.organization_id) == actor.company)
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_buildings", limit=limit)
    building = Building(**_with_zone(actor, data.model_dump()), organization_id=actor.company)
    session.add(building)
    _flush(session, building)
    return building


def change_building(
    session: Session, actor: Actor, building_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Building:
    """Change what `values` names. Bookings that are there stay, whatever a new time zone makes of opening hours.

    Raises:
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Conflict: the name is taken.
    """
    building = _get_changeable(session, actor, building_id, if_match)
    apply_changes(building, _with_zone(actor, values))
    _flush(session, building)
    return building


def delete_building(session: Session, actor: Actor, building_id: UUID, if_match: frozenset[int] | None) -> None:
    """Delete a building without rooms; its policy and its blockings go with it.

    Raises:
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Conflict: rooms lie in it, be they in use or not.
    """
    building = _get_changeable(session, actor, building_id, if_match)
    # Against rooms that come in: whoever puts one here holds the building until the commit.
    session.refresh(building, with_for_update=True)
    inside = select(func.count()).where(
        col(Room.organization_id) == building.organization_id, col(Room.building_id) == building.id
    )
    count = session.execute(inside).scalar_one()
    if count:
        raise Conflict("building_has_rooms", building=building.name, count=count)
    session.delete(building)
    flush(session)


def _get_changeable(session: Session, actor: Actor, building_id: UUID, if_match: frozenset[int] | None) -> Building:
    building = get_building(session, actor, building_id, lock=True)
    actor.require_admin_or_it()
    check_version(building, if_match)
    return building


def _with_zone(actor: Actor, values: dict[str, Any]) -> dict[str, Any]:
    """The values with the company's time zone where they say that there is none of its own."""
    if "time_zone" in values and values["time_zone"] is None:
        return {**values, "time_zone": actor.organization_time_zone}
    return values


def _flush(session: Session, building: Building) -> None:
    flush(session, {"uq_buildings_organization_id_name": ("building_name_taken", {"name": building.name})})
