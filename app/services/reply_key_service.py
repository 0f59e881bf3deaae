"""Secret addresses and links by which somebody answers an invitation without signing in (RFC 6047 §3, rule 26).

A key is made from the event, the invited address and SECRET_KEY, so every mail about the event carries the same one,
and it is stored as a hash only. It names a series or single event; which occurrence is meant, the answer says.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.core import tenancy
from app.core.config import get_settings
from app.models.base import now
from app.models.outbox import ReplyKey

# 128 bits in base 32: letters that survive whatever mail servers do to them, and short enough for the local part.
KEY = re.compile(r"[a-z2-7]{26}")
_COMPANY = text("SELECT company_of_reply_key(:hash)")


@dataclass(frozen=True, slots=True)
class Invited:
    """Who answers, and what: a series or single event of the company that the session has entered by now."""

    company: UUID
    event_id: UUID
    email: str


def keys_for(session: Session, company: UUID, event_id: UUID, emails: Collection[str]) -> dict[str, str]:
    """The keys by which these addresses answer for a series or single event, stored if they are new."""
    keys = {email: make_key(company, event_id, email) for email in emails}
    if keys:
        rows = [
            {
                "organization_id": company,
                "event_id": event_id,
                "email": email,
                "key_hash": _hash(key),
                "created_at": now(),
            }
            for email, key in sorted(keys.items())
        ]
        session.execute(insert(ReplyKey).on_conflict_do_nothing(), rows)
    return keys


def make_key(company: UUID, event_id: UUID, email: str) -> str:
    """The key, whether it is stored or not."""
    secret = get_settings().SECRET_KEY.encode()
    digest = hmac.digest(secret, b"reply:" + company.bytes + event_id.bytes + email.encode(), "sha256")
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def find(session: Session, key: str) -> Invited | None:
    """Whose key it is, for a session that has entered no company yet: it enters theirs. None if it is nobody's."""
    key = key.strip().lower()
    if not KEY.fullmatch(key):
        return None
    company = session.execute(_COMPANY, {"hash": _hash(key)}).scalar_one_or_none()
    if company is None:
        return None
    tenancy.enter(session, company)
    row = session.execute(
        select(ReplyKey).where(col(ReplyKey.organization_id) == company, col(ReplyKey.key_hash) == _hash(key))
    ).scalar_one_or_none()
    return None if row is None else Invited(company, row.event_id, row.email)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
