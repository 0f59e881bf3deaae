"""The first company and the first administrators."""

import secrets
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlmodel import Session

from app.core import tenancy
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
_FIRST_COMPANY = text("SELECT first_company()")
# What the record of writes says of it.
ORIGIN = "bootstrap"


def first_organization(session: Session) -> Organization:
    """The company that open registration joins, which the session enters: the oldest, made on the first call."""
    found = session.execute(_FIRST_COMPANY).scalar_one()
    if found is None:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BOOTSTRAP_LOCK})
        found = session.execute(_FIRST_COMPANY).scalar_one()
    if found is not None:
        tenancy.enter(session, found, origin=ORIGIN)
        return session.get_one(Organization, found)
    organization = Organization(name=FIRST_COMPANY, time_zone=get_settings().DEFAULT_TIME_ZONE)
    tenancy.enter(session, organization.id, origin=ORIGIN)
    session.add(organization)
    session.flush()
    return organization


def ensure_first_admin(session: Session, settings: Settings) -> tuple[str, str | None] | None:
    """Create the first administrator if there is none.

    Returns the e-mail and, if it was generated, the password; None when there was an administrator.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BOOTSTRAP_LOCK})
    if session.execute(text("SELECT has_admin()")).scalar_one():
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
    company = None if installation else first_organization(session).id
    if company is None:
        tenancy.enter(session, None, installation=True, origin=ORIGIN)
    user = User(
        email=_checked(Email, email, "invalid_admin_email"),
        full_name=full_name,
        role=Role.ADMIN,
        hashed_password=get_password_hash(_checked(Password, password, "invalid_admin_password")),
        organization_id=company,
    )
    return add_user(session, user)


def _checked(kind: Any, value: str, code: str) -> str:
    try:
        checked: str = TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise Invalid(code) from error
    return checked
