"""Registering and signing in."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.core.config import get_settings
from app.core.errors import Forbidden
from app.core.security import get_password_hash
from app.models.user import User
from app.schemas.auth import RegisterRequest, TokenPair
from app.services import invitation_service, session_service, user_service
from app.services.bootstrap_service import first_organization
from app.services.rows import apply_changes, flush


def register(session: Session, data: RegisterRequest) -> User | None:
    """A new account with a calendar; None where the address has to prove itself first, by the link in a mail.

    With an invitation's token the account gets what the invitation says. Without one, an e-mail of a domain that a
    company claimed is written to; any other joins the installation's first company, if registration is open.

    Raises:
        Forbidden: REGISTRATION does not let this e-mail in, or the invitation is not good.
        Invalid: the invitation is for another e-mail.
        Conflict: the e-mail is taken.
    """
    mode = get_settings().REGISTRATION
    if mode == "closed":
        raise Forbidden("registration_closed")
    if data.invitation_token is not None:
        user = invitation_service.accept(session, data.invitation_token, _new_user(data))
        user.hashed_password = get_password_hash(data.password)
        return _first_password(session, user, data) if user in session else user_service.add_user(session, user)
    if mode == "invitation":
        raise Forbidden("registration_by_invitation")
    company = _company_of_domain(session, data.email)
    if company is not None:
        invitation_service.ask_by_domain(session, company, data.email)
        return None
    if mode == "domain":
        raise Forbidden("registration_by_domain")
    user = _new_user(data)
    user.hashed_password = get_password_hash(data.password)
    user.organization_id = first_organization(session).id
    return user_service.add_user(session, user)


def _first_password(session: Session, user: User, data: RegisterRequest) -> User:
    """Let somebody in who was stored without a password; of the rest only what was not known is taken over."""
    values = {"full_name": data.full_name, "time_zone": data.time_zone}
    missing = {name: value for name, value in values.items() if getattr(user, name) is None}
    if not apply_changes(user, missing):
        user.version += 1
    flush(session)
    return user


def _new_user(data: RegisterRequest) -> User:
    """An employee of no company yet, without a password."""
    return User(email=data.email, full_name=data.full_name, time_zone=data.time_zone, hashed_password="")


def _company_of_domain(session: Session, email: str) -> UUID | None:
    domain = email.rpartition("@")[2]
    found: UUID | None = session.execute(text("SELECT company_of_domain(:domain)"), {"domain": domain}).scalar_one()
    return found


def login(session: Session, email: str, password: str, *, address: str | None, user_agent: str | None) -> TokenPair:
    """Sign in on a new device.

    Raises:
        Unauthenticated: the e-mail or the password is wrong, or the user is not active.
    """
    user = user_service.check_credentials(session, email, password)
    return session_service.open_session(session, user, address=address, user_agent=user_agent)
