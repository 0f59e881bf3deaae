"""Spellings of a database's address."""

from sqlalchemy import make_url


def driver_url(database_url: str) -> str:
    """The URL with psycopg 3 as its driver, whichever spelling of `postgresql://` was configured."""
    url = make_url(database_url)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(database_url: str) -> str:
    """The URL without a SQLAlchemy driver name, as psycopg itself and psql take it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
