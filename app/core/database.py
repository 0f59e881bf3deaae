"""How the engine connects to PostgreSQL."""

import math
import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection
from sqlalchemy import Engine, create_engine, event

from app.core.config import Settings
from app.core.database_role import check_role
from app.core.database_url import driver_url

# A pooled connection that was in use less long ago than this is trusted unless its socket has something to say.
PING_AFTER_SECONDS = 5.0


class DatabaseNotConfigured(RuntimeError):
    """There is no DATABASE_URL and no embedded server."""


def build_engine(settings: Settings) -> Engine:
    """An engine with a bounded pool; every connection is UTC and gives up long statements and locks.

    Its first connection raises UnsafeRole when row-level security does not bind the role of DATABASE_URL.

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
    engine = create_engine(
        driver_url(settings.DATABASE_URL),
        pool_size=settings.DATABASE_POOL_SIZE,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        # Errors go to the log, what people write and hashes of passwords do not.
        hide_parameters=True,
        connect_args={"options": options, "connect_timeout": 5, "application_name": "planner"},
    )
    _ping_only_in_doubt(engine)
    _check_role_once(engine)
    return engine


def _check_role_once(engine: Engine) -> None:
    """Look at the first connection whether row-level security binds its role, before anything is read over it."""
    is_checked = False

    @event.listens_for(engine, "connect")
    def check(connection: Connection[Any], _record: Any) -> None:
        nonlocal is_checked
        if not is_checked:
            check_role(connection)
            connection.rollback()
            is_checked = True


def _ping_only_in_doubt(engine: Engine) -> None:
    """Spare the pre-ping its round trip where a look at the socket says enough.

    A server that went away, or ended the session, has closed its side: the socket of an idle connection is readable.
    A network that swallowed the connection says nothing, so after some seconds of idleness the server is asked.
    """
    ask = engine.dialect.do_ping
    used: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()

    @event.listens_for(engine, "checkin")
    def note_use(connection: Connection[Any] | None, _record: Any) -> None:
        if connection is not None:
            used[connection] = time.monotonic()

    def ping(connection: Connection[Any]) -> bool:
        is_recent = time.monotonic() - used.get(connection, -math.inf) < PING_AFTER_SECONDS
        return (is_recent and _is_quiet(connection)) or ask(connection)  # type: ignore[arg-type]

    engine.dialect.do_ping = ping  # type: ignore[method-assign, assignment]


def _is_quiet(connection: Connection[Any]) -> bool:
    """Whether an idle connection is open and nothing has arrived on it."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
