"""Working hours of people and departments, and where people work. Everybody sees them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.models.availability import UserAvailability, WorkPlace, WorkPlaceDay
from app.models.department import Department
from app.schemas.availability import HoursCreate, HoursQuery, HoursRead, PlaceRead, PlaceWrite
from app.services.colleagues import colleagues
from app.services.department_service import get_department
from app.services.opening_hours import as_multirange, as_written
from app.services.rows import (
    Conflicts,
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)
from app.services.substitutes import active_people
from app.services.turns import take_turn

SORTS = {"created_at": SortColumn(col(UserAvailability.created_at), datetime)}
_CONFLICTS: Conflicts = {"uq_user_availability_layer": ("hours_begin_already", {})}
_PLAIN = HoursRead.model_fields.keys() - {"hours", "places"}


def visible_to(actor: Actor) -> Select[UserAvailability]:
    """The hours in the company."""
    return select(UserAvailability).where(col(UserAvailability.organization_id) == actor.company)


def list_hours(
    session: Session, actor: Actor, query: HoursQuery, page: PageRequest
) -> tuple[list[HoursRead], str | None]:
    """A page of them, and the cursor of the next one or None."""
    rows = visible_to(actor)
    if query.user_id is not None:
        rows = rows.where(col(UserAvailability.user_id) == query.user_id)
    if query.department_id is not None:
        rows = rows.where(col(UserAvailability.department_id) == query.department_id)
    found, cursor = fetch_page(session, rows, SORTS, query.sort, page)
    return [_told(row) for row in found], cursor


def read_hours(session: Session, actor: Actor, hours_id: UUID) -> HoursRead:
    return _told(_get(session, actor, hours_id))


def create_hours(session: Session, actor: Actor, data: HoursCreate) -> HoursRead:
    """Hours of a person or a department.

    Raises:
        Forbidden: they are another's, or of a department that somebody else leads, and the actor is no administrator.
        Invalid: the person or the department is not there.
        Conflict: others with this priority begin on that day, or there are HOURS_PER_OWNER_MAX.
    """
    user_id = data.user_id or (None if data.department_id else actor.user_id)
    row = UserAvailability(
        organization_id=actor.company,
        user_id=user_id,
        department_id=data.department_id,
        **_stored(data.model_dump(exclude={"user_id", "department_id"})),
    )
    if user_id is not None and user_id not in active_people(session, actor.company, [user_id]):
        raise Invalid("user_not_found", field="user_id")
    if data.department_id is not None and session.get(Department, (actor.company, data.department_id)) is None:
        raise Invalid("department_not_found", field="department_id")
    _require_right(session, actor, row)
    owner = user_id or data.department_id
    take_turn(session, "hours", owner)
    whose = (
        col(UserAvailability.user_id) == user_id
        if user_id is not None
        else col(UserAvailability.department_id) == data.department_id
    )
    counted = select(func.count()).where(col(UserAvailability.organization_id) == actor.company, whose)
    limit = get_settings().HOURS_PER_OWNER_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_hours", limit=limit)
    session.add(row)
    flush(session, _CONFLICTS)
    return _told(row)


def change_hours(
    session: Session, actor: Actor, hours_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> HoursRead:
    """Change what `values` names."""
    row = _get(session, actor, hours_id, lock=True)
    _require_right(session, actor, row)
    check_version(row, if_match)
    with session.no_autoflush:
        apply_changes(row, _stored(values))
        if row.first_day is not None and row.last_day is not None and row.first_day > row.last_day:
            raise Invalid("hours_order", field="last_day")
    flush(session, _CONFLICTS)
    return _told(row)


def delete_hours(session: Session, actor: Actor, hours_id: UUID, if_match: frozenset[int] | None) -> None:
    """Weaker hours hold again."""
    row = _get(session, actor, hours_id, lock=True)
    _require_right(session, actor, row)
    check_version(row, if_match)
    session.delete(row)
    flush(session)


def set_place(session: Session, actor: Actor, data: PlaceWrite) -> PlaceRead:
    """Say where somebody works on one day.

    Raises:
        Forbidden: it is another's day, and the actor is no administrator.
        Invalid: the person is not there.
        Conflict: the person has said so of WORK_PLACE_DAYS_MAX days.
    """
    person = data.user_id or actor.user_id
    if person not in active_people(session, actor.company, [person]):
        raise Invalid("user_not_found", field="user_id")
    _require_oneself(actor, person)
    take_turn(session, "places", person)
    row = session.get(WorkPlaceDay, (actor.company, person, data.day))
    if row is None:
        counted = select(func.count()).where(
            col(WorkPlaceDay.organization_id) == actor.company, col(WorkPlaceDay.user_id) == person
        )
        limit = get_settings().WORK_PLACE_DAYS_MAX
        if session.execute(counted).scalar_one() >= limit:
            raise Conflict("too_many_places", limit=limit)
        row = WorkPlaceDay(organization_id=actor.company, user_id=person, day=data.day, place=data.place)
        session.add(row)
    row.place = data.place
    flush(session)
    name = colleagues(session, actor.company, [person])[person]
    return PlaceRead(user=name, day=data.day, place=WorkPlace(row.place))


def forget_place(session: Session, actor: Actor, day: date, user_id: UUID | None) -> None:
    """Work where one does on that weekday.

    Raises:
        NotFound: nobody said otherwise.
        Forbidden: it is another's day, and the actor is no administrator.
    """
    row = session.get(WorkPlaceDay, (actor.company, user_id or actor.user_id, day))
    if row is None:
        raise NotFound("place_not_found")
    _require_oneself(actor, row.user_id)
    session.delete(row)
    flush(session)


def places_between(
    session: Session, company: UUID, people: Sequence[UUID], first: date, last: date
) -> dict[tuple[UUID, date], str]:
    """Where these people said they work on single days from `first` to `last`, both included."""
    query = select(WorkPlaceDay).where(
        col(WorkPlaceDay.organization_id) == company,
        col(WorkPlaceDay.user_id).in_(people),
        col(WorkPlaceDay.day) >= first,
        col(WorkPlaceDay.day) <= last,
    )
    return {(row.user_id, row.day): row.place for row in session.execute(query).scalars()}


def _get(session: Session, actor: Actor, hours_id: UUID, *, lock: bool = False) -> UserAvailability:
    return get_visible(session, visible_to(actor), hours_id, "hours_not_found", lock=lock)


def _require_oneself(actor: Actor, person: UUID) -> None:
    if person != actor.user_id and not actor.is_admin:
        raise Forbidden("hours_not_yours")


def _require_right(session: Session, actor: Actor, row: UserAvailability) -> None:
    if row.user_id is not None:
        _require_oneself(actor, row.user_id)
        return
    assert row.department_id is not None
    department = get_department(session, actor, row.department_id)
    if department.head_id != actor.user_id and not actor.is_admin:
        raise Forbidden("hours_not_yours")


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """What clients write, as columns have it."""
    stored = dict(values)
    if "hours" in stored:
        stored["hours"] = as_multirange(stored["hours"])
    if "places" in stored:
        places = [""] * 7
        for one in stored["places"]:
            for weekday in one["weekdays"]:
                places[weekday - 1] = one["place"]
        stored["places"] = places if any(places) else []
    return stored


def _told(row: UserAvailability) -> HoursRead:
    days: dict[str, list[int]] = {}
    for weekday, place in enumerate(row.places, 1):
        if place:
            days.setdefault(place, []).append(weekday)
    return HoursRead.model_validate(
        {
            **{name: getattr(row, name) for name in _PLAIN},
            "hours": as_written(row.hours),
            "places": [{"weekdays": weekdays, "place": place} for place, weekdays in days.items()],
        }
    )
