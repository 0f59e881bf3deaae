"""Deleting a department: where its people, the departments below it and the invitations into it go."""

from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict
from app.models.base import now
from app.models.department import Department
from app.models.invitation import Invitation
from app.models.user import User
from app.services import department_service
from app.services.chart_lock import lock_chart
from app.services.rows import check_version, flush, refusals_as


def delete_department(
    session: Session,
    actor: Actor,
    department_id: UUID,
    move_to: UUID | Literal["none"] | None,
    if_match: frozenset[int] | None,
) -> None:
    """Delete a department; people, departments below it and invitations go to `move_to`.

    With "none" the people and invitations are left without a department, and the departments below it rise to where
    it was. Without `move_to` only an empty department can be deleted.

    Raises:
        NotFound: there is no such department, or none to move to.
        Conflict: it has people or departments below it; `move_to` lies in the branch itself; or a name is taken there.
    """
    department_service.require_admin_of(session, actor, department_id)
    company = department_service.require_org_structure(actor)
    lock_chart(session, company, "departments")
    department = department_service.get_department(session, actor, department_id)
    # Whoever moves a person locks the department first; from here on nobody comes.
    session.refresh(department, with_for_update=True)
    members = _members(session, department)
    check_version(department, if_match)
    children = session.execute(select(func.count()).where(*_below(department))).scalar_one()
    if move_to is None and (members or children):
        counts = {"members": members, "children": children}
        raise Conflict("department_not_empty", extra=counts, **counts)
    target = None if move_to in (None, "none") else _target(session, actor, department, move_to)
    if children:
        _move_children(session, department, target.id if target else department.parent_id)
    department_service.put_into(session, company, target, col(User.department_id) == department.id)
    session.execute(
        update(Invitation)
        .where(col(Invitation.organization_id) == company, col(Invitation.department_id) == department.id)
        .values(department_id=target.id if target else None, version=col(Invitation.version) + 1, updated_at=now())
        .execution_options(synchronize_session=False)
    )
    session.delete(department)
    flush(session)


def _members(session: Session, department: Department) -> int:
    """How many people are in the department, active or not."""
    members = select(func.count()).where(
        col(User.organization_id) == department.organization_id, col(User.department_id) == department.id
    )
    count: int = session.execute(members).scalar_one()
    return count


def _target(session: Session, actor: Actor, department: Department, move_to: UUID | str | None) -> Department:
    assert isinstance(move_to, UUID)
    target = department_service.get_department(session, actor, move_to)
    above = department_service.chain_above(session, target.organization_id, target.id)
    if department.id in above:
        raise Conflict("department_circle")
    department_service.check_depth(len(above) + department_service.levels_of(session, department) - 1)
    return target


def _move_children(session: Session, department: Department, parent_id: UUID | None) -> None:
    """Put the departments below under `parent_id`.

    Raises:
        Conflict: one of them has the name of a department there.
    """
    there = aliased(Department)
    clash = (
        select(col(Department.name))
        .join(there, func.lower(col(there.name)) == func.lower(col(Department.name)))
        .where(
            *_below(department),
            col(there.organization_id) == department.organization_id,
            col(there.parent_id).is_not_distinct_from(parent_id),
        )
        .order_by(col(Department.name))
        .limit(1)
    )
    name = session.execute(clash).scalar_one_or_none()
    if name is not None:
        raise Conflict("department_name_taken", name=name)
    with refusals_as({"ck_departments_no_circle": ("department_circle", {})}):
        session.execute(
            update(Department)
            .where(*_below(department))
            .values(parent_id=parent_id, version=col(Department.version) + 1, updated_at=now())
            .execution_options(synchronize_session=False)
        )


def _below(department: Department) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Department.organization_id) == department.organization_id,
        col(Department.parent_id) == department.id,
    )
