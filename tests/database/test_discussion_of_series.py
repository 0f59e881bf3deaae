"""Comments and files go where their series goes: when it is split, and when it moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection
from sqlmodel import Session

from app.core.ids import new_id
from app.models import Event
from app.models.discussion import EventAttachment, EventComment
from app.services import discussion_service
from app.tasks.rounds import in_company
from tests.support.people import Company

FIRST = datetime(2027, 3, 22, 8, tzinfo=UTC)
WEEKS = [FIRST + timedelta(weeks=week) for week in range(4)]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Parts:
    """A series with a comment and a file on the whole and on each occurrence, and another series."""

    def __init__(self, company: Company, database: Connection) -> None:
        self.company, self.database = company, database
        weekly = {"recurrence_rule": "FREQ=WEEKLY;COUNT=4"}
        self.old, self.new = (company.admin.create_event(**weekly)["id"] for _ in range(2))
        with in_company(company.organization.id, "test") as session:
            for start in (None, None, *WEEKS):
                common: dict[str, Any] = {
                    "organization_id": company.organization.id,
                    "event_id": self.old,
                    "original_start": start,
                    "created_at": LONG_AGO,
                }
                author = company.admin.user.id
                session.add(EventComment(**common, updated_at=LONG_AGO, author_id=author, body=str(start), version=2))
                session.add(
                    EventAttachment(
                        **common,
                        uploaded_by_id=author,
                        name=str(start),
                        media_type="text/plain",
                        size=1,
                        sha256="0" * 64,
                        storage_key=new_id().hex,
                    )
                )

    def rows(self, table: str, event_id: str) -> list[tuple[Any, ...]]:
        """(original start as text, or the whole; what it was written about) of the event's rows, in their order."""
        text = "body" if table == "event_comments" else "name"
        return self.database.execute(
            f"SELECT original_start, {text} FROM {table} WHERE event_id = %s ORDER BY original_start, created_at, id",
            [event_id],
        ).fetchall()

    def events(self, session: Session) -> tuple[Event, Event]:
        company = self.company.organization.id
        return session.get_one(Event, (company, self.old)), session.get_one(Event, (company, self.new))


@pytest.fixture
def parts(client: TestClient, database: Connection) -> Parts:
    return Parts(Company.create(client), database)


TABLES = pytest.mark.parametrize("table", ["event_comments", "event_attachments"])
WHOLE = [(None, "None"), (None, "None")]


@TABLES
def test_rule_12_a_split_loses_no_comment_and_no_file(parts: Parts, table: str) -> None:
    with in_company(parts.company.organization.id, "test") as session:
        old, new = parts.events(session)
        discussion_service.copy_to(session, old, new)
        discussion_service.move_to(session, old, new, WEEKS[2])
    assert parts.rows(table, parts.old) == [(start, str(start)) for start in WEEKS[:2]] + WHOLE
    assert parts.rows(table, parts.new) == [(start, str(start)) for start in WEEKS[2:]] + WHOLE


def test_authors_times_and_files_of_both_parts_are_the_same(parts: Parts, database: Connection) -> None:
    with in_company(parts.company.organization.id, "test") as session:
        old, new = parts.events(session)
        discussion_service.copy_to(session, old, new)
        discussion_service.move_to(session, old, new, WEEKS[0])
    assert database.execute(
        "SELECT DISTINCT author_id, created_at, updated_at, version FROM event_comments WHERE event_id IN (%s, %s)",
        [parts.old, parts.new],
    ).fetchall() == [(parts.company.admin.user.id, LONG_AGO, LONG_AGO, 2)]
    keys = [
        {key for (key,) in database.execute(
            "SELECT storage_key FROM event_attachments WHERE event_id = %s AND original_start IS NULL", [event_id]
        )}
        for event_id in (parts.old, parts.new)
    ]  # fmt: skip
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2


@TABLES
def test_comments_and_files_follow_occurrences_that_change_places(parts: Parts, table: str) -> None:
    later = {start: start + timedelta(weeks=1) for start in WEEKS}
    with in_company(parts.company.organization.id, "test") as session:
        old, _ = parts.events(session)
        discussion_service.move_originals(session, old, later)
        discussion_service.move_originals(session, old, {})
    assert parts.rows(table, parts.old) == [(later[start], str(start)) for start in WEEKS] + WHOLE
    assert parts.rows(table, parts.new) == []


def test_to_move_is_not_to_edit(parts: Parts, database: Connection) -> None:
    with in_company(parts.company.organization.id, "test") as session:
        old, new = parts.events(session)
        discussion_service.move_originals(session, old, {WEEKS[3]: WEEKS[3] + timedelta(hours=1)})
        discussion_service.move_to(session, old, new, WEEKS[3])
    query = "SELECT original_start, updated_at, version FROM event_comments WHERE event_id = %s"
    assert database.execute(query, [parts.new]).fetchall() == [(WEEKS[3] + timedelta(hours=1), LONG_AGO, 2)]
