"""Pictures of people, made anew from what was uploaded. Loaded on first use: the codecs are large."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 85
WHITE = (255, 255, 255)


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
    try:
        # A picture that unpacks to gigabytes is told by its header, which the warning is about.
        with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > max_pixels:
            raise TooManyPixels
        # A JPEG is decoded no larger than needed.
        image.draft("RGB", (2 * max(sizes), 2 * max(sizes)))
        upright = ImageOps.exif_transpose(image)
        return {size: _webp(_on_white(upright), size) for size in sizes}
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, TooManyPixels | Image.DecompressionBombError):
            raise TooManyPixels from error
        raise NoImage from error


def _on_white(image: Image.Image) -> Image.Image:
    coloured = image.convert("RGBA")
    ground = Image.new("RGBA", coloured.size, (*WHITE, 255))
    return Image.alpha_composite(ground, coloured).convert("RGB")


def _webp(image: Image.Image, size: int) -> bytes:
    file = io.BytesIO()
    ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS).save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
