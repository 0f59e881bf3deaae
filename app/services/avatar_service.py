"""Avatars: two files each, of two sizes."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.models.user import User
from app.schemas.user import AVATAR_LARGE, AVATAR_SMALL, small_avatar
from app.services import user_service
from app.services.picture_files import AVATARS
from app.services.rows import apply_changes, check_version, flush

SIZES = {f"{AVATAR_LARGE}webp": 256, f"{AVATAR_SMALL}webp": 64}


def set_avatar(session: Session, actor: Actor, user_id: UUID, data: bytes, if_match: frozenset[int] | None) -> User:
    """Give a person this picture. For the person and for administrators.

    Raises:
        Forbidden: the actor is neither.
        PayloadTooLarge: it has more than AVATAR_MAX_BYTES.
        Invalid: it is no picture, or has more than AVATAR_MAX_PIXELS.
    """
    settings = get_settings()
    AVATARS.check_size(data, settings.AVATAR_MAX_BYTES)
    user = _get_changeable(session, actor, user_id, if_match)
    limit = settings.AVATAR_MAX_PIXELS
    squares: dict[int, bytes] = AVATARS.decode(
        lambda images: images.squares(data, tuple(SIZES.values()), max_pixels=limit), limit
    )
    addresses = AVATARS.store({end: squares[size] for end, size in SIZES.items()})
    return _replace(session, user, addresses[f"{AVATAR_LARGE}webp"])


def delete_avatar(session: Session, actor: Actor, user_id: UUID, if_match: frozenset[int] | None) -> None:
    """Take a person's picture away, if there is one. For the person and for administrators."""
    _replace(session, _get_changeable(session, actor, user_id, if_match), None)


def delete_leftovers(session: Session) -> int:
    """Remove files that no person of the installation, which the session has entered, refers to; how many."""
    urls = session.execute(select(col(User.avatar_url)).where(col(User.avatar_url).is_not(None))).scalars()
    return AVATARS.delete_leftovers({AVATARS.path(address).name for url in urls for address in _addresses(url)})


def _get_changeable(session: Session, actor: Actor, user_id: UUID, if_match: frozenset[int] | None) -> User:
    user = user_service.get_user(session, actor, user_id, lock=True)
    if user.id != actor.user_id:
        actor.require_admin()
    check_version(user, if_match)
    if actor.is_installation_admin:
        tenancy.act_for(session, user.organization_id)
    return user


def _replace(session: Session, user: User, url: str | None) -> User:
    old = _addresses(user.avatar_url)
    apply_changes(user, {"avatar_url": url})
    flush(session)
    AVATARS.remove_after_commit(session, old)
    return user


def _addresses(url: str | None) -> list[str]:
    """Of both files of an avatar."""
    return [address for address in (url, small_avatar(url)) if address]
