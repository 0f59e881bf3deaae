"""Every error has its text in both languages, and every text gets the values that it names."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.api.problems import CODES_BY_STATUS, TITLES
from app.api.validation_texts import RUSSIAN
from app.core import errors
from app.core.messages import MESSAGES, language_of, message
from app.services.ics_import_service import text_code

ROOT = Path(app.__file__).parent
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
# Arguments of errors that are not values for the text, and what becomes of retry_after.
NOT_IN_TEXT = {"extra", "headers", "field"}
# Functions that take a code of an error, and the place of it.
CODE_ARGUMENTS = {"get_visible": 3, "message": 0, "_checked": 2}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT.parent)}:{node.lineno}", node


def constants(node: ast.expr) -> list[str]:
    """The texts that an expression can be, as far as they stand in it."""
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def raised() -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, which code, and the values for its text (None: not known from the call alone)."""
    for where, call in calls():
        name = name_of(call.func)
        if name in ERRORS and call.args:
            names = {keyword.arg for keyword in call.keywords}
            values = {"seconds" if arg == "retry_after" else arg for arg in names if arg} - NOT_IN_TEXT
            for code in constants(call.args[0]):
                yield where, code, None if None in names else values
        elif name == "InvalidRule":
            values = {keyword.arg for keyword in call.keywords if keyword.arg}
            for code in constants(call.args[0]):
                yield where, "rule_" + code.removeprefix("rule_"), values
        elif name in CODE_ARGUMENTS and len(call.args) > CODE_ARGUMENTS[name]:
            for code in constants(call.args[CODE_ARGUMENTS[name]]):
                yield where, code, None
        elif name == "flush" and len(call.args) > 1 and isinstance(call.args[1], ast.Dict):
            for entry in call.args[1].values:
                assert isinstance(entry, ast.Tuple)
                code, values = entry.elts
                assert isinstance(values, ast.Dict)
                yield where, constants(code)[0], {text for key in values.keys if key for text in constants(key)}


RAISED = list(raised())


def test_this_test_finds_the_errors() -> None:
    codes = {code for _, code, _ in RAISED}
    assert {"email_taken", "room_taken", "user_not_found", "login_busy", "rule_count_zero", "version_mismatch"} <= codes
    assert len(codes) > 50


@pytest.mark.parametrize(("where", "code"), sorted({(where, code) for where, code, _ in RAISED}))
def test_every_raised_code_has_a_text(where: str, code: str) -> None:
    assert code in MESSAGES, f"{where} raises {code}"


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_both_languages_say_it_with_the_same_values(code: str) -> None:
    english, russian = MESSAGES[code]
    assert english.isascii()
    assert not russian.isascii()
    assert placeholders(english) == placeholders(russian)


def test_every_text_gets_its_values_where_it_is_raised() -> None:
    missing = [
        f"{where}: {code} needs {sorted(placeholders(MESSAGES[code][0]) - values)}"
        for where, code, values in RAISED
        if values is not None and code in MESSAGES and not placeholders(MESSAGES[code][0]) <= values
    ]
    assert missing == []


def codes_of_reading() -> set[str]:
    """What reading an .ics file reports, as the report of an import names it."""
    source = "".join(path.read_text() for path in (ROOT / "calendaring" / "ical").glob("*.py"))
    found = re.findall(r'(?:report|Refused|code=)\(?\s*f?"([a-z_]+(?:\{what\})?)"', source)
    named = {code.replace("{what}", what) for code in found for what in ("exdates", "rdates")}
    return {text_code(code) for code in named}


def test_every_problem_of_reading_a_file_has_a_text() -> None:
    codes = codes_of_reading()
    assert len(codes) > 20
    assert codes - MESSAGES.keys() == set()


def test_there_is_no_text_that_nobody_uses() -> None:
    source = "".join(path.read_text() for path in ROOT.rglob("*.py") if path.parent.name != "texts")
    calendaring = {code for _, code, _ in RAISED if code.startswith("rule_")} | codes_of_reading()
    unused = [code for code in MESSAGES if f'"{code}"' not in source and code not in calendaring]
    assert [code for code in unused if not code.endswith("_unsupported")] == []


def test_errors_of_the_framework_have_a_text_and_a_title() -> None:
    assert set(CODES_BY_STATUS.values()) <= set(MESSAGES)
    assert set(CODES_BY_STATUS) <= set(TITLES)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_code_without_a_text_is_told_as_it_is(language: str) -> None:
    assert message("never_heard_of", language) == "never_heard_of"  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", sorted(RUSSIAN))
def test_the_russian_texts_of_fields_name_only_what_pydantic_gives(kind: str) -> None:
    known = {"min_length", "max_length", "ge", "le", "expected", "zone", "first", "last"}
    assert placeholders(RUSSIAN[kind]) <= known


def test_the_language_is_the_preferred_of_the_two() -> None:
    assert [language_of(text) for text in ("ru", "en,ru", "ru;q=0.5,en;q=0.4", "fr", "", None)] == [
        "ru", "en", "ru", "en", "en", "en",
    ]  # fmt: skip
