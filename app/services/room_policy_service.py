"""The rules of a room, a building or the company: set in one place, and read as they hold there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid
from app.core.ids import new_id
from app.models.department import Department
from app.models.room_policy import (
    BookableBy,
    BookingPolicy,
    BookingPolicyPerson,
    CapacityRule,
    InPolicy,
    OutOfPolicy,
    PanelDetails,
    PolicyPurpose,
)
from app.models.user import User
from app.schemas.room_policy import PolicyRead, PolicyWrite
from app.services import building_service, room_service
from app.services.opening_hours import as_multirange, as_written
from app.services.rows import apply_changes, check_version, flush

# Lists, what they are for, and the rule whose level they belong to.
LISTS = {"bookers": PolicyPurpose.BOOKER, "exempt": PolicyPurpose.EXEMPT, "approvers": PolicyPurpose.APPROVER}
SWITCHES = {"bookers": "bookable_by", "exempt": "in_policy"}
RULES = [name for name in PolicyWrite.model_fields if name not in LISTS]
LEVELS = ("room", "building", "company")


@dataclass(frozen=True, slots=True)
class Place:
    """A room, a building, or neither: the company."""

    room_id: UUID | None = None
    building_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """What one level says; without a row, nothing."""

    name: str
    policy: BookingPolicy | None
    lists: Mapping[str, Sequence[BookingPolicyPerson]]


def read_policy(session: Session, actor: Actor, place: Place) -> PolicyRead:
    """The rules of a place.

    Raises:
        NotFound: the company has no such room or building.
    """
    return _read(session, actor, place, _building_of(session, actor, place))


def change_policy(
    session: Session, actor: Actor, place: Place, values: Mapping[str, Any], if_match: frozenset[int] | None
) -> PolicyRead:
    """Set what `values` names. What is booked already stays.

    Raises:
        NotFound: the company has no such room or building.
        Forbidden: the actor is neither an administrator nor of the IT desk.
        Invalid: the shortest is above the longest booking, somebody who is listed is no colleague, or too many are.
    """
    building_id = _building_of(session, actor, place)
    actor.require_admin_or_it()
    policy = _locked(session, actor, place)
    check_version(policy, if_match)
    plain = {name: value for name, value in values.items() if name in RULES}
    if plain.get("opening_hours") is not None:
        plain["opening_hours"] = as_multirange(plain["opening_hours"])
    changed = bool(apply_changes(policy, plain))
    if policy.min_minutes is not None and policy.max_minutes is not None and policy.min_minutes > policy.max_minutes:
        raise Invalid("min_above_max", field="min_minutes")
    for name, purpose in LISTS.items():
        if name in values and _set_people(session, policy, name, purpose, values[name]) and not changed:
            policy.version += 1
            changed = True
    flush(session)
    return _read(session, actor, place, building_id)


def _building_of(session: Session, actor: Actor, place: Place) -> UUID | None:
    """The building whose rules come before the company's."""
    if place.room_id is not None:
        return room_service.get_room(session, actor, place.room_id).building_id
    if place.building_id is not None:
        return building_service.get_building(session, actor, place.building_id).id
    assert actor.company
    return None


def _locked(session: Session, actor: Actor, place: Place) -> BookingPolicy:
    """The policy's row, made where there was none, in version 0."""
    where = {"organization_id": actor.company, "building_id": place.building_id, "room_id": place.room_id}
    made = insert(BookingPolicy).values(**where, id=new_id(), version=0)
    session.execute(made.on_conflict_do_nothing())
    query = _policies_of(actor, [place]).with_for_update().execution_options(populate_existing=True)
    policy: BookingPolicy = session.execute(query).scalar_one()
    return policy


def _policies_of(actor: Actor, places: Iterable[Place]) -> Any:
    return select(BookingPolicy).where(
        col(BookingPolicy.organization_id) == actor.company,
        or_(
            *(
                col(BookingPolicy.room_id).is_not_distinct_from(place.room_id)
                & col(BookingPolicy.building_id).is_not_distinct_from(place.building_id)
                for place in places
            )
        ),
    )


def _set_people(
    session: Session, policy: BookingPolicy, name: str, purpose: PolicyPurpose, people: Sequence[Mapping[str, Any]]
) -> bool:
    """Make a policy list these; whether that changed anything."""
    wanted = {(person.get("user_id"), person.get("department_id")) for person in people}
    limit = get_settings().ROOM_POLICY_PEOPLE_MAX
    if len(wanted) > limit:
        raise Invalid("too_many_listed", field=name, limit=limit)
    present = {
        (row.user_id, row.department_id)
        for row in session.execute(
            select(BookingPolicyPerson).where(*_listed(policy), col(BookingPolicyPerson.purpose) == purpose)
        ).scalars()
    }
    if wanted == present:
        return False
    _check_people(session, policy.organization_id, name, wanted - present)
    session.execute(delete(BookingPolicyPerson).where(*_listed(policy), col(BookingPolicyPerson.purpose) == purpose))
    session.add_all(
        BookingPolicyPerson(
            organization_id=policy.organization_id,
            policy_id=policy.id,
            purpose=purpose,
            user_id=user_id,
            department_id=department_id,
        )
        for user_id, department_id in wanted
    )
    flush(session)
    return True


def _check_people(
    session: Session, company: UUID, name: str, wanted: Iterable[tuple[UUID | None, UUID | None]]
) -> None:
    people = {user_id for user_id, _ in wanted if user_id is not None}
    departments = {department_id for _, department_id in wanted if department_id is not None}
    known_people = select(col(User.id)).where(
        col(User.organization_id) == company, col(User.is_active), col(User.id).in_(people)
    )
    if people - set(session.execute(known_people).scalars()):
        raise Invalid("user_not_found", field=name)
    known_departments = select(col(Department.id)).where(
        col(Department.organization_id) == company, col(Department.id).in_(departments)
    )
    if departments - set(session.execute(known_departments).scalars()):
        raise Invalid("department_not_found", field=name)


def _listed(policy: BookingPolicy) -> tuple[Any, ...]:
    return (
        col(BookingPolicyPerson.organization_id) == policy.organization_id,
        col(BookingPolicyPerson.policy_id) == policy.id,
    )


def _read(session: Session, actor: Actor, place: Place, building_id: UUID | None) -> PolicyRead:
    levels = _levels(session, actor, place, building_id)
    own = levels[0]
    values: dict[str, Any] = {"building_id": place.building_id, "room_id": place.room_id}
    for name in RULES:
        values[name] = _told(name, None if own.policy is None else getattr(own.policy, name))
    for name in LISTS:
        values[name] = own.lists[name]
    values["effective"] = {name: _effective(levels, name) for name in (*RULES, *LISTS)}
    values["updated_at"] = None if own.policy is None else own.policy.updated_at
    values["version"] = 0 if own.policy is None else own.policy.version
    return PolicyRead.model_validate(values)


def _levels(session: Session, actor: Actor, place: Place, building_id: UUID | None) -> list[_Level]:
    """The place itself, then those above it."""
    chain = {"company": Place()}
    if building_id is not None:
        chain["building"] = Place(building_id=building_id)
    if place.room_id is not None:
        chain["room"] = place
    policies = {
        Place(row.room_id, row.building_id): row
        for row in session.execute(_policies_of(actor, chain.values())).scalars()
    }
    people = session.execute(
        select(BookingPolicyPerson)
        .where(
            col(BookingPolicyPerson.organization_id) == actor.company,
            col(BookingPolicyPerson.policy_id).in_([policy.id for policy in policies.values()]),
        )
        .order_by(col(BookingPolicyPerson.id))
    ).scalars()
    listed = list(people)
    levels = []
    for name in LEVELS:
        if name in chain:
            policy = policies.get(chain[name])
            lists = {
                each: [
                    row
                    for row in listed
                    if policy is not None and row.policy_id == policy.id and row.purpose == purpose
                ]
                for each, purpose in LISTS.items()
            }
            levels.append(_Level(name, policy, lists))
    return levels


def _effective(levels: Sequence[_Level], name: str) -> dict[str, Any]:
    for level in levels:
        if level.policy is None:
            continue
        if name in LISTS:
            # A list goes with its switch; approvers with the nearest level that names any.
            decides = getattr(level.policy, SWITCHES[name]) if name in SWITCHES else level.lists[name]
            if decides:
                people = [{"user_id": row.user_id, "department_id": row.department_id} for row in level.lists[name]]
                return {"value": people, "source": level.name}
        elif getattr(level.policy, name) is not None:
            return {"value": _told(name, getattr(level.policy, name)), "source": level.name}
    return {"value": [] if name in LISTS else _defaults()[name], "source": "default"}


def _defaults() -> dict[str, Any]:
    """What holds where no level says anything."""
    settings = get_settings()
    return {
        **dict.fromkeys(RULES),
        "booking_window_days": settings.ROOM_BOOKING_WINDOW_DAYS,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "capacity_rule": CapacityRule.WARN,
        "recurring_allowed": True,
        "bookable_by": BookableBy.EVERYONE,
        "in_policy": InPolicy.BOOK,
        "out_of_policy": OutOfPolicy.REFUSE,
        "approval_hours": settings.ROOM_APPROVAL_HOURS,
        "check_in_minutes": 0,
        "panel_details": PanelDetails.ORGANIZER,
    }


def _told(name: str, value: Any) -> Any:
    return as_written(value) if name == "opening_hours" else value
