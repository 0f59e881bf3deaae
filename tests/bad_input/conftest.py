"""One company for all tests of a worker: what they send is refused, so they cannot disturb each other."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from tests.bad_input.world import World
from tests.support.api_process import ApiProcess
from tests.support.servers import superuser_url


@pytest.fixture(scope="session")
def world(client: TestClient) -> Iterator[World]:
    """A company with one of everything, another company likewise, and what the database holds of both."""
    with psycopg.connect(superuser_url(os.environ["DATABASE_URL"]), autocommit=True) as connection:
        yield World.create(client, connection)


@pytest.fixture(scope="session")
def server() -> Iterator[ApiProcess]:
    """The API behind a real HTTP server."""
    with ApiProcess() as server:
        yield server
