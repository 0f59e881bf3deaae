"""How long the record of writes is kept. Only the owner of the tables can shorten it, so this runs with migrations."""

import psycopg

from app.core.database_url import libpq_url

BATCH = 10_000
# The oldest rows have the lowest numbers, so a batch reads no more than it removes.
_TRIM = """
    DELETE FROM audit_log
    WHERE id IN (SELECT id FROM audit_log ORDER BY id LIMIT %(batch)s) AND at < now() - make_interval(days => %(days)s)
"""


def trim_record(owner_url: str, keep_days: int) -> int:
    """Remove entries older than `keep_days`, in small transactions; how many there were."""
    removed = 0
    with psycopg.connect(libpq_url(owner_url), autocommit=True, connect_timeout=5) as connection:
        while True:
            batch = connection.execute(_TRIM, {"batch": BATCH, "days": keep_days}).rowcount
            removed += batch
            if batch < BATCH:
                return removed
