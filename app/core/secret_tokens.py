"""Secrets in addresses: who has one needs no password. Only a hash of the secret is kept."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

SECRET_BYTES = 32
_ID_BYTES = 16
_BYTES = 2 * _ID_BYTES + SECRET_BYTES
# In URL-safe base 64, without the padding.
TOKEN_LENGTH = -(-_BYTES * 4 // 3)


@dataclass(frozen=True, slots=True)
class SecretToken:
    """A company, so that row-level security lets the object be found; the object; 256 random bits."""

    company: UUID
    object_id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, company: UUID, object_id: UUID) -> Self:
        return cls(company, object_id, secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The token that a text is; None if it is none."""
        try:
            parts = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(parts) != _BYTES:
            return None
        return cls(UUID(bytes=parts[:_ID_BYTES]), UUID(bytes=parts[_ID_BYTES:-SECRET_BYTES]), parts[-SECRET_BYTES:])

    @property
    def hash(self) -> str:
        """What is kept of it: SHA-256, hexadecimal. Of 256 random bits, a slow hash would hide nothing more."""
        return hashlib.sha256(self.secret).hexdigest()

    def has_hash(self, kept: str) -> bool:
        """Whether `kept` is its hash; takes as long whatever it is."""
        return hmac.compare_digest(kept, self.hash)

    def encoded(self) -> str:
        """The token as text for addresses."""
        return base64.urlsafe_b64encode(self.company.bytes + self.object_id.bytes + self.secret).decode().rstrip("=")
