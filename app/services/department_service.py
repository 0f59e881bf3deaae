"""Departments: a tree that everybody sees whose access to the company's structure is on, and administrators keep.

Every write takes the company's lock first, so each sees what the one before it left: depth, number and places are
checked against a tree that stands still.
"""

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CTE, CursorResult, Select, func, literal, select, true, update
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Forbidden, Invalid
from app.models.base import now
from app.models.department import Department
from app.models.user import User
from app.schemas.department import DepartmentSort, DepartmentWrite, MemberSort
from app.services.chart_lock import lock_chart
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
    or_empty,
)

SORTS = {"name": SortColumn(col(Department.name), str)}
MEMBER_SORTS = {"full_name": SortColumn(or_empty(col(User.full_name)), str)}


def require_org_structure(actor: Actor) -> UUID:
    """The company whose structure the actor sees.

    Raises:
        Forbidden: the actor belongs to no company, or their access to its structure is off.
    """
    company = actor.company
    if not actor.access_org_structure:
        raise Forbidden("org_structure_off")
    return company


def visible_to(actor: Actor) -> Select[Department]:
    """The departments of the company.

    Raises:
        Forbidden: the actor may not see the structure of the company.
    """
    return select(Department).where(col(Department.organization_id) == require_org_structure(actor))


def list_departments(
    session: Session,
    actor: Actor,
    sort: DepartmentSort,
    page: PageRequest,
    *,
    parent_id: UUID | Literal["none"] | None = None,
    head_id: UUID | None = None,
    text: str | None = None,
) -> tuple[list[Department], str | None]:
    """Departments directly below `parent_id` ("none": at the top), with this head, with `text` in the name."""
    query = visible_to(actor)
    if parent_id is not None:
        query = query.where(col(Department.parent_id).is_not_distinct_from(None if parent_id == "none" else parent_id))
    if head_id is not None:
        query = query.where(col(Department.head_id) == head_id)
    if text is not None:
        name = func.replace(func.lower(col(Department.name)), "ё", "е")
        query = query.where(name.contains(text.lower().replace("ё", "е"), autoescape=True))
    return fetch_page(session, query, SORTS, sort, page)


def get_department(session: Session, actor: Actor, department_id: UUID, *, lock: bool = False) -> Department:
    return get_visible(session, visible_to(actor), department_id, "department_not_found", lock=lock)


def require_admin_of(session: Session, actor: Actor, department_id: UUID) -> None:
    """Refuse whoever may see the department and not change it.

    Raises:
        NotFound: the actor does not see such a department.
        Forbidden: the actor is no administrator.
    """
    get_department(session, actor, department_id)
    actor.require_admin()


def create_department(session: Session, actor: Actor, data: DepartmentWrite) -> Department:
    """A new department. For administrators.

    Raises:
        Invalid: there is no such department above, or no such active colleague.
        Conflict: the name is taken there, or there are too many departments, or too many levels.
    """
    company = require_org_structure(actor)
    lock_chart(session, company, "departments")
    limit = get_settings().DEPARTMENTS_PER_COMPANY
    counted = select(func.count()).where(col(Department.organization_id) == company)
    if session.execute(counted).scalar_one() >= limit:
        raise Conflict("too_many_departments", limit=limit)
    department = Department(**data.model_dump(), organization_id=company)
    _check_parent(session, department, department.parent_id, height=1)
    _check_head(session, department)
    session.add(department)
    _flush(session, department)
    return department


def change_department(
    session: Session, actor: Actor, department_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> Department:
    """Change what `values` names. With another parent the whole branch moves; a new name is told to the members' rows.

    Raises:
        Forbidden: the actor is no administrator.
        Invalid: there is no such department above, or no such active colleague.
        Conflict: the name is taken there, the department would lie below itself, or too deep.
    """
    require_admin_of(session, actor, department_id)
    lock_chart(session, require_org_structure(actor), "departments")
    department = get_department(session, actor, department_id, lock=True)
    check_version(department, if_match)
    parent_id = values.get("parent_id", department.parent_id)
    if parent_id != department.parent_id:
        _check_parent(session, department, parent_id, height=levels_of(session, department))
    changed = apply_changes(department, values)
    if "head_id" in changed:
        _check_head(session, department)
    _flush(session, department)
    if "name" in changed:
        put_into(session, department.organization_id, department, col(User.department_id) == department.id)
    return department


def list_members(
    session: Session,
    actor: Actor,
    department_id: UUID,
    sort: MemberSort,
    page: PageRequest,
    *,
    branch: bool,
    is_active: bool | None = True,
) -> tuple[list[User], str | None]:
    """The people of a department; with `branch`, also of all departments below it."""
    department = get_department(session, actor, department_id)
    query = select(User).where(col(User.organization_id) == department.organization_id)
    if branch:
        query = query.where(col(User.department_id).in_(branch_ids(session, department.organization_id, department.id)))
    else:
        query = query.where(col(User.department_id) == department.id)
    if is_active is not None:
        query = query.where(col(User.is_active).is_(is_active))
    return fetch_page(session, query, MEMBER_SORTS, sort, page)


def add_members(session: Session, actor: Actor, department_id: UUID, user_ids: list[UUID]) -> int:
    """Move colleagues into a department, all of them or none; how many were not there before. For administrators.

    Raises:
        Invalid: one of them is no colleague, or they are more than DEPARTMENT_MOVE_MAX_PEOPLE.
    """
    require_admin_of(session, actor, department_id)
    company = require_org_structure(actor)
    limit = get_settings().DEPARTMENT_MOVE_MAX_PEOPLE
    if len(user_ids) > limit:
        raise Invalid("too_many_members", field="user_ids", limit=limit)
    lock_chart(session, company, "departments")
    department = get_department(session, actor, department_id)
    people = col(User.organization_id) == company, col(User.id).in_(user_ids)
    locked = session.execute(
        select(col(User.id)).where(*people).order_by(col(User.id)).with_for_update(key_share=True)
    ).all()
    if len(locked) < len(user_ids):
        raise Invalid("user_not_found", field="user_ids")
    elsewhere = col(User.department_id).is_distinct_from(department.id)
    return put_into(session, company, department, *people, elsewhere)


def put_into(session: Session, company: UUID, department: Department | None, *people: Any) -> int:
    """Make these people members of the department, or of none; how many they are.

    Their column `department` says the department's name, for search and for clients that read no departments.
    """
    moved = session.execute(
        update(User)
        .where(col(User.organization_id) == company, *people)
        .values(
            department_id=department.id if department else None,
            department=department.name if department else None,
            version=col(User.version) + 1,
            updated_at=now(),
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(moved, CursorResult)
    return moved.rowcount


def branch_ids(session: Session, company: UUID, department_id: UUID) -> list[UUID]:
    """The department and all below it."""
    return list(session.execute(select(_branch(company, department_id).c.id)).scalars())


def levels_of(session: Session, department: Department) -> int:
    """How many levels the department's branch has, itself included."""
    branch = _branch(department.organization_id, department.id)
    levels: int = session.execute(select(func.max(branch.c.level))).scalar_one()
    return levels


def chain_above(session: Session, company: UUID, department_id: UUID) -> list[UUID]:
    """The department and all above it, up to the top; empty when the company has no such department."""
    above = (
        select(col(Department.id), col(Department.parent_id), literal(1).label("level"))
        .where(col(Department.organization_id) == company, col(Department.id) == department_id)
        .cte("above", recursive=True)
    )
    above = above.union_all(
        select(col(Department.id), col(Department.parent_id), above.c.level + 1).where(
            col(Department.organization_id) == company, col(Department.id) == above.c.parent_id
        )
    )
    return list(session.execute(select(above.c.id).order_by(above.c.level)).scalars())


def check_depth(levels: int) -> None:
    """Raises Conflict when so many levels are more than DEPARTMENT_MAX_DEPTH."""
    limit = get_settings().DEPARTMENT_MAX_DEPTH
    if levels > limit:
        raise Conflict("department_too_deep", limit=limit)


def _branch(company: UUID, department_id: UUID) -> CTE:
    branch = (
        select(col(Department.id), literal(1).label("level"))
        .where(col(Department.organization_id) == company, col(Department.id) == department_id)
        .cte("branch", recursive=True)
    )
    return branch.union_all(
        select(col(Department.id), branch.c.level + 1).where(
            col(Department.organization_id) == company, col(Department.parent_id) == branch.c.id
        )
    )


def _check_parent(session: Session, department: Department, parent_id: UUID | None, *, height: int) -> None:
    if parent_id is None:
        return
    above = chain_above(session, department.organization_id, parent_id)
    if not above:
        raise Invalid("department_not_found", field="parent_id")
    if department.id in above:
        raise Conflict("department_circle")
    check_depth(len(above) + height)


def _check_head(session: Session, department: Department) -> None:
    if department.head_id is None:
        return
    known = select(true()).where(
        col(User.organization_id) == department.organization_id, col(User.id) == department.head_id, col(User.is_active)
    )
    if session.execute(known).first() is None:
        raise Invalid("user_not_found", field="head_id")


def _flush(session: Session, department: Department) -> None:
    flush(
        session,
        {
            "uq_departments_name": ("department_name_taken", {"name": department.name}),
            "ck_departments_no_circle": ("department_circle", {}),
        },
    )
