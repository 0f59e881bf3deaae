"""Waiting for servers that somebody else runs, with messages that never show a password."""

import time
from collections.abc import Callable

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthorizationError
from redis.retry import Retry
from sqlalchemy.exc import ArgumentError

from app.core.database_url import libpq_url
from app.supervisor.configuration import place
from app.supervisor.errors import ServerFailed

WAIT_SECONDS = 30.0
CONNECT_SECONDS = 3
PAUSE_SECONDS = 0.1
# The server is there and says no; waiting would not change its answer.
REFUSALS = ("authentication failed", "does not exist", "no pg_hba.conf entry", "no password supplied")

Say = Callable[[str], None]


def _quietly(text: str) -> None:
    """The default for `say`: nothing."""


def wait_for_database(url: str, *, seconds: float = WAIT_SECONDS, say: Say = _quietly) -> None:
    """Return when PostgreSQL accepts a connection.

    Raises:
        ServerFailed: it refused, or did not answer within `seconds`.
    """

    def connect() -> None:
        psycopg.connect(libpq_url(url), connect_timeout=CONNECT_SECONDS).close()

    _wait(connect, f"PostgreSQL at {place(url)}", "DATABASE_URL", seconds, say)


def wait_for_redis(url: str, *, seconds: float = WAIT_SECONDS, say: Say = _quietly) -> None:
    """Return when Redis or Valkey answers a PING.

    Raises:
        ServerFailed: it refused, or did not answer within `seconds`.
    """

    def connect() -> None:
        with redis_client(url) as client:
            client.ping()

    _wait(connect, f"Redis at {place(url)}", "REDIS_URL", seconds, say)


def redis_client(url: str) -> redis.Redis:
    """A client that says at once what is wrong, instead of trying again for seconds by itself."""
    return redis.Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
    )


def _wait(connect: Callable[[], None], what: str, setting: str, seconds: float, say: Say) -> None:
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            return connect()
        except (redis.AuthenticationError, AuthorizationError) as error:
            raise ServerFailed(f"{what} refuses the connection: {error}. Check {setting}.") from error
        except (psycopg.OperationalError, redis.RedisError, OSError) as error:
            why = reason(error)
            if any(refusal in why for refusal in REFUSALS):
                raise ServerFailed(f"{what} refuses the connection: {why}. Check {setting}.") from error
            if time.monotonic() > deadline:
                raise ServerFailed(f"{what} did not answer within {seconds:.0f} s: {why}. Check {setting}.") from error
        except (ValueError, ArgumentError, psycopg.ProgrammingError) as error:
            raise ServerFailed(f"{setting} is no address of a server: {error}") from error
        if not said:
            say(f"waiting for {what}, up to {seconds:.0f} s")
            said = True
        time.sleep(PAUSE_SECONDS)


def reason(error: Exception) -> str:
    """What an error of a driver comes down to, in a few words."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # libpq names host and port again, then says "failed: " and why, then asks whether the server runs.
    telling = [line for line in lines if "failed: " in line] or lines[:1] or [type(error).__name__]
    return telling[-1].rsplit("failed: ", 1)[-1].rstrip(".")
