"""Absences: when people are away. Everybody sees that; why, only some do."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.organization import Organization
from app.models.user import User
from app.models.working_time import Absence, AbsenceState, OwnAbsenceKind
from app.schemas.user import UserFilters
from app.schemas.working_time import AbsenceCreate, AbsenceDecision, AbsenceFilters, AbsenceRead, AbsenceSort
from app.services import absence_answering, absence_decisions, absence_notices, user_service
from app.services.absence_kind_service import find_kind
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
from app.services.substitutes import active_people
from app.services.turns import take_turn

SORTS = {"first_day": SortColumn(col(Absence.first_day), date)}
# What was approved is approved anew when one of these changes.
_DECIDED_ON = frozenset({"kind", "kind_id", "first_day", "last_day", "starts_midday", "ends_midday"})
_OF_THEIR_OWN = ("kind", "kind_id", "note", "invitations", "decided_at", "decision_note")


def visible_to(actor: Actor) -> Select[Absence]:
    """The absences in the company; what was refused only for who asked, their managers, and who decided it."""
    query = select(Absence).where(col(Absence.organization_id) == actor.company)
    if actor.is_admin:
        return query
    reports = select(col(User.id)).where(
        col(User.organization_id) == actor.company, col(User.manager_id) == actor.user_id
    )
    return query.where(
        or_(
            col(Absence.state) != AbsenceState.REFUSED,
            col(Absence.user_id) == actor.user_id,
            col(Absence.decided_by_id) == actor.user_id,
            col(Absence.user_id).in_(reports),
        )
    )


def filtered(actor: Actor, filters: AbsenceFilters) -> Select[Absence]:
    """Those that the filters let through."""
    query = visible_to(actor)
    if filters.user_id is not None:
        query = query.where(col(Absence.user_id) == filters.user_id)
    if filters.department_id is not None or filters.manager_id is not None:
        whose = UserFilters(department_id=filters.department_id, manager_id=filters.manager_id, branch=True)
        people = user_service.filtered(user_service.visible_to(actor), whose).with_only_columns(col(User.id))
        query = query.where(col(Absence.user_id).in_(people))
    if filters.state is not None:
        query = query.where(col(Absence.state) == filters.state)
    if filters.first is not None:
        query = query.where(col(Absence.last_day) >= filters.first)
    if filters.last is not None:
        query = query.where(col(Absence.first_day) < filters.last)
    return query


def list_absences(
    session: Session, actor: Actor, sort: AbsenceSort, page: PageRequest, filters: AbsenceFilters
) -> tuple[list[AbsenceRead], str | None]:
    """A page of the absences that touch [first, last), and the cursor of the next one or None."""
    rows, cursor = fetch_page(session, filtered(actor, filters), SORTS, sort, page)
    return told(session, actor, rows), cursor


def read_absence(session: Session, actor: Actor, absence_id: UUID) -> AbsenceRead:
    return told(session, actor, [get_absence(session, actor, absence_id)])[0]


def create_absence(session: Session, actor: Actor, data: AbsenceCreate) -> AbsenceRead:
    """A new absence, or a request for one where its kind needs approval.

    Raises:
        Forbidden: the actor names somebody else and is no administrator.
        Invalid: the person, the substitute or the kind is not there, or it lasts too long.
        Conflict: the person has ABSENCES_MAX.
    """
    user_id = data.user_id or actor.user_id
    absence = Absence(**data.model_dump(exclude={"user_id"}), user_id=user_id, organization_id=actor.company)
    _check(session, actor, absence, "user_id")
    _require_owner(actor, user_id)
    take_turn(session, "absences", user_id)
    counted = select(func.count()).where(col(Absence.organization_id) == actor.company, col(Absence.user_id) == user_id)
    limit = get_settings().ABSENCES_MAX
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_absences", limit=limit)
    absence.state = absence_decisions.first_state(session, actor, absence)
    session.add(absence)
    flush(session)
    absence_notices.tell_new(session, actor, absence)
    absence_answering.answer_soon(session, absence)
    return told(session, actor, [absence])[0]


def change_absence(
    session: Session, actor: Actor, absence_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> AbsenceRead:
    """Change what `values` names; other days or another kind are approved anew, where that needs it.

    Raises:
        NotFound: the company has no such absence.
        Forbidden: it is another's, and the actor is no administrator.
        Invalid: it would end before it begins, last too long, or its substitute is no other active colleague.
    """
    absence = get_absence(session, actor, absence_id, lock=True)
    _require_owner(actor, absence.user_id)
    check_version(absence, if_match)
    with session.no_autoflush:
        substitute = absence.substitute_id
        changed = apply_changes(absence, values)
        # One whose kind nobody can choose any more keeps it.
        _check(session, actor, absence, "substitute_id", checks_kind=bool(changed & {"kind", "kind_id"}))
        is_new = bool(changed & _DECIDED_ON)
        if is_new:
            absence.state = absence_decisions.first_state(session, actor, absence)
            absence.decided_by_id = absence.decided_at = absence.decision_note = None
    flush(session)
    if is_new:
        absence_notices.tell_new(session, actor, absence)
    elif absence.substitute_id != substitute:
        absence_notices.tell_substitute(session, actor, absence)
    if changed & (_DECIDED_ON | {"invitations"}):
        absence_answering.answer_soon(session, absence)
    return told(session, actor, [absence])[0]


def delete_absence(session: Session, actor: Actor, absence_id: UUID, if_match: frozenset[int] | None) -> None:
    """Be there after all, or take a request back. Answers that the absence gave stay."""
    absence = get_absence(session, actor, absence_id, lock=True)
    _require_owner(actor, absence.user_id)
    check_version(absence, if_match)
    absence_notices.tell_withdrawn(session, actor, absence)
    session.delete(absence)
    flush(session)


def decide_absence(session: Session, actor: Actor, absence_id: UUID, data: AbsenceDecision) -> AbsenceRead:
    """Approve a request, or refuse it.

    Raises:
        NotFound: the company has no such absence.
        Forbidden: somebody else decides.
        Conflict: it is no request any more.
    """
    absence = get_absence(session, actor, absence_id, lock=True)
    absence_decisions.decide(session, actor, absence, data.note, is_approved=data.is_approved)
    absence_notices.tell_decision(session, actor, absence)
    absence_answering.answer_soon(session, absence)
    return told(session, actor, [absence])[0]


def get_absence(session: Session, actor: Actor, absence_id: UUID, *, lock: bool = False) -> Absence:
    """Raises NotFound: the company has no such absence."""
    return get_visible(session, visible_to(actor), absence_id, "absence_not_found", lock=lock)


def _require_owner(actor: Actor, user_id: UUID) -> None:
    if user_id != actor.user_id and not actor.is_admin:
        raise Forbidden("absence_not_yours")


def _check(session: Session, actor: Actor, absence: Absence, field: str, *, checks_kind: bool = True) -> None:
    if absence.first_day > absence.last_day:
        raise Invalid("absence_order", field="last_day")
    if absence.first_day == absence.last_day and absence.starts_midday and absence.ends_midday:
        raise Invalid("absence_without_length", field="ends_midday")
    limit = get_settings().ABSENCE_MAX_DAYS
    if (absence.last_day - absence.first_day).days >= limit:
        raise Invalid("absence_too_long", field="last_day", limit=limit)
    if absence.substitute_id == absence.user_id:
        raise Invalid("substitute_is_another", field="substitute_id")
    wanted = {"user_id": absence.user_id} if field == "user_id" else {}
    if absence.substitute_id is not None:
        wanted["substitute_id"] = absence.substitute_id
    active = active_people(session, actor.company, wanted.values())
    for name, person in wanted.items():
        if person not in active:
            raise Invalid("user_not_found", field=name)
    if checks_kind and absence.kind_id is not None:
        absence.kind = find_kind(session, actor, absence.kind_id).kind


def told(session: Session, actor: Actor, rows: Sequence[Absence]) -> list[AbsenceRead]:
    """Absences as this actor may see them."""
    ids = {id_ for row in rows for id_ in (row.user_id, row.substitute_id, row.decided_by_id) if id_ is not None}
    names = colleagues(session, actor.company, ids)
    kinds = _names_of_kinds(session, actor, rows)
    deciders = absence_decisions.deciders_of(session, session.get_one(Organization, actor.company), rows)
    items = []
    for row in rows:
        managers = deciders[row.user_id]
        sees = actor.is_admin or row.user_id == actor.user_id or actor.user_id in managers
        shown: dict[str, Any] = {name: getattr(row, name) if sees else None for name in _OF_THEIR_OWN}
        own = {"id", "first_day", "last_day", "starts_midday", "ends_midday", "state"}
        items.append(
            AbsenceRead(
                **row.model_dump(include=own | {"created_at", "updated_at", "version"}),
                **shown,
                user=names[row.user_id],
                kind_name=kinds.get(row.kind_id) if sees else None,
                substitute=names[row.substitute_id] if row.substitute_id else None,
                decided_by=names[row.decided_by_id] if sees and row.decided_by_id else None,
                may_decide=row.state == AbsenceState.REQUESTED and absence_decisions.may_decide(actor, row, managers),
            )
        )
    return items


def _names_of_kinds(session: Session, actor: Actor, rows: Sequence[Absence]) -> dict[UUID | None, str]:
    ids = {row.kind_id for row in rows if row.kind_id is not None}
    if not ids:
        return {}
    query = select(col(OwnAbsenceKind.id), col(OwnAbsenceKind.name)).where(
        col(OwnAbsenceKind.organization_id) == actor.company, col(OwnAbsenceKind.id).in_(ids)
    )
    return {row.id: row.name for row in session.execute(query)}
