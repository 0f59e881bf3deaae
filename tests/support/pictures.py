"""Pictures to upload, and what is served of them."""

import io
from typing import Any

from PIL import Image

from tests.support.people import Person

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 160, 30)
# What no route for pictures takes, whatever its media type says.
BROKEN = {
    "empty": b"",
    "text": b"hello",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<html><script>alert(1)</script></html>",
}


def picture(size: tuple[int, int] = (300, 200), kind: str = "PNG", **options: Any) -> bytes:
    """Blue, with a red square in its middle, as wide as the shorter side."""
    image = Image.new("RGB", size, BLUE)
    side = min(size)
    image.paste(RED, ((size[0] - side) // 2, (size[1] - side) // 2, (size[0] + side) // 2, (size[1] + side) // 2))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


BROKEN |= {
    "cut off": picture()[:60],
    "head alone": picture()[:8],
    "half a jpeg": picture(kind="JPEG")[:400],
    "bmp": picture(kind="BMP"),
    "tiff": picture(kind="TIFF"),
}


def served(person: Person, url: str) -> Image.Image:
    """The picture at an address, which must be a WebP that nothing else is made of."""
    answer = person.client.get(f"http://testserver{url}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return Image.open(io.BytesIO(answer.content))


def is_like(colour: Any, expected: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 20 for a, b in zip(colour, expected, strict=True))
