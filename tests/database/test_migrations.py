"""Migrations: up, down and up again; the schema they make is the one that the models describe."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.core.alembic_commands import alembic_config
from app.core.database_url import driver_url
from app.core.migrations import downgrade, pending, revisions, upgrade
from app.models import metadata
from tests.support.servers import clone_template, in_database

SCHEMA = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, is_generated,
               generation_expression
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't' ORDER BY 1, 2, 3""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2",
}

# As the code before migration 0011 wrote them: a series of two with a room, and of its second occurrence none.
OLD_BOOKINGS = (
    "INSERT INTO organizations (id, name, time_zone, locale)"
    " VALUES ('10000000-0000-0000-0000-000000000000', 'Old', 'UTC', 'en')",
    "INSERT INTO users (organization_id, id, email, hashed_password, role, is_active,"
    " access_org_structure, access_tickets, access_availability_slots, show_local_time, show_moscow_time)"
    " VALUES ('10000000-0000-0000-0000-000000000000', '20000000-0000-0000-0000-000000000000', 'a@b.example', 'x',"
    " 'employee', true, true, true, false, true, true)",
    "INSERT INTO calendars (organization_id, id, name, color, owner_id, is_public)"
    " VALUES ('10000000-0000-0000-0000-000000000000', '30000000-0000-0000-0000-000000000000', 'Mine', '#fff',"
    " '20000000-0000-0000-0000-000000000000', false)",
    "INSERT INTO rooms (organization_id, id, name, capacity, equipment, is_active)"
    " VALUES ('10000000-0000-0000-0000-000000000000', '40000000-0000-0000-0000-000000000000', 'Blue', 4,"
    ' \'["tv", "projector", "tv"]\', true)',
    "INSERT INTO events (organization_id, id, title, start_time, end_time, start_wall, end_wall, time_zone,"
    " tzdata_version, calendar_id, organizer_id, room_id, is_all_day, status, uid, sequence, span)"
    " VALUES ('10000000-0000-0000-0000-000000000000', '50000000-0000-0000-0000-000000000000', 'Old',"
    " '2026-01-01T09:00Z', '2026-01-01T10:00Z', '2026-01-01T09:00', '2026-01-01T10:00', 'UTC', 'x',"
    " '30000000-0000-0000-0000-000000000000', '20000000-0000-0000-0000-000000000000',"
    " '40000000-0000-0000-0000-000000000000', false, 'confirmed', 'old', 0,"
    " '[2026-01-01T09:00Z,2026-01-02T10:00Z]')",
    "INSERT INTO event_occurrences"
    " (organization_id, series_id, original_start, event_id, calendar_id, starts_at, ends_at)"
    " SELECT organization_id, id, at, id, calendar_id, at, at + interval '1 hour'"
    " FROM events, unnest('{2026-01-01T09:00Z,2026-01-02T09:00Z}'::timestamptz[]) at",
    "INSERT INTO room_bookings (organization_id, id, room_id, series_id, original_start, during, state, created_at)"
    " SELECT o.organization_id, gen_random_uuid(), e.room_id, e.id, o.original_start,"
    " tstzrange(o.starts_at, o.ends_at), CASE WHEN o.starts_at < '2026-01-02' THEN 'confirmed' ELSE 'declined' END,"
    " now() FROM event_occurrences o JOIN events e ON e.id = o.event_id",
)


def superuser(url: str) -> str:
    """The same database as a role that row-level security does not bind."""
    return in_database(os.environ["TEST_SUPERUSER_URL"], url.rpartition("/")[2])


def schema(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything that the database says about its tables, but for Alembic's own."""
    with psycopg.connect(url) as connection:
        rows = {name: connection.execute(statement).fetchall() for name, statement in SCHEMA.items()}
    return {name: [row for row in found if "alembic_version" not in row] for name, found in rows.items()}


@pytest.fixture
def url() -> Iterator[str]:
    """A database of its own, with the newest schema, as its owner."""
    name = f"migrations_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    yield in_database(os.environ["TEST_OWNER_URL"], clone_template(name).rpartition("/")[2])
    maintenance = os.environ["TEST_SUPERUSER_URL"].rsplit("/", 1)[0] + "/postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_up_down_and_up_again_gives_the_same_schema(url: str) -> None:
    before = schema(url)
    assert {"events", "rooms", "room_bookings"} <= {row[0] for row in before["columns"]}
    assert pending(url) == []
    downgrade(url, "base")
    assert schema(url) == {"columns": [], "constraints": [], "indexes": []}
    assert pending(url) == list(revisions())
    upgrade(url)
    assert schema(url) == before
    assert pending(url) == []


def test_every_single_step_down_can_be_taken_up_again(url: str) -> None:
    for revision in reversed(revisions()):
        before = schema(url)
        downgrade(url, "-1")
        assert revision in pending(url)
        upgrade(url, revision)
        assert schema(url) == before
        downgrade(url, "-1")


def test_bookings_and_equipment_survive_the_step_to_rooms_that_run_themselves(url: str) -> None:
    downgrade(url, "0010")
    with psycopg.connect(superuser(url)) as connection:
        for statement in OLD_BOOKINGS:
            connection.execute(statement)
    upgrade(url)
    with psycopg.connect(superuser(url)) as connection:
        assert connection.execute(
            "SELECT name, quantity, out_of_order FROM room_equipment ORDER BY name"
        ).fetchall() == [
            ("projector", 1, 0),
            ("tv", 1, 0),
        ]
        kept = "SELECT state, reason, source, starts_at = lower(during), ends_at = upper(during) FROM room_bookings"
        assert connection.execute(f"{kept} ORDER BY state").fetchall() == [
            ("confirmed", None, "event", True, True),
            ("declined", "taken", "event", True, True),
        ]
    downgrade(url, "0010")
    with psycopg.connect(superuser(url)) as connection:
        assert connection.execute("SELECT equipment FROM rooms").fetchall() == [(["projector", "tv"],)]
        assert connection.execute("SELECT count(*) FROM room_bookings").fetchone() == (2,)


def test_an_upgrade_of_what_is_new_already_changes_nothing(url: str) -> None:
    before = schema(url)
    upgrade(url)
    assert schema(url) == before


def test_alembic_finds_no_difference_between_models_and_migrations(url: str) -> None:
    command.check(alembic_config(url))


def test_constraints_and_indexes_too_are_those_of_the_models(url: str) -> None:
    """`alembic check` compares neither checks nor exclusions, so the models make a schema of their own here."""
    migrated = schema(url)
    with psycopg.connect(url, autocommit=True) as connection:
        # The functions stay: generated columns need them.
        for table in metadata.tables:
            connection.execute(f"DROP TABLE {table} CASCADE")
    engine = create_engine(driver_url(url), poolclass=NullPool)
    metadata.create_all(engine)
    made = schema(url)
    for kind in ("columns", "constraints", "indexes"):
        assert made[kind] == migrated[kind], kind


def test_every_table_of_a_company_begins_its_key_with_the_company(url: str) -> None:
    with psycopg.connect(url) as connection:
        keys = connection.execute("""
            SELECT c.conrelid::regclass::text, a.attname
            FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'p' AND c.connamespace = 'public'::regnamespace
        """).fetchall()
    first = dict(keys)
    for table in ("calendars", "events", "event_occurrences", "event_participants", "rooms", "room_bookings"):
        assert first[table] == "organization_id", table


def test_every_time_has_a_zone_but_for_wall_times(url: str) -> None:
    naive = [
        (table, column) for table, column, kind, *_ in schema(url)["columns"] if kind == "timestamp without time zone"
    ]
    assert naive == [
        *(("events", column) for column in ("end_wall", "start_wall")),
        *(("room_blockings", column) for column in ("end_wall", "last_end_wall", "start_wall")),
    ]


def test_the_numbers_of_the_files_are_the_revisions_that_alembic_knows() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert revisions() == tuple(reversed([revision.revision for revision in script.walk_revisions()]))
