"""Bodies that are files: pictures and tables, whole, damaged, and not at all what their media type says."""

import io
from functools import lru_cache
from random import Random
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image

PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
TABLE = "text/csv"
HEADINGS = ("email", "ФИО", "phone", "position", "department", "manager_email", "birthday", "role", "time_zone", "id")
CELLS = ("", "Анна Иванова", "=1+1", '"', "\0", "+7 495 123-45-67", "Sales / Law", "1990-05-17", "it", "UTC", "a" * 300)
ENCODINGS = ("utf-8", "utf-8-sig", "cp1251", "utf-16")


@lru_cache
def picture(media_type: str) -> bytes:
    """A small picture, wider than high."""
    file = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(file, PICTURES[media_type])
    return file.getvalue()


def table(emails: list[str]) -> bytes:
    """People whose import succeeds, one a line."""
    lines = ["email,full_name,birthday", *(f"{email},Анна Иванова,1990-05-17" for email in emails)]
    return "\n".join(lines).encode()


def odd_table(random: Random) -> bytes:
    """Lines of cells under a heading, neither of which need be right, in any encoding."""
    heading = random.sample(HEADINGS, random.randint(1, 4))
    lines = [heading, *(random.choices(CELLS, k=random.randint(0, 5)) for _ in range(random.randint(0, 5)))]
    delimiter = random.choice(",;\t|")
    text = random.choice(("\n", "\r\n", "\r")).join(delimiter.join(line) for line in lines)
    return text.encode(random.choice(ENCODINGS), "replace")


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file cut short, or with other bytes in the middle."""
    start = draw(st.integers(0, len(whole)))
    return whole[:start] + draw(st.binary(max_size=20)) + whole[draw(st.integers(start, len(whole))) :]


def register() -> None:
    """Tell Schemathesis what to send where the document asks for a file."""
    for media_type in PICTURES:
        whole = picture(media_type)
        any_kind = st.sampled_from([picture(kind) for kind in PICTURES])
        schemathesis.openapi.media_type(media_type, any_kind | damaged(whole) | st.binary(max_size=100))
    schemathesis.serializer(TABLE)(_as_bytes)


def _as_bytes(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
