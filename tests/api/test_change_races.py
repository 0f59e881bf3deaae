"""Whoever follows the feed holds in the end what is there, whatever others did in between, whoever committed first."""

from collections.abc import Iterator
from contextlib import ExitStack
from random import Random

import psycopg
import pytest

from tests.api.change_replica import Replica, Truth
from tests.api.change_writers import Writer
from tests.support.people import Company, Person

STEPS, CHECK_EVERY = 120, 40


@pytest.fixture
def people(company: Company) -> list[Person]:
    research = company.admin.post("/departments", {"name": "Research"}).json()["id"]
    below = company.admin.post("/departments", {"name": "Below", "parent_id": research}).json()["id"]
    company.admin.post("/departments", {"name": "Sales"})
    return [company.admin, company.person(department_id=below), company.person(department_id=research)]


@pytest.fixture
def writers(company: Company, people: list[Person], request: pytest.FixtureRequest) -> Iterator[list[Writer]]:
    random = Random(getattr(request, "param", 0))
    with ExitStack() as stack:
        made = [Writer.connect(company, [person.user.id for person in people], random) for _ in range(3)]
        for writer in made:
            stack.callback(writer.connection.close)
        yield made


def is_the_same(database: psycopg.Connection, company: Company, replicas: list[Replica]) -> None:
    truth = Truth.read(database, company)
    for replica in replicas:
        assert replica.held() == truth.of(replica.person)


@pytest.mark.parametrize("writers", range(6), indirect=True, ids=str)
def test_rule_23_a_copy_that_follows_the_feed_is_the_original(
    company: Company, people: list[Person], writers: list[Writer], database: psycopg.Connection
) -> None:
    """Three people change everything in transactions that overlap, three read pages of any size in between."""
    random = writers[0].random
    replicas = [Replica(person) for person in people]
    for step in range(1, STEPS + 1):
        writer = random.choice(writers)
        writer.step()
        if random.random() < 0.4:
            writer.end(commit=random.random() < 0.85)
        if random.random() < 0.35:
            random.choice(replicas).page(random.choice([1, 2, 3, 7, 50]))
        if step % CHECK_EVERY == 0:
            for each in writers:
                each.end()
            for replica in replicas:
                replica.catch_up(random.choice([1, 3, 500]))
            is_the_same(database, company, replicas)
            is_the_same(database, company, [_fresh(person, random) for person in people])


def _fresh(person: Person, random: Random) -> Replica:
    replica = Replica(person)
    replica.follow(random.choice([2, 5, 500]))
    return replica
