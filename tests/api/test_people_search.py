"""Finding people: whatever letters, whatever case, a part of a word, a phone, a typing mistake; the best fit first."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi.testclient import TestClient

from app.core.spelling import latin, phone_digits, transpositions, typos_between
from app.schemas.user import UserRead
from tests.database.test_json_lists import HARD_TEXT, assert_same
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted


def names(person: Person, q: str, **params: Any) -> list[str]:
    """The names that a search finds, in order."""
    return [item["full_name"] for item in accepted(person.get("/users/search", q=q, **params))["items"]]


@pytest.mark.parametrize(
    "query",
    ["пётр", "ПЕТР", "Петр", "соловьев", "СОЛОВЬЁВ", "ётр", "соловьёв пётр", "инженер", "разработки", "ПЁТР инЖ"],
)
def test_search_finds_cyrillic_in_any_case_and_yo_as_ye(company: Company, query: str) -> None:
    found = company.person(full_name="Пётр Соловьев", position="Ведущий инженер", department="Отдел разработки")
    company.person(full_name="Анна Смирнова", position="Бухгалтер")
    items = company.admin.get("/users/search", q=query).json()["items"]
    assert [item["id"] for item in items] == [found.id]


def test_search_finds_ye_where_yo_was_asked_for_and_the_other_way_round(company: Company) -> None:
    people = {company.person(full_name=name).id for name in ("Артём Ким", "Артем Ли", "АРТЁМ Цой")}
    for query in ("артём", "артем", "АРТЕМ"):
        assert {item["id"] for item in company.admin.get("/users/search", q=query).json()["items"]} == people


@pytest.mark.parametrize("query", ["Müller", "MÜLLER", "müll", "muller", "jürgen m", "ceo", "j.m", "plan", "anet", "j"])
def test_search_finds_latin_in_any_case(company: Company, query: str) -> None:
    found = company.person(full_name="Jürgen Müller", position="CEO", email=f"j.m-{uuid4().hex}@planet.example")
    company.person(full_name="Zoe Scott", email=f"x{uuid4().hex}@firm.test")
    items = company.admin.get("/users/search", q=query).json()["items"]
    assert found.id in {item["id"] for item in items}
    assert not any(item["full_name"] == "Zoe Scott" for item in items)


def test_search_shows_names_that_begin_so_first_and_only_active_colleagues(company: Company) -> None:
    last = company.person(full_name="Maria Ivanova")
    first = company.person(full_name="Ivan Petrov")
    company.person(full_name="Ivan Gone", is_active=False)
    items = company.admin.get("/users/search", q="ivan").json()["items"]
    assert [item["id"] for item in items] == [first.id, last.id]
    assert len(company.admin.get("/users/search", q="ivan", limit=1).json()["items"]) == 1


@pytest.mark.parametrize("query", ["%", "_", "\\", "%%", "a_a", "' OR 1=1 --", "🚀", "(", "\u200b"])
def test_search_takes_signs_as_they_are(company: Company, query: str) -> None:
    company.person(full_name="Aba")
    assert company.admin.get("/users/search", q=query).json()["items"] == []
    named = company.person(full_name=f"Sign {query} here")
    assert [item["id"] for item in company.admin.get("/users/search", q=query).json()["items"]] == [named.id]


@pytest.mark.parametrize(
    "params", [{}, {"q": ""}, {"q": "x" * 201}, {"q": "a\x00"}, {"q": "a", "limit": 0}, {"q": "a", "limit": 51}]
)
def test_a_search_that_makes_no_sense_is_a_422(company: Company, params: dict[str, Any]) -> None:
    assert company.admin.get("/users/search", **params).status_code == 422


# Letters


@pytest.mark.parametrize(
    ("query", "name"),
    [
        *(("ivanov", "Пётр Иванов"), ("IVANOV P", "Пётр Иванов"), ("Иванов", "Peter Ivanov"), ("кум", "Kum Anna")),
        *(("zhukov", "Георгий Жуков"), ("Жуков", "Georgy Zhukov"), ("щукин", "Schukin Ilya"), ("khan", "Хан Соло")),
        *(("tsoy", "Виктор Цой"), ("Юлия", "Yuliya Ash"), ("ольга", "Olga Ash"), ("olga", "Ольга Ким")),
        *(("muller", "Jürgen Müller"), ("мюллер", "Myuller Hans"), ("strasse", "Anna Straße"), ("асел", "Әсел Ким")),
    ],
)
def test_names_are_found_in_the_other_alphabet(company: Company, query: str, name: str) -> None:
    company.person(full_name="Somebody Else", position="Бухгалтер")
    person = company.person(full_name=name)
    assert names(company.admin, query) == [person.user.full_name]


def test_python_and_postgresql_write_the_same_latin(database: psycopg.Connection) -> None:
    letters = "".join(chr(code) for code in (*range(32, 0x0530), 0x1E9E))
    for letter in letters:
        if len(letter.lower()) == 1:
            row = database.execute("SELECT latin_letters(lower(%s))", [letter]).fetchone()
            assert row == (latin(letter),), f"{letter} U+{ord(letter):04X}"


# Order


def test_the_best_fit_comes_first(company: Company) -> None:
    company.person(full_name="Жанна Одноиванова")
    company.person(full_name="Олег Иванцов", position="Юрист")
    company.person(full_name="Анна Ким", position="Ассистент Иванова")
    company.person(full_name="Вера Иванова")
    company.person(full_name="Иванов Яков")
    company.person(full_name="Артём Иванов")
    company.person(full_name="Семён Ивонов")
    assert names(company.admin, "иванов") == [
        "Иванов Яков",
        "Артём Иванов",
        "Вера Иванова",
        "Анна Ким",
        "Жанна Одноиванова",
        "Семён Ивонов",
    ]
    assert names(company.admin, "иванов", limit=3) == ["Иванов Яков", "Артём Иванов", "Вера Иванова"]
    assert names(company.admin, "ivan")[:1] == ["Иванов Яков"]


def test_several_words_must_all_fit_in_any_order(company: Company) -> None:
    company.person(full_name="Анна Иванова", position="Инженер", department="Отдел разработки")
    company.person(full_name="Анна Петрова", position="Инженер")
    company.person(full_name="Мария Иванова", position="Юрист")
    assert names(company.admin, "анна иванова") == names(company.admin, "иванова анна") == ["Анна Иванова"]
    assert names(company.admin, "ива инж") == ["Анна Иванова"]
    assert names(company.admin, "инженер анна") == ["Анна Иванова", "Анна Петрова"]
    assert names(company.admin, "разраб анна") == ["Анна Иванова"]
    assert names(company.admin, "анна юрист") == []


def test_short_words_find_beginnings_and_signs_themselves(company: Company) -> None:
    company.person(full_name="Ли Цзян", position="HR")
    company.person(full_name="Елизавета Юлина", position="C++ / QA")
    assert names(company.admin, "ли") == ["Ли Цзян"]
    assert names(company.admin, "qa") == ["Елизавета Юлина"]
    assert names(company.admin, "c++") == ["Елизавета Юлина"]
    assert names(company.admin, "++ юл") == ["Елизавета Юлина"]
    assert names(company.admin, "++ ли") == []
    assert names(company.admin, "ь") == []


# Phones


@pytest.mark.parametrize(
    "query",
    ["+7 495 123", "8 495 123", "8495123", "7495123", "495 123", "(495) 123-45", "123-45-67", "+74951234567",
     "84951234567", "8 (495) 123-45-67"],
)  # fmt: skip
def test_a_phone_is_found_by_its_digits(company: Company, query: str) -> None:
    company.person(full_name="Found", phone="+74951234567;ext=12")
    company.person(full_name="Other", phone="+74957654321")
    assert names(company.admin, query) == ["Found"]


def test_internal_numbers_and_words_with_digits_are_found(company: Company) -> None:
    company.person(full_name="Found", phone="1234", department="Цех 17")
    company.person(full_name="Other", phone="4321", department="Цех 18")
    for query in ("1234", "found 1234", "цех 17", "123"):
        assert names(company.admin, query) == ["Found"]


# Typing mistakes


@pytest.mark.parametrize(
    "query",
    ["кузницов", "кузнецоф", "узнецов", "куузнецов", "кузнцов", "кузнеццов", "кузенцов", "kuzнецов",
     "kuznitsov", "kuzntesov", "кузницов александр", "кузнецов олександр", "александр кузницов", "кузниц"],
)  # fmt: skip
def test_a_name_is_found_in_spite_of_a_typing_mistake(company: Company, query: str) -> None:
    company.person(full_name="Александр Кузнецов")
    company.person(full_name="Мария Смирнова")
    assert names(company.admin, query) == ["Александр Кузнецов"]


@pytest.mark.parametrize(
    ("query", "name"),
    [("ивонов", "Иванов"), ("иавнов", "Иванов"), ("анма", "Анна"), ("щванов", "Иванов"), ("инжинер", "Инженер")],
)
def test_short_words_forgive_one_mistake(company: Company, query: str, name: str) -> None:
    company.person(full_name="Somebody", position=name)
    company.person(full_name=f"Ян {name}")
    company.person(full_name="Стрельцова Марта", position="Юрист")
    expected = ["Somebody", f"Ян {name}"] if query != "щванов" else []
    assert sorted(names(company.admin, query)) == expected


def test_mistakes_are_only_forgiven_where_the_answer_has_room(company: Company) -> None:
    company.person(full_name="Иванов Ян")
    company.person(full_name="Ивонов Ян")
    assert names(company.admin, "иванов") == ["Иванов Ян", "Ивонов Ян"]
    assert names(company.admin, "иванов", limit=1) == ["Иванов Ян"]


def test_changed_names_are_known_and_old_words_forgotten(company: Company, database: psycopg.Connection) -> None:
    anna = company.person(full_name="Анна Колокольцева")
    assert names(company.admin, "калакольцева") == ["Анна Колокольцева"]
    accepted(company.admin.patch(f"/users/{anna.id}", {"full_name": "Анна Преображенская"}))
    assert names(company.admin, "калакольцева") == []
    assert names(company.admin, "приображенская") == ["Анна Преображенская"]


@pytest.mark.parametrize(
    ("typed", "word", "typos"),
    [
        *(("ivanov", "ivanov", 0), ("ivonov", "ivanov", 1), ("iavnov", "ivanov", 1), ("ivnov", "ivanov", 1)),
        *(
            ("ivannov", "ivanov", 1),
            ("ivonof", "ivanov", None),
            ("kuznits", "kuznetsov", 1),
            ("anna", "anastasiya", None),
        ),
        *(("ann", "anna", None), ("kuznitsof", "kuznetsov", 2), ("", "a", None), ("abcd", "", None)),
    ],
)
def test_typing_mistakes_are_counted(typed: str, word: str, typos: int | None) -> None:
    assert typos_between(typed, word) == typos


def test_letters_that_changed_places() -> None:
    assert transpositions("abca") == ["baca", "acba", "abac"]
    assert transpositions("aa") == transpositions("") == []


def test_phones_that_are_searched_for() -> None:
    assert phone_digits("8 495") == ["8495", "7495"]
    assert phone_digits("+7 (495) 1") == ["74951"]
    assert phone_digits("12") == phone_digits("цех 123") == phone_digits("") == []


# What is told


def test_found_people_are_told_as_their_schema_says(company: Company) -> None:
    anna = company.person(
        full_name=HARD_TEXT.strip()[:150], birthday="1990-02-28", phone="1234", manager_id=company.admin.user.id,
        avatar_url="/uploads/avatars/x-256.webp", time_zone="Asia/Tokyo",
    )  # fmt: skip
    company.person(full_name="Ёлки")
    items = accepted(company.admin.get("/users/search", q="елки"))["items"]
    assert len(items) == 2
    for item in items:
        assert_same(UserRead, item)
        assert item == accepted(company.admin.get(f"/users/{item['id']}"))
    colleague = company.person()
    (seen,) = (row for row in accepted(colleague.get("/users/search", q="елки"))["items"] if row["id"] == anna.id)
    assert seen == accepted(colleague.get(f"/users/{anna.id}"))
    assert seen["avatar_small_url"] == "/uploads/avatars/x-64.webp"


def test_long_searches_are_answered(company: Company) -> None:
    company.person(full_name="Анна Иванова")
    for query in ("a " * 100, "анна " * 40, "кузницов" * 25, " ".join(f"слово{n}" for n in range(25)), "8" * 200):
        accepted(company.admin.get("/users/search", q=query.strip()))


# Strangers


def test_neither_people_nor_words_of_other_companies_are_found(
    client: TestClient, company: Company, stranger_company: Company
) -> None:
    stranger_company.person(full_name="Кузнецов Чужой")
    company.person(full_name="Кузницов Свой")
    assert names(company.admin, "кузнецов") == ["Кузницов Свой"]
    assert names(stranger_company.admin, "кузницов") == ["Кузнецов Чужой"]
    unique = f"Уник{uuid4().hex[:10]}"
    company.person(full_name=unique)
    assert names(sign_in(client, None, role="admin"), unique) == [unique]
    assert names(stranger_company.admin, unique) == []
