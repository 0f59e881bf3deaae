"""The stores of files: one contract for all, and what is special of each."""

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from obstore.store import LocalStore, MemoryStore

from app.core import file_store, object_store
from app.core.config import Settings, get_settings
from app.core.file_store import (
    CHUNK_BYTES,
    DiskFileStore,
    FileMissing,
    FileStore,
    FileStoreMisconfigured,
    FileStoreUnavailable,
    company_of,
    get_file_store,
    is_key,
    new_key,
)
from app.core.object_store import ObjectFileStore

COMPANY = UUID("01998f3e-6a00-7c4e-9d2b-5f1c3a7e8b90")
CONTENT = bytes(range(256)) * 4096


@pytest.fixture(params=["disk", "objects in memory", "objects on disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "disk":
        return DiskFileStore(tmp_path / "files")
    if request.param == "objects in memory":
        return ObjectFileStore(MemoryStore())
    return ObjectFileStore(LocalStore(tmp_path, mkdir=True))


def put(store: FileStore, content: bytes = CONTENT) -> str:
    key = new_key(COMPANY)
    store.put(key, io.BytesIO(content))
    return key


@pytest.mark.parametrize("content", [b"", b"x", CONTENT, b"y" * (6 * 1024 * 1024)], ids=len)
def test_what_was_stored_is_read(store: FileStore, content: bytes) -> None:
    key = put(store, content)
    assert b"".join(store.open(key)) == content


def test_content_is_stored_from_where_it_stands(store: FileStore) -> None:
    content = io.BytesIO(b"headbody")
    content.seek(4)
    key = new_key(COMPANY)
    store.put(key, content)
    assert b"".join(store.open(key)) == b"body"


@pytest.mark.parametrize("kind", [DiskFileStore, lambda folder: ObjectFileStore(LocalStore(folder))])
def test_content_comes_in_pieces(tmp_path: Path, kind: Callable[[Path], FileStore]) -> None:
    store = kind(tmp_path)
    pieces = list(store.open(put(store, b"y" * (6 * 1024 * 1024))))
    assert len(pieces) > 1
    assert {type(piece) for piece in pieces} == {bytes}


def test_nothing_is_under_a_key_that_is_not_there(store: FileStore) -> None:
    with pytest.raises(FileMissing):
        store.open(new_key(COMPANY))
    store.delete(new_key(COMPANY))
    assert list(store.list()) == []


def test_a_deleted_file_is_gone_and_others_stay(store: FileStore) -> None:
    first, second = put(store), put(store, b"second")
    store.delete(first)
    with pytest.raises(FileMissing):
        store.open(first)
    assert [file.key for file in store.list()] == [second]
    assert b"".join(store.open(second)) == b"second"


def test_the_list_tells_every_file_and_when_it_was_written(store: FileStore) -> None:
    keys = {put(store, bytes([number])) for number in range(20)}
    files = list(store.list())
    assert {file.key for file in files} == keys
    now = datetime.now(UTC)
    assert all(now - timedelta(minutes=5) < file.written_at < now + timedelta(minutes=5) for file in files)


def test_keys_are_of_a_company_and_never_the_same() -> None:
    keys = {new_key(COMPANY) for _ in range(1000)}
    assert len(keys) == 1000
    assert {company_of(key) for key in keys} == {COMPANY}
    assert all(is_key(key) and len(key) <= 100 for key in keys)


# On disk


@pytest.fixture
def disk(tmp_path: Path) -> DiskFileStore:
    return DiskFileStore(tmp_path / "files")


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "/etc/passwd", "a/b/c", f"{COMPANY.hex}/00/../../../x", "x\0"])
def test_only_keys_of_ours_name_files(disk: DiskFileStore, key: str) -> None:
    for use in (disk.open, disk.delete, lambda key: disk.put(key, io.BytesIO(b"x"))):
        with pytest.raises(ValueError, match="no key"):
            use(key)


class CutOff(io.BytesIO):
    """Content whose reading fails after a piece."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise OSError(28, "No space left on device")
        return super().read(size)


def test_a_file_is_there_whole_or_not_at_all(disk: DiskFileStore) -> None:
    key = new_key(COMPANY)
    with pytest.raises(FileStoreUnavailable, match="No space left"):
        disk.put(key, CutOff(b"x" * 2 * CHUNK_BYTES))
    with pytest.raises(FileMissing):
        disk.open(key)
    left = [file.key for file in disk.list()]
    assert left == [key + file_store.PARTIAL]
    disk.delete(left[0])
    assert list(disk.list()) == []


def test_what_others_laid_there_is_left_alone(disk: DiskFileStore) -> None:
    key = put(disk)
    (disk.folder / "notes" / "of").mkdir(parents=True)
    (disk.folder / "notes" / "of" / "somebody").write_text("keep")
    assert [file.key for file in disk.list()] == [key]


def test_folders_are_for_this_user_only(disk: DiskFileStore) -> None:
    key = put(disk)
    for folder in (disk.folder, (disk.folder / key).parent, (disk.folder / key).parent.parent):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_file_that_is_being_read_can_be_deleted(disk: DiskFileStore) -> None:
    key = put(disk)
    pieces = disk.open(key)
    first = next(pieces)
    disk.delete(key)
    assert first + b"".join(pieces) == CONTENT


def test_a_disk_that_refuses_is_told_as_such(disk: DiskFileStore, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    with pytest.raises(FileStoreUnavailable):
        put(disk)
    with pytest.raises(FileStoreUnavailable):
        disk.open(new_key(COMPANY))
    assert list(disk.list()) == []


# Which one


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    get_file_store.cache_clear()
    yield monkeypatch
    get_file_store.cache_clear()


def test_files_lie_on_disk_beside_the_avatars_unless_told_otherwise(chosen: pytest.MonkeyPatch) -> None:
    store = get_file_store()
    assert isinstance(store, DiskFileStore)
    assert store.folder == get_settings().UPLOADS_DIR / "attachments"


def test_a_bucket_is_named_by_its_address(chosen: pytest.MonkeyPatch) -> None:
    chosen.setattr(get_settings(), "FILE_STORE_URL", "s3://files.example/planner")
    store = get_file_store()
    assert isinstance(store, ObjectFileStore)
    assert (store.store.config["bucket"], store.store.prefix) == ("files.example", "planner")  # type: ignore[union-attr]


def test_without_the_extra_a_bucket_is_refused_with_advice(chosen: pytest.MonkeyPatch) -> None:
    chosen.setattr(get_settings(), "FILE_STORE_URL", "s3://files")

    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name}", name="obstore")

    chosen.setattr(file_store, "import_module", missing)
    with pytest.raises(FileStoreMisconfigured, match=r'pip install "planner\[s3\]"'):
        get_file_store()


def test_a_bucket_that_does_not_answer_is_told_as_such(chosen: pytest.MonkeyPatch) -> None:
    chosen.setattr(object_store, "MAX_RETRIES", 0)
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "x",
    }.items():
        chosen.setitem(os.environ, name, value)
    store = object_store.bucket("s3://files")
    key = new_key(COMPANY)
    for use in (
        lambda: store.put(key, io.BytesIO(b"x")),
        lambda: store.open(key),
        lambda: store.delete(key),
        lambda: list(store.list()),
    ):
        with pytest.raises(FileStoreUnavailable):
            use()


@pytest.mark.parametrize("url", ["s3://", "file:///tmp", "http://bucket", "bucket", "s3://a b"])
def test_an_address_that_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="FILE_STORE_URL"):
        Settings(FILE_STORE_URL=url)
