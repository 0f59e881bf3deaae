"""Sign-in sessions: one row per signed-in device. Without a live row a token is worth nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, or_, select, update
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Unauthenticated
from app.core.hot import fetch_row
from app.core.security import REFRESH, create_access_token, create_refresh_token, decode_token
from app.models.base import now
from app.models.user import AuthSession, User
from app.schemas.auth import TokenPair
from app.services.live_people import sessions_end

# A client whose answer was lost, or two tabs at once, may repeat a refresh this long after the first.
REFRESH_GRACE = timedelta(seconds=10)


def authenticate(session: Session, claims: dict[str, Any]) -> Actor:
    """The actor behind a decoded access token, whose company the session has entered, in one round trip.

    Raises:
        Unauthenticated: the session was ended or has expired, or the user is not active.
    """
    session_id, user_id = identity(claims)
    row = tenancy.authenticate(session, session_id, user_id)
    if row is None:
        raise Unauthenticated("session_ended")
    return actor_of(user_id, session_id, row)


def identity(claims: dict[str, Any]) -> tuple[UUID, UUID]:
    """The session and the user that claims name. Raises Unauthenticated: they name none."""
    try:
        return UUID(claims["sid"]), UUID(claims["sub"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("invalid_token") from error


def actor_of(user_id: UUID, session_id: UUID, row: tuple[Any, ...]) -> Actor:
    """The actor that a row of the database's authenticate() tells of."""
    organization_id, role, own_zone, company_zone, org_structure, tickets = row
    company_zone = company_zone or get_settings().DEFAULT_TIME_ZONE
    zone = own_zone or company_zone
    return Actor(user_id, organization_id, role, session_id, zone, company_zone, org_structure, tickets)


def open_session(session: Session, user: User, *, address: str | None, user_agent: str | None) -> TokenPair:
    """Sign a user in on a new device; the oldest sessions beyond SESSIONS_PER_USER end."""
    row = AuthSession(
        user_id=user.id,
        organization_id=user.organization_id,
        expires_at=now() + _refresh_lifetime(),
        address=(address or "")[:64] or None,
        user_agent=_printable((user_agent or "")[:200]) or None,
    )
    session.add(row)
    session.flush()
    newest = (
        select(col(AuthSession.id))
        .where(col(AuthSession.user_id) == user.id)
        .order_by(col(AuthSession.created_at).desc(), col(AuthSession.id).desc())
        .limit(get_settings().SESSIONS_PER_USER)
    )
    session.execute(delete(AuthSession).where(col(AuthSession.user_id) == user.id, col(AuthSession.id).not_in(newest)))
    return _tokens(row)


def refresh(session: Session, refresh_token: str) -> TokenPair | None:
    """Exchange a refresh token for a new pair; the old one is spent.

    Within 10 s of its first use a token answers again, with the same successor. Later that is a reuse: the session
    is revoked and None is returned, so that the caller commits the revocation before it answers 401.

    Raises:
        Unauthenticated: the token or its session is not good.
    """
    claims = decode_token(refresh_token, REFRESH)
    session_id = UUID(claims["sid"])
    _enter_by_session(session, session_id)
    row = session.execute(
        select(AuthSession)
        .join(User, col(User.id) == col(AuthSession.user_id))
        .where(col(AuthSession.id) == session_id, col(User.is_active))
        .with_for_update(of=AuthSession)
    ).scalar_one_or_none()
    if row is None or row.revoked_at is not None or row.expires_at <= now():
        raise Unauthenticated("session_ended")
    generation = claims["gen"]
    if generation == row.generation:
        row.generation += 1
        row.refreshed_at = now()
        row.expires_at = now() + _refresh_lifetime()
    elif generation != row.generation - 1 or now() - row.refreshed_at > REFRESH_GRACE:
        row.revoked_at = now()
        return None
    session.flush()
    return _tokens(row)


def _enter_by_session(session: Session, session_id: UUID) -> None:
    found = fetch_row(session, "SELECT person, company FROM find_session(%(session)s)", {"session": session_id})
    if found is None or found[0] is None:
        raise Unauthenticated("session_ended")
    person, company = found
    tenancy.enter(session, company, installation=company is None, actor=person)


def revoke(session: Session, session_id: UUID) -> None:
    """End one session, and its live streams."""
    ended = session.execute(
        update(AuthSession)
        .where(col(AuthSession.id) == session_id, col(AuthSession.revoked_at).is_(None))
        .values(revoked_at=now())
        .returning(col(AuthSession.user_id))
    )
    sessions_end(session, set(ended.scalars()))


def revoke_all(session: Session, user_id: UUID, *, except_session: UUID | None = None) -> None:
    """End every session of a user, but for one if named, and their live streams."""
    statement = update(AuthSession).where(col(AuthSession.user_id) == user_id, col(AuthSession.revoked_at).is_(None))
    if except_session is not None:
        statement = statement.where(col(AuthSession.id) != except_session)
    session.execute(statement.values(revoked_at=now()))
    sessions_end(session, {user_id})


def delete_expired(session: Session, *, batch: int = 5000) -> int:
    """Delete up to `batch` sessions that are over, and say how many; a token of theirs stays refused."""
    over = (
        select(col(AuthSession.id))
        .where(or_(col(AuthSession.expires_at) < now(), col(AuthSession.revoked_at) < now() - timedelta(days=1)))
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(delete(AuthSession).where(col(AuthSession.id).in_(over.scalar_subquery())))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _refresh_lifetime() -> timedelta:
    return timedelta(days=get_settings().REFRESH_TOKEN_EXPIRE_DAYS)


def _tokens(row: AuthSession) -> TokenPair:
    return TokenPair(
        access_token=create_access_token({"sub": str(row.user_id), "sid": str(row.id)}),
        refresh_token=create_refresh_token(row.id, row.generation, _refresh_lifetime()),
        expires_in=get_settings().ACCESS_TOKEN_EXPIRE_MINUTES * 60,
    )


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())
