"""People and companies for tests of the API."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.support.api_process import ApiProcess
from tests.support.people import Company


@pytest.fixture
def company(client: TestClient) -> Company:
    """A company of its own, in Europe/Berlin."""
    return Company.create(client)


@pytest.fixture
def stranger_company(client: TestClient) -> Company:
    """Another company, whose people must never see anything of `company`."""
    return Company.create(client, name="Strangers")


@pytest.fixture(scope="session")
def server() -> Iterator[ApiProcess]:
    """The API as a process of its own, on the database of this test worker; five logins a minute."""
    with ApiProcess(RATE_LIMIT_LOGIN="5/minute") as server:
        yield server
