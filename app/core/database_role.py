"""The application's role: what it may do, and the check that row-level security binds it."""

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from app.core.database_url import libpq_url

# The application reads the record of writes, and nobody's trigger but the owner's writes it.
READ_ONLY = ("audit_log", "alembic_version")

# Under row-level security, an index serves only conditions whose functions are declared to leak nothing; these raise no
# error that would tell of a row's content. tstzrange() complains of a start after its end, which constraints exclude.
LEAKPROOF = (
    "pg_catalog.range_overlaps(anyrange, anyrange)",
    "pg_catalog.range_overlaps_multirange(anyrange, anymultirange)",
    "pg_catalog.tstzrange(timestamptz, timestamptz)",
    "pg_catalog.ts_match_vq(tsvector, tsquery)",
    "pg_catalog.textlike(text, text)",
    "pg_catalog.texticlike(text, text)",
    "public.similarity_op(text, text)",
    "public.word_similarity_op(text, text)",
    "public.word_similarity_commutator_op(text, text)",
    "public.strict_word_similarity_op(text, text)",
    "public.strict_word_similarity_commutator_op(text, text)",
)

_FACTS = """
    SELECT rolname, rolsuper, rolbypassrls,
           ARRAY(SELECT c.relname::text FROM pg_class c
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                   AND pg_has_role(r.oid, c.relowner, 'MEMBER')
                 ORDER BY c.relname LIMIT 3)
    FROM pg_roles r WHERE rolname = current_user
"""
_HOW = (
    "Make a role for the application, as a superuser: CREATE ROLE planner_app LOGIN PASSWORD '…'; put its address"
    " into DATABASE_URL and the present one into DATABASE_OWNER_URL; then run: planner migrate"
)


_NOT_LEAKPROOF = """
    SELECT array_agg(name) FROM unnest(%s::text[]) AS name
    LEFT JOIN pg_proc p ON p.oid = to_regprocedure(name)
    WHERE NOT coalesce(p.proleakproof, false)
"""


class UnsafeRole(RuntimeError):
    """Row-level security does not bind the role of DATABASE_URL; the message says why and what to do."""


def problem_of_role(connection: psycopg.Connection) -> str | None:
    """Why row-level security would not bind the role of this connection; None when it does."""
    row = connection.execute(_FACTS).fetchone()
    assert row is not None
    name, is_superuser, bypasses, owned = row
    if is_superuser:
        return f'The role "{name}" of DATABASE_URL is a superuser, whom row-level security does not bind. {_HOW}'
    if bypasses:
        return f'The role "{name}" of DATABASE_URL has BYPASSRLS, so row-level security does not bind it. {_HOW}'
    if owned:
        tables = ", ".join(owned)
        return f'The role "{name}" of DATABASE_URL owns tables ({tables}) and could switch their security off. {_HOW}'
    return None


def not_leakproof(connection: psycopg.Connection) -> list[str]:
    """The functions whose indexes this database does not use for the application: slow, not unsafe."""
    row = connection.execute(_NOT_LEAKPROOF, [list(LEAKPROOF)]).fetchone()
    return (row and row[0]) or []


def check_role(connection: psycopg.Connection) -> None:
    """Refuse to work as a role that could look past the policies.

    Raises:
        UnsafeRole: it is a superuser, has BYPASSRLS, or owns a table.
    """
    problem = problem_of_role(connection)
    if problem:
        raise UnsafeRole(problem)


def grant(owner_url: str, application_url: str) -> None:
    """Give the application's role what it needs of every table and function; run as the owner, after migrations."""
    role = make_url(application_url).username
    with psycopg.connect(libpq_url(owner_url), autocommit=True, connect_timeout=5) as connection:
        is_owner = connection.execute("SELECT current_user = %s", [role]).fetchone()
        if not role or is_owner == (True,):
            return
        name = sql.Identifier(role)
        with connection.transaction():
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
                "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}",
            ):
                connection.execute(sql.SQL(statement).format(name))
            for table in READ_ONLY:
                statement = "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}"
                if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                    connection.execute(sql.SQL(statement).format(sql.Identifier(table), name))
