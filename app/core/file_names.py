"""Names of files: as clients send them, as they are kept, and as they are sent back (RFC 6266, RFC 8187)."""

import re
import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import quote

# What file systems hold: bytes of UTF-8.
LONGEST_BYTES = 255
_LONGEST_SUFFIX_BYTES = 20
_SEPARATORS = re.compile(r"[/\\]")
# Windows cannot have these in a name.
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# Joiners make letters and emoji; every other invisible sign only makes a name look like another.
_JOINERS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# attr-char of RFC 8187 §3.2.1, besides letters and digits.
_UNQUOTED = "!#$&+-.^_`|~"


def sent_name(content_disposition: str) -> str | None:
    """The file name in a Content-Disposition header, as a server reads headers: Latin-1; None when it names none.

    Understands `filename*` (RFC 8187), which wins where both are sent (RFC 6266 §4.3), and UTF-8 in a plain
    `filename`, which many clients send.
    """
    header = Message()
    header["Content-Disposition"] = content_disposition
    sent = [value for key, value in header.get_params([], "Content-Disposition") if key.lower() == "filename"]
    if not sent:
        return None
    # What came with its charset is a tuple.
    value = next((value for value in sent if isinstance(value, tuple)), sent[0])
    try:
        # Some codecs of Python take no other bytes than their own.
        name = collapse_rfc2231_value(value)
    except UnicodeError:
        return None
    if isinstance(value, tuple):
        return name
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:
        return name


def safe_name(sent: str) -> str | None:
    """A name that is one on every system and says what it seems to say; None when nothing is left of it.

    Folders, control characters and marks that turn the direction of writing go; a long name keeps its suffix.
    """
    name = _SEPARATORS.split(unicodedata.normalize("NFC", sent))[-1]
    visible = [letter for letter in name if letter in _JOINERS or unicodedata.category(letter) not in _INVISIBLE]
    name = _FORBIDDEN.sub("_", " ".join("".join(visible).split())).strip(". ")
    if len(name.encode()) > LONGEST_BYTES:
        stem, dot, suffix = name.rpartition(".")
        if not dot or len(suffix.encode()) > _LONGEST_SUFFIX_BYTES:
            stem, dot, suffix = name, "", ""
        room = LONGEST_BYTES - len((dot + suffix).encode())
        name = stem.encode()[:room].decode(errors="ignore").rstrip() + dot + suffix
    return name if name.strip(_JOINERS) else None


def attachment_disposition(name: str) -> str:
    """The Content-Disposition of a download: the name in full, and in ASCII for clients that know no other (§4.3)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "replace").decode().replace("?", "_")
    plain = re.sub(r'["\\%;]', "_", plain)
    if plain == name:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_UNQUOTED)}"
