"""Passwords and tokens."""

import hmac
import threading
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from app.core.config import get_settings
from app.core.errors import TooManyRequests, Unauthenticated

ALGORITHM = "HS256"
ISSUER = "planner"
ACCESS = "access"
REFRESH = "refresh"
CHECK_IN = "check_in"
STREAM = "stream"
STREAM_TICKET_SECONDS = 60
TOKEN_MAX_LENGTH = 2048

# OWASP's smallest argon2id setting (19 MiB, 2 passes, 1 lane); bcrypt only verifies imported hashes.
_passwords = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1), BcryptHasher()))
# The hash of a password that nobody knows: with it an unknown e-mail costs as much as a wrong password. A test holds
# its parameters equal to those above.
UNKNOWN_USER_HASH = "$argon2id$v=19$m=19456,t=2,p=1$7pd+qPQAH+uxcorE0ueGlw$yVrLozFNVHiU21XhVZnZiJedbYnxvLqIPz3TwrNgLY4"
# What is stored of people who have no password yet. No password has this hash, so nobody signs in with it.
NO_PASSWORD = "!"
HASHING_PATIENCE_SECONDS = 10


@lru_cache(maxsize=1)
def _hashing_slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(get_settings().PASSWORD_HASH_CONCURRENCY)


class _HashingSlot:
    """Bounds how many hashes run at once, since each takes its memory and a core for tens of milliseconds."""

    def __enter__(self) -> None:
        if not _hashing_slots().acquire(timeout=HASHING_PATIENCE_SECONDS):
            raise TooManyRequests("login_busy", retry_after=HASHING_PATIENCE_SECONDS)

    def __exit__(self, *exc: object) -> None:
        _hashing_slots().release()


def get_password_hash(password: str) -> str:
    """An argon2id hash of the password, with its own salt."""
    with _HashingSlot():
        return _passwords.hash(password)


def verify_password(plain_password: str, hashed_password: str) -> bool:
    """Whether the password belongs to the hash (argon2id or bcrypt); False for a hash of an unknown kind."""
    with _HashingSlot():
        try:
            return _passwords.verify(plain_password, hashed_password)
        except (UnknownHashError, ValueError):
            return False


@lru_cache(maxsize=1)
def _key() -> OctKey:
    return OctKey.import_key(get_settings().SECRET_KEY)


def _encode(claims: dict[str, Any], token_type: str, lifetime: timedelta) -> str:
    expires = datetime.now(UTC) + lifetime
    payload = {**claims, "type": token_type, "iss": ISSUER, "exp": int(expires.timestamp())}
    return jwt.encode({"alg": ALGORITHM}, payload, _key())


def create_access_token(data: dict[str, Any]) -> str:
    """A signed JWT (RFC 7519) with `data` (`sub`, `sid`), `exp` in ACCESS_TOKEN_EXPIRE_MINUTES and `type` access."""
    return _encode(data, ACCESS, timedelta(minutes=get_settings().ACCESS_TOKEN_EXPIRE_MINUTES))


def create_refresh_token(session_id: UUID, generation: int, lifetime: timedelta) -> str:
    """A signed JWT of type refresh. Deterministic apart from `exp`: the session row says which generation is good."""
    return _encode({"sid": str(session_id), "gen": generation}, REFRESH, lifetime)


def create_check_in_token(data: dict[str, Any], expires: datetime) -> str:
    """A signed JWT of type check_in, for the link in a mail: good until `expires`, an aware instant."""
    return _encode(data, CHECK_IN, expires - datetime.now(UTC))


def create_stream_ticket(user_id: UUID, session_id: UUID) -> str:
    """A signed JWT of type stream, for the address of a stream: good for STREAM_TICKET_SECONDS to begin one."""
    claims = {"sub": str(user_id), "sid": str(session_id)}
    return _encode(claims, STREAM, timedelta(seconds=STREAM_TICKET_SECONDS))


def keyed_digest(purpose: str, value: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) of a value under SECRET_KEY, for one purpose: it is worth nothing for another."""
    return hmac.digest(get_settings().SECRET_KEY.encode(), purpose.encode() + b"\0" + value, "sha256")


@lru_cache(maxsize=4096)
def _verified_claims(token: str) -> dict[str, Any]:
    """The claims of a token with a good signature. A client sends the same one for minutes, so it is kept."""
    try:
        return jwt.decode(token, _key(), algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError) as error:
        raise Unauthenticated("invalid_token") from error


def decode_token(token: str, token_type: str = ACCESS) -> dict[str, Any]:
    """The claims of a token of the given type.

    Raises:
        Unauthenticated: it is malformed, signed by another key or algorithm, expired, or of another type.
    """
    claims = _verified_claims(token) if len(token) <= TOKEN_MAX_LENGTH else {}
    expires = claims.get("exp")
    is_good = (
        claims.get("type") == token_type
        and claims.get("iss") == ISSUER
        and isinstance(expires, int)
        and expires > datetime.now(UTC).timestamp()
    )
    if not is_good:
        raise Unauthenticated("invalid_token")
    return claims
