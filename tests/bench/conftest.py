import os
from collections.abc import Callable

import pytest

from bench.databases import Database
from tests.support.servers import clone_template, in_database


def _fresh(name: str) -> Database:
    name = f"bench_{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    urls = (os.environ[variable] for variable in ("TEST_OWNER_URL", "TEST_SUPERUSER_URL"))
    return Database(clone_template(name), *(in_database(url, name) for url in urls))


@pytest.fixture(scope="session")
def fresh_database() -> Callable[[str], Database]:
    """Makes an empty database with the newest schema, of this process alone."""
    return _fresh
