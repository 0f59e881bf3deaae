"""The people of the benchmark: varied, the same every time, and stored as the product itself would store them."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlmodel import Session

from app.core import tenancy
from app.core.actor import Actor
from app.core.database_url import driver_url
from app.schemas.user import UserCreate
from app.services import people_search_service
from bench.databases import Database
from bench.loading import load
from bench.names import feminine, surnames
from bench.people_data import COLUMNS, PeopleData
from bench.people_queries import queries
from bench.people_shape import PEOPLE_FULL, CompanyShape, PeopleShape
from tests.bench.foreign_keys import check_foreign_keys

TODAY = datetime(2027, 3, 20, 15, tzinfo=UTC)
TINY = PeopleShape((CompanyShape(300, 20), CompanyShape(100, 8)))


def made(shape: PeopleShape = TINY) -> PeopleData:
    return PeopleData(shape, TODAY, "!")


def test_sizes_are_those_that_the_goals_name() -> None:
    assert (len(PEOPLE_FULL.many.companies), PEOPLE_FULL.many.people) == (500, 50_000)
    assert (len(PEOPLE_FULL.few.companies), PEOPLE_FULL.few.people) == (10, 1_000)
    assert {(company.people, company.departments) for company in PEOPLE_FULL.many.companies} == {(100, 8)}
    assert [company.people for company in PEOPLE_FULL.crowd.companies] == [50_000, 5_000]


def test_the_same_seed_makes_the_same_people() -> None:
    assert list(made().batches()) == list(made().batches())


def test_lines_have_as_many_values_as_columns() -> None:
    for tables in made().batches():
        assert tables.keys() == COLUMNS.keys()
        for table, lines in tables.items():
            assert {line.count("\t") for line in lines} == {COLUMNS[table].count(",")}, table


def test_people_are_as_different_as_in_a_large_company() -> None:
    data = made(PeopleShape((CompanyShape(5_000, 200),)))
    list(data.batches())
    (company,) = data.companies
    people = company.people
    assert len({person.email for person in people}) == len(people)
    assert len({person.full_name for person in people}) > 4_500
    assert len({person.position for person in people}) > 150
    assert len({person.department for person in people}) == 200
    assert 0.1 < sum(person.is_latin for person in people) / len(people) < 0.2
    assert 0.05 < sum(person.phone is None for person in people) / len(people) < 0.15
    most, times = Counter(person.surname for person in people).most_common(1)[0]
    assert times < 100, most


def test_a_surname_has_a_form_for_a_woman() -> None:
    assert [feminine(name) for name in ("Лебедов", "Ильин", "Лисовский", "Шевчук")] == [
        "Лебедова",
        "Ильина",
        "Лисовская",
        "Шевчук",
    ]
    assert len(set(surnames())) == len(surnames()) > 2_000


def test_the_api_would_take_everybody() -> None:
    data = made()
    list(data.batches())
    for company in data.companies:
        for colleague in company.people:
            values = {name: getattr(colleague, name) for name in ("email", "full_name", "phone", "position")}
            stored = UserCreate.model_validate({**values, "password": "a long password of theirs"})
            assert {name: getattr(stored, name) for name in values} == values


def test_everybody_is_asked_for_in_every_kind_of_query() -> None:
    data = made()
    list(data.batches())
    by_kind = queries(data.companies[0].people, 10, seed=1)
    assert by_kind == queries(data.companies[0].people, 10, seed=1)
    assert len(by_kind) == 11
    assert all(len(of_kind) == 10 for kind, of_kind in by_kind.items() if not kind.startswith("Latin"))
    typos = (by_kind["full name with a typo"], by_kind["full name"])
    assert all(wrong.text != right.text for wrong, right in zip(*typos, strict=True))
    assert all(query.text.isascii() for query in by_kind["Latin letters for a Cyrillic name"])


@pytest.fixture(scope="module")
def loaded(fresh_database: Callable[[str], Database]) -> tuple[Database, PeopleData]:
    database, data = fresh_database("people"), made()
    load(database, data)
    return database, data


def test_everybody_is_stored(loaded: tuple[Database, PeopleData]) -> None:
    database, _ = loaded
    counts = {table: database.count(table) for table in COLUMNS}
    assert counts == {"organizations": 2, "departments": 28, "users": 400, "auth_sessions": 400}
    assert check_foreign_keys(database) > 15


def test_charts_have_one_top_and_no_circle(loaded: tuple[Database, PeopleData]) -> None:
    """Saving everybody again makes the triggers look, which do not fire during the load."""
    database, data = loaded
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("UPDATE users SET manager_id = manager_id")
        connection.execute("UPDATE departments SET parent_id = parent_id")
        tops = connection.execute("SELECT id FROM users WHERE manager_id IS NULL ORDER BY id").fetchall()
        connection.rollback()
    assert [top.hex for (top,) in tops] == [company.people[0].id for company in data.companies]


def test_words_are_those_that_the_trigger_would_learn(loaded: tuple[Database, PeopleData]) -> None:
    database, _ = loaded
    words = "SELECT organization_id, word FROM person_words ORDER BY organization_id, word"
    with psycopg.connect(database.superuser_url) as connection:
        stored = connection.execute(words).fetchall()
        connection.execute("DELETE FROM person_words")
        connection.execute("ALTER TABLE users DISABLE TRIGGER audit")
        connection.execute("CREATE TEMPORARY TABLE saved AS SELECT * FROM users")
        connection.execute("UPDATE users SET full_name = NULL, position = NULL, department = NULL")
        connection.execute("""
            UPDATE users SET full_name = s.full_name, position = s.position, department = s.department
            FROM saved s WHERE s.id = users.id
        """)
        learnt = connection.execute(words).fetchall()
        connection.rollback()
    assert stored == learnt
    assert len(stored) > 300


def test_a_search_finds_whom_the_query_means(loaded: tuple[Database, PeopleData]) -> None:
    database, data = loaded
    company = data.companies[0]
    person = company.people[0]
    actor = Actor(UUID(person.id), UUID(company.id), "employee", None, "Europe/Moscow", "Europe/Moscow")
    engine = create_engine(driver_url(database.url))
    asked = [query for of_kind in queries(company.people, 5, seed=2).values() for query in of_kind if query.expected]
    with Session(engine) as session:
        tenancy.enter(session, UUID(company.id), origin="test")
        for query in asked:
            items = json.loads(people_search_service.search_people(session, actor, query.text, 20))["items"]
            assert query.expected in {UUID(item["id"]).hex for item in items}, query
    engine.dispose()
    assert len(asked) > 15
