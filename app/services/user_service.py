"""People: who sees whom, who may change what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, Uuid, func, literal, select
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from app.core.hot import fetch_row
from app.core.security import NO_PASSWORD, UNKNOWN_USER_HASH, get_password_hash, verify_password
from app.models.base import now
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.organization import Organization
from app.models.user import Role, User
from app.schemas.user import UserCreate, UserFilters, UserSort, UserWrite
from app.services import delegation_service, people_search_service, session_service
from app.services.chart_lock import lock_chart
from app.services.rows import (
    Conflicts,
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
    or_empty,
)
from app.services.user_profile import check_manager, department_name, mirror_department, normal_phone, phone_region

# What people may change of themselves; all else of a user is for administrators.
OWN_FIELDS = frozenset(
    {"full_name", "phone", "birthday", "time_zone", "language", "show_local_time", "show_moscow_time"}
)
# Rights stay as they are when a PUT does not send them: a forgotten field must not appoint or dismiss anyone.
RIGHTS = frozenset({"role", "is_active", "access_org_structure", "access_tickets", "access_availability_slots"})


SORTS = {
    "full_name": SortColumn(or_empty(col(User.full_name)), str),
    "email": SortColumn(col(User.email), str),
    "created_at": SortColumn(col(User.created_at), datetime),
    "position": SortColumn(or_empty(col(User.position)), str),
    "department": SortColumn(or_empty(col(User.department)), str),
}


def visible_to(actor: Actor) -> Select[User]:
    """Colleagues; for an administrator of the installation, everybody."""
    query = select(User)
    if actor.is_installation_admin:
        return query
    return query.where(col(User.organization_id) == actor.organization_id)


def list_users(
    session: Session, actor: Actor, filters: UserFilters, sort: UserSort, page: PageRequest
) -> tuple[list[User], str | None]:
    """A page of the people whom the actor sees and the filters let through."""
    return fetch_page(session, filtered(visible_to(actor), filters), SORTS, sort, page)


def filtered(query: Select[User], filters: UserFilters) -> Select[User]:
    """The people of `query` whom the filters let through."""
    if filters.role is not None:
        query = query.where(col(User.role) == filters.role)
    if filters.department_id is not None and filters.branch:
        query = query.where(col(User.department_id).in_(_branch(filters.department_id)))
    elif filters.department_id is not None:
        query = query.where(col(User.department_id) == filters.department_id)
    if filters.manager_id is not None:
        query = query.where(col(User.manager_id) == filters.manager_id)
    if filters.position is not None:
        query = query.where(or_empty(col(User.position)) == filters.position)
    if filters.is_active is not None:
        query = query.where(col(User.is_active).is_(filters.is_active))
    if filters.q is not None:
        query = query.where(*people_search_service.that_fit(filters.q))
    return query


def _branch(department_id: UUID) -> ScalarSelect[Any]:
    """The department, and those below it that can be seen."""
    branch = select(literal(department_id, Uuid).label("id")).cte("branch", recursive=True)
    below = select(col(Department.id)).join(branch, col(Department.parent_id) == branch.c.id)
    branch = branch.union(below)
    return select(branch.c.id).scalar_subquery()


def get_user(session: Session, actor: Actor, user_id: UUID, *, lock: bool = False) -> User:
    return get_visible(session, visible_to(actor), user_id, "user_not_found", lock=lock)


def get_self(session: Session, actor: Actor) -> User:
    """The actor's own row."""
    return get_user(session, actor, actor.user_id)


def create_user(session: Session, actor: Actor, data: UserCreate) -> User:
    """A new colleague with a calendar of their own. For administrators.

    Raises:
        Forbidden: another company is named by somebody who does not run the installation.
        Conflict: the e-mail is taken.
        Invalid: the phone, the department or the manager cannot be.
    """
    organization_id = data.organization_id or actor.organization_id
    if organization_id != actor.organization_id and not actor.is_installation_admin:
        raise Forbidden("organization_not_yours")
    if organization_id is not None and session.get(Organization, organization_id) is None:
        raise NotFound("organization_not_found")
    if organization_id is None and data.role != Role.ADMIN:
        raise Invalid("company_required_for_user", field="organization_id")
    enter_company(session, actor, organization_id)
    values = data.model_dump(exclude={"password", "organization_id"})
    if values["phone"]:
        values["phone"] = normal_phone(values["phone"], phone_region(session, organization_id))
    if values["department_id"]:
        mirror_department(values, None, department_name(session, organization_id, values["department_id"]))
    user = User(**values, hashed_password=get_password_hash(data.password), organization_id=organization_id)
    user.deactivated_at = None if user.is_active else now()
    check_manager(session, user)
    return add_user(session, user)


def enter_company(session: Session, actor: Actor, organization_id: UUID | None) -> None:
    """Let an administrator of the installation write in the company of whom they change; others are in theirs."""
    if actor.is_installation_admin:
        tenancy.act_for(session, organization_id)


def add_user(session: Session, user: User) -> User:
    """Store a new user, and the calendar that everybody in a company has.

    Raises:
        Conflict: the e-mail is taken.
    """
    session.add(user)
    flush(session, _conflicts(user))
    if user.organization_id is not None:
        session.add(
            Calendar(
                organization_id=user.organization_id,
                owner_id=user.id,
                name=user.full_name or user.email.split("@")[0],
            )
        )
        flush(session)
    return user


def replace_user(
    session: Session, actor: Actor, user_id: UUID, data: UserWrite, if_match: frozenset[int] | None
) -> User:
    """PUT: everything the actor may change; rights only where they were sent."""
    sent = data.model_fields_set
    values = {
        name: value
        for name, value in data.model_dump().items()
        if name in sent or (name not in RIGHTS and (actor.is_admin or name in OWN_FIELDS))
    }
    return change_user(session, actor, user_id, values, if_match)


def change_user(
    session: Session,
    actor: Actor,
    user_id: UUID,
    values: dict[str, Any],
    if_match: frozenset[int] | None,
    *,
    undoes_leaving: bool = False,
) -> User:
    """Change what `values` names. Of oneself that is the profile; the rest, and others, are for administrators.

    Whoever becomes active again begins without delegates, and as nobody's delegate, unless that undoes their leaving.

    Raises:
        Forbidden: the actor may not change this person, or one of these fields.
        Conflict: the e-mail is taken, the managers would form a circle, or the company would lose its last
            administrator.
        Invalid: the phone, the department or the manager cannot be.
    """
    values = dict(values)
    name = _lock_around(session, actor, user_id, values) if actor.is_admin else None
    user = get_user(session, actor, user_id, lock=True)
    if not actor.is_admin and user.id != actor.user_id:
        raise Forbidden("admin_only")
    check_version(user, if_match)
    if not actor.is_admin:
        refused = sorted(
            name for name, value in values.items() if name not in OWN_FIELDS and getattr(user, name) != value
        )
        if refused:
            raise Forbidden("admin_only_fields", fields=", ".join(refused))
    mirror_department(values, user, name)
    # What was stored before numbers had one form may be sent back as it is.
    if values.get("phone") and values["phone"] != user.phone:
        values["phone"] = normal_phone(values["phone"], phone_region(session, user.organization_id))
    if values.get("is_active", user.is_active) != user.is_active:
        values["deactivated_at"] = None if values["is_active"] else now()
    was_admin = user.is_active and user.role == Role.ADMIN
    changed = apply_changes(user, values)
    if user.organization_id is None and user.role != Role.ADMIN:
        raise Invalid("company_required_for_user", field="role")
    if "manager_id" in changed:
        check_manager(session, user)
    if was_admin and not (user.is_active and user.role == Role.ADMIN):
        _keep_an_admin(session, user)
    flush(session, _conflicts(user))
    if "is_active" in changed and not user.is_active:
        session_service.revoke_all(session, user.id)
    if "is_active" in changed and user.is_active and user.organization_id is not None and not undoes_leaving:
        delegation_service.end_all(session, user.organization_id, {user.id})
    return user


def _lock_around(session: Session, actor: Actor, user_id: UUID, values: dict[str, Any]) -> str | None:
    """Take, in one order, the locks that come before the user's own; the name of the department that is named."""
    user = get_user(session, actor, user_id)
    enter_company(session, actor, user.organization_id)
    if values.get("manager_id") not in (None, user.manager_id) and user.organization_id is not None:
        lock_chart(session, user.organization_id, "users")
    if values.keys() & {"role", "is_active"}:
        _lock_admins(session, user.organization_id)
    if values.get("department_id") is None:
        return None
    return department_name(session, user.organization_id, values["department_id"])


def deactivate_user(session: Session, actor: Actor, user_id: UUID, if_match: frozenset[int] | None) -> None:
    """DELETE: the person can no longer sign in and every session ends; what they did stays."""
    if not actor.is_admin:
        get_user(session, actor, user_id)
        raise Forbidden("admin_only")
    change_user(session, actor, user_id, {"is_active": False}, if_match)


def check_credentials(session: Session, email: str, password: str) -> User:
    """The active user with this e-mail and password; an unknown e-mail takes as long as a wrong password.

    Raises:
        Unauthenticated: always the same, whatever was wrong.
    """
    user = _find_account(session, email)
    good = verify_password(password, user.hashed_password if user else UNKNOWN_USER_HASH)
    if user is None or not good or not user.is_active:
        raise Unauthenticated("invalid_credentials")
    return user


def _find_account(session: Session, email: str) -> User | None:
    """The user with this e-mail, whose company the session enters."""
    found = fetch_row(session, "SELECT person, company FROM find_account(%(email)s)", {"email": email})
    if found is None or found[0] is None:
        return None
    person, company = found
    tenancy.enter(session, company, installation=company is None, actor=person)
    return session.get(User, person)


def change_password(session: Session, actor: Actor, current: str, new: str) -> None:
    """Set a new password; every other session of the user ends.

    Raises:
        Forbidden: the current password is not this one.
    """
    user = get_user(session, actor, actor.user_id, lock=True)
    if not verify_password(current, user.hashed_password):
        raise Forbidden("wrong_password")
    user.hashed_password = get_password_hash(new)
    flush(session)
    session_service.revoke_all(session, user.id, except_session=actor.session_id)


def _conflicts(user: User) -> Conflicts:
    return {
        "uq_users_email": ("email_taken", {"email": user.email}),
        "ck_users_no_circle": ("manager_circle", {}),
    }


def _lock_admins(session: Session, organization_id: UUID | None) -> None:
    """Lock the administrators of a company, in one order and before anything else, until the commit.

    So two of them cannot dismiss each other, or both themselves, at the same moment.
    """
    admins = (
        select(col(User.id))
        .where(col(User.role) == Role.ADMIN, col(User.organization_id).is_not_distinct_from(organization_id))
        .order_by(col(User.id))
        .with_for_update(key_share=True)
    )
    session.execute(admins).all()


def _keep_an_admin(session: Session, user: User) -> None:
    """Refuse to leave a company, or the installation, without an administrator besides `user`, who goes.

    Whom an import has made an administrator counts once they have a password.
    """
    others = select(func.count()).where(
        col(User.role) == Role.ADMIN,
        col(User.is_active),
        col(User.hashed_password) != NO_PASSWORD,
        col(User.organization_id).is_not_distinct_from(user.organization_id),
        col(User.id) != user.id,
    )
    if not session.execute(others).scalar_one():
        raise Conflict("last_admin")
