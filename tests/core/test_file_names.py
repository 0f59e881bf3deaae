"""Names of files: whatever is sent, what is kept is a name on every system."""

import unicodedata
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.file_names import LONGEST_BYTES, attachment_disposition, safe_name, sent_name

HEADERS = st.lists(
    st.sampled_from(
        [
            "attachment",
            ";",
            "filename",
            "=",
            "*",
            "*0",
            "*1*",
            '"',
            "'",
            "utf-8''",
            "undefined''",
            "idna''",
            "%ff",
            "\\",
        ]
    )
    | st.text(st.characters(max_codepoint=255), max_size=5),
    max_size=12,
).map("".join)


@given(st.text(max_size=600))
@example("a" * 254 + ".")
@example("." * 300)
@example("a" * 250 + " .txt")
@example(" . a")
@example("\ud83d.txt")
def test_a_safe_name_is_safe_and_stays_as_it_is(sent: str) -> None:
    name = safe_name(sent)
    if name is None:
        return
    assert name.strip(". ") != ""
    assert 0 < len(name.encode()) <= LONGEST_BYTES
    assert not set(name) & set('/\\<>:"|?*\r\n\t\0')
    assert not {unicodedata.category(letter) for letter in name} & {"Cc", "Cs", "Zl", "Zp"}
    assert safe_name(name) == name


@given(HEADERS)
@example("attachment; filename*=undefined''x")
@example("attachment; filename*=idna''x")
@example("attachment; filename*=unicode_escape''%5cud83d")
@example("attachment; filename*0*=utf-8''a; filename*1=b")
@example("attachment; filename*=utf-16''%ff")
def test_no_header_breaks_a_request(header: str) -> None:
    name = sent_name(header)
    assert name is None or isinstance(safe_name(name), str | None)


@given(st.text(min_size=1, max_size=60))
@example("Â¡")
def test_what_is_sent_back_is_the_name_and_one_line_of_ascii(sent: str) -> None:
    name = safe_name(sent)
    if name is None:
        return
    header = attachment_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert sent_name(header) == name


@pytest.mark.parametrize("name", ["План.txt", "a b.txt", "100%.txt", "it's.txt", "a;b.txt"])
def test_clients_that_know_rfc_8187_read_the_whole_name(name: str) -> None:
    header = attachment_disposition(name)
    encoded = header.partition("filename*=UTF-8''")[2]
    assert not encoded or (unquote(encoded) == name and encoded == quote(name, safe="!#$&+-.^_`|~"))
