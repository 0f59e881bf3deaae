"""People: who sees whom, who may change what."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, select, true
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from app.core.security import UNKNOWN_USER_HASH, get_password_hash, verify_password
from app.models.calendar import Calendar
from app.models.department import Department
from app.models.organization import Organization
from app.models.user import Role, User
from app.schemas.user import UserCreate, UserSort, UserWrite
from app.services import session_service
from app.services.rows import (
    PageRequest,
    SortColumn,
    apply_changes,
    check_version,
    fetch_page,
    flush,
    get_visible,
)

# What people may change of themselves; all else of a user is for administrators.
OWN_FIELDS = frozenset({"full_name", "phone", "birthday", "time_zone", "show_local_time", "show_moscow_time"})
# Rights stay as they are when a PUT does not send them: a forgotten field must not appoint or dismiss anyone.
RIGHTS = frozenset({"role", "is_active", "access_org_structure", "access_tickets", "access_availability_slots"})
SORTS = {
    "full_name": SortColumn(func.coalesce(col(User.full_name), ""), str),
    "email": SortColumn(col(User.email), str),
    "created_at": SortColumn(col(User.created_at), datetime),
}
SEARCH_LIMIT = 50


def visible_to(actor: Actor) -> Select[User]:
    """Colleagues; for an administrator of the installation, everybody."""
    query = select(User)
    if actor.is_installation_admin:
        return query
    return query.where(col(User.organization_id) == actor.organization_id)


def list_users(
    session: Session,
    actor: Actor,
    sort: UserSort,
    page: PageRequest,
    *,
    role: Role | None = None,
    department_id: UUID | None = None,
    is_active: bool | None = None,
) -> tuple[list[User], str | None]:
    query = visible_to(actor)
    if role is not None:
        query = query.where(col(User.role) == role)
    if department_id is not None:
        query = query.where(col(User.department_id) == department_id)
    if is_active is not None:
        query = query.where(col(User.is_active).is_(is_active))
    return fetch_page(session, query, SORTS, sort, page)


def search_users(session: Session, actor: Actor, text: str, limit: int) -> list[User]:
    """Active colleagues whose name, e-mail, position or department holds every word of `text`, best first.

    Case does not matter, nor ё against е. The trigram index serves words of three letters and more.
    """
    words = text.lower().replace("ё", "е").split()[:8]
    if not words:
        return []
    query = visible_to(actor).where(col(User.is_active))
    for word in words:
        query = query.where(col(User.search_text).contains(word, autoescape=True))
    whole = " ".join(words)
    starts = col(User.search_text).startswith(whole, autoescape=True)
    ranked = query.order_by(starts.desc(), func.similarity(col(User.search_text), whole).desc(), col(User.id))
    return list(session.execute(ranked.limit(min(limit, SEARCH_LIMIT))).scalars())


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
    """
    organization_id = data.organization_id or actor.organization_id
    if organization_id != actor.organization_id and not actor.is_installation_admin:
        raise Forbidden("organization_not_yours")
    if organization_id is not None and session.get(Organization, organization_id) is None:
        raise NotFound("organization_not_found")
    if organization_id is None and data.role != Role.ADMIN:
        raise Invalid("company_required_for_user", field="organization_id")
    values = data.model_dump(exclude={"password", "organization_id"})
    user = User(**values, hashed_password=get_password_hash(data.password), organization_id=organization_id)
    _check_links(session, user)
    return add_user(session, user)


def add_user(session: Session, user: User) -> User:
    """Store a new user, and the calendar that everybody in a company has.

    Raises:
        Conflict: the e-mail is taken.
    """
    session.add(user)
    flush(session, {"uq_users_email": ("email_taken", {"email": user.email})})
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
    session: Session, actor: Actor, user_id: UUID, values: dict[str, Any], if_match: frozenset[int] | None
) -> User:
    """Change what `values` names. Of oneself that is the profile; the rest, and others, are for administrators.

    Raises:
        Forbidden: the actor may not change this person, or one of these fields.
        Conflict: the e-mail is taken, or the company would lose its last administrator.
    """
    if actor.is_admin and values.keys() & {"role", "is_active"}:
        _lock_admins(session, get_user(session, actor, user_id).organization_id)
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
    was_admin = user.is_active and user.role == Role.ADMIN
    changed = apply_changes(user, values)
    if user.organization_id is None and user.role != Role.ADMIN:
        raise Invalid("company_required_for_user", field="role")
    if changed & {"department_id", "manager_id"}:
        _check_links(session, user)
    if was_admin and not (user.is_active and user.role == Role.ADMIN):
        _keep_an_admin(session, user)
    flush(session, {"uq_users_email": ("email_taken", {"email": user.email})})
    if "is_active" in changed and not user.is_active:
        session_service.revoke_all(session, user.id)
    return user


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
    user: User | None = session.execute(select(User).where(col(User.email) == email)).scalar_one_or_none()
    good = verify_password(password, user.hashed_password if user else UNKNOWN_USER_HASH)
    if user is None or not good or not user.is_active:
        raise Unauthenticated("invalid_credentials")
    return user


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


def _check_links(session: Session, user: User) -> None:
    """The department and the manager must be of the same company; the keys would refuse it less clearly."""
    same_company: ColumnElement[bool] = (
        col(User.organization_id) == user.organization_id if user.organization_id else false()
    )
    if user.department_id is not None:
        known = select(true()).where(
            col(Department.id) == user.department_id, col(Department.organization_id) == user.organization_id
        )
        if session.execute(known).first() is None:
            raise Invalid("department_not_found", field="department_id")
    if user.manager_id is not None:
        known = select(true()).where(col(User.id) == user.manager_id, same_company)
        if user.manager_id == user.id or session.execute(known).first() is None:
            raise Invalid("user_not_found", field="manager_id")


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
    """Refuse to leave a company, or the installation, without an administrator besides `user`, who goes."""
    others = select(func.count()).where(
        col(User.role) == Role.ADMIN,
        col(User.is_active),
        col(User.organization_id).is_not_distinct_from(user.organization_id),
        col(User.id) != user.id,
    )
    if not session.execute(others).scalar_one():
        raise Conflict("last_admin")
