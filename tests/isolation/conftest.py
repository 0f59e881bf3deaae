"""Two companies with one of everything, shared by the tests of a worker: nothing that these send may succeed."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.isolation.companies import Isolation


@pytest.fixture(scope="session")
def world(client: TestClient) -> Iterator[Isolation]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield Isolation.create(client, connection)
