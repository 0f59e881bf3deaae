"""Where files lie that people send and only some may read: on disk, or in a bucket through the same interface.

A key is made here, at random, under the company that the file belongs to, and never used again. What a key names is
written once and whole, or not at all.
"""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from app.core.config import get_settings

# What is read, and sent, at once.
CHUNK_BYTES = 256 * 1024
PARTIAL = ".part"
_KEY = re.compile(r"[0-9a-f]{32}/[0-9a-f]{2}/[0-9a-f]{32}(?:\.part)?")


class FileMissing(LookupError):
    """The store has nothing under this key."""


class FileStoreUnavailable(RuntimeError):
    """The store does not answer, refuses, or is full; the message says why, for the log."""


class FileStoreMisconfigured(RuntimeError):
    """The settings name a store that cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the store; also one whose writing was cut off, under a key that nothing refers to."""

    key: str
    written_at: datetime


class FileStore(Protocol):
    """Every method raises FileStoreUnavailable when the store cannot do it."""

    def put(self, key: str, content: BinaryIO) -> None:
        """Store what `content` holds from where it stands; when this returns, it outlives a power cut."""

    def open(self, key: str) -> Iterator[bytes]:
        """The content in pieces, none of it read before it is asked for.

        Raises:
            FileMissing: at once, not with the first piece.
        """

    def delete(self, key: str) -> None:
        """Forget a file; no error when there is none."""

    def list(self) -> Iterator[StoredFile]:
        """Every file, in any order."""


def new_key(organization_id: UUID) -> str:
    """A key that nobody can guess, for a file of this company."""
    name = secrets.token_hex(16)
    return f"{organization_id.hex}/{name[:2]}/{name}"


def company_of(key: str) -> UUID:
    """The company whose file a key names."""
    return UUID(hex=key.partition("/")[0])


def is_key(text: str) -> bool:
    """Whether a store made this: files that somebody else laid beside ours are left alone."""
    return _KEY.fullmatch(text) is not None


class DiskFileStore:
    """Files in a folder of their own, which nothing serves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, content: BinaryIO) -> None:
        path = self._path(key)
        partial = path.with_name(path.name + PARTIAL)
        try:
            self._make_folder(path.parent)
            with partial.open("xb") as file:
                while piece := content.read(CHUNK_BYTES):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            raise _unavailable(error) from error

    def open(self, key: str) -> Iterator[bytes]:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError as error:
            raise FileMissing(key) from error
        except OSError as error:
            raise _unavailable(error) from error
        return _pieces(file)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable(error) from error

    def list(self) -> Iterator[StoredFile]:
        try:
            for path in self.folder.glob("*/*/*"):
                key = path.relative_to(self.folder).as_posix()
                written = _written(path) if is_key(key) else None
                if written is not None:
                    yield StoredFile(key, written)
        except OSError as error:
            raise _unavailable(error) from error

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError(f"{key!r} is no key of a file")
        return self.folder / key

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; their names outlive a power cut too."""
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        # Private: whatever else runs on the machine has no business here.
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


@lru_cache(maxsize=1)
def get_file_store() -> FileStore:
    """The store that the settings name.

    Raises:
        FileStoreMisconfigured: it is a bucket, and the extra `s3` is not installed, or the bucket's settings are wrong.
    """
    settings = get_settings()
    if not settings.FILE_STORE_URL:
        return DiskFileStore(settings.UPLOADS_DIR / "attachments")
    try:
        module = import_module("app.core.object_store")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "obstore":
            raise
        raise FileStoreMisconfigured(
            'FILE_STORE_URL names a bucket, for which the extra "s3" is needed: pip install "planner[s3]"'
        ) from error
    store: FileStore = module.bucket(settings.FILE_STORE_URL)
    return store


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _written(path: Path) -> datetime | None:
    """When the file was written; None if it went meanwhile."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(error: OSError) -> FileStoreUnavailable:
    return FileStoreUnavailable(f"{type(error).__name__}: {error.strerror}")
