"""Avatars: two files each, under names that nobody can guess and that are never used again.

The new files are written before the commit, the old ones removed after it: whatever happens in between, the address
that is stored has its files. What a crash leaves over, a daily task removes.
"""

import secrets
import threading
import time
from importlib import import_module
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlmodel import Session, col

from app.core import tenancy
from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Invalid, PayloadTooLarge
from app.models.user import User
from app.schemas.user import AVATAR_LARGE, AVATAR_SMALL, small_avatar
from app.services import user_service
from app.services.nudges import after_commit
from app.services.rows import apply_changes, check_version, flush

log = structlog.get_logger(__name__)

URL = "/uploads/avatars/"
SIZES = {AVATAR_LARGE: 256, AVATAR_SMALL: 64}
# A file this young may belong to a request that has not committed yet.
LEFTOVER_SECONDS = 24 * 3600

# A picture takes hundreds of megabytes while it is decoded, however small its file: two at once in a process.
_decoding = threading.BoundedSemaphore(2)


def folder() -> Path:
    """Where the files lie; `app.main` serves it under URL."""
    return get_settings().UPLOADS_DIR / "avatars"


def set_avatar(session: Session, actor: Actor, user_id: UUID, data: bytes, if_match: frozenset[int] | None) -> User:
    """Give a person this picture. For the person and for administrators.

    Raises:
        Forbidden: the actor is neither.
        PayloadTooLarge: it has more than AVATAR_MAX_BYTES.
        Invalid: it is no picture, or has more than AVATAR_MAX_PIXELS.
    """
    limit = get_settings().AVATAR_MAX_BYTES
    if len(data) > limit:
        raise PayloadTooLarge("avatar_too_large", limit=limit)
    user = _get_changeable(session, actor, user_id, if_match)
    pictures = _squares(data)
    name = secrets.token_urlsafe(24)
    folder().mkdir(parents=True, exist_ok=True)
    for suffix, size in SIZES.items():
        (folder() / f"{name}{suffix}webp").write_bytes(pictures[size])
    return _replace(session, user, f"{URL}{name}{AVATAR_LARGE}webp")


def delete_avatar(session: Session, actor: Actor, user_id: UUID, if_match: frozenset[int] | None) -> None:
    """Take a person's picture away, if there is one. For the person and for administrators."""
    _replace(session, _get_changeable(session, actor, user_id, if_match), None)


def delete_leftovers(session: Session) -> int:
    """Remove files that no person of the installation, which the session has entered, refers to; how many."""
    urls = session.execute(select(col(User.avatar_url)).where(col(User.avatar_url).is_not(None))).scalars()
    used = {path.name for url in urls for path in _files(url)}
    long_ago = time.time() - LEFTOVER_SECONDS
    leftovers = [path for path in folder().glob("*.webp") if path.name not in used and _written(path) < long_ago]
    _remove(leftovers)
    return len(leftovers)


def _get_changeable(session: Session, actor: Actor, user_id: UUID, if_match: frozenset[int] | None) -> User:
    user = user_service.get_user(session, actor, user_id, lock=True)
    if user.id != actor.user_id:
        actor.require_admin()
    check_version(user, if_match)
    if actor.is_installation_admin:
        tenancy.act_for(session, user.organization_id)
    return user


def _squares(data: bytes) -> dict[int, bytes]:
    images = import_module("app.core.images")
    limit = get_settings().AVATAR_MAX_PIXELS
    try:
        with _decoding:
            pictures: dict[int, bytes] = images.squares(data, tuple(SIZES.values()), max_pixels=limit)
    except images.TooManyPixels as error:
        raise Invalid("avatar_too_many_pixels", limit=limit) from error
    except images.NoImage as error:
        raise Invalid("avatar_no_image") from error
    return pictures


def _replace(session: Session, user: User, url: str | None) -> User:
    old = _files(user.avatar_url)
    apply_changes(user, {"avatar_url": url})
    flush(session)
    after_commit(session, lambda: _remove(old))
    return user


def _files(url: str | None) -> list[Path]:
    """The files behind an address of ours."""
    return [folder() / Path(address).name for address in (url, small_avatar(url)) if address]


def _written(path: Path) -> float:
    """When, in seconds since 1970; now, if a request removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("avatar_not_removed", path=path.name, error=type(error).__name__)
