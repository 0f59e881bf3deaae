"""Phone numbers in one form. Loaded on first use: the numbering plans of the world are a large module."""

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult


def to_e164(text: str, region: str) -> str | None:
    """The number as E.164, such as +74951234567, and an extension as RFC 3966 has it: +74951234567;ext=12.

    Args:
        region: ISO 3166-1 alpha-2 code of the country whose national numbers need no country code.

    Returns:
        None when no phone has such a number: the country code does not exist, or digits are missing or too many.
        New ranges of numbers are let pass, so this asks for the right length and not for a range in use.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    extension = f";ext={number.extension}" if number.extension else ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) + extension
