"""Two companies with one of everything, shared by the tests of a worker: nothing that these send may succeed."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.isolation.access import Scene
from tests.isolation.companies import Isolation
from tests.support.servers import superuser_url


@pytest.fixture(scope="session")
def world(client: TestClient) -> Iterator[Isolation]:
    with psycopg.connect(superuser_url(os.environ["DATABASE_URL"]), autocommit=True) as connection:
        yield Isolation.create(client, connection)


@pytest.fixture(scope="session")
def scene(client: TestClient) -> Scene:
    """The people and objects of docs/access.md, for questions that change nothing."""
    return Scene.create(client)
