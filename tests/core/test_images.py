"""Pictures that are damaged, wherever it may be, are made anew or refused, and nothing else."""

import io
import random
from typing import Any

import pytest
from PIL import Image

from app.core.images import NoImage, TooManyPixels, fitted, squares

EXIF = Image.Exif()
EXIF[0x0112] = 6
EXIF[0x010E] = "a description of what is seen"


def encoded(kind: str, mode: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert(mode).save(file, kind, **options)
    return file.getvalue()


def damaged(picture: bytes, chance: random.Random) -> bytes:
    """With some bytes changed, most of them in the head, and perhaps cut off."""
    found = bytearray(picture)
    for _ in range(chance.choice((1, 2, 4, 20))):
        found[chance.randrange(min(len(found), chance.choice((60, 200, 100_000))))] = chance.choice((0, 255, 1, 127))
    return bytes(found[: chance.choice((len(found), len(found), chance.randrange(len(found))))])


# Pillow warns about what it mends.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")
PICTURES = [
    ("PNG", "RGB", {"exif": EXIF}),
    ("PNG", "P", {}),
    ("PNG", "LA", {}),
    ("PNG", "1", {}),
    ("PNG", "I;16", {}),
    ("JPEG", "RGB", {"exif": EXIF}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "L", {"progressive": True}),
    ("WEBP", "RGB", {"exif": EXIF}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("GIF", "P", {}),
]


@pytest.mark.parametrize(("kind", "mode", "options"), PICTURES)
def test_a_damaged_picture_is_squares_or_refused(kind: str, mode: str, options: dict[str, Any]) -> None:
    chance = random.Random(f"{kind}{mode}")
    whole = encoded(kind, mode, options)
    for data in (whole, *(damaged(whole, chance) for _ in range(250))):
        try:
            found = squares(data, (32, 8), max_pixels=1_000_000)
        except (NoImage, TooManyPixels):
            assert data != whole
            continue
        assert [Image.open(io.BytesIO(square)).size for square in found.values()] == [(32, 32), (8, 8)]


@pytest.mark.parametrize(("kind", "mode", "options"), PICTURES)
def test_a_damaged_picture_is_kept_whole_or_refused(kind: str, mode: str, options: dict[str, Any]) -> None:
    chance = random.Random(f"{kind}{mode} whole")
    whole = encoded(kind, mode, options)
    for data in (whole, *(damaged(whole, chance) for _ in range(100))):
        try:
            kept = Image.open(io.BytesIO(fitted(data, 20, max_pixels=1_000_000)))
        except (NoImage, TooManyPixels):
            assert data != whole
            continue
        assert max(kept.size) <= 20
        if data == whole:
            # As the camera was held, where it says so.
            assert kept.size == ((15, 20) if "exif" in options else (20, 15))


@pytest.mark.parametrize(
    ("size", "kept"),
    [
        ((40, 30), (40, 30)),
        ((100, 100), (100, 100)),
        ((199, 99), (100, 50)),
        ((400, 300), (100, 75)),
        ((3000, 1000), (100, 33)),
        ((1000, 3000), (33, 100)),
        ((3000, 1), (100, 1)),
        ((1, 3000), (1, 100)),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_whole_picture_keeps_its_shape_and_never_grows(
    kind: str, size: tuple[int, int], kept: tuple[int, int]
) -> None:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    found = Image.open(io.BytesIO(fitted(file.getvalue(), 100, max_pixels=10_000_000)))
    assert found.format == "WEBP"
    assert max(abs(a - b) for a, b in zip(found.size, kept, strict=True)) <= 1
    assert max(found.size) <= 100


def test_camera_data_that_cannot_be_written_again_is_no_fault_of_ours() -> None:
    """The orientation is read, the rest of EXIF is not: whatever is wrong in it does not matter."""
    whole = encoded("JPEG", "RGB", {"exif": EXIF})
    # After the marker and its two zeros: the header of eight bytes, then the tags.
    at = whole.index(b"Exif") + 6
    for offset in range(8, 34):
        for byte in (0, 3, 255):
            data = whole[: at + offset] + bytes([byte]) + whole[at + offset + 1 :]
            try:
                assert squares(data, (8,), max_pixels=1_000_000)
            except NoImage:
                continue


def test_pixels_are_bounded_before_anything_is_decoded() -> None:
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(TooManyPixels):
        # Only the head is there.
        squares(file.getvalue()[:100], (8,), max_pixels=40_000_000)
    with pytest.raises(TooManyPixels):
        fitted(file.getvalue()[:100], 8, max_pixels=40_000_000)
    small = encoded("PNG", "RGB", {})
    assert squares(small, (8,), max_pixels=40 * 30)
    assert fitted(small, 8, max_pixels=40 * 30)
    with pytest.raises(TooManyPixels):
        squares(small, (8,), max_pixels=40 * 30 - 1)
    with pytest.raises(TooManyPixels):
        fitted(small, 8, max_pixels=40 * 30 - 1)
