"""Answers to the questions of a kind, checked by their types; from a form they come as text."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.core.errors import Invalid
from app.schemas.appointment import QuestionType

TEXT_MAX = {QuestionType.TEXT: 500, QuestionType.LONG_TEXT: 5000, QuestionType.PHONE: 40}
NUMBER_MAX = 10**12
_PHONE = re.compile(r"\+?[0-9()./\- ]{3,40}")
_YES = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "": False, "0": False}


def checked(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept, by key.

    Raises:
        Invalid: an answer is missing, of another type, or to no question; `field` names it.
    """
    if unknown := sorted(set(answers) - {question["key"] for question in questions}):
        raise Invalid("answer_to_no_question", field=f"answers.{unknown[0][:100]}")
    found = {}
    for question in questions:
        value = answers.get(question["key"])
        if isinstance(value, str):
            value = value.strip()
        if value in (None, "", []) or (value is False and question["type"] != QuestionType.YES_NO):
            if question["required"]:
                raise Invalid("answer_missing", field=f"answers.{question['key']}", question=question["label"])
            continue
        try:
            found[question["key"]] = _READERS[QuestionType(question["type"])](value, question)
        except (ValueError, TypeError, KeyError):
            field = f"answers.{question['key']}"
            raise Invalid("answer_wrong", field=field, question=question["label"]) from None
    return found


def _text(value: Any, question: Mapping[str, Any]) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX[QuestionType(question["type"])]:
        raise ValueError
    if any(character < " " and character not in "\r\n\t" for character in value):
        raise ValueError
    return value


def _choice(value: Any, question: Mapping[str, Any]) -> str:
    if value not in question["options"]:
        raise ValueError
    return str(value)


def _choices(value: Any, question: Mapping[str, Any]) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or len(values) > len(question["options"]):
        raise ValueError
    return [_choice(one, question) for one in dict.fromkeys(values)]


def _number(value: Any, _question: Mapping[str, Any]) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and len(value) > 40):
        raise TypeError
    number = float(value.replace(",", ".")) if isinstance(value, str) else float(value)
    if not -NUMBER_MAX <= number <= NUMBER_MAX:
        raise ValueError
    return number


def _date(value: Any, _question: Mapping[str, Any]) -> str:
    day = date.fromisoformat(value)
    if not 1900 < day.year < 2200:
        raise ValueError
    return day.isoformat()


def _phone(value: Any, question: Mapping[str, Any]) -> str:
    text = _text(value, question)
    if not _PHONE.fullmatch(text) or not any(character.isdigit() for character in text):
        raise ValueError
    return text


def _yes_no(value: Any, _question: Mapping[str, Any]) -> bool:
    return value if isinstance(value, bool) else _YES[value]


_READERS = {
    QuestionType.TEXT: _text,
    QuestionType.LONG_TEXT: _text,
    QuestionType.CHOICE: _choice,
    QuestionType.CHOICES: _choices,
    QuestionType.NUMBER: _number,
    QuestionType.DATE: _date,
    QuestionType.PHONE: _phone,
    QuestionType.YES_NO: _yes_no,
}
