"""Whose meetings a report counts: an administrator sees the company, a head their departments, people themselves."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Forbidden, Invalid, NotFound
from app.models.department import Department
from app.models.user import User
from app.schemas.statistics import ScopeKind

# The departments that :head heads, or the one that is named, with all below.
_BRANCH = text("""
    WITH RECURSIVE branch AS (
        SELECT id FROM departments
        WHERE organization_id = :organization_id
          AND (id = CAST(:department_id AS uuid) OR head_id = CAST(:head_id AS uuid))
        UNION
        SELECT d.id FROM branch
        JOIN departments d ON d.organization_id = :organization_id AND d.parent_id = branch.id
    )
    SELECT id FROM branch
""")


@dataclass(frozen=True, slots=True)
class Scope:
    """The people of a report: everybody, those of `departments`, or one."""

    kind: ScopeKind
    departments: tuple[UUID, ...] = ()
    user_id: UUID | None = None


def scope_of(session: Session, actor: Actor, *, department_id: UUID | None, user_id: UUID | None) -> Scope:
    """What was asked for; when nothing was, the most that the actor may see.

    Raises:
        NotFound: the company has no such department or person.
        Forbidden: the actor may not see its figures.
        Invalid: both a department and a person were named.
    """
    if department_id is not None and user_id is not None:
        raise Invalid("statistics_one_of", field="user_id")
    if department_id is not None:
        return _of_department(session, actor, department_id)
    if user_id is not None:
        return _of_person(session, actor, user_id)
    if actor.is_admin:
        return Scope(ScopeKind.COMPANY)
    headed = _branch(session, actor, head_id=actor.user_id)
    return Scope(ScopeKind.DEPARTMENTS, headed) if headed else Scope(ScopeKind.PERSON, user_id=actor.user_id)


def _of_department(session: Session, actor: Actor, department_id: UUID) -> Scope:
    known = select(col(Department.id)).where(
        col(Department.organization_id) == actor.company, col(Department.id) == department_id
    )
    if session.execute(known).first() is None:
        raise NotFound("department_not_found")
    if not actor.is_admin and department_id not in _branch(session, actor, head_id=actor.user_id):
        raise Forbidden("statistics_not_yours")
    return Scope(ScopeKind.DEPARTMENTS, _branch(session, actor, department_id=department_id))


def _of_person(session: Session, actor: Actor, user_id: UUID) -> Scope:
    person = select(col(User.department_id)).where(col(User.organization_id) == actor.company, col(User.id) == user_id)
    row = session.execute(person).first()
    if row is None:
        raise NotFound("user_not_found")
    if not actor.is_admin and user_id != actor.user_id and row[0] not in _branch(session, actor, head_id=actor.user_id):
        raise Forbidden("statistics_not_yours")
    return Scope(ScopeKind.PERSON, user_id=user_id)


def _branch(
    session: Session, actor: Actor, *, department_id: UUID | None = None, head_id: UUID | None = None
) -> tuple[UUID, ...]:
    values = {"organization_id": actor.company, "department_id": department_id, "head_id": head_id}
    return tuple(session.execute(_BRANCH, values).scalars())
