"""Finding people by name, e-mail, position, department or phone, in whatever letters and with a typing mistake.

The search goes from what fits best to what fits least, and stops as soon as the answer is full:

1. the phone, when the text looks like one;
2. each word is a whole word of the name, then: begins one;
3. each word begins a word of the name, the e-mail, the position or the department;
4. each word of three letters and more stands anywhere in them;
5. each word is one of the company's words with a typing mistake.

Each of these is one index scan over the people of the company (ix_users_search_text), of which at most CANDIDATES are
ordered. `users.search_text` and the text asked for are both in Latin letters (migration 0005).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, false, func, literal_column, or_
from sqlalchemy import text as text_clause
from sqlmodel import Session

from app.core.actor import Actor
from app.core.hot import HotStatement, fetch_rows, hot_statement
from app.core.spelling import TYPO_MIN_LENGTH, latin, phone_digits, transpositions, typos_between
from app.schemas.user import AVATAR_LARGE, AVATAR_SMALL, UserRead
from app.services.json_rows import json_columns, page_json

SEARCH_LIMIT = 50
# Of more people that fit equally well nobody reads the list; the first that are found stand for them.
CANDIDATES = 500
WORDS_MAX = 8
# Of all words together, which bounds the statement.
SPELLINGS_MAX = 8

# Words of the name begin so in the search text, and no other word does: it has no Latin form (migration 0005).
_NAME = "ъ"
# Where a word begins: one of the name, or any other.
_BEGINS = (f"% {_NAME}{{}}%", "% {}%")
_TRIGRAM = re.compile(r"[^\W_]{3}")
_LETTER = re.compile(r"[^\W_]")
_SIMILAR_SQL = "SELECT similar_person_words(%(asked)s, %(variants)s)"

_COLUMNS = json_columns(
    UserRead,
    "u",
    avatar_small_url=f"replace(u.avatar_url, '{AVATAR_LARGE}', '{AVATAR_SMALL}')",
    birthday="CASE WHEN %(sees_years)s OR u.id = %(actor)s THEN u.birthday END",
    birthday_day="to_char(u.birthday, 'MM-DD')",
)


@dataclass(frozen=True, slots=True)
class Condition:
    """The search text is like one of these patterns; or, where no index knows what to look for, holds this text."""

    patterns: tuple[str, ...]
    is_text: bool = False


def search_people(session: Session, actor: Actor, text: str, limit: int) -> bytes:
    """Active colleagues who fit `text`, best first, as the JSON of a page; at most `limit` and SEARCH_LIMIT."""
    limit = min(limit, SEARCH_LIMIT)
    words = list(dict.fromkeys(latin(text).split()))[:WORDS_MAX]
    found: dict[UUID, str] = {}
    tried: list[list[Condition]] = []
    for conditions in _stages(session, text, words) if words else ():
        if conditions in tried:
            continue
        tried.append(conditions)
        for user_id, item in _find(session, actor, conditions, words, list(found), limit - len(found)):
            found[user_id] = item
        if len(found) >= limit:
            break
    return page_json(f"[{','.join(found.values())}]", None)


def that_fit(text: str) -> list[ColumnElement[bool]]:
    """Conditions on users, all of whose words fit `text` somewhere; nobody is like words without a letter or sign."""
    search_text: ColumnElement[str] = literal_column("users.search_text", Text)
    words = list(dict.fromkeys(latin(text).split()))[:WORDS_MAX]
    found: list[ColumnElement[bool]] = [] if words else [false()]
    for condition in map(_anywhere, words):
        if condition.is_text:
            found.append(func.strpos(search_text, condition.patterns[0]) > 0)
        else:
            found.append(or_(*(search_text.like(pattern) for pattern in condition.patterns)))
    return found


def forget_words(session: Session) -> None:
    """Forget the words that nobody in the entered company has any more."""
    session.execute(text_clause("SELECT forget_person_words()"))


def _stages(session: Session, text: str, words: list[str]) -> Iterator[list[Condition]]:
    """What to look for, from the best fit to the least. Later ones are only made when they are needed."""
    if digits := phone_digits(text):
        yield [Condition(tuple(f"%{number}%" for number in digits))]
    yield [_like(word, f"% {_NAME}{{}} %") for word in words]
    yield [_like(word, f"% {_NAME}{{}}%") for word in words]
    # A single word of a name was found by now.
    yield [_like(word, *_BEGINS[len(words) == 1 :]) for word in words]
    anywhere = [_anywhere(word) for word in words]
    yield anywhere
    spellings = _spellings(session, words)
    if any(spellings.values()):
        yield [
            own if own.is_text else Condition(own.patterns + spellings[word])
            for own, word in zip(anywhere, words, strict=True)
        ]


def _like(word: str, *patterns: str) -> Condition:
    """The word in any of these places; a sign that no index knows is only looked for as it is."""
    if not _LETTER.search(word):
        return Condition((word,), is_text=True)
    return Condition(tuple(pattern.format(_escaped(word)) for pattern in patterns))


def _anywhere(word: str) -> Condition:
    return _like(word, *(("%{}%",) if _TRIGRAM.search(word) else _BEGINS))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _spellings(session: Session, words: list[str]) -> dict[str, tuple[str, ...]]:
    """For each word the patterns of those words of the company that it is the fewest typing mistakes away from."""
    asked = [word for word in words if len(word) >= TYPO_MIN_LENGTH]
    variants = [variant for word in asked for variant in transpositions(word)]
    rows = fetch_rows(session, _SIMILAR_SQL, {"asked": asked, "variants": variants}) if asked else []
    found = {}
    for word in words:
        # Without a mistake the word itself finds it.
        near = [(typos, other) for (other,) in rows if (typos := typos_between(word, other))]
        fewest = min(near)[0] if near else 0
        meant: list[str] = []
        for typos, other in sorted(near):
            if typos == fewest and len(meant) < SPELLINGS_MAX // len(words) and not other.startswith(tuple(meant)):
                meant.append(other)
        found[word] = tuple(f"%{other}%" for other in meant)
    return found


def _find(
    session: Session, actor: Actor, conditions: list[Condition], words: list[str], seen: list[UUID], limit: int
) -> list[tuple[UUID, str]]:
    """(id, JSON) of people who meet all conditions and were not seen yet."""
    shape = tuple((len(condition.patterns), condition.is_text) for condition in conditions)
    statement = _statement(shape, within_company=actor.organization_id is not None)
    values: dict[str, Any] = {
        f"p{place}_{number}": pattern
        for place, condition in enumerate(conditions)
        for number, pattern in enumerate(condition.patterns)
    }
    values.update(
        company=actor.organization_id,
        actor=actor.user_id,
        sees_years=actor.is_admin,
        whole=" " + " ".join(_NAME + _escaped(word) for word in words) + "%",
        seen=seen,
        limit=limit,
    )
    return [(user_id, item) for user_id, item in fetch_rows(session, statement, values)]


@lru_cache(maxsize=256)
def _statement(shape: tuple[tuple[int, bool], ...], *, within_company: bool) -> HotStatement:
    """The statement for conditions of this shape: how many patterns each has, or if it is a text."""
    terms: list[str] = ["u.organization_id = %(company)s"] if within_company else []
    mistakes: list[str] = []
    for place, (count, is_text) in enumerate(shape):
        names = [f"%(p{place}_{number})s" for number in range(count)]
        if is_text:
            terms.append(f"position({names[0]} IN u.search_text) > 0")
            continue
        terms.append("(" + " OR ".join(f"u.search_text LIKE {name}" for name in names) + ")")
        if count > 1:
            cases = " ".join(f"WHEN u.search_text LIKE {name} THEN {number}" for number, name in enumerate(names))
            mistakes.append(f"CASE {cases} END")
    order = ["u.search_text LIKE %(whole)s DESC", *([" + ".join(mistakes)] if mistakes else [])]
    text = f"""
        SELECT item.id, row_to_json(item)::text FROM (
            SELECT {_COLUMNS}
            FROM (SELECT * FROM users u WHERE u.is_active AND {" AND ".join(terms)} LIMIT {CANDIDATES}) u
            WHERE u.id <> ALL(%(seen)s)
            ORDER BY {", ".join(order)}, coalesce(u.full_name, ''), u.id
            LIMIT %(limit)s
        ) item
    """
    return hot_statement(text)
