"""Registering and signing in."""

from sqlmodel import Session

from app.core.config import get_settings
from app.core.errors import Forbidden
from app.core.security import get_password_hash
from app.models.user import User
from app.schemas.auth import RegisterRequest, TokenPair
from app.services import session_service, user_service
from app.services.bootstrap_service import first_organization


def register(session: Session, data: RegisterRequest) -> User:
    """A new employee of the installation's first company, with a calendar.

    Raises:
        Forbidden: registration is closed.
        Conflict: the e-mail is taken.
    """
    if get_settings().REGISTRATION == "closed":
        raise Forbidden("registration_closed")
    user = User(
        **data.model_dump(exclude={"password"}),
        hashed_password=get_password_hash(data.password),
        organization_id=first_organization(session).id,
    )
    return user_service.add_user(session, user)


def login(session: Session, email: str, password: str, *, address: str | None, user_agent: str | None) -> TokenPair:
    """Sign in on a new device.

    Raises:
        Unauthenticated: the e-mail or the password is wrong, or the user is not active.
    """
    user = user_service.check_credentials(session, email, password)
    return session_service.open_session(session, user, address=address, user_agent=user_agent)
