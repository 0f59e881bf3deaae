"""Pictures, made anew from what was uploaded. Loaded on first use: the codecs are large."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

# Pillow would warn, or refuse, at a bound of its own; `_opened` knows a stricter one.
Image.MAX_IMAGE_PIXELS = None
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 85
WHITE = (255, 255, 255)

# EXIF: which way the camera was held, and what sets that right.
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What the decoders raise for damaged files.
DAMAGED = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class NoImage(ValueError):
    """The bytes are no picture of a known format, or end too early."""


class TooManyPixels(ValueError):
    """The picture is larger than allowed, whatever its bytes say."""


def squares(data: bytes, sizes: tuple[int, ...], *, max_pixels: int) -> dict[int, bytes]:
    """The middle of a picture as WebP squares of these sizes in pixels; of a moving picture, the first frame.

    Turned as the camera says (EXIF). Nothing else of the upload is left in them: no metadata, no bytes behind the end.

    Raises:
        NoImage: it is no JPEG, PNG, WebP or GIF, or it is broken.
        TooManyPixels: it has more than `max_pixels`; found before anything is decoded.
    """
    with _opened(data, max_pixels) as image:
        square = _on_white(_upright(_middle(image, max(sizes))))
        return {size: _webp(square.resize((size, size), Image.Resampling.LANCZOS)) for size in sizes}


def fitted(data: bytes, longest: int, *, max_pixels: int) -> bytes:
    """The whole picture as WebP, its longer side at most `longest` pixels; it is never made larger.

    Otherwise as `squares`, and it raises the same.
    """
    with _opened(data, max_pixels) as image:
        upright = _on_white(_upright(_reduced(image, longest)))
        upright.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        return _webp(upright)


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[Image.Image]:
    """The picture, of which only the head has been read; whatever is found to be wrong later is told in one way."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > max_pixels:
            raise TooManyPixels
        yield image
    except TooManyPixels:
        raise
    except DAMAGED as error:
        raise NoImage from error


def _reduced(image: Image.Image, longest: int) -> Image.Image:
    """The picture with at most twice as many pixels a side as wanted: what follows copies it."""
    # A JPEG is decoded no larger than needed.
    image.draft("RGB", _within(image.size, longest))
    if max(image.size) <= 2 * longest:
        return image
    # Picked, not averaged, as below; the last step averages four of these.
    return image.resize(_within(image.size, 2 * longest), Image.Resampling.NEAREST)


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size, made smaller until its longer side is `longest`; no side disappears."""
    width, height = (max(1, side * longest // max(size)) for side in size)
    return width, height


def _middle(image: Image.Image, size: int) -> Image.Image:
    """The square in the middle, a few times `size` at most: what follows copies it, and many pixels are gigabytes."""
    # A JPEG is decoded no larger than needed.
    image.draft("RGB", (2 * size, 2 * size))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = (left, top, left + side, top + side)
    if side <= 4 * size:
        return image.crop(box)
    # Picked, not averaged: that works on every kind of pixel as it is. The last step averages sixteen of these.
    return image.resize((4 * size, 4 * size), Image.Resampling.NEAREST, box)


def _upright(image: Image.Image) -> Image.Image:
    turn = TURNS.get(image.getexif().get(ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _on_white(image: Image.Image) -> Image.Image:
    coloured = image.convert("RGBA")
    ground = Image.new("RGBA", coloured.size, (*WHITE, 255))
    return Image.alpha_composite(ground, coloured).convert("RGB")


def _webp(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
