"""What row-level security costs: the same list on the same server, with the policies on and off."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from bench.client import Client, Incorrect, in_turns, ratio_of
from bench.databases import Database
from bench.rig import Rig
from bench.table import Figure, median

GOAL = 1.15
_GUARDED = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity ORDER BY relname
"""


class Switch:
    """Turns row-level security of all tables off and on again."""

    def __init__(self, database: Database, tables: list[str]) -> None:
        self._database = database
        self.tables = tables

    def off(self) -> None:
        self._alter("DISABLE ROW LEVEL SECURITY")
        if not self._sees_events():
            raise Incorrect("Row-level security is off, and the application sees no events without a company.")

    def on(self) -> None:
        self._alter("ENABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY")
        if self._sees_events():
            raise Incorrect("Row-level security is on, and the application sees events without a company.")

    def _alter(self, *actions: str) -> None:
        with psycopg.connect(self._database.superuser_url) as connection:
            for table in self.tables:
                statement = sql.SQL("ALTER TABLE {} " + ", ".join(actions))
                connection.execute(statement.format(sql.Identifier(table)))

    def _sees_events(self) -> bool:
        """Whether the application's role sees events although it entered no company."""
        with psycopg.connect(self._database.url) as connection:
            return connection.execute("SELECT FROM events LIMIT 1").fetchone() is not None


@contextmanager
def switch(database: Database) -> Iterator[Switch]:
    """The switch of a database; in the end every table is guarded again, whatever happened.

    Raises:
        Incorrect: the policies do not do what they are for.
    """
    with psycopg.connect(database.superuser_url) as connection:
        tables = [name for (name,) in connection.execute(_GUARDED)]
    if "event_occurrences" not in tables:
        raise Incorrect("Row-level security is not on.")
    made = Switch(database, tables)
    try:
        yield made
    finally:
        made.on()


def cost(*, rig: Rig, client: Client, connections: int) -> Figure:
    """How many times longer the week's list takes with it than without."""
    requests = rig.week_requests(rig.people)
    seconds = client.pace.seconds / 2

    def rate() -> float:
        return client.load(rig.api, requests, connections, seconds).per_second

    with switch(rig.database) as security:

        def guarded() -> float:
            security.on()
            return rate()

        def open_to_all() -> float:
            security.off()
            return rate()

        rates = in_turns({"on": guarded, "off": open_to_all}, client.pace.turns)
    ratio = ratio_of(rates, "off", "on")
    text = f"{ratio:.2f} ({median(rates['on']):.0f} and {median(rates['off']):.0f} requests/s)"
    name = f"week, {connections} connections, row-level security of {len(security.tables)} tables on against off"
    return Figure(name, text, goal=f"at most {GOAL}", reached=ratio <= GOAL)
