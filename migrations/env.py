"""How Alembic connects: one migration at a time, and never a long wait for a lock that the running code holds."""

from alembic import context
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.core.config import get_settings
from app.core.database_url import driver_url
from app.models import metadata

# Any number will do, as long as nothing else in the database uses it.
MIGRATION_LOCK = 7_302_512


def run(connection: Connection) -> None:
    connection.execute(text("SET timezone = 'UTC'"))
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SET lock_timeout = '2min'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


url = context.config.attributes.get("database_url") or get_settings().owner_url
engine = create_engine(driver_url(url), poolclass=NullPool)
with engine.connect() as connection:
    run(connection)
