"""Photos of rooms: what is kept of them, who sets them, and which files there are when."""

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlmodel import Session

from app.core.config import get_settings
from app.models import Role
from app.services.picture_files import ROOM_PHOTOS
from app.tasks.cleanup_tasks import cleanup_people
from tests.support.people import Company, Person
from tests.support.pictures import BLUE, BROKEN, GREEN, RED, is_like, picture, served
from tests.support.planning import accepted, refused


@pytest.fixture
def room(company: Company) -> dict[str, Any]:
    return company.admin.create_room()


def put(actor: Person, room: dict[str, Any], content: bytes, kind: str = "image/png", **headers: str) -> Any:
    path, headers = f"/rooms/{room['id']}/photo", {"Content-Type": kind, **headers}
    return actor.call("PUT", path, content=content, headers=headers)


def file_of(room: dict[str, Any]) -> str:
    return Path(room["photo_url"]).name


def files() -> set[str]:
    return {path.name for path in ROOM_PHOTOS.folder.glob("*")}


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
@pytest.mark.parametrize(
    ("size", "kept"), [((300, 200), (300, 200)), ((2000, 1000), (1280, 640)), ((1000, 3000), (426, 1280))]
)
def test_the_whole_photo_is_kept(
    company: Company,
    room: dict[str, Any],
    kind: str,
    media_type: str,
    size: tuple[int, int],
    kept: tuple[int, int],
) -> None:
    changed = accepted(put(company.admin, room, picture(size, kind), media_type))
    assert changed == {**room, "photo_url": changed["photo_url"], "updated_at": changed["updated_at"], "version": 2}
    image = served(company.person(), changed["photo_url"])
    assert (image.format, image.mode) == ("WEBP", "RGB")
    assert all(abs(a - b) <= 1 for a, b in zip(image.size, kept, strict=True))
    assert is_like(image.getpixel((image.width // 2, image.height // 2)), RED)
    assert is_like(image.getpixel((3, 3)), BLUE)
    assert accepted(company.person().get(f"/rooms/{room['id']}")) == changed
    assert accepted(company.person().get("/rooms"))["items"][0]["photo_url"] == changed["photo_url"]


def test_a_photo_stands_upright_and_forgets_where_it_was_taken(company: Company, room: dict[str, Any]) -> None:
    image = Image.new("RGB", (120, 80), GREEN)
    image.paste(RED, (0, 0, 120, 40))
    exif = Image.Exif()
    # The camera was turned to the right.
    exif[0x0112] = 6
    exif[0x010E] = "taken in a secret place"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, quality=95)
    changed = accepted(put(company.admin, room, file.getvalue() + b"<script>behind the end</script>", "image/jpeg"))
    kept = served(company.admin, changed["photo_url"])
    assert kept.size == (80, 120)
    assert is_like(kept.getpixel((70, 60)), RED)
    assert is_like(kept.getpixel((10, 60)), GREEN)
    assert not kept.getexif()
    stored = (ROOM_PHOTOS.folder / file_of(changed)).read_bytes()
    assert b"secret" not in stored
    assert b"script" not in stored


def test_a_new_photo_replaces_the_file_of_the_old_one(company: Company, room: dict[str, Any]) -> None:
    admin, path = company.admin, f"/rooms/{room['id']}/photo"
    first = accepted(put(admin, room, picture()))
    second = accepted(put(admin, room, picture((50, 50))))
    assert file_of(first) != file_of(second)
    assert {file_of(first), file_of(second)} & files() == {file_of(second)}
    assert admin.delete(path).status_code == 204
    assert file_of(second) not in files()
    gone = accepted(admin.get(f"/rooms/{room['id']}"))
    assert (gone["photo_url"], gone["version"]) == (None, 4)
    # There is nothing left to remove, which is what was wanted.
    assert admin.delete(path).status_code == 204


def test_other_changes_of_a_room_leave_its_photo(company: Company, room: dict[str, Any]) -> None:
    admin, path = company.admin, f"/rooms/{room['id']}"
    url = accepted(put(admin, room, picture()))["photo_url"]
    assert accepted(admin.patch(path, {"capacity": 3}))["photo_url"] == url
    assert accepted(admin.put(path, {"name": "Other", "capacity": 3}))["photo_url"] == url
    assert admin.delete(path).status_code == 204
    assert accepted(admin.get(path))["photo_url"] == url
    served(admin, url)


def test_a_request_that_fails_leaves_the_old_file(
    company: Company, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, path = company.admin, f"/rooms/{room['id']}/photo"
    url = accepted(put(admin, room, picture()))["photo_url"]
    refused(put(admin, room, picture(), **{"If-Match": '"1"'}), 412, "version_mismatch")
    refused(put(admin, room, b"not a picture"), 422, "photo_no_image")
    refused(admin.delete(path, headers={"If-Match": '"1"'}), 412, "version_mismatch")

    def fail(_: Session) -> None:
        raise RuntimeError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", fail)
        assert put(admin, room, picture()).status_code == 500
        assert admin.delete(path).status_code == 500
    assert accepted(admin.get(f"/rooms/{room['id']}"))["photo_url"] == url
    served(admin, url)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_picture_is_refused(company: Company, room: dict[str, Any], content: bytes) -> None:
    before = files()
    refused(put(company.admin, room, content), 422, "photo_no_image")
    assert files() == before
    assert accepted(company.admin.get(f"/rooms/{room['id']}")) == room


@pytest.mark.parametrize("media_type", ["text/plain", "image/svg+xml", "application/json", ""])
def test_only_pictures_are_taken(company: Company, room: dict[str, Any], media_type: str) -> None:
    problem = refused(put(company.admin, room, picture(), media_type), 415, "unsupported_media_type")
    assert "image/webp" in problem["detail"]


def test_bytes_and_pixels_are_bounded(company: Company, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    # More than other bodies may have, and more than an avatar.
    large = picture() + b"x" * 6 * 1024 * 1024
    accepted(put(company.admin, room, large))
    problem = refused(put(company.admin, room, b"x" * (10 * 1024 * 1024 + 1)), 413, "body_too_large")
    assert "10485760" in problem["detail"]
    monkeypatch.setattr(get_settings(), "ROOM_PHOTO_MAX_BYTES", 1024)
    refused(put(company.admin, room, large), 413, "photo_too_large")
    monkeypatch.undo()
    file = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PNG")
    problem = refused(put(company.admin, room, file.getvalue()), 422, "photo_too_many_pixels")
    assert "40000000" in problem["detail"]


def test_those_who_keep_rooms_set_photos_and_nobody_else(
    company: Company, stranger_company: Company, room: dict[str, Any]
) -> None:
    path, anna, stranger = f"/rooms/{room['id']}/photo", company.person(), stranger_company.admin
    refused(put(anna, room, picture()), 403, "admin_or_it_only")
    refused(put(stranger, room, picture()), 404, "room_not_found")
    url = accepted(put(company.person(Role.IT), room, picture()))["photo_url"]
    refused(anna.delete(path), 403, "admin_or_it_only")
    refused(stranger.delete(path), 404, "room_not_found")
    served(anna, url)
    assert company.person(Role.IT).delete(path).status_code == 204


def test_files_that_a_crash_left_over_go_after_a_day(
    company: Company, stranger_company: Company, room: dict[str, Any]
) -> None:
    kept = [
        accepted(put(company.admin, room, picture())),
        accepted(put(stranger_company.admin, stranger_company.admin.create_room(), picture())),
    ]
    old, young = (ROOM_PHOTOS.folder / name for name in ("old.webp", "young.webp"))
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (old, young):
        path.write_bytes(b"x")
    for path in (old, *(ROOM_PHOTOS.folder / file_of(changed) for changed in kept)):
        os.utime(path, (two_days_ago, two_days_ago))
    assert cleanup_people() >= 1
    assert not old.exists()
    assert young.exists()
    assert {file_of(changed) for changed in kept} <= files()
    young.unlink()


def test_a_photo_leaves_an_entry_in_the_record(company: Company, room: dict[str, Any]) -> None:
    url = accepted(put(company.admin, room, picture()))["photo_url"]
    (entry,) = accepted(company.admin.get("/audit", object_id=room["id"], action="changed"))["items"]
    assert (entry["before"]["photo_url"], entry["after"]["photo_url"]) == (None, url)
