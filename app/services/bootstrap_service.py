"""The first company and the first administrators."""

import secrets
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select, text
from sqlmodel import Session, col

from app.core.config import Settings, get_settings
from app.core.errors import Invalid
from app.core.security import get_password_hash
from app.models.organization import Organization
from app.models.user import Role, User
from app.schemas.common import Email, Password
from app.services.user_service import add_user

FIRST_COMPANY = "Planner"
# Any number that nothing else in the database locks.
_BOOTSTRAP_LOCK = 7_302_513


def first_organization(session: Session) -> Organization:
    """The company that open registration joins: the oldest one, made on the first call."""
    query = select(Organization).order_by(col(Organization.created_at), col(Organization.id)).limit(1)
    organization: Organization | None = session.execute(query).scalar_one_or_none()
    if organization is not None:
        return organization
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BOOTSTRAP_LOCK})
    organization = session.execute(query).scalar_one_or_none()
    if organization is None:
        organization = Organization(name=FIRST_COMPANY, time_zone=get_settings().DEFAULT_TIME_ZONE)
        session.add(organization)
        session.flush()
    return organization


def ensure_first_admin(session: Session, settings: Settings) -> tuple[str, str | None] | None:
    """Create the first administrator if there is none.

    Returns the e-mail and, if it was generated, the password; None when there was an administrator.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BOOTSTRAP_LOCK})
    admins = select(func.count()).select_from(User).where(col(User.role) == Role.ADMIN)
    if session.execute(admins).scalar_one():
        return None
    generated = None if settings.PLANNER_ADMIN_PASSWORD else secrets.token_urlsafe(12)
    password = settings.PLANNER_ADMIN_PASSWORD or generated or ""
    user = create_admin(session, email=settings.PLANNER_ADMIN_EMAIL, full_name="Administrator", password=password)
    return user.email, generated


def create_admin(
    session: Session, *, email: str, full_name: str | None, password: str, installation: bool = False
) -> User:
    """A new administrator of the first company, or with `installation` one who runs them all and is in none.

    Raises:
        Invalid: the e-mail or the password is not acceptable.
        Conflict: the e-mail is taken.
    """
    user = User(
        email=_checked(Email, email, "invalid_admin_email"),
        full_name=full_name,
        role=Role.ADMIN,
        hashed_password=get_password_hash(_checked(Password, password, "invalid_admin_password")),
        organization_id=None if installation else first_organization(session).id,
    )
    return add_user(session, user)


def _checked(kind: Any, value: str, code: str) -> str:
    try:
        checked: str = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise Invalid(code) from error
    return checked
