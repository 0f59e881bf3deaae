"""Passwords and tokens, by the names that the document gives them."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from app.core import security
from app.core.config import get_settings
from app.core.errors import TooManyRequests, Unauthenticated
from app.core.security import create_access_token, decode_token, get_password_hash, verify_password
from tests.support.tokens import claims_of, forge

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)


# Passwords


def test_a_password_belongs_to_its_hash_and_no_other_does() -> None:
    hashed = get_password_hash("correct horse")
    assert verify_password("correct horse", hashed)
    for other in ("", "correct hors", "correct horse ", "Correct horse", "correct horse\x00"):
        assert not verify_password(other, hashed)


def test_every_hash_has_a_salt_and_is_argon2id() -> None:
    first, second = get_password_hash("same"), get_password_hash("same")
    assert first != second
    assert first.startswith("$argon2id$")
    assert "same" not in first


@pytest.mark.parametrize("password", ["", "пароль 🚀", "x" * 10_000, "a\x00b"])
def test_any_text_can_be_a_password(password: str) -> None:
    assert verify_password(password, get_password_hash(password))


def test_long_passwords_count_to_their_last_character() -> None:
    assert not verify_password("x" * 100 + "a", get_password_hash("x" * 100 + "b"))


@pytest.mark.parametrize("hashed", ["", "!", "plain text", "$argon2id$", "$2b$04$short", "$1$md5$x", "\x00"])
def test_nothing_belongs_to_a_hash_of_an_unknown_kind(hashed: str) -> None:
    assert not verify_password("anything", hashed)
    assert not verify_password(hashed, hashed)


def test_nobody_has_the_password_of_the_unknown_user() -> None:
    assert not verify_password("", security.UNKNOWN_USER_HASH)
    assert security.UNKNOWN_USER_HASH.split("$")[:4] == get_password_hash("x").split("$")[:4]


@pytest.fixture
def one_slot(monkeypatch: pytest.MonkeyPatch) -> threading.BoundedSemaphore:
    """One hash at a time, and no patience."""
    slot = threading.BoundedSemaphore(1)
    monkeypatch.setattr(security, "_hashing_slots", lambda: slot)
    monkeypatch.setattr(security, "HASHING_PATIENCE_SECONDS", 0)
    return slot


def test_more_logins_than_the_machine_can_hash_are_asked_to_come_back(one_slot: threading.BoundedSemaphore) -> None:
    one_slot.acquire()
    with pytest.raises(TooManyRequests) as refusal:
        get_password_hash("x")
    assert refusal.value.code == "login_busy"
    assert "Retry-After" in refusal.value.headers
    one_slot.release()
    assert verify_password("x", get_password_hash("x"))


def test_a_failed_check_gives_its_slot_back(one_slot: threading.BoundedSemaphore) -> None:
    for _ in range(3):
        assert not verify_password("x", "!")


# Tokens


def test_an_access_token_lives_30_minutes_and_says_so() -> None:
    with time_machine.travel(NOON, tick=False):
        claims = claims_of(create_access_token({"sub": "anna"}))
    assert (claims["sub"], claims["type"]) == ("anna", "access")
    assert claims["exp"] == int((NOON + timedelta(minutes=30)).timestamp())


def test_the_lifetime_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "ACCESS_TOKEN_EXPIRE_MINUTES", 5)
    with time_machine.travel(NOON, tick=False):
        assert claims_of(create_access_token({"sub": "anna"}))["exp"] == int(NOON.timestamp()) + 300


def test_data_cannot_overrule_type_and_expiry() -> None:
    claims = decode_token(create_access_token({"sub": "anna", "type": "refresh", "exp": 1, "iss": "me"}))
    assert claims["type"] == "access"
    assert claims["exp"] > time.time()


def test_a_token_is_good_until_its_second_and_not_after() -> None:
    with time_machine.travel(NOON, tick=False):
        token = create_access_token({"sub": "anna"})
    with time_machine.travel(NOON + timedelta(minutes=30, seconds=-1), tick=False):
        assert decode_token(token)["sub"] == "anna"
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False), pytest.raises(Unauthenticated):
        decode_token(token)


def test_a_token_of_one_type_is_none_of_another() -> None:
    access = create_access_token({"sub": "anna"})
    refresh = security.create_refresh_token(uuid4(), 0, timedelta(days=1))
    assert decode_token(refresh, "refresh")["gen"] == 0
    for token, kind in ((access, "refresh"), (refresh, "access")):
        with pytest.raises(Unauthenticated):
            decode_token(token, kind)


def test_a_changed_letter_anywhere_spoils_a_token() -> None:
    token = create_access_token({"sub": "anna"})
    # The last letter of the signature holds bits that are not used.
    for place in range(0, len(token) - 1, 7):
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(Unauthenticated):
            decode_token(token[:place] + letter + token[place + 1 :])


def test_a_refused_token_stays_refused_when_asked_again() -> None:
    forged = forge({"sub": "anna", "type": "access", "iss": "planner", "exp": 2**40}, key="another key, long enough")
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            decode_token(forged)


@pytest.mark.parametrize("expires", [None, "2999", True, 1e300, [], {}])
def test_an_expiry_that_is_no_whole_number_is_none(expires: object) -> None:
    with pytest.raises(Unauthenticated):
        decode_token(forge({"sub": "anna", "type": "access", "iss": "planner", "exp": expires}))
