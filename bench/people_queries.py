"""What people type to find a colleague, kind by kind, and whom the search then has to find."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from app.core.spelling import latin
from bench.people_data import Colleague

TYPO_LETTERS = "аеиорнсвлк"
LATIN_TYPO_LETTERS = "aeiornsvlk"
# Long enough that a mistake leaves no doubt, and that a part of it is not in every second name.
SURNAME_MIN_LENGTH = 7


@dataclass(frozen=True)
class Query:
    """A text that somebody types.

    Args:
        kind: the kind of texts that it is of.
        expected: the id of the person whom the text names and nobody else.
        is_misspelt: it names them with a mistake, so that others may fit as well.
    """

    kind: str
    text: str
    expected: str | None = None
    is_misspelt: bool = False

    @property
    def path(self) -> str:
        return f"/api/v1/users/search?q={quote(self.text)}"


def queries(people: list[Colleague], count: int, seed: int) -> dict[str, list[Query]]:
    """`count` queries of each kind for different people of one company."""
    random = Random(seed)
    namesakes = Counter(latin(person.full_name) for person in people)
    good = [
        person
        for person in people
        if person.phone and len(person.surname) >= SURNAME_MIN_LENGTH and namesakes[latin(person.full_name)] == 1
    ]
    made: dict[str, list[Query]] = {}
    for person in random.sample(good, min(count, len(good))):
        for query in _of_person(person, random):
            made.setdefault(query.kind, []).append(query)
    return made


def _of_person(person: Colleague, random: Random) -> list[Query]:
    surname, name, phone = person.surname, person.full_name, person.phone
    assert phone
    wrong = _with_typo(surname, random, LATIN_TYPO_LETTERS if person.is_latin else TYPO_LETTERS)
    others = [] if person.is_latin else [Query("Latin letters for a Cyrillic name", latin(name), person.id)]
    return [
        *others,
        Query("full name", name, person.id),
        Query("surname", surname),
        Query("beginning of a surname", surname[:3]),
        Query("part of a surname", surname[2:6]),
        Query("full name with a typo", name.replace(surname, wrong), person.id, is_misspelt=True),
        Query("surname with a typo", wrong),
        Query("digits of a phone", phone[-7:], person.id),
        Query("e-mail", person.email, person.id),
        Query("position and department", f"{person.position} {person.department}"),
        Query("what nobody is called", "".join(random.sample("бвгджзклмнпрстфхцчшщ", 9))),
    ]


def _with_typo(word: str, random: Random, letters: str) -> str:
    """One letter missing, doubled or wrong, or two that changed places; the first one is right."""
    place = random.randrange(2, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    wrong = random.choice([other for other in letters if other != letter])
    return random.choice(
        (
            before + after,
            before + letter + letter + after,
            before + wrong + after,
            before + after[0] + letter + after[1:],
        )
    )
