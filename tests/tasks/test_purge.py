"""Removing everything of a company that was deleted."""

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from app.core import tenancy
from app.core.ids import new_id
from app.db import SessionLocal
from app.models import Role
from app.services import purge_service
from app.supervisor.waiting import retry_until
from app.tasks.cleanup_tasks import purge_deleted_companies
from tests.bad_input.world import Belongings
from tests.support.ics_files import imported, vcalendar, vevent
from tests.support.message_rows import MESSAGE_ROWS
from tests.support.people import Company, Person, sign_in
from tests.support.planning import accepted, refused
from tests.support.room_rows import ROOM_ROWS
from tests.support.worker_process import SECONDS, running_worker

OWNED = sorted(table.name for table in SQLModel.metadata.sorted_tables if "organization_id" in table.columns)


@pytest.fixture
def boss(client: TestClient) -> Person:
    return sign_in(client, None, role=Role.ADMIN)


def rows_of(database: psycopg.Connection, company: Company) -> dict[str, int]:
    """How many rows of each table are the company's."""
    counted = {}
    for table in OWNED:
        row = database.execute(
            f"SELECT count(*) FROM {table} WHERE organization_id = %s", [company.organization.id]
        ).fetchone()
        assert row is not None
        counted[table] = row[0]
    return counted


def full_company(client: TestClient, database: psycopg.Connection, name: str) -> Company:
    """A company with people above each other, departments in each other, meetings, rooms and invitations."""
    belongings = Belongings.create(client, name)
    company, admin = belongings.company, belongings.company.admin
    organization_id = company.organization.id
    accepted(admin.patch(f"/users/{belongings.employee.id}", {"manager_id": admin.id}))
    child = new_id()
    database.execute(
        "INSERT INTO departments (organization_id, id, name, parent_id, head_id) VALUES (%s, %s, 'Below', %s, %s)",
        [organization_id, child, belongings.ids["department"], admin.id],
    )
    database.execute(
        "UPDATE departments SET head_id = %s WHERE id = %s", [belongings.employee.id, belongings.ids["department"]]
    )
    accepted(admin.patch(f"/users/{admin.id}", {"department_id": str(child)}))
    path = f"/organizations/{organization_id}"
    accepted(admin.post(f"{path}/invitations", {"email": f"x-{new_id().hex}@example.org"}), 201)
    accepted(admin.patch(path, {"email_domains": [f"firm-{new_id().hex}.example"]}))
    accepted(admin.post("/calendars", {"name": "Once"}, headers={"Idempotency-Key": new_id().hex}), 201)
    todo = "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO"
    done = imported(admin, vcalendar(vevent("a"), todo))
    # One that is not through.
    database.execute(
        "INSERT INTO ics_import_files (organization_id, id, content) VALUES (%s, %s, '')", [organization_id, done["id"]]
    )
    belongings.employee.create_event(
        participants=[{"user_id": admin.id}], start_time="2027-03-23T09:00:00", end_time="2027-03-23T10:00:00"
    )
    accepted(admin.put(f"/calendars/{admin.calendar_id}/subscription", {"color": "#123456"}))
    row = new_id()
    for statement in (*ROOM_ROWS, *MESSAGE_ROWS):
        database.execute(statement, {"o": organization_id, "i": row, "t": row.hex, "u": admin.id})
    return company


def delete(boss: Person, company: Company) -> None:
    path = f"/organizations/{company.organization.id}"
    assert boss.delete(path, params={"confirm": company.organization.name}).status_code == 204


def test_everything_of_a_deleted_company_goes_and_nothing_of_others(
    boss: Person, client: TestClient, database: psycopg.Connection
) -> None:
    company, other = full_company(client, database, "Going"), full_company(client, database, "Staying")
    emails = [company.admin.email]
    before = rows_of(database, other)
    assert all(count for table, count in rows_of(database, company).items() if not table.startswith("handover")), before
    delete(boss, company)
    assert purge_deleted_companies() >= 1
    left = rows_of(database, company)
    assert {table: count for table, count in left.items() if count and table != "audit_log"} == {}
    record = database.execute(
        "SELECT DISTINCT object_type FROM audit_log WHERE organization_id = %s", [company.organization.id]
    ).fetchall()
    assert record == [("organizations",)]
    assert rows_of(database, other) == before
    assert purge_deleted_companies() == 0
    assert accepted(other.admin.get("/auth/me"))["id"] == other.admin.id
    refused(company.admin.get("/auth/me"), 401, "session_ended")
    # The addresses are free again.
    other.person(email=emails[0])


def test_rows_go_in_small_batches(boss: Person, client: TestClient, database: psycopg.Connection) -> None:
    company = Company.create(client)
    for _ in range(3):
        company.person()
    delete(boss, company)
    company_id = company.organization.id
    rounds = 0
    more = True
    while more:
        with SessionLocal.begin() as session:
            tenancy.enter(session, company_id, origin="test")
            before = sum(rows_of(database, company).values())
            more = purge_service.purge_next(session, company_id, batch=2)
        after = sum(rows_of(database, company).values())
        rounds += 1
        if more:
            assert before - after <= 2 + 2, "two rows, and what hangs on them"
    assert rounds >= 5


def test_a_company_that_was_not_deleted_is_left_alone(company: Company, database: psycopg.Connection) -> None:
    before = rows_of(database, company)
    with SessionLocal.begin() as session:
        tenancy.enter(session, company.organization.id, origin="test")
        assert purge_service.purge_next(session, company.organization.id) is False
    assert rows_of(database, company) == before


def test_deleting_a_company_wakes_the_worker(boss: Person, client: TestClient, database: psycopg.Connection) -> None:
    company = Company.create(client)
    with running_worker() as output:
        delete(boss, company)
        assert retry_until(lambda: not rows_of(database, company)["users"], SECONDS), output.read_text()
