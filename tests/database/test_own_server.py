"""docs/postgresql.sql, which prepares a server that somebody else runs."""

import os
import re
from pathlib import Path

import psycopg

from app.core.database_role import LEAKPROOF, not_leakproof, problem_of_role
from app.core.migrations import pending, upgrade
from tests.support.servers import in_database

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "postgresql.sql"


def test_the_script_names_every_function_that_indexes_need() -> None:
    named = re.findall(r"^ALTER FUNCTION (.+) LEAKPROOF;$", SCRIPT.read_text(), re.MULTILINE)
    assert tuple(named) == LEAKPROOF


def test_a_server_prepared_by_the_script_is_migrated_and_good() -> None:
    """The script as psql would run it, with names of its own: the roles of the test run exist already."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    text = re.sub(r"\bplanner_app\b", f"app_{worker}", re.sub(r"\bplanner\b(?!_)", f"own_{worker}", SCRIPT.read_text()))
    text = text.replace(":'owner_password'", "'secret'").replace(":'application_password'", "'secret'")
    before, after = (part.split("\n") for part in text.split(f"\\connect own_{worker}"))
    server = os.environ["TEST_SUPERUSER_URL"]
    try:
        run(in_database(server, "postgres"), before)
        run(in_database(server, f"own_{worker}"), after)
        place = in_database(server, f"own_{worker}").rpartition("@")[2]
        owner, application = (f"postgresql://{role}_{worker}:secret@{place}" for role in ("own", "app"))
        upgrade(owner, application_url=application)
        assert pending(application) == []
        with psycopg.connect(application) as connection:
            assert problem_of_role(connection) is None
            assert not_leakproof(connection) == []
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    finally:
        run(in_database(server, "postgres"), [f"DROP DATABASE IF EXISTS own_{worker} WITH (FORCE);"])
        run(in_database(server, "postgres"), [f"DROP ROLE IF EXISTS app_{worker}, own_{worker};"])


def run(url: str, lines: list[str]) -> None:
    """Every statement on its own, as psql sends them."""
    text = "\n".join(line for line in lines if not line.startswith("--"))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in filter(str.strip, text.split(";\n")):
            connection.execute(statement.encode())
