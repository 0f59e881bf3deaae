"""Absences: when people are away, and who stands in for them. Everybody sees that; why, only some do."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.calendaring.zones import get_zone, utc_to_wall
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.organization import Organization
from app.models.user import User
from app.models.working_time import Absence
from app.schemas.working_time import AbsenceCreate, AbsenceRead, AbsenceSort
from app.services.colleagues import colleagues
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

SORTS = {"first_day": SortColumn(col(Absence.first_day), date)}


def visible_to(actor: Actor) -> Select[Absence]:
    """The absences in the company."""
    return select(Absence).where(col(Absence.organization_id) == actor.company)


def list_absences(
    session: Session,
    actor: Actor,
    sort: AbsenceSort,
    page: PageRequest,
    *,
    user_id: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
) -> tuple[list[AbsenceRead], str | None]:
    """A page of the absences that touch [first, last), and the cursor of the next one or None."""
    query = visible_to(actor)
    if user_id is not None:
        query = query.where(col(Absence.user_id) == user_id)
    if first is not None:
        query = query.where(col(Absence.last_day) >= first)
    if last is not None:
        query = query.where(col(Absence.first_day) < last)
    rows, cursor = fetch_page(session, query, SORTS, sort, page)
    return _told(session, actor, rows), cursor


def read_absence(session: Session, actor: Actor, absence_id: UUID) -> AbsenceRead:
    return _told(session, actor, [_get(session, actor, absence_id)])[0]


def create_absence(session: Session, actor: Actor, data: AbsenceCreate) -> AbsenceRead:
    """A new absence.

    Raises:
        Forbidden: the actor names somebody else and is no administrator.
        Invalid: the person or the substitute is no active colleague, or it lasts too long.
        Conflict: the person has ABSENCES_MAX.
    """
    user_id = data.user_id or actor.user_id
    absence = Absence(**data.model_dump(exclude={"user_id"}), user_id=user_id, organization_id=actor.company)
    _check_people(session, actor, absence, "user_id")
    _require_owner(actor, user_id)
    take_turn(session, "absences", user_id)
    counted = select(func.count()).where(col(Absence.organization_id) == actor.company, col(Absence.user_id) == user_id)
    limit = get_settings().ABSENCES_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_absences", limit=limit)
    session.add(absence)
    flush(session)
    return _told(session, actor, [absence])[0]


def change_absence(
    session: Session, actor: Actor, absence_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> AbsenceRead:
    """Change what `values` names.

    Raises:
        NotFound: the company has no such absence.
        Forbidden: it is another's, and the actor is no administrator.
        Invalid: it would end before it begins, last too long, or its substitute is no other active colleague.
    """
    absence = _get(session, actor, absence_id, lock=True)
    _require_owner(actor, absence.user_id)
    check_version(absence, if_match)
    apply_changes(absence, values)
    _check_people(session, actor, absence, "substitute_id")
    flush(session)
    return _told(session, actor, [absence])[0]


def delete_absence(session: Session, actor: Actor, absence_id: UUID, if_match: frozenset[int] | None) -> None:
    absence = _get(session, actor, absence_id, lock=True)
    _require_owner(actor, absence.user_id)
    check_version(absence, if_match)
    session.delete(absence)
    flush(session)


def stand_ins(
    session: Session, organization: Organization, people: Collection[UUID], moment: datetime
) -> dict[UUID, UUID]:
    """Who acts for each of these people at an instant: themselves, or whoever stands in, and for those in turn.

    Whoever is away without a substitute who is there, or whose substitutes stand in for each other, is left out, as
    are those who are not active.
    """
    substitutes: dict[UUID, UUID | None] = {}
    asked, present = set(people), set[UUID]()
    known: set[UUID] = set()
    while asked - known:
        wanted = asked - known
        known |= wanted
        present |= _active(session, organization, wanted)
        away = _away(session, organization, wanted, moment)
        substitutes |= away
        asked |= {substitute for substitute in away.values() if substitute is not None}
    found = {}
    for person in people:
        acting: UUID | None = person
        seen: set[UUID] = set()
        while acting is not None and acting in substitutes and acting not in seen:
            seen.add(acting)
            acting = substitutes[acting]
        if acting is not None and acting not in seen and acting in present:
            found[person] = acting
    return found


def _active(session: Session, organization: Organization, people: Collection[UUID]) -> set[UUID]:
    query = select(col(User.id)).where(
        col(User.organization_id) == organization.id, col(User.id).in_(people), col(User.is_active)
    )
    return set(session.execute(query).scalars())


def _away(
    session: Session, organization: Organization, people: Collection[UUID], moment: datetime
) -> Mapping[UUID, UUID | None]:
    """Those who are away, on their own clock, with who stands in; of several absences, one with a substitute."""
    query = (
        select(Absence, col(User.time_zone))
        .join(
            User, (col(User.organization_id) == col(Absence.organization_id)) & (col(User.id) == col(Absence.user_id))
        )
        .where(
            col(Absence.organization_id) == organization.id,
            col(Absence.user_id).in_(people),
            # No zone is further than a day from UTC.
            col(Absence.first_day) <= func.date(func.timezone("UTC", moment)) + 1,
            col(Absence.last_day) >= func.date(func.timezone("UTC", moment)) - 1,
        )
        .order_by(col(Absence.first_day), col(Absence.id))
    )
    away: dict[UUID, UUID | None] = {}
    for absence, zone in session.execute(query):
        today = utc_to_wall(moment, get_zone(zone or organization.time_zone)).date()
        if absence.first_day <= today <= absence.last_day:
            away[absence.user_id] = away.get(absence.user_id) or absence.substitute_id
    return away


def _get(session: Session, actor: Actor, absence_id: UUID, *, lock: bool = False) -> Absence:
    return get_visible(session, visible_to(actor), absence_id, "absence_not_found", lock=lock)


def _require_owner(actor: Actor, user_id: UUID) -> None:
    if user_id != actor.user_id and not actor.is_admin:
        raise Forbidden("absence_not_yours")


def _check_people(session: Session, actor: Actor, absence: Absence, field: str) -> None:
    if absence.first_day > absence.last_day:
        raise Invalid("absence_order", field="last_day")
    limit = get_settings().ABSENCE_MAX_DAYS
    if (absence.last_day - absence.first_day).days >= limit:
        raise Invalid("absence_too_long", field="last_day", limit=limit)
    if absence.substitute_id == absence.user_id:
        raise Invalid("substitute_is_another", field="substitute_id")
    wanted = {"user_id": absence.user_id} if field == "user_id" else {}
    if absence.substitute_id is not None:
        wanted["substitute_id"] = absence.substitute_id
    organization = session.get_one(Organization, actor.company)
    active = _active(session, organization, wanted.values())
    for name, person in wanted.items():
        if person not in active:
            raise Invalid("user_not_found", field=name)


def _told(session: Session, actor: Actor, rows: Sequence[Absence]) -> list[AbsenceRead]:
    ids = {id_ for row in rows for id_ in (row.user_id, row.substitute_id) if id_ is not None}
    names = colleagues(session, actor.company, ids)
    managed = set(
        session.execute(
            select(col(User.id)).where(
                col(User.organization_id) == actor.company,
                col(User.id).in_({row.user_id for row in rows}),
                col(User.manager_id) == actor.user_id,
            )
        ).scalars()
    )
    told = []
    for row in rows:
        sees = actor.is_admin or row.user_id == actor.user_id or row.user_id in managed
        told.append(
            AbsenceRead(
                **row.model_dump(include={"id", "first_day", "last_day", "created_at", "updated_at", "version"}),
                user=names[row.user_id],
                kind=row.kind if sees else None,
                substitute=names[row.substitute_id] if row.substitute_id else None,
                note=row.note if sees else None,
            )
        )
    return told
