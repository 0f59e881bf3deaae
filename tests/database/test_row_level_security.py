"""The second lock: what a statement without any WHERE sees, changes and removes as the application's role."""

import os
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select
from sqlmodel import SQLModel

from app.api.deps import CurrentUser
from app.api.transaction_route import TransactionRoute
from app.core import tenancy
from app.core.config import Settings
from app.core.database import build_engine
from app.core.database_role import UnsafeRole, check_role
from app.core.ids import new_id
from app.core.tenancy import ENTERED, READS
from app.db import SessionDep, SessionLocal
from app.models import Event
from tests.support.message_rows import MESSAGE_ROWS
from tests.support.people import Company
from tests.support.room_rows import ROOM_ROWS
from tests.support.servers import in_database, superuser_url

OWNED = sorted(name for name, table in SQLModel.metadata.tables.items() if "organization_id" in table.columns)
# Written by triggers as the owner, and read only.
RECORD = "audit_log"
# What a company's rows are in tables that no route of this test fills.
BESIDES = (
    "INSERT INTO organization_domains (organization_id, id, domain, created_at) VALUES (%(o)s, %(i)s, %(t)s, now())",
    "INSERT INTO departments (organization_id, id, name) VALUES (%(o)s, %(i)s, %(t)s)",
    "INSERT INTO invitations (organization_id, id, email, role, token_hash, expires_at)"
    " VALUES (%(o)s, %(i)s, %(t)s, 'employee', %(t)s, now())",
    "INSERT INTO outbox_messages (organization_id, id, template, recipient, language, attempts, created_at, due_at)"
    " VALUES (%(o)s, %(i)s, 'x', %(t)s, 'ru', 0, now(), now() + interval '1 year')",
    "INSERT INTO handovers (organization_id, id, user_id, created_at) VALUES (%(o)s, %(i)s, %(u)s, now())",
    "INSERT INTO handover_items (organization_id, id, handover_id, object_type, object_id, field)"
    " VALUES (%(o)s, gen_random_uuid(), %(i)s, 'events', %(i)s, 'organizer_id')",
    "INSERT INTO event_comments (organization_id, id, event_id, author_id, body)"
    " SELECT organization_id, %(i)s, id, %(u)s, %(t)s FROM events WHERE organization_id = %(o)s",
    "INSERT INTO event_attachments (organization_id, id, event_id, uploaded_by_id, name, media_type, size, sha256,"
    " storage_key, created_at) SELECT organization_id, %(i)s, id, %(u)s, %(t)s, 'text/plain', 1, '', '', now()"
    " FROM events WHERE organization_id = %(o)s",
    "INSERT INTO calendar_shares (organization_id, id, calendar_id, user_id, level)"
    " SELECT organization_id, %(i)s, id, %(u)s, 'read' FROM calendars WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO calendar_subscriptions (organization_id, id, calendar_id, user_id, is_listed)"
    " SELECT organization_id, %(i)s, id, %(u)s, true FROM calendars WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO delegations (organization_id, id, principal_id, delegate_id, sees_private, created_at)"
    " SELECT organization_id, %(i)s, id, %(u)s, true, now() FROM users"
    " WHERE organization_id = %(o)s AND id <> %(u)s LIMIT 1",
    "INSERT INTO idempotency_keys (organization_id, user_id, key, fingerprint, created_at)"
    " VALUES (%(o)s, %(u)s, %(t)s, '', now())",
    "INSERT INTO ics_imports (organization_id, id, calendar_id, user_id, state, size, position, events_total,"
    " events_done, created, updated, unchanged, skipped, problems, report_lines, attempts, created_at)"
    " SELECT organization_id, %(i)s, id, %(u)s, 'done', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, now()"
    " FROM calendars WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO ics_import_files (organization_id, id, content) VALUES (%(o)s, %(i)s, '')",
    "INSERT INTO ics_import_lines (organization_id, id, import_id, number, outcome)"
    " VALUES (%(o)s, %(i)s, %(i)s, 1, 'created')",
    "INSERT INTO calendar_components (organization_id, id, calendar_id, name, digest, text)"
    " SELECT organization_id, %(i)s, id, 'VTODO', %(t)s, '' FROM calendars WHERE organization_id = %(o)s LIMIT 1",
    "INSERT INTO calendar_feeds (organization_id, id, user_id, detail, token_hash, created_at)"
    " VALUES (%(o)s, %(i)s, %(u)s, 'full', %(t)s, now())",
    "INSERT INTO outside_feeds (organization_id, id, calendar_id, url, refresh_minutes, next_at, failures, problems)"
    " SELECT organization_id, %(i)s, id, '', 60, now() + interval '1 year', 0, 0 FROM calendars"
    " WHERE organization_id = %(o)s LIMIT 1",
    *ROOM_ROWS,
    *MESSAGE_ROWS,
)


def with_one_of_everything(client: TestClient, database: psycopg.Connection, name: str) -> Company:
    company = Company.create(client, name)
    room = company.admin.create_room()
    company.admin.create_event(
        room_id=room["id"], participants=[{"user_id": company.person(full_name="Anna Ivanova").id}]
    )
    row = new_id()
    for statement in BESIDES:
        values = {"o": company.organization.id, "i": row, "t": row.hex, "u": company.admin.id}
        database.execute(statement, values)
    return company


@pytest.fixture(scope="module")
def companies(client: TestClient) -> Iterator[tuple[Company, Company]]:
    with psycopg.connect(superuser_url(os.environ["DATABASE_URL"]), autocommit=True) as database:
        yield tuple(with_one_of_everything(client, database, name) for name in ("Ours", "Theirs"))  # type: ignore[misc]


@pytest.fixture
def application() -> Iterator[psycopg.Connection]:
    """A connection as the application's role; what a test does on it is rolled back."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        yield connection
        connection.rollback()


def enter(connection: psycopg.Connection, company: Company | None) -> None:
    company_id = company.organization.id if company else None
    connection.execute("SELECT enter_company(%s, false, NULL, 'test', NULL, true)", [company_id])


def companies_in(connection: psycopg.Connection, table: str) -> set[UUID]:
    statement = sql.SQL("SELECT organization_id FROM {}").format(sql.Identifier(table))
    return {row[0] for row in connection.execute(statement)}


@pytest.mark.parametrize("table", OWNED)
def test_a_forgotten_where_shows_the_own_company_and_no_other(
    companies: tuple[Company, Company], application: psycopg.Connection, table: str
) -> None:
    for company in companies:
        enter(application, company)
        assert companies_in(application, table) == {company.organization.id}


@pytest.mark.parametrize("table", [*OWNED, "organizations"])
def test_without_a_company_there_is_nothing(
    companies: tuple[Company, Company], application: psycopg.Connection, table: str
) -> None:
    for _ in companies:
        count = application.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert count == (0,)
        enter(application, None)


@pytest.mark.parametrize("table", [name for name in OWNED if name not in (RECORD, "users")])
def test_a_forgotten_where_removes_nothing_of_another_company(
    companies: tuple[Company, Company], application: psycopg.Connection, database: psycopg.Connection, table: str
) -> None:
    ours, theirs = companies
    # No other row may be in the way of the deletion that is tried here.
    application.execute("SELECT 1")
    enter(application, ours)
    deleted = application.execute(
        sql.SQL("WITH gone AS (SELECT * FROM {}) SELECT count(*) FROM gone WHERE organization_id <> %s").format(
            sql.Identifier(table)
        ),
        [ours.organization.id],
    ).fetchone()
    assert deleted == (0,)
    update = sql.SQL("UPDATE {} SET organization_id = organization_id").format(sql.Identifier(table))
    changed = application.execute(update).rowcount
    own = database.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE organization_id = %s").format(sql.Identifier(table)),
        [ours.organization.id],
    ).fetchone()
    assert (changed,) == own
    moved = sql.SQL("UPDATE {} SET organization_id = %s").format(sql.Identifier(table))
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        application.execute(moved, [theirs.organization.id])


def test_a_row_cannot_be_written_into_another_company(
    companies: tuple[Company, Company], application: psycopg.Connection
) -> None:
    ours, theirs = companies
    enter(application, ours)
    values = [theirs.organization.id, uuid4()]
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        application.execute("INSERT INTO departments (organization_id, id, name) VALUES (%s, %s, 'Ours')", values)


def test_a_route_that_forgets_the_where_leaks_nothing(companies: tuple[Company, Company]) -> None:
    ours, theirs = companies
    careless = FastAPI()

    def all_events(user: CurrentUser, session: SessionDep) -> None:
        found = {event.organization_id for event in session.execute(select(Event)).scalars()}
        assert found == {user.organization_id}

    async def request_state(scope, receive, send):  # type: ignore[no-untyped-def]
        scope.setdefault("state", {})["request_id"] = "careless"
        await careless(scope, receive, send)

    careless.router.route_class = TransactionRoute
    for method in ("GET", "POST"):
        careless.add_api_route("/events", all_events, methods=[method], status_code=204, name=f"all_events_{method}")
    client = TestClient(request_state)
    for company in (ours, theirs, ours):
        for method in ("GET", "POST"):
            headers = {"Authorization": f"Bearer {company.admin.token}"}
            assert client.request(method, "/events", headers=headers).status_code == 204


def test_a_connection_forgets_the_company_of_a_request_that_only_read(companies: tuple[Company, Company]) -> None:
    """A reading request enters for its connection; a session that enters nowhere must not find itself there."""
    # A pool of one: whoever comes next gets the same connection.
    engine = build_engine(Settings(DATABASE_POOL_SIZE=1))
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    with SessionLocal(bind=reading, info={READS: True}) as session:
        tenancy.enter(session, companies[0].organization.id)
        assert session.execute(select(Event)).first() is not None
        assert session.connection().info[ENTERED]
    for bind, info in ((engine, {}), (reading, {READS: True}), (engine, {})):
        with SessionLocal(bind=bind, info=info) as session:
            assert session.execute(select(Event)).first() is None
    engine.dispose()


def test_a_transaction_that_writes_takes_its_company_along(companies: tuple[Company, Company]) -> None:
    with SessionLocal.begin() as session:
        tenancy.enter(session, companies[0].organization.id)
        assert session.execute(select(Event)).first() is not None
    with SessionLocal.begin() as session:
        assert session.execute(select(Event)).first() is None


def test_every_table_of_a_company_is_locked_for_its_owner_too(database: psycopg.Connection) -> None:
    locked = database.execute("""
        SELECT relname::text FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'
    """).fetchall()
    assert {*OWNED, "organizations"} <= {row[0] for row in locked}
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        for table in ("events", "calendars", "rooms", "event_occurrences"):
            assert companies_in(owner, table) == set()


def test_the_applications_role_owns_nothing_and_is_bound() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        check_role(connection)
        assert connection.execute("SELECT current_user").fetchone() == ("planner_app",)


@pytest.mark.parametrize(
    ("url", "reason"), [("TEST_SUPERUSER_URL", "is a superuser"), ("DATABASE_OWNER_URL", "owns tables")]
)
def test_a_role_that_row_level_security_does_not_bind_is_refused(url: str, reason: str) -> None:
    name = os.environ["DATABASE_URL"].rpartition("/")[2]
    engine = build_engine(Settings(DATABASE_URL=in_database(os.environ[url], name)))
    with pytest.raises(UnsafeRole, match=reason) as refused, engine.connect():
        pass
    assert "DATABASE_OWNER_URL" in str(refused.value)
    engine.dispose()


@pytest.mark.parametrize(
    "statement", ["DELETE FROM audit_log", "UPDATE audit_log SET origin = ''", "TRUNCATE audit_log"]
)
def test_the_record_of_writes_can_only_be_read(application: psycopg.Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        application.execute(statement.encode())
