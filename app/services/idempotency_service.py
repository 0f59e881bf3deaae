"""Requests that may be sent twice and are carried out once (draft-ietf-httpapi-idempotency-key-header).

The key is claimed by a row in the request's own transaction: whatever ends that, a refusal or a crash, frees the key,
and what was committed keeps its answer. A second request waits for the first in the database, as long as for any lock.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, select
from sqlmodel import Session, col

from app.core.actor import Actor
from app.core.config import get_settings
from app.core.errors import Conflict, Invalid
from app.core.hot import HotStatement, fetch_row, hot_statement
from app.models.base import now
from app.models.idempotency import IdempotencyKey

# The oldest keys of a person beyond IDEMPOTENCY_KEYS_PER_USER go; those that another request removes are left to it.
_CLAIM: HotStatement = hot_statement("""
    WITH over AS (
        SELECT key FROM idempotency_keys
        WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s
        ORDER BY created_at DESC OFFSET %(limit)s - 1
    ), locked AS (
        SELECT key FROM idempotency_keys JOIN over USING (key)
        WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s AND key <> %(key)s
        FOR UPDATE OF idempotency_keys SKIP LOCKED
    ), forgotten AS (
        DELETE FROM idempotency_keys USING locked
        WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s AND idempotency_keys.key = locked.key
    )
    INSERT INTO idempotency_keys (organization_id, user_id, key, fingerprint, created_at)
    VALUES (%(organization_id)s, %(user_id)s, %(key)s, %(fingerprint)s, now())
    ON CONFLICT DO NOTHING
    RETURNING true
""")
_KEPT: HotStatement = hot_statement("""
    SELECT fingerprint, status, headers, body FROM idempotency_keys
    WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s AND key = %(key)s
""")
_KEEP: HotStatement = hot_statement("""
    UPDATE idempotency_keys SET status = %(status)s, headers = %(headers)s::jsonb, body = %(body)s
    WHERE organization_id = %(organization_id)s AND user_id = %(user_id)s AND key = %(key)s
    RETURNING true
""")


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """A request with an Idempotency-Key. `asked` is all that makes it this request and no other."""

    key: str
    asked: tuple[bytes, ...]

    def fingerprint(self, actor: Actor) -> bytes:
        """Of whom it speaks for, and what it asks: each part with its length, so that none runs into the next."""
        digest = hashlib.sha256(actor.user_id.bytes)
        for part in self.asked:
            digest.update(len(part).to_bytes(8))
            digest.update(part)
        return digest.digest()


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def claim(session: Session, actor: Actor, request: RepeatableRequest) -> KeptAnswer | None:
    """The answer that this request got already; None when it is to be carried out now.

    Waits for a request with the same key that is still running, DATABASE_LOCK_TIMEOUT_MS at most (409 try_again).

    Raises:
        Invalid: the key was used for another request.
        Conflict: the request was carried out, but its answer was too large to be kept.
    """
    values = {**_names(actor, request), "fingerprint": request.fingerprint(actor)}
    limit = get_settings().IDEMPOTENCY_KEYS_PER_USER
    while True:
        if fetch_row(session, _CLAIM, {**values, "limit": limit}):
            return None
        kept = fetch_row(session, _KEPT, values)
        # Between the two statements its time may have run out.
        if kept is not None:
            break
    fingerprint, status, headers, body = kept
    if fingerprint != values["fingerprint"]:
        raise Invalid("idempotency_key_reused", field="Idempotency-Key")
    if body is None:
        raise Conflict("idempotency_answer_not_kept", location=headers.get("location", "–"))
    return KeptAnswer(status, headers, body)


def keep(session: Session, actor: Actor, request: RepeatableRequest, answer: KeptAnswer) -> None:
    """Write down how the claimed request was answered."""
    body = answer.body if len(answer.body) <= get_settings().IDEMPOTENCY_MAX_BODY_BYTES else None
    values = {"status": answer.status, "headers": json.dumps(dict(answer.headers)), "body": body}
    fetch_row(session, _KEEP, {**_names(actor, request), **values})


def delete_old(session: Session, company: UUID, *, batch: int = 5000) -> int:
    """Forget up to `batch` keys that are older than IDEMPOTENCY_KEEP_HOURS, and say how many."""
    over = now() - timedelta(hours=get_settings().IDEMPOTENCY_KEEP_HOURS)
    old = (
        select(col(IdempotencyKey.user_id), col(IdempotencyKey.key))
        .where(col(IdempotencyKey.organization_id) == company, col(IdempotencyKey.created_at) < over)
        .limit(batch)
        .with_for_update(skip_locked=True)
        .subquery()
    )
    result = session.execute(
        delete(IdempotencyKey).where(
            col(IdempotencyKey.organization_id) == company,
            col(IdempotencyKey.user_id) == old.c.user_id,
            col(IdempotencyKey.key) == old.c.key,
        )
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _names(actor: Actor, request: RepeatableRequest) -> dict[str, Any]:
    person = actor.delegate_id or actor.user_id
    return {"organization_id": actor.company, "user_id": person, "key": request.key}
