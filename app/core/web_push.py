"""Web push: encrypting for a browser (RFC 8291), signing as this installation (VAPID, RFC 8292). No network here."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from app.core.config import get_settings
from app.core.security import keyed_digest

# Push services take at most 4,096 bytes of ciphertext (RFC 8030 §7.2); header and tag need 103.
PAYLOAD_MAX_BYTES = 3900
VAPID_SECONDS = 12 * 3600
_CURVE = ec.SECP256R1()
# The order of the group of P-256 (SP 800-186 §3.2.1.3).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_POINT_BYTES, _SECRET_BYTES = 65, 16


class BadPushKey(ValueError):
    """What a browser should have sent as its key is none."""


def read_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """A browser's public point and shared secret, from URL-safe base 64.

    Raises:
        BadPushKey: the point does not lie on P-256, or the secret is not 16 bytes long.
    """
    try:
        point, secret = _decoded(p256dh), _decoded(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    except ValueError as error:
        raise BadPushKey from error
    if len(point) != _POINT_BYTES or len(secret) != _SECRET_BYTES:
        raise BadPushKey
    return point, secret


def encrypt(
    payload: bytes, p256dh: str, auth: str, *, key: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of a push in the coding aes128gcm (RFC 8188, RFC 8291 §3.4).

    Args:
        key: used once; with `salt`, given only to repeat the example of RFC 8291.

    Raises:
        BadPushKey: the browser's keys are none.
    """
    point, secret = read_keys(p256dh, auth)
    body: bytes = http_ece.encrypt(
        payload,
        salt=salt,
        private_key=key or ec.generate_private_key(_CURVE),
        dh=point,
        auth_secret=secret,
        version="aes128gcm",
    )
    return body


def public_key() -> str:
    """What browsers subscribe with: the installation's public point, URL-safe base 64 without padding."""
    point = _signing_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


def authorization(endpoint: str) -> str:
    """The header by which a push service knows who sends (RFC 8292 §3)."""
    parts = urlsplit(endpoint)
    return f"vapid t={_token(f'{parts.scheme}://{parts.netloc}', int(time.time()) // 3600)}, k={public_key()}"


@lru_cache(maxsize=64)
def _token(audience: str, hour: int) -> str:
    claims = {"aud": audience, "exp": hour * 3600 + VAPID_SECONDS, "sub": _subject()}
    key = ECKey.import_key(_signing_key())
    return jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, key)


def _subject() -> str:
    """Whom a push service asks when something is wrong: an address."""
    settings = get_settings()
    return settings.VAPID_SUBJECT or f"mailto:{parseaddr(settings.MAIL_FROM)[1]}"


@lru_cache(maxsize=1)
def _signing_key() -> ec.EllipticCurvePrivateKey:
    """Made from SECRET_KEY, which the first start makes: the same in every process and on every host, stored nowhere.

    A SECRET_KEY that is changed makes browsers subscribe anew, as it makes people sign in anew.
    """
    given = get_settings().VAPID_PRIVATE_KEY
    number = int.from_bytes(_decoded(given) if given else keyed_digest("vapid", b"") + keyed_digest("vapid", b"1"))
    # 512 bits leave no number of the group noticeably more likely than another (FIPS 186-5 A.2.1).
    return ec.derive_private_key(number if given else number % (_ORDER - 1) + 1, _CURVE)


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
