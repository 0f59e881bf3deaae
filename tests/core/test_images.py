"""Pictures that are damaged, wherever it may be, are squares or refused, and nothing else."""

import io
import random
from typing import Any

import pytest
from PIL import Image

from app.core.images import NoImage, TooManyPixels, squares

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
    small = encoded("PNG", "RGB", {})
    assert squares(small, (8,), max_pixels=40 * 30)
    with pytest.raises(TooManyPixels):
        squares(small, (8,), max_pixels=40 * 30 - 1)
