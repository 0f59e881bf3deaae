"""The fuzz run uses the same servers and databases as the tests."""

from tests.conftest import client, pytest_configure

__all__ = ["client", "pytest_configure"]
