"""Words as search compares them: Latin letters, the digits of phones, and how far two spellings are apart."""

import re

# The same as latin_letters() of migration 0005, letter by letter.
_LONG = {"щ": "sch", "ж": "zh", "ч": "ch", "ш": "sh", "ю": "yu", "я": "ya", "х": "kh", "ц": "ts", "ß": "ss"}
_FROM = "абвгдеёзийклмнопрстуфыэіїєґўәғқңөұүһäàáâãåąçćčďèéêëęěìíîïłñńňòóôõöőøřśšťùúûüůűýÿźżž"
_TO = "abvgdeeziyklmnoprstufyeiieguegknouuhaaaaaaacccdeeeeeeiiiilnnnooooooorsstuuuuuuyyzzz"
_LATIN = str.maketrans({**dict(zip(_FROM, _TO, strict=True)), **_LONG, "ь": "", "ъ": ""})

_PHONE = re.compile(r"[0-9+() .\-]+")
_PHONE_MIN_DIGITS = 3
# Russia's prefix for calls within the country, which stands for +7 in front of a whole or half-typed number.
_TRUNK, _COUNTRY = "8", "7"

# Below this a word is too short to say which of its letters is wrong.
TYPO_MIN_LENGTH = 4
_PREFIX_MIN_LENGTH = 6
_TWO_TYPOS_MIN_LENGTH = 8


def latin(text: str) -> str:
    """The text in lower-case Latin letters, ё as е; what has no Latin form stays."""
    return text.lower().translate(_LATIN)


def phone_digits(text: str) -> list[str]:
    """The digits to look for when the text is the beginning or a part of a phone number, else nothing.

    "8 495" stands for itself and for +7 495.
    """
    digits = re.sub("[^0-9]", "", text)
    if len(digits) < _PHONE_MIN_DIGITS or not _PHONE.fullmatch(text):
        return []
    return [digits, _COUNTRY + digits[1:]] if digits[0] == _TRUNK else [digits]


def transpositions(word: str) -> list[str]:
    """The words that differ from this one in two neighbouring letters that changed places."""
    return [
        word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for place in range(len(word) - 1)
        if word[place] != word[place + 1]
    ]


def typos_between(typed: str, word: str) -> int | None:
    """How many typing mistakes lie between what was typed and a word; None when they are too many to be that word.

    A mistake is a letter too many, too few or wrong, or two that changed places. Up to 3 letters none is forgiven,
    up to 7 one, from 8 on two. From 6 letters on the word may go on where the typing stopped.
    """
    if len(typed) < TYPO_MIN_LENGTH:
        return None
    allowed = 2 if len(typed) >= _TWO_TYPOS_MIN_LENGTH else 1
    last = _distances(typed, word)
    found = min(last) if len(typed) >= _PREFIX_MIN_LENGTH else last[-1]
    return found if found <= allowed else None


def _distances(typed: str, word: str) -> list[int]:
    """The distance (optimal string alignment) of `typed` from each beginning of `word`, the empty one first."""
    before: list[int] = []
    row = list(range(len(word) + 1))
    for i, letter in enumerate(typed):
        above, before, row = before, row, [i + 1]
        for j, other in enumerate(word):
            cost = min(before[j] + (letter != other), before[j + 1] + 1, row[j] + 1)
            if i and j and letter == word[j - 1] and typed[i - 1] == other:
                cost = min(cost, above[j - 1] + 1)
            row.append(cost)
    return row
