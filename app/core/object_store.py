"""Files in a bucket. Loaded only where FILE_STORE_URL names one: obstore is an extra."""

from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, S3Store

from app.core.file_store import (
    CHUNK_BYTES,
    FileMissing,
    FileStoreMisconfigured,
    FileStoreUnavailable,
    StoredFile,
    is_key,
)

# A request of ours waits for each of these.
TIMEOUT = timedelta(seconds=30)
MAX_RETRIES = 3
LISTED_AT_ONCE = 1000


class ObjectFileStore:
    """Files as objects; a store of objects writes each whole, or not at all."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def put(self, key: str, content: BinaryIO) -> None:
        try:
            self.store.put(key, content)
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def open(self, key: str) -> Iterator[bytes]:
        try:
            result = self.store.get(key)
        except (NotFoundError, FileNotFoundError) as error:
            raise FileMissing(key) from error
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error
        return (bytes(piece) for piece in result.stream(min_chunk_size=CHUNK_BYTES))

    def delete(self, key: str) -> None:
        try:
            self.store.delete(key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def list(self) -> Iterator[StoredFile]:
        try:
            for page in self.store.list(chunk_size=LISTED_AT_ONCE):
                yield from (StoredFile(item["path"], item["last_modified"]) for item in page if is_key(item["path"]))
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error


def bucket(url: str) -> ObjectFileStore:
    """The store behind s3://bucket/prefix; region, address and credentials come from the environment (AWS_...).

    Raises:
        FileStoreMisconfigured: they do not fit together.
    """
    try:
        store = S3Store.from_url(
            url,
            client_options={"timeout": TIMEOUT},
            retry_config={"max_retries": MAX_RETRIES, "retry_timeout": TIMEOUT},
        )
    except (BaseError, ValueError) as error:
        raise FileStoreMisconfigured(f"FILE_STORE_URL cannot be used: {error}") from error
    return ObjectFileStore(store)


def _unavailable(error: Exception) -> FileStoreUnavailable:
    return FileStoreUnavailable(f"{type(error).__name__}: {error}"[:500])
