"""The files of pictures, under names that nobody can guess and that are never used again.

The new files are written before the commit, the old ones removed after it: whatever happens in between, the address
that is stored has its files. What a crash leaves over, a daily task removes.
"""

import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import structlog
from sqlmodel import Session

from app.core.config import get_settings
from app.core.errors import Invalid, PayloadTooLarge
from app.services.nudges import after_commit

log = structlog.get_logger(__name__)

# A file this young may belong to a request that has not committed yet.
LEFTOVER_SECONDS = 24 * 3600

# A picture takes hundreds of megabytes while it is decoded, however small its file: two at once in a process.
_decoding = threading.BoundedSemaphore(2)

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class PictureKind:
    """Pictures of one kind: where their files lie, and the codes of what is refused.

    `folder_name` is the folder below UPLOADS_DIR, and the end of the address at which `app.main` serves it.
    """

    folder_name: str
    too_large: str
    too_many_pixels: str
    no_image: str

    @property
    def url(self) -> str:
        return f"/uploads/{self.folder_name}"

    @property
    def folder(self) -> Path:
        return get_settings().UPLOADS_DIR / self.folder_name

    def path(self, address: str) -> Path:
        """The file behind an address of ours."""
        return self.folder / Path(address).name

    def check_size(self, data: bytes, max_bytes: int) -> None:
        """Raises PayloadTooLarge if the upload has more than `max_bytes`."""
        if len(data) > max_bytes:
            raise PayloadTooLarge(self.too_large, limit=max_bytes)

    def decode(self, make: Callable[[ModuleType], Made], max_pixels: int) -> Made:
        """What `make` makes of an upload with `app.core.images`, of at most `max_pixels`.

        Raises:
            Invalid: the upload is no picture, or has more pixels.
        """
        images = import_module("app.core.images")
        try:
            with _decoding:
                return make(images)
        except images.TooManyPixels as error:
            raise Invalid(self.too_many_pixels, limit=max_pixels) from error
        except images.NoImage as error:
            raise Invalid(self.no_image) from error

    def store(self, pictures: Mapping[str, bytes]) -> dict[str, str]:
        """Write the pictures, WebP by the ends of their names, under one new name; their addresses by the same ends."""
        name = secrets.token_urlsafe(24)
        self.folder.mkdir(parents=True, exist_ok=True)
        for end, content in pictures.items():
            (self.folder / f"{name}{end}").write_bytes(content)
        return {end: f"{self.url}/{name}{end}" for end in pictures}

    def remove_after_commit(self, session: Session, addresses: Iterable[str | None]) -> None:
        """Remove the files behind these addresses once the session's transaction is committed."""
        old = [self.path(address) for address in addresses if address]
        after_commit(session, lambda: _remove(old))

    def delete_leftovers(self, used: Collection[str]) -> int:
        """Remove the files, but for new ones and those with a name in `used`; how many."""
        long_ago = time.time() - LEFTOVER_SECONDS
        files = self.folder.glob("*.webp")
        leftovers = [path for path in files if path.name not in used and _written(path) < long_ago]
        _remove(leftovers)
        return len(leftovers)


AVATARS = PictureKind("avatars", "avatar_too_large", "avatar_too_many_pixels", "avatar_no_image")
ROOM_PHOTOS = PictureKind("rooms", "photo_too_large", "photo_too_many_pixels", "photo_no_image")
# Everything else that people upload is private and never served from a folder.
SERVED = (AVATARS, ROOM_PHOTOS)


def _written(path: Path) -> float:
    """When, in seconds since 1970; now, if a request removed it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("picture_not_removed", path=path.name, error=type(error).__name__)
