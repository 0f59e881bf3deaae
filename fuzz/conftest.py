"""The fuzz run uses the same servers and databases as the tests."""

from tests.conftest import client, database, pytest_configure

__all__ = ["client", "database", "pytest_configure"]
