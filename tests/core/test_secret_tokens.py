"""Secrets in addresses."""

import pytest

from app.core.ids import new_id
from app.core.secret_tokens import TOKEN_LENGTH, SecretToken


def test_a_token_is_read_as_it_was_made_and_matches_its_own_hash_only() -> None:
    made, other = (SecretToken.new(new_id(), new_id()) for _ in range(2))
    text = made.encoded()
    assert len(text) == TOKEN_LENGTH
    read = SecretToken.read(text)
    assert read == made
    assert made.has_hash(made.hash)
    assert not made.has_hash(other.hash)


@pytest.mark.parametrize("text", ["", "x", "=", "a" * (TOKEN_LENGTH + 4), "ы" * TOKEN_LENGTH, "!" * 86, "\x00"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert SecretToken.read(text) is None


def test_the_secret_is_not_in_what_logs_show() -> None:
    token = SecretToken.new(new_id(), new_id())
    assert repr(token.secret) not in repr(token)
