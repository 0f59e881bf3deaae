"""People who change everything at random, each in transactions of their own that stay open for a while."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.errors import DeadlockDetected, IntegrityError, LockNotAvailable

from app.core.ids import new_id
from tests.support.people import Company

START = datetime(2027, 3, 22, 9, tzinfo=UTC)
# What random transactions do to each other, or may not do: then they are given up, as a request would be.
GIVE_UP = (LockNotAvailable, DeadlockDetected, IntegrityError)
_NEW_EVENT: LiteralString = """
    INSERT INTO events (organization_id, id, title, start_time, end_time, start_wall, end_wall, time_zone,
        tzdata_version, calendar_id, organizer_id, is_all_day, status, uid, sequence, span)
    VALUES (%(company)s, %(id)s, 'New', %(start)s, %(start)s, '2027-03-22 09:00', '2027-03-22 09:00', 'UTC', 'x',
        %(calendar)s, %(person)s, false, 'confirmed', %(id)s::text, 0, tstzrange(%(start)s, %(start)s, '[]'))
"""
_NEW_GUEST: LiteralString = """
    INSERT INTO event_participants (organization_id, id, event_id, user_id, department_id, role, response, span,
        created_at)
    SELECT organization_id, %(id)s, id, %(user)s, %(department)s, 'required', 'needs_action', span, now()
    FROM events WHERE organization_id = %(company)s AND id = %(event)s
    ON CONFLICT DO NOTHING
"""
_SHARE: LiteralString = """
    INSERT INTO calendar_shares (organization_id, id, calendar_id, user_id, department_id, level)
    SELECT organization_id, %(id)s, id, %(user)s, %(department)s, %(level)s
    FROM calendars WHERE organization_id = %(company)s AND id = %(calendar)s
    ON CONFLICT DO NOTHING
"""


@dataclass
class Writer:
    """One connection as the application's role; its transaction is open between `step` and `end`."""

    company: Company
    people: list[UUID]
    random: Random
    connection: psycopg.Connection
    is_open: bool = False

    @classmethod
    def connect(cls, company: Company, people: list[UUID], random: Random) -> "Writer":
        connection = psycopg.connect(os.environ["DATABASE_URL"], options="-c lock_timeout=20")
        return cls(company, people, random, connection)

    def step(self) -> None:
        """Change something, in the open transaction or a new one."""
        if not self.is_open:
            values = [self.company.organization.id]
            self.connection.execute("SELECT enter_company(%s, false, NULL, 'test', NULL, true)", values)
            self.is_open = True
        try:
            self.random.choice(_DEEDS)(self)
        except GIVE_UP:
            self.end(commit=False)

    def end(self, *, commit: bool = True) -> None:
        if commit:
            self.connection.commit()
        else:
            self.connection.rollback()
        self.is_open = False

    def do(self, statement: LiteralString, **values: Any) -> None:
        values = {"company": self.company.organization.id, "id": new_id(), **values}
        self.connection.execute(statement, values)

    def any(self, table: LiteralString) -> UUID | None:
        """Some row's id, as this transaction sees them."""
        rows = self.connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()  # type: ignore[str-bytes-safe]
        return self.random.choice(rows)[0] if rows else None

    def person(self) -> UUID:
        return self.random.choice(self.people)

    def whom(self) -> dict[str, UUID | None]:
        """A person, or else a department."""
        if self.random.random() < 0.6:
            return {"user": self.person(), "department": None}
        return {"user": None, "department": self.any("departments")}


def _create_event(writer: Writer) -> None:
    event = new_id()
    calendar = writer.any("calendars")
    if calendar is not None:
        writer.do(_NEW_EVENT, id=event, calendar=calendar, person=writer.person(), start=START)
        for _ in range(writer.random.randrange(3)):
            writer.do(_NEW_GUEST, event=event, **writer.whom())


def _edit_event(writer: Writer) -> None:
    writer.do(
        "UPDATE events SET title = %(title)s, version = version + 1, start_time = %(start)s, end_time = %(start)s,"
        " span = tstzrange(%(start)s, %(start)s, '[]') WHERE organization_id = %(company)s AND id = %(event)s",
        event=writer.any("events"),
        title=f"Title {writer.random.randrange(1000)}",
        start=START.replace(hour=writer.random.randrange(24)),
    )


def _move_event(writer: Writer) -> None:
    writer.do(
        "UPDATE events SET calendar_id = %(calendar)s WHERE organization_id = %(company)s AND id = %(event)s"
        " AND series_id IS NULL",
        event=writer.any("events"),
        calendar=writer.any("calendars"),
    )


def _close_event(writer: Writer) -> None:
    writer.do(
        "UPDATE events SET visibility = %(visibility)s, version = version + 1"
        " WHERE organization_id = %(company)s AND id = %(event)s",
        event=writer.any("events"),
        visibility=writer.random.choice(["default", "public", "private", "confidential"]),
    )


def _give_event(writer: Writer) -> None:
    writer.do(
        "UPDATE events SET organizer_id = %(person)s WHERE organization_id = %(company)s AND id = %(event)s",
        event=writer.any("events"),
        person=writer.person(),
    )


def _delete_event(writer: Writer) -> None:
    writer.do("DELETE FROM events WHERE organization_id = %(company)s AND id = %(event)s", event=writer.any("events"))


def _invite(writer: Writer) -> None:
    writer.do(_NEW_GUEST, event=writer.any("events"), **writer.whom())


def _answer(writer: Writer) -> None:
    writer.do(
        "UPDATE event_participants SET response = %(response)s WHERE organization_id = %(company)s AND id = %(guest)s",
        guest=writer.any("event_participants"),
        response=writer.random.choice(["accepted", "declined", "tentative"]),
    )


def _uninvite(writer: Writer) -> None:
    writer.do(
        "DELETE FROM event_participants WHERE organization_id = %(company)s AND id = %(guest)s",
        guest=writer.any("event_participants"),
    )


def _create_calendar(writer: Writer) -> None:
    writer.do(
        "INSERT INTO calendars (organization_id, id, name, color, owner_id, is_public)"
        " VALUES (%(company)s, %(id)s, 'New', '#fff', %(person)s, %(public)s)",
        person=writer.person(),
        public=writer.random.random() < 0.3,
    )


def _change_calendar(writer: Writer) -> None:
    change: LiteralString = writer.random.choice(
        ["name = name || '!'", "is_public = NOT is_public", "owner_id = %(person)s"]
    )
    writer.do(
        f"UPDATE calendars SET version = version + 1, {change}"
        " WHERE organization_id = %(company)s AND id = %(calendar)s",
        calendar=writer.any("calendars"),
        person=writer.person(),
    )


def _delete_calendar(writer: Writer) -> None:
    if writer.random.random() < 0.3:
        writer.do(
            "DELETE FROM calendars WHERE organization_id = %(company)s AND id = %(calendar)s",
            calendar=writer.any("calendars"),
        )


def _share(writer: Writer) -> None:
    level = writer.random.choice(["free_busy", "read", "write", "manage"])
    writer.do(_SHARE, calendar=writer.any("calendars"), level=level, **writer.whom())


def _change_share(writer: Writer) -> None:
    writer.do(
        "UPDATE calendar_shares SET level = %(level)s WHERE organization_id = %(company)s AND id = %(share)s",
        share=writer.any("calendar_shares"),
        level=writer.random.choice(["free_busy", "read", "write", "manage"]),
    )


def _unshare(writer: Writer) -> None:
    writer.do(
        "DELETE FROM calendar_shares WHERE organization_id = %(company)s AND id = %(share)s",
        share=writer.any("calendar_shares"),
    )


def _join(writer: Writer) -> None:
    department = writer.any("departments") if writer.random.random() < 0.8 else None
    writer.do(
        "UPDATE users SET department_id = %(department)s WHERE organization_id = %(company)s AND id = %(person)s",
        department=department,
        person=writer.person(),
    )


def _move_department(writer: Writer) -> None:
    parent = writer.any("departments") if writer.random.random() < 0.7 else None
    department = writer.any("departments")
    if department == parent:
        return
    writer.do(
        "UPDATE departments SET parent_id = %(parent)s WHERE organization_id = %(company)s AND id = %(department)s",
        parent=parent,
        department=department,
    )


_DEEDS = [
    *[_create_event] * 3,
    *[_edit_event] * 3,
    *[_move_event] * 2,
    _close_event,
    _give_event,
    _delete_event,
    *[_invite] * 2,
    _answer,
    *[_uninvite] * 2,
    _create_calendar,
    *[_change_calendar] * 3,
    _delete_calendar,
    *[_share] * 3,
    _change_share,
    *[_unshare] * 2,
    *[_join] * 2,
    _move_department,
]
