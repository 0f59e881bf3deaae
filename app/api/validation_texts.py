"""What is wrong with a field, in the reader's language. English is Pydantic's own; these are the Russian texts."""

from collections.abc import Mapping
from typing import Any

from app.core.messages import Language

RUSSIAN = {
    "missing": "обязательное поле",
    "extra_forbidden": "такого поля нет",
    "string_type": "нужна строка",
    "string_too_short": "не короче {min_length} символов",
    "string_too_long": "не длиннее {max_length} символов",
    "string_pattern_mismatch": "неверный вид значения",
    "string_unicode": "строка не в Юникоде",
    "control_character": "управляющие символы недопустимы",
    "email": "это не адрес электронной почты",
    "unknown_zone": "«{zone}» — не часовой пояс IANA",
    "time_of_day": "время суток — ЧЧ:ММ, например 09:00",
    "unknown_country": "это не код страны по ISO 3166-1, такой как RU или DE",
    "email_domain": "это не домен адресов электронной почты",
    "iso_8601": "даты и время — текст по ISO 8601",
    "time_out_of_range": "принимаются даты с {first} по {last}",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_from_float": "нужно целое число",
    "bool_type": "нужно true или false",
    "bool_parsing": "нужно true или false",
    "uuid_parsing": "нужен UUID",
    "uuid_type": "нужен UUID",
    "enum": "допустимо: {expected}",
    "literal_error": "допустимо: {expected}",
    "greater_than_equal": "не меньше {ge}",
    "less_than_equal": "не больше {le}",
    "list_type": "нужен список",
    "too_long": "не более {max_length} элементов",
    "too_short": "не менее {min_length} элементов",
    "dict_type": "нужен объект JSON",
    "model_type": "нужен объект JSON",
    "model_attributes_type": "нужен объект JSON",
    "json_invalid": "это не JSON",
    "datetime_parsing": "нужны дата и время по ISO 8601",
    "datetime_from_date_parsing": "нужны дата и время по ISO 8601",
    "datetime_type": "нужны дата и время по ISO 8601",
    "date_parsing": "нужна дата по ISO 8601",
    "date_from_datetime_parsing": "нужна дата по ISO 8601",
    "date_from_datetime_inexact": "нужна дата без времени",
    "date_type": "нужна дата по ISO 8601",
}


def validation_text(problem: Mapping[str, Any], language: Language) -> str:
    """The text for one of Pydantic's errors."""
    text = RUSSIAN.get(problem["type"]) if language == "ru" else None
    if text is None:
        return str(problem["msg"])
    try:
        return text.format_map(problem.get("ctx") or {})
    except KeyError:
        return text
