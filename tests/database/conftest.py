"""Companies for tests that write to the database themselves."""

import pytest
from fastapi.testclient import TestClient

from tests.support.people import Company


@pytest.fixture
def company(client: TestClient) -> Company:
    """A company of its own, in Europe/Berlin."""
    return Company.create(client)


@pytest.fixture
def stranger_company(client: TestClient) -> Company:
    """Another company, whose rows must never mix with those of `company`."""
    return Company.create(client, name="Strangers")
