"""The databases of a run: one server, and in it one database for each data set, reached as its three roles."""

from dataclasses import dataclass
from typing import Self

import psycopg
from psycopg import sql

from app.supervisor.postgres import OWNER, EmbeddedPostgres


@dataclass(frozen=True)
class Database:
    """One database.

    Args:
        url: as the application's role, which row-level security binds.
        owner_url: as the owner of the tables, for migrations.
        superuser_url: for loading, for counting what is really there, and for comparisons that know no companies.
    """

    url: str
    owner_url: str
    superuser_url: str

    @classmethod
    def first(cls, postgres: EmbeddedPostgres) -> Self:
        """The one that the server begins with; its tables are not there yet."""
        return cls(postgres.url, postgres.owner_url, postgres.superuser_url)

    @classmethod
    def another(cls, postgres: EmbeddedPostgres, name: str) -> Self:
        """A new, empty one in the same server."""
        with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER)))
        return cls.first(postgres).named(name)

    def named(self, name: str) -> Self:
        """The same roles in another database of the server."""
        urls = (self.url, self.owner_url, self.superuser_url)
        return type(self)(*(f"{url.rsplit('/', 1)[0]}/{name}" for url in urls))

    def count(self, table: str) -> int:
        """The number of rows of a table, of all companies."""
        with psycopg.connect(self.superuser_url) as connection:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert row is not None
        return int(row[0])
