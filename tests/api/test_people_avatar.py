"""Pictures of people: what is uploaded, what is kept of it, and which files there are when."""

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from app.core.config import get_settings
from app.services.picture_files import AVATARS
from app.tasks.cleanup_tasks import cleanup_people
from tests.support.people import Company, Person, sign_in
from tests.support.pictures import BROKEN, GREEN, RED, is_like, picture, served
from tests.support.planning import accepted, refused


def put(actor: Person, content: bytes, kind: str = "image/png", *, of: Person | None = None, **headers: str) -> Any:
    person = of or actor
    return actor.call("PUT", f"/users/{person.id}/avatar", content=content, headers={"Content-Type": kind, **headers})


def files() -> set[str]:
    return {path.name for path in AVATARS.folder.glob("*")}


def files_of(user: dict[str, Any]) -> set[str]:
    return {Path(user[name]).name for name in ("avatar_url", "avatar_small_url")}


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
@pytest.mark.parametrize("size", [(300, 200), (90, 1000), (10, 10), (1, 1)])
def test_the_middle_is_kept_as_squares(company: Company, kind: str, media_type: str, size: tuple[int, int]) -> None:
    person = company.person()
    user = accepted(put(person, picture(size, kind), media_type))
    assert user["version"] == 2
    for name, side in (("avatar_url", 256), ("avatar_small_url", 64)):
        image = served(person, user[name])
        assert (image.format, image.size) == ("WEBP", (side, side))
        points = [(side // 8, side // 8), (side // 2, side // 2), (7 * side // 8, 7 * side // 8)]
        assert all(is_like(image.convert("RGB").getpixel(point), RED) for point in points)
    assert accepted(person.get("/auth/me"))["avatar_url"] == user["avatar_url"]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_many_pixels_are_kept_as_well(company: Company, kind: str) -> None:
    person = company.person()
    user = accepted(put(person, picture((3000, 1500), kind), f"image/{kind.lower()}"))
    image = served(person, user["avatar_url"]).convert("RGB")
    assert all(is_like(image.getpixel(point), RED) for point in [(2, 2), (128, 128), (253, 253)])


# Where the red upper half of a picture comes to lie, by how EXIF says that the camera was held.
@pytest.mark.parametrize(
    ("orientation", "red", "green"),
    [(1, (128, 30), (128, 220)), (3, (128, 220), (128, 30)), (6, (220, 128), (30, 128)), (8, (30, 128), (220, 128))],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_stand_upright(
    company: Company, kind: str, orientation: int, red: tuple[int, int], green: tuple[int, int]
) -> None:
    image = Image.new("RGB", (120, 100), GREEN)
    image.paste(RED, (0, 0, 120, 50))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    user = accepted(put(company.admin, file.getvalue(), f"image/{kind.lower()}"))
    kept = served(company.admin, user["avatar_url"]).convert("RGB")
    assert is_like(kept.getpixel(red), RED)
    assert is_like(kept.getpixel(green), GREEN)


def test_what_the_camera_says_is_obeyed_and_then_forgotten(company: Company) -> None:
    person = company.person()
    image = Image.new("RGB", (100, 100), GREEN)
    image.paste(RED, (0, 0, 100, 50))
    exif = Image.Exif()
    exif[0x0112] = 3
    exif[0x010E] = "taken in a secret place"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, quality=95)
    user = accepted(put(person, file.getvalue() + b"<script>bytes behind the end</script>", "image/jpeg"))
    kept = served(person, user["avatar_url"])
    assert is_like(kept.convert("RGB").getpixel((128, 220)), RED)
    assert is_like(kept.convert("RGB").getpixel((128, 30)), GREEN)
    assert not kept.getexif()
    stored = (AVATARS.folder / Path(user["avatar_url"]).name).read_bytes()
    assert b"secret" not in stored
    assert b"script" not in stored


def test_what_is_clear_becomes_white(company: Company) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(file, "PNG")
    person = company.person()
    user = accepted(put(person, file.getvalue()))
    assert is_like(served(person, user["avatar_url"]).convert("RGB").getpixel((9, 9)), (255, 255, 255))


def test_a_new_picture_replaces_the_files_of_the_old_one(company: Company) -> None:
    person = company.person()
    first = accepted(put(person, picture()))
    second = accepted(put(person, picture((50, 50))))
    assert files_of(first).isdisjoint(files_of(second))
    assert files_of(second) <= files()
    assert files_of(first).isdisjoint(files())
    assert person.delete(f"/users/{person.id}/avatar").status_code == 204
    assert files_of(second).isdisjoint(files())
    gone = accepted(person.get("/auth/me"))
    assert (gone["avatar_url"], gone["avatar_small_url"], gone["version"]) == (None, None, 4)
    # There is nothing left to remove, which is what was wanted.
    assert person.delete(f"/users/{person.id}/avatar").status_code == 204


def test_a_request_that_fails_leaves_the_old_files(company: Company) -> None:
    person = company.person()
    user = accepted(put(person, picture()))
    refused(put(person, picture(), **{"If-Match": '"1"'}), 412, "version_mismatch")
    refused(put(person, b"not a picture"), 422, "avatar_no_image")
    assert person.delete(f"/users/{person.id}/avatar", headers={"If-Match": '"1"'}).status_code == 412
    assert files_of(user) <= files()
    served(person, user["avatar_url"])


def test_a_commit_that_fails_leaves_the_old_picture(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    person = company.person()
    user = accepted(put(person, picture()))

    def fail(_: Session) -> None:
        raise RuntimeError("the server is gone")

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", fail)
        assert put(person, picture()).status_code == 500
        assert person.delete(f"/users/{person.id}/avatar").status_code == 500
    assert accepted(person.get("/auth/me"))["avatar_url"] == user["avatar_url"]
    served(person, user["avatar_url"])
    served(person, user["avatar_small_url"])


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg"])
def test_what_is_no_picture_is_refused(company: Company, content: bytes, media_type: str) -> None:
    before = files()
    refused(put(company.admin, content, media_type), 422, "avatar_no_image")
    assert files() == before
    assert accepted(company.admin.get("/auth/me"))["version"] == 1


@pytest.mark.parametrize("media_type", ["text/plain", "image/svg+xml", "application/json", "", "image/png2"])
def test_only_pictures_are_taken(company: Company, media_type: str) -> None:
    problem = refused(put(company.admin, picture(), media_type), 415, "unsupported_media_type")
    assert "image/webp" in problem["detail"]


def test_a_picture_that_unpacks_to_gigabytes_is_refused_by_its_head(company: Company) -> None:
    for size in ((7000, 7000), (30_000, 30_000)):
        file = io.BytesIO()
        Image.new("1", size).save(file, "PNG")
        refused(put(company.admin, file.getvalue()), 422, "avatar_too_many_pixels")


def test_bytes_are_bounded(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    # More than other bodies may have, and more than a picture may have.
    large = picture() + b"x" * 2 * 1024 * 1024
    accepted(put(company.admin, large))
    problem = refused(put(company.admin, b"x" * (5 * 1024 * 1024 + 1)), 413, "body_too_large")
    assert "5242880" in problem["detail"]
    monkeypatch.setattr(get_settings(), "AVATAR_MAX_BYTES", 1024)
    refused(put(company.admin, large), 413, "avatar_too_large")


def test_people_set_their_own_and_administrators_anybodys(company: Company, stranger_company: Company) -> None:
    person, colleague = company.person(), company.person()
    refused(put(colleague, picture(), of=person), 403, "admin_only")
    refused(put(stranger_company.admin, picture(), of=person), 404, "user_not_found")
    user = accepted(put(company.admin, picture(), of=person))
    assert accepted(colleague.get(f"/users/{person.id}"))["avatar_url"] == user["avatar_url"]
    refused(colleague.delete(f"/users/{person.id}/avatar"), 403, "admin_only")
    refused(stranger_company.admin.delete(f"/users/{person.id}/avatar"), 404, "user_not_found")
    assert company.admin.delete(f"/users/{person.id}/avatar").status_code == 204


def test_an_administrator_of_the_installation_sets_anybodys(client: TestClient, company: Company) -> None:
    root, person = sign_in(client, None, role="admin"), company.person()
    user = accepted(put(root, picture(), of=person))
    assert accepted(person.get("/auth/me"))["avatar_url"] == user["avatar_url"]
    assert root.delete(f"/users/{person.id}/avatar").status_code == 204
    assert files_of(user).isdisjoint(files())
    served(root, accepted(put(root, picture()))["avatar_url"])


def test_files_that_a_crash_left_over_go_after_a_day(company: Company) -> None:
    person = company.person()
    user = accepted(put(person, picture()))
    old, young = (AVATARS.folder / name for name in ("old-256.webp", "young-256.webp"))
    two_days_ago = time.time() - 2 * 24 * 3600
    for path in (old, young):
        path.write_bytes(b"x")
    for path in (old, *(AVATARS.folder / name for name in files_of(user))):
        os.utime(path, (two_days_ago, two_days_ago))
    assert cleanup_people() >= 1
    assert not old.exists()
    assert young.exists()
    assert files_of(user) <= files()
    young.unlink()


def test_a_picture_leaves_an_entry_in_the_record(company: Company) -> None:
    person = company.person()
    user = accepted(put(person, picture()))
    assert person.delete(f"/users/{person.id}/avatar").status_code == 204
    entries = accepted(company.admin.get("/audit", object_id=person.id, action="changed"))["items"]
    told = [(entry["actor_id"], entry["before"]["avatar_url"], entry["after"]["avatar_url"]) for entry in entries]
    assert told == [(person.id, user["avatar_url"], None), (person.id, None, user["avatar_url"])]
