"""How the engine connects to PostgreSQL."""

from sqlalchemy import Engine, create_engine, make_url

from app.core.config import Settings


def driver_url(database_url: str) -> str:
    """The URL with psycopg 3 as its driver, whichever spelling of `postgresql://` was configured."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(database_url: str) -> str:
    """The URL without a SQLAlchemy driver name, as psycopg itself and psql take it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


class DatabaseNotConfigured(RuntimeError):
    """There is no DATABASE_URL and no embedded server."""


def build_engine(settings: Settings) -> Engine:
    """An engine with a bounded pool; every connection is UTC and gives up long statements and locks.

    Raises:
        DatabaseNotConfigured: DATABASE_URL is not set and `planner up` has not prepared an embedded server.
    """
    if not settings.DATABASE_URL:
        raise DatabaseNotConfigured(
            "No database is configured. Set DATABASE_URL, or start the embedded servers with: planner up"
        )
    options = (
        "-c timezone=UTC"
        f" -c statement_timeout={settings.DATABASE_STATEMENT_TIMEOUT_MS}"
        f" -c lock_timeout={settings.DATABASE_LOCK_TIMEOUT_MS}"
        " -c idle_in_transaction_session_timeout=60000"
        # A week's list costs far less than the compiler that the planner would start for it.
        " -c jit=off"
    )
    return create_engine(
        driver_url(settings.DATABASE_URL),
        pool_size=settings.DATABASE_POOL_SIZE,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 5, "application_name": "planner"},
    )
