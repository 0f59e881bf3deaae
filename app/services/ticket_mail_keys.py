"""What ties a mail that leaves to its ticket: a signed part of its Message-ID (RFC 5322 §3.6.4).

Programs quote that Message-ID in References when somebody answers, so an answer names its ticket, and proves that the
mail was theirs: the signature covers the address to which it went. Nothing is stored (decision 26).
"""

import base64
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from app.core.security import keyed_digest
from app.models.ticket_talk import EntryKind

_MAC_BYTES = 13
_KINDS = tuple(EntryKind)
_TOKEN = re.compile(r"<[^<>@\s]{1,100}\.([a-z2-7]{74})@[^<>\s]{1,255}>")


@dataclass(frozen=True, slots=True)
class MailThread:
    """The ticket that a mail belongs to, and whether that mail was of an internal note."""

    company: UUID
    ticket_id: UUID
    kind: EntryKind


def make(company: UUID, ticket_id: UUID, kind: EntryKind, email: str) -> str:
    """The part of the Message-ID of a mail to an address."""
    plain = company.bytes + ticket_id.bytes + bytes([_KINDS.index(kind)])
    return base64.b32encode(plain + _mac(plain, email)).decode().rstrip("=").lower()


def find(references: str, email: str) -> MailThread | None:
    """The newest ticket that References names, of mails that went to this address; None where there is none."""
    for token in reversed(_TOKEN.findall(references.lower())):
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        plain, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if len(plain) == 33 and hmac.compare_digest(mac, _mac(plain, email)) and plain[32] < len(_KINDS):
            return MailThread(UUID(bytes=plain[:16]), UUID(bytes=plain[16:32]), _KINDS[plain[32]])
    return None


def is_ours(message_id: str) -> bool:
    """Whether a Message-ID has the form of those that we give: the mail is one of ours that came back."""
    return _TOKEN.fullmatch(message_id.strip().lower()) is not None


def _mac(plain: bytes, email: str) -> bytes:
    return keyed_digest("ticket-mail", plain + email.strip().lower().encode())[:_MAC_BYTES]
