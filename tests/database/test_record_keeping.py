"""How long the record of writes is kept."""

import os

import psycopg
import pytest

from app.core import record_keeping
from app.core.record_keeping import trim_record
from tests.support.people import Company


def ages(database: psycopg.Connection, company: Company) -> list[int]:
    """The ages in days of what is recorded of a company."""
    query = "SELECT extract(day FROM now() - at)::int FROM audit_log WHERE organization_id = %s ORDER BY id"
    return [row[0] for row in database.execute(query, [company.organization.id])]


def test_what_is_older_than_the_setting_goes_in_batches(
    company: Company, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if these had been the first writes of all: numbers rise with time.
    database.execute("DELETE FROM audit_log WHERE organization_id IS DISTINCT FROM %s", [company.organization.id])
    database.execute(
        """
        UPDATE audit_log a SET at = now() - interval '100 days'
        FROM (SELECT id FROM audit_log WHERE organization_id = %s ORDER BY id LIMIT 2) old WHERE a.id = old.id
    """,
        [company.organization.id],
    )
    before = ages(database, company)
    assert before[:2] == [100, 100]
    assert before[2] == 0
    monkeypatch.setattr(record_keeping, "BATCH", 1)
    assert trim_record(os.environ["DATABASE_OWNER_URL"], 101) == 0
    assert trim_record(os.environ["DATABASE_OWNER_URL"], 99) == 2
    assert ages(database, company) == before[2:]
