"""Web push: the example of RFC 8291, and the signature by which push services know us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from app.core import web_push
from app.core.web_push import BadPushKey, authorization, encrypt, public_key, read_keys
from tests.support.planning import settings


def plain(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for cache in (web_push._signing_key, web_push._token):
        cache.cache_clear()
    yield
    for cache in (web_push._signing_key, web_push._token):
        cache.cache_clear()


def test_the_example_of_rfc_8291() -> None:
    number = int.from_bytes(plain("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        key=ec.derive_private_key(number, ec.SECP256R1()),
        salt=plain("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert urlsafe_b64encode(body).decode().rstrip("=") == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        ("BCVxsr7N_eNgVRqvHtD0zTZsEc6", "BTBZMqHH6r4Tts7J_aSIgg"),
        # A point that does not lie on the curve, and the compressed form.
        ("BA" + "A" * 85, "BTBZMqHH6r4Tts7J_aSIgg"),
        ("AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", "BTBZMqHH6r4Tts7J_aSIgg"),
        ("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "c2hvcnQ"),
        ("мимо", "мимо"),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadPushKey):
        read_keys(p256dh, auth)


def test_the_key_stays_while_the_secret_key_does() -> None:
    first = public_key()
    assert len(plain(first)) == 65
    web_push._signing_key.cache_clear()
    assert public_key() == first
    with settings(SECRET_KEY="another key for tests, which is long enough"):
        web_push._signing_key.cache_clear()
        assert public_key() != first
    with settings(VAPID_PRIVATE_KEY="yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"):
        web_push._signing_key.cache_clear()
        assert public_key().startswith("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZII")


def test_push_services_know_who_sends() -> None:
    scheme, _, values = authorization("https://push.example:8443/send/1").partition(" ")
    token, key = (part.partition("=")[2] for part in values.split(", "))
    assert (scheme, key) == ("vapid", public_key())
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), plain(key))
    claims = jwt.decode(token, ECKey.import_key(point), algorithms=["ES256"]).claims
    assert claims["aud"] == "https://push.example:8443"
    assert claims["sub"].startswith("mailto:")
