"""People and companies for tests of the tasks."""

import pytest
from fastapi.testclient import TestClient

from tests.support.people import Company


@pytest.fixture
def company(client: TestClient) -> Company:
    """A company of its own, in Europe/Berlin."""
    return Company.create(client)
