"""What `planner doctor` asks the servers."""

import time
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import psycopg
import redis

from app.calendaring.zones import TZDATA_VERSION
from app.cli.checks import Check
from app.core.config import Settings
from app.core.database_role import not_leakproof, problem_of_role
from app.core.database_url import libpq_url
from app.core.migrations import pending
from app.supervisor.configuration import place
from app.supervisor.external import reason, redis_client

OLDEST_POSTGRES = 15
EXTENSIONS = ("btree_gin", "btree_gist", "pg_trgm")
CONNECT_SECONDS = 3
GOOD_DATABASE = "CREATE DATABASE planner ENCODING 'UTF8' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
WORKERS_KEY = "planner:workers"
WORKER_ALIVE_SECONDS = 30

DATABASE_FACTS = """
    SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'),
           current_setting('server_encoding'), lower('Ж') = 'ж',
           ARRAY(SELECT name::text FROM pg_available_extensions WHERE name = ANY(%s))
"""


COMPANIES = "SELECT all_companies()"
OUTDATED = """
    SELECT count(*) FROM events
    WHERE organization_id = %(company)s AND (tzdata_version < %(version)s OR tzdata_version > %(version)s)
      AND time_zone IS NOT NULL AND (upper_inf(span) OR upper(span) >= now()) AND series_id IS NULL
"""


def check_database(url: str) -> Check:
    """Reachable, new enough, with the extensions, able to compare Russian text, and with a role that is bound."""
    where = place(url)
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=CONNECT_SECONDS, autocommit=True) as connection:
            row = connection.execute(DATABASE_FACTS, (list(EXTENSIONS),)).fetchone()
            unsafe, slow = problem_of_role(connection), not_leakproof(connection)
    except psycopg.Error as error:
        return Check("fail", "database", f"{where}: {reason(error)}", "Start PostgreSQL there, or check DATABASE_URL.")
    assert row is not None
    return judge_database(where, *row, unsafe=unsafe, slow=slow)


def judge_database(
    where: str,
    major: int,
    version: str,
    encoding: str,
    lowers: bool,
    extensions: list[str],
    *,
    unsafe: str | None = None,
    slow: Sequence[str] = (),
) -> Check:
    """What the facts about a database mean."""
    found = f"PostgreSQL {version} at {where}"
    if major < OLDEST_POSTGRES:
        advice = f"Planner needs PostgreSQL {OLDEST_POSTGRES} or newer: upgrade the server."
        return Check("fail", "database", found, advice)
    missing = [name for name in EXTENSIONS if name not in extensions]
    if missing:
        advice = "Install the server's contrib package (postgresql-contrib)."
        return Check("fail", "database", f"{found} lacks {', '.join(missing)}", advice)
    if encoding != "UTF8" or not lowers:
        advice = f"Create the database with: {GOOD_DATABASE}"
        return Check("fail", "database", f"{found} cannot compare Russian text ({encoding})", advice)
    if unsafe:
        return Check("fail", "database", f"{found}, as a role that row-level security does not bind", unsafe)
    if slow:
        functions = ", ".join(name.partition("(")[0].rpartition(".")[2] for name in slow)
        advice = "Run docs/postgresql.sql there as a superuser: without it, indexes for rooms and search stay unused."
        return Check("warn", "database", f"{found}, where {functions} is not LEAKPROOF", advice)
    return Check("ok", "database", found)


def check_migrations(url: str) -> Check:
    try:
        behind = pending(url)
    except psycopg.Error as error:
        return Check("fail", "migrations", reason(error), "Make the database reachable first.")
    if behind:
        return Check("fail", "migrations", f"{len(behind)} not applied ({behind[0]} is next)", "Run: planner migrate")
    return Check("ok", "migrations", "the schema is the newest")


def check_times(url: str) -> Check:
    """Whether future instants are still those of older time zone data (rule 9)."""
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=CONNECT_SECONDS) as connection:
            waiting = sum(_outdated(connection, company) for (company,) in connection.execute(COMPANIES).fetchall())
    except psycopg.Error as error:
        return Check("fail", "event times", reason(error), "Make the database reachable and migrate it first.")
    if waiting:
        advice = "A worker derives them anew within the hour; look into its log if this line stays."
        return Check("warn", "event times", f"{waiting} events wait for tzdata {TZDATA_VERSION}", advice)
    return Check("ok", "event times", f"all that lies ahead follows tzdata {TZDATA_VERSION}")


def _outdated(connection: psycopg.Connection, company: UUID) -> int:
    connection.execute("SELECT enter_company(%s, false, NULL, 'doctor', NULL, true)", [company])
    row = connection.execute(OUTDATED, {"company": company, "version": TZDATA_VERSION}).fetchone()
    return int(row[0]) if row else 0


def check_redis(url: str) -> Check:
    """Reachable, and never dropping tasks when it is full."""
    where = place(url)
    try:
        with redis_client(url) as client:
            info = cast(dict[str, Any], client.info())
    except (redis.RedisError, OSError, ValueError) as error:
        return Check("fail", "redis", f"{where}: {reason(error)}", "Start Redis or Valkey there, or check REDIS_URL.")
    name = "Valkey" if "valkey_version" in info else "Redis"
    found = f"{name} {info.get('valkey_version') or info.get('redis_version')} at {where}"
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        advice = "Set maxmemory-policy to noeviction there."
        return Check("warn", "redis", f"{found} drops tasks when it is full ({policy})", advice)
    return Check("ok", "redis", found)


def check_workers(settings: Settings) -> Check:
    """Whether a Celery worker reported within the last 30 seconds."""
    broker = settings.CELERY_BROKER_URL
    url = broker if broker.startswith(("redis://", "rediss://", "unix://")) else settings.REDIS_URL
    try:
        with redis_client(url) as client:
            beats = cast("list[tuple[bytes, float]]", client.zrange(WORKERS_KEY, 0, -1, desc=True, withscores=True))
    except (redis.RedisError, OSError, ValueError) as error:
        return Check("fail", "worker", reason(error), "Make Redis reachable first.")
    return judge_workers(beats, time.time())


def judge_workers(beats: list[tuple[bytes, float]], now: float) -> Check:
    """What the workers' heartbeats mean, the newest first."""
    alive = [name.decode(errors="replace") for name, when in beats if now - when <= WORKER_ALIVE_SECONDS]
    if alive:
        return Check("ok", "worker", f"{len(alive)} alive: {', '.join(alive)}")
    ago = f"the last was heard {now - beats[0][1]:.0f} s ago" if beats else "none was ever heard"
    return Check("fail", "worker", ago, "Start one: planner worker (or everything: planner up)")


def check_servers(settings: Settings) -> list[Check]:
    """The database and Redis."""
    return [
        check_database(settings.DATABASE_URL),
        check_migrations(settings.DATABASE_URL),
        check_times(settings.DATABASE_URL),
        check_redis(settings.REDIS_URL),
    ]
